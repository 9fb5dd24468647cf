"""The tables around safety: who wants to hear nothing of whom, and what was reported."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

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
