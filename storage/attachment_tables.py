"""The table of attachments; what is in the files lies elsewhere."""

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, String, Table

from storage.columns import Id, Instant, Json, count, metadata, partial, required

attachments = Table(
    "attachments",
    metadata,
    # Whoever uploaded it.
    required("account_id", Id),
    required("id", Id),
    required("name", String(200)),
    required("type", String(100)),
    # Null while an upload does not say how much is to come.
    Column("size", BigInteger),
    count("received"),
    # What lies where, in order: [[key, bytes], ...].
    required("pieces", Json),
    required("status", String(12)),
    Column("width", Integer),
    Column("height", Integer),
    # {key, size, width, height} of a smaller picture.
    Column("preview", Json),
    # What it is part of; the conversation says who may read it.
    Column("used_as", String(8)),
    Column("conversation_id", Id),
    Column("order_id", Id),
    required("created_at", Instant),
    # When it goes; null while it is part of something.
    Column("expires_at", Instant),
    PrimaryKeyConstraint("account_id", "id"),
    Index(None, "id"),
    partial("conversation_id IS NOT NULL", "conversation_id"),
    partial("expires_at IS NOT NULL", "expires_at"),
)
