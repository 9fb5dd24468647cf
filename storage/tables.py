"""Every table by its name; those around orders and of the queue stand in files of their own.

Made to be spread over several database servers: the primary key and every unique rule of a large
table begin with what it is spread by - the conversation for participants and entries, the account
for inbox, preferences and notifications, the queue's ``bucket`` for deliveries, attempts, ledger
and timers - and foreign keys stay inside such a group (docs/decisions/0003-made-to-be-spread.md).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from storage.attachment_tables import attachments
from storage.columns import Id, Instant, Json, count, flag, metadata, partial, required
from storage.mail_tables import audit_log, soft_bounces, suppressions
from storage.order_tables import (
    idempotency_keys,
    order_answers,
    order_notes,
    order_numbers,
    order_timeline,
    orders,
    timers,
)
from storage.queue_tables import (
    attempts,
    circuits,
    deliveries,
    frozen_deliveries,
    frozen_sets,
    ledger,
    paused_channels,
)
from storage.safety_tables import blocks, held_messages, reports
from storage.search_tables import search_documents, search_progress
from storage.upkeep_tables import chores, erasures
from storage.webhook_tables import webhook_events, webhooks

__all__ = (
    "accounts",
    "attachments",
    "attempts",
    "audit_log",
    "blocks",
    "chores",
    "circuits",
    "contact_grants",
    "contacts",
    "conversations",
    "deliveries",
    "drafts",
    "entries",
    "erasures",
    "frozen_deliveries",
    "frozen_sets",
    "held_messages",
    "idempotency_keys",
    "inbox_changes",
    "inbox_items",
    "inboxes",
    "ledger",
    "metadata",
    "notifications",
    "order_answers",
    "order_notes",
    "order_numbers",
    "order_timeline",
    "orders",
    "participants",
    "paused_channels",
    "preferences",
    "push_subscriptions",
    "quick_replies",
    "reports",
    "search_documents",
    "search_progress",
    "services",
    "soft_bounces",
    "suppressions",
    "timers",
    "webhook_events",
    "webhooks",
)

# --- people and what they offer ---------------------------------------------------------------

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    required("name", String(200)),
    Column("email", String(254)),
    required("locale", String(35)),
    required("timezone", String(64)),
    Column("avatar_url", Text),
    required("created_at", Instant),
    required("updated_at", Instant),
    # When its person was erased: the row stays, for others have to do with a pseudonym.
    Column("erased_at", Instant),
    partial("erased_at IS NOT NULL", "erased_at", "id"),
)

preferences = Table(
    "preferences",
    metadata,
    Column("account_id", Id, primary_key=True),
    # What the account itself said, as RFC 7396 leaves it; what is not named has its default.
    required("said", Json),
    required("updated_at", Instant),
)

push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    required("account_id", Id),
    required("id", Id),
    required("endpoint", Text),
    required("endpoint_hash", String(64)),
    required("p256dh", String(128)),
    required("auth", String(64)),
    required("label", String(200)),
    required("created_at", Instant),
    # web: the endpoint is a URL; fcm, apns: it is the token that the device was given.
    required("kind", String(8), server_default="web"),
    # The public key that a browser subscribed with; null: the only one that there was then.
    Column("vapid_key", String(88)),
    PrimaryKeyConstraint("account_id", "id"),
    UniqueConstraint("account_id", "endpoint_hash"),
    Index(None, "endpoint_hash"),
)

# Texts that an account sends often.
quick_replies = Table(
    "quick_replies",
    metadata,
    required("account_id", Id),
    required("id", Id),
    required("title", String(200)),
    required("body", Text),
    required("created_at", Instant),
    required("updated_at", Instant),
    PrimaryKeyConstraint("account_id", "id"),
)

# What an account has begun to write; a message of its own behind ``after_seq`` ends it.
drafts = Table(
    "drafts",
    metadata,
    required("account_id", Id),
    required("conversation_id", Id),
    required("body", Text),
    required("version", BigInteger),
    required("after_seq", BigInteger),
    required("updated_at", Instant),
    PrimaryKeyConstraint("account_id", "conversation_id"),
)

services = Table(
    "services",
    metadata,
    Column("id", Id, primary_key=True),
    required("seller_id", Id, index=True),
    required("title", String(200)),
    required("status", String(16)),
    required("delivery_days", Integer),
    required("questions", Json),
    required("version", Integer),
    required("created_at", Instant),
    required("updated_at", Instant),
)

# --- who has been in touch with whom -----------------------------------------------------------

contacts = Table(
    "contacts",
    metadata,
    required("account_id", Id),
    required("other_id", Id),
    required("conversation_id", Id),
    Column("first_wrote_at", Instant),
    Column("last_order_at", Instant),
    # What the two have completed together: {"orders": 3, "amounts": {"EUR": 36150}}.
    Column("completed", Json),
    PrimaryKeyConstraint("account_id", "other_id"),
)

contact_grants = Table(
    "contact_grants",
    metadata,
    required("account_id", Id),
    required("other_id", Id),
    required("until", Instant),
    PrimaryKeyConstraint("account_id", "other_id"),
)

# --- conversations ----------------------------------------------------------------------------

conversations = Table(
    "conversations",
    metadata,
    Column("id", Id, primary_key=True),
    required("kind", String(8)),
    Column("order_id", Id),
    required("epoch", String(16)),
    count("last_seq"),
    # Rises with whatever takes the right to write away: what is remembered of it is then stale.
    count("rights"),
    required("created_at", Instant),
    # Since when nobody writes here any more: one of the two was erased.
    Column("closed_at", Instant),
)

participants = Table(
    "participants",
    metadata,
    required("conversation_id", Id),
    required("account_id", Id),
    count("read_seq"),
    count("delivered_seq"),
    PrimaryKeyConstraint("conversation_id", "account_id"),
    ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="CASCADE"),
)

entries = Table(
    "entries",
    metadata,
    required("conversation_id", Id),
    required("seq", BigInteger),
    required("id", Id),
    required("kind", String(8)),
    required("sender", Id),
    Column("client_id", String(64)),
    Column("body", Text),
    Column("reply_to", BigInteger),
    # Which message an edit or a deletion is of.
    Column("target_seq", BigInteger),
    required("attachments", Json),
    Column("data", Json),
    required("at", Instant),
    Column("edited_at", Instant),
    Column("deleted_at", Instant),
    PrimaryKeyConstraint("conversation_id", "seq"),
    UniqueConstraint("conversation_id", "sender", "client_id"),
    ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="CASCADE"),
)

# --- each account's inbox ---------------------------------------------------------------------

inboxes = Table(
    "inboxes",
    metadata,
    Column("account_id", Id, primary_key=True),
    required("epoch", String(16)),
    count("position"),
    count("unread_conversations"),
    count("unread_notifications"),
    ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
)

inbox_items = Table(
    "inbox_items",
    metadata,
    required("account_id", Id),
    required("conversation_id", Id),
    required("kind", String(8)),
    required("with_id", Id),
    Column("order_id", Id),
    Column("order_number", String(32)),
    Column("order_title", String(200)),
    Column("order_status", String(24)),
    Column("order_due_at", Instant),
    count("last_seq"),
    Column("last_message_seq", BigInteger),
    Column("last_message_sender", Id),
    Column("last_message_preview", String(200)),
    Column("last_message_at", Instant),
    count("read_seq"),
    count("unread"),
    flag("starred"),
    flag("archived"),
    flag("muted"),
    # A direct conversation exists from the first order on and shows once it has a message.
    Column("shown", Boolean, nullable=False, default=True),
    required("active_at", Instant),
    # As its conversation has it.
    Column("closed_at", Instant),
    # The notification that tells of what is unread, and with which message the push and the mail
    # began that wait: until they are taken up, later messages go with them.
    Column("alert_id", Id),
    Column("push_from", BigInteger),
    Column("mail_from", BigInteger),
    PrimaryKeyConstraint("account_id", "conversation_id"),
    ForeignKeyConstraint(["account_id"], ["inboxes.account_id"], ondelete="CASCADE"),
    Index(None, "account_id", "active_at", "conversation_id"),
)

inbox_changes = Table(
    "inbox_changes",
    metadata,
    required("account_id", Id),
    required("kind", String(16)),
    required("subject", Id),
    required("position", BigInteger),
    PrimaryKeyConstraint("account_id", "kind", "subject"),
    ForeignKeyConstraint(["account_id"], ["inboxes.account_id"], ondelete="CASCADE"),
    Index(None, "account_id", "position"),
)

notifications = Table(
    "notifications",
    metadata,
    required("account_id", Id),
    required("id", Id),
    required("cause", String(160)),
    required("category", String(16)),
    required("template", String(32)),
    required("title", String(300)),
    required("body", Text),
    required("facts", Json),
    required("link", Text),
    Column("order_id", Id),
    Column("conversation_id", Id),
    required("at", Instant),
    Column("read_at", Instant),
    # Part of the unread count; what a conversation counts by itself is not counted twice.
    Column("counted", Boolean, nullable=False, server_default=true()),
    PrimaryKeyConstraint("account_id", "id"),
    UniqueConstraint("account_id", "cause"),
)
