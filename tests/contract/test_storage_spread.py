"""Made to be spread: large tables could live on many servers as they are (ADR 0003)."""

import pytest
from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint

from storage.tables import metadata

# What each large table is spread by. Tables spread by the same thing stand in one line.
SPREAD_BY = {
    "conversation": {
        "conversations": "id",
        "participants": "conversation_id",
        "entries": "conversation_id",
        "search_documents": "conversation_id",
        "search_progress": "conversation_id",
        "held_messages": "conversation_id",
    },
    "account": {
        "accounts": "id",
        "erasures": "account_id",
        "preferences": "account_id",
        "push_subscriptions": "account_id",
        "quick_replies": "account_id",
        "drafts": "account_id",
        "attachments": "account_id",
        "blocks": "account_id",
        "contacts": "account_id",
        "contact_grants": "account_id",
        "inboxes": "account_id",
        "inbox_items": "account_id",
        "inbox_changes": "account_id",
        "notifications": "account_id",
    },
    "bucket": {
        "deliveries": "bucket",
        "attempts": "bucket",
        "ledger": "bucket",
        "frozen_deliveries": "bucket",
        "timers": "bucket",
    },
    "order": {
        "orders": "id",
        "order_timeline": "order_id",
        "order_notes": "order_id",
        "order_answers": "order_id",
    },
    # Looked up by their key alone.
    "key": {
        "idempotency_keys": "key",
        "services": "id",
        "order_numbers": "number",
        "reports": "id",
        "chores": "name",
        "paused_channels": "channel",
        "frozen_sets": "id",
        "circuits": "kind",
        "suppressions": "id",
        "soft_bounces": "address_id",
        "audit_log": "id",
        "webhooks": "id",
        "webhook_events": "id",
    },
}
COLUMN = {table: column for group in SPREAD_BY.values() for table, column in group.items()}
GROUP = {table: name for name, group in SPREAD_BY.items() for table in group}
TABLES = sorted(metadata.tables.values(), key=lambda table: table.name)


def named(table: Table) -> str:
    """Name a table for the report."""
    return table.name


def test_every_table_is_spread_by_something() -> None:
    """A new table says here what it is spread by."""
    assert set(COLUMN) == set(metadata.tables)


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_keys_begin_with_what_the_table_is_spread_by(table: Table) -> None:
    """One server can then say by itself that a key is unique."""
    rules = [
        rule
        for rule in table.constraints
        if isinstance(rule, PrimaryKeyConstraint | UniqueConstraint)
    ]
    firsts = [next(iter(rule.columns)).name for rule in rules]
    firsts += [next(iter(index.columns)).name for index in table.indexes if index.unique]

    assert set(firsts) == {COLUMN[table.name]}


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_foreign_keys_stay_with_what_is_spread_alike(table: Table) -> None:
    """Rows that refer to each other lie on one server."""
    for rule in table.constraints:
        if isinstance(rule, ForeignKeyConstraint):
            other = rule.referred_table
            assert GROUP[other.name] == GROUP[table.name]
            pairs = {key.parent.name: key.column.name for key in rule.elements}
            assert pairs[COLUMN[table.name]] == COLUMN[other.name]
