"""The tables around safety: who wants to hear nothing of whom, and what was reported."""

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, String, Table, Text

from storage.columns import Id, Instant, metadata, required

blocks = Table(
    "blocks",
    metadata,
    required("account_id", Id),
    required("other_id", Id),
    required("created_at", Instant),
    PrimaryKeyConstraint("account_id", "other_id"),
    Index(None, "account_id", "created_at", "other_id"),
)

reports = Table(
    "reports",
    metadata,
    Column("id", Id, primary_key=True),
    required("reporter", Id),
    required("account_id", Id),
    Column("conversation_id", Id),
    Column("seq", BigInteger),
    # The message as it stood when it was reported.
    Column("quote", Text),
    required("reason", String(16)),
    required("comment", Text),
    required("created_at", Instant),
    Column("closed_at", Instant),
    Column("closed_by", Id),
    Index(None, "reporter", "id"),
)
