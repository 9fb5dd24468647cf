"""The tables around safety: who hears nothing of whom, what was reported, what is held back."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from storage.columns import Id, Instant, Json, metadata, required

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

# Messages whose text is shown to nobody until an operator lets it through.
held_messages = Table(
    "held_messages",
    metadata,
    required("conversation_id", Id),
    required("seq", BigInteger),
    # Who wrote it.
    required("account_id", Id, index=True),
    required("body", Text),
    required("attachments", Json),
    required("found", Json),
    required("at", Instant),
    PrimaryKeyConstraint("conversation_id", "seq"),
    ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="CASCADE"),
    Index(None, "at", "conversation_id", "seq"),
)
