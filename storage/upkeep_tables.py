"""The tables around what servers do by themselves: what is under way, and what is due."""

from sqlalchemy import Column, String, Table

from storage.columns import Id, Instant, metadata, required

# Erasures that are not over: the account is gone, and something of it may still be left.
erasures = Table(
    "erasures",
    metadata,
    Column("account_id", Id, primary_key=True),
    required("begun_at", Instant),
)

# What is done now and then, by whichever process is first.
chores = Table(
    "chores",
    metadata,
    Column("name", String(32), primary_key=True),
    required("due_at", Instant),
)
