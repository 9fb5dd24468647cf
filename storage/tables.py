"""Every table, in one place.

Made to be spread over several database servers: the primary key and every unique rule of a large
table begin with what it is spread by - the conversation for participants and entries, the account
for inbox, preferences and notifications, the queue's ``bucket`` for deliveries, attempts, ledger
and timers - and foreign keys stay inside such a group (docs/decisions/0003-made-to-be-spread.md).
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite, which knows no zones, keeps it as naive UTC text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Strip the zone for SQLite."""
        if value is not None and dialect.name == "sqlite":
            return value.astimezone(UTC).replace(tzinfo=None)
        return value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give every instant its zone back."""
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC)


Id = String(64)
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# SQLite counts by itself only in a column of type INTEGER PRIMARY KEY.
Counter = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _required(name: str, kind: Any, **options: Any) -> Column[Any]:
    return Column(name, kind, nullable=False, **options)


def _flag(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False, default=False)


def _count(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, default=0)


# --- people and what they offer ---------------------------------------------------------------

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    _required("name", String(200)),
    Column("email", String(254)),
    _required("locale", String(35)),
    _required("timezone", String(64)),
    Column("avatar_url", Text),
    _required("created_at", Instant),
    _required("updated_at", Instant),
)

preferences = Table(
    "preferences",
    metadata,
    Column("account_id", Id, primary_key=True),
    # What the account itself said, as RFC 7396 leaves it; what is not named has its default.
    _required("said", Json),
    _required("updated_at", Instant),
)

push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    _required("account_id", Id),
    _required("id", Id),
    _required("endpoint", Text),
    _required("endpoint_hash", String(64)),
    _required("p256dh", String(128)),
    _required("auth", String(64)),
    _required("label", String(200)),
    _required("created_at", Instant),
    PrimaryKeyConstraint("account_id", "id"),
    UniqueConstraint("account_id", "endpoint_hash"),
    Index(None, "endpoint_hash"),
)

services = Table(
    "services",
    metadata,
    Column("id", Id, primary_key=True),
    _required("seller_id", Id, index=True),
    _required("title", String(200)),
    _required("status", String(16)),
    _required("delivery_days", Integer),
    _required("questions", Json),
    _required("version", Integer),
    _required("created_at", Instant),
    _required("updated_at", Instant),
)

# --- orders -----------------------------------------------------------------------------------

order_numbers = Table(
    "order_numbers",
    metadata,
    Column("number", Counter, primary_key=True, autoincrement=True),
    _required("order_id", Id, index=True),
    sqlite_autoincrement=True,
)

orders = Table(
    "orders",
    metadata,
    Column("id", Id, primary_key=True),
    _required("number", String(32)),
    _required("service_id", Id),
    _required("service_title", String(200)),
    _required("seller_id", Id),
    _required("buyer_id", Id),
    _required("price_amount", BigInteger),
    _required("price_currency", String(3)),
    _required("status", String(24)),
    _required("active", Boolean),
    _required("delivery_days", Integer),
    Column("due_at", Instant),
    Column("review_ends_at", Instant),
    _required("conversation_id", Id),
    # The questions as they were when the order was placed: later changes leave it as it was.
    _required("questions", Json),
    _required("answers", Json),
    _required("requirements_status", String(16)),
    Column("requirements_submitted_at", Instant),
    _required("version", Integer),
    _required("created_at", Instant),
    _required("updated_at", Instant),
    Index(None, "seller_id", "active", "due_at", "id"),
    Index(None, "buyer_id", "active", "due_at", "id"),
)

order_timeline = Table(
    "order_timeline",
    metadata,
    _required("order_id", Id),
    _required("seq", Integer),
    _required("type", String(32)),
    _required("actor", Id),
    _required("at", Instant),
    _required("data", Json),
    PrimaryKeyConstraint("order_id", "seq"),
    ForeignKeyConstraint(["order_id"], ["orders.id"], ondelete="CASCADE"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", String(255), primary_key=True),
    _required("request_hash", String(64)),
    _required("order_id", Id),
    _required("created_at", Instant, index=True),
)

contacts = Table(
    "contacts",
    metadata,
    _required("account_id", Id),
    _required("other_id", Id),
    _required("conversation_id", Id),
    Column("first_wrote_at", Instant),
    Column("last_order_at", Instant),
    PrimaryKeyConstraint("account_id", "other_id"),
)

# --- conversations ----------------------------------------------------------------------------

conversations = Table(
    "conversations",
    metadata,
    Column("id", Id, primary_key=True),
    _required("kind", String(8)),
    Column("order_id", Id),
    _required("epoch", String(16)),
    _count("last_seq"),
    _required("created_at", Instant),
)

participants = Table(
    "participants",
    metadata,
    _required("conversation_id", Id),
    _required("account_id", Id),
    _count("read_seq"),
    _count("delivered_seq"),
    PrimaryKeyConstraint("conversation_id", "account_id"),
    ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="CASCADE"),
)

entries = Table(
    "entries",
    metadata,
    _required("conversation_id", Id),
    _required("seq", BigInteger),
    _required("id", Id),
    _required("kind", String(8)),
    _required("sender", Id),
    Column("client_id", String(64)),
    Column("body", Text),
    Column("reply_to", BigInteger),
    _required("attachments", Json),
    Column("data", Json),
    _required("at", Instant),
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
    _required("epoch", String(16)),
    _count("position"),
    _count("unread_conversations"),
    _count("unread_notifications"),
)

inbox_items = Table(
    "inbox_items",
    metadata,
    _required("account_id", Id),
    _required("conversation_id", Id),
    _required("kind", String(8)),
    _required("with_id", Id),
    Column("order_id", Id),
    Column("order_number", String(32)),
    Column("order_title", String(200)),
    Column("order_status", String(24)),
    Column("order_due_at", Instant),
    _count("last_seq"),
    Column("last_message_seq", BigInteger),
    Column("last_message_sender", Id),
    Column("last_message_preview", String(200)),
    Column("last_message_at", Instant),
    _count("read_seq"),
    _count("unread"),
    _flag("starred"),
    _flag("archived"),
    _flag("muted"),
    # A direct conversation exists from the first order on and shows once it has a message.
    Column("shown", Boolean, nullable=False, default=True),
    _required("active_at", Instant),
    PrimaryKeyConstraint("account_id", "conversation_id"),
    ForeignKeyConstraint(["account_id"], ["inboxes.account_id"], ondelete="CASCADE"),
    Index(None, "account_id", "active_at", "conversation_id"),
)

inbox_changes = Table(
    "inbox_changes",
    metadata,
    _required("account_id", Id),
    _required("kind", String(16)),
    _required("subject", Id),
    _required("position", BigInteger),
    PrimaryKeyConstraint("account_id", "kind", "subject"),
    ForeignKeyConstraint(["account_id"], ["inboxes.account_id"], ondelete="CASCADE"),
    Index(None, "account_id", "position"),
)

notifications = Table(
    "notifications",
    metadata,
    _required("account_id", Id),
    _required("id", Id),
    _required("cause", String(160)),
    _required("category", String(16)),
    _required("template", String(32)),
    _required("title", String(300)),
    _required("body", Text),
    _required("facts", Json),
    _required("link", Text),
    Column("order_id", Id),
    Column("conversation_id", Id),
    _required("at", Instant),
    Column("read_at", Instant),
    PrimaryKeyConstraint("account_id", "id"),
    UniqueConstraint("account_id", "cause"),
)

# --- the delivery queue -----------------------------------------------------------------------

deliveries = Table(
    "deliveries",
    metadata,
    _required("bucket", Integer),
    _required("id", Id),
    _required("account_id", Id),
    _required("notification_id", Id),
    _required("cause", String(160)),
    _required("category", String(16)),
    _required("channel", String(8)),
    _required("target", Id),
    Column("order_id", Id),
    _required("status", String(12)),
    Column("reason", String(40)),
    # Lower goes first; a new order goes before all else.
    _required("priority", Integer),
    _required("due_at", Instant),
    _required("expires_at", Instant),
    _required("attempts", Integer, default=0),
    _required("crashes", Integer, default=0),
    Column("lease_token", String(32)),
    Column("lease_until", Instant),
    _flag("sending"),
    _required("created_at", Instant),
    _required("updated_at", Instant),
    PrimaryKeyConstraint("bucket", "id"),
    UniqueConstraint("bucket", "account_id", "cause", "channel", "target"),
    Index(None, "bucket", "status", "channel", "priority", "due_at"),
    Index(None, "bucket", "notification_id"),
)

attempts = Table(
    "attempts",
    metadata,
    _required("bucket", Integer),
    _required("delivery_id", Id),
    _required("n", Integer),
    _required("started_at", Instant),
    Column("finished_at", Instant),
    Column("result", String(12)),
    Column("reason", String(40)),
    Column("code", String(16)),
    Column("detail", String(500)),
    PrimaryKeyConstraint("bucket", "delivery_id", "n"),
    ForeignKeyConstraint(
        ["bucket", "delivery_id"], ["deliveries.bucket", "deliveries.id"], ondelete="CASCADE"
    ),
)

ledger = Table(
    "ledger",
    metadata,
    _required("bucket", Integer),
    _required("id", Id),
    _required("delivery_id", Id),
    _required("account_id", Id),
    _required("notification_id", Id),
    _required("at", Instant),
    _required("channel", String(8)),
    _required("target", Id),
    _required("decision", String(12)),
    _required("reason", String(40)),
    _required("detail", String(500)),
    PrimaryKeyConstraint("bucket", "id"),
    ForeignKeyConstraint(
        ["bucket", "delivery_id"], ["deliveries.bucket", "deliveries.id"], ondelete="CASCADE"
    ),
    Index(None, "bucket", "notification_id"),
)

timers = Table(
    "timers",
    metadata,
    _required("bucket", Integer),
    _required("id", Id),
    _required("order_id", Id),
    _required("kind", String(24)),
    _required("due_at", Instant),
    _required("status", String(12)),
    Column("lease_token", String(32)),
    Column("lease_until", Instant),
    _required("created_at", Instant),
    PrimaryKeyConstraint("bucket", "id"),
    UniqueConstraint("bucket", "order_id", "kind"),
    Index(None, "bucket", "status", "due_at"),
)
