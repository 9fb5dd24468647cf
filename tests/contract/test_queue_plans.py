"""Operators look for few deliveries among many: each look takes the index that is made for it."""

from typing import Any

import pytest
from sqlalchemy import event

from domain.queue import DeliveryState, Filter
from storage import queue_filter
from storage.engine import Database
from tests.support.clock import NOON

# What SQLite calls the index of the primary key, and that of the unique rule by account.
BY_ID, BY_ACCOUNT = "sqlite_autoindex_deliveries_1", "sqlite_autoindex_deliveries_2"
DEAD, UNCERTAIN = "ix_deliveries_bucket_channel_updated_at", "ix_deliveries_bucket_updated_at"


@pytest.mark.parametrize(
    ("chosen", "index"),
    [
        (Filter(state=DeliveryState.DEAD), DEAD),
        (Filter(state=DeliveryState.DEAD, channel="email", reason="hard_bounce"), DEAD),
        (Filter(state=DeliveryState.UNCERTAIN), UNCERTAIN),
        (Filter(account_id="sam"), BY_ACCOUNT),
        (Filter(order_id="o1"), BY_ACCOUNT),
        (Filter(state=DeliveryState.ACCEPTED), BY_ID),
        (Filter(), BY_ID),
    ],
)
async def test_which_index_a_filter_is_looked_up_by(
    sqlite_url: str, chosen: Filter, index: str
) -> None:
    database = Database.open(sqlite_url)
    asked: list[tuple[str, Any]] = []
    async with database.reading() as connection:

        @event.listens_for(connection.sync_connection, "before_cursor_execute")
        def note(*call: Any) -> None:
            asked.append((call[2], call[3]))

        await queue_filter.page(connection, 0, chosen, now=NOON, after=None, limit=50)
        statement, parameters = asked[-1]
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = [row[-1] for row in plan]
    await database.close()
    assert steps[0].startswith(f"SEARCH deliveries USING INDEX {index} (bucket=?")
