"""The tables around orders: what was ordered, what became of it, and what happens by itself."""

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
)

from storage.columns import Counter, Id, Instant, Json, metadata, required

order_numbers = Table(
    "order_numbers",
    metadata,
    Column("number", Counter, primary_key=True, autoincrement=True),
    required("order_id", Id, index=True),
    sqlite_autoincrement=True,
)

orders = Table(
    "orders",
    metadata,
    Column("id", Id, primary_key=True),
    required("number", String(32)),
    required("service_id", Id),
    required("service_title", String(200)),
    required("seller_id", Id),
    required("buyer_id", Id),
    required("price_amount", BigInteger),
    required("price_currency", String(3)),
    required("status", String(24)),
    required("active", Boolean),
    required("delivery_days", Integer),
    Column("due_at", Instant),
    Column("review_ends_at", Instant),
    required("conversation_id", Id),
    # The questions as they were when the order was placed: later changes leave it as it was.
    required("questions", Json),
    required("answers", Json),
    required("requirements_status", String(16)),
    Column("requirements_submitted_at", Instant),
    # What the buyer has filled in so far, and when they were last reminded of it.
    Column("draft_answers", Json),
    Column("reminded_at", Instant),
    # What one side asks of the other: {kind, by, at, expires_at, days, reason}.
    Column("pending_request", Json),
    # What both see of the work ahead: {tasks, approval, version}.
    Column("plan", Json),
    # What the seller has ticked off of the first steps with a new order.
    Column("welcome", Json),
    required("version", Integer),
    required("created_at", Instant),
    required("updated_at", Instant),
    Index(None, "seller_id", "active", "due_at", "id"),
    Index(None, "buyer_id", "active", "due_at", "id"),
)

order_timeline = Table(
    "order_timeline",
    metadata,
    required("order_id", Id),
    required("seq", Integer),
    required("type", String(32)),
    required("actor", Id),
    required("at", Instant),
    required("data", Json),
    PrimaryKeyConstraint("order_id", "seq"),
    ForeignKeyConstraint(["order_id"], ["orders.id"], ondelete="CASCADE"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", String(255), primary_key=True),
    required("request_hash", String(64)),
    required("order_id", Id),
    required("created_at", Instant, index=True),
)

order_notes = Table(
    "order_notes",
    metadata,
    required("order_id", Id),
    required("id", Id),
    required("author", Id),
    required("body", Text),
    required("created_at", Instant),
    required("updated_at", Instant),
    PrimaryKeyConstraint("order_id", "id"),
    ForeignKeyConstraint(["order_id"], ["orders.id"], ondelete="CASCADE"),
    Index(None, "order_id", "author"),
)

# Every set of answers that was handed in; the newest one stands in the order itself.
order_answers = Table(
    "order_answers",
    metadata,
    required("order_id", Id),
    required("version", Integer),
    required("answers", Json),
    required("by", Id),
    required("at", Instant),
    PrimaryKeyConstraint("order_id", "version"),
    ForeignKeyConstraint(["order_id"], ["orders.id"], ondelete="CASCADE"),
)

timers = Table(
    "timers",
    metadata,
    required("bucket", Integer),
    required("id", Id),
    required("order_id", Id),
    required("kind", String(24)),
    required("due_at", Instant),
    required("status", String(12)),
    Column("lease_token", String(32)),
    Column("lease_until", Instant),
    required("created_at", Instant),
    PrimaryKeyConstraint("bucket", "id"),
    UniqueConstraint("bucket", "order_id", "kind"),
    Index(None, "bucket", "status", "due_at"),
)
