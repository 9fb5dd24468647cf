"""The tables around mails that came back, and the log of what operators did."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, String, Table

from storage.columns import Id, Instant, Json, metadata, required

# Addresses that are written to no more. The id is made of the address, however it is spelled.
suppressions = Table(
    "suppressions",
    metadata,
    Column("id", Id, primary_key=True),
    required("address", String(254)),
    required("account_id", Id),
    required("delivery_id", Id),
    required("reason", String(16)),
    required("detail", String(500)),
    required("at", Instant),
    # When it ends by itself; null: when somebody takes it off the list.
    Column("until", Instant),
    Index(None, "at", "id"),
    Index(None, "account_id"),
)

# Mails that found a mailbox full, as long as they count.
soft_bounces = Table(
    "soft_bounces",
    metadata,
    required("address_id", Id),
    required("delivery_id", Id),
    required("account_id", Id),
    required("at", Instant),
    PrimaryKeyConstraint("address_id", "delivery_id"),
    Index(None, "account_id"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Id, primary_key=True),
    required("at", Instant),
    required("actor", Id),
    required("action", String(40)),
    # What it was done to, as "kind:id".
    required("about", String(128)),
    required("detail", Json),
    Index(None, "at", "id"),
)
