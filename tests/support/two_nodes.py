"""Two nodes on one database in the test's own event loop, with Valkey between them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from realtime.bootstrap import Pace
from realtime.channels.redis_line import LineTimings
from tests.support.follower import Follower
from tests.support.node import RunningNode, running_node

# The bus finds out within a second that Redis is away, and within another that it is back.
HASTY_BUS = LineTimings(
    connect=0.5,
    confirm=1.0,
    echo=0.1,
    misses=5,
    patience=0.05,
    first_retry=0.02,
    last_retry=0.2,
    farewell=0.2,
)
UNLIMITED = {
    "ORDERWIRE_LIMIT_MESSAGES_PER_SECOND": "0",
    "ORDERWIRE_LIMIT_COMMANDS_PER_SECOND": "0",
    "ORDERWIRE_LIMIT_REQUESTS_PER_SECOND": "0",
}


@asynccontextmanager
async def two_nodes(
    database_url: str, *redis_urls: str, pace: Pace
) -> AsyncIterator[tuple[RunningNode, RunningNode]]:
    """Run them; each has a way to Redis of its own, or both the same."""
    one, other = ({"ORDERWIRE_REDIS_URL": url, **UNLIMITED} for url in (redis_urls * 2)[:2])
    async with (
        running_node(database_url, settings=one, pace=pace) as first,
        running_node(database_url, settings=other, pace=pace) as second,
    ):
        yield first, second


def follower(node: RunningNode, account: str, *conversations: str) -> Follower:
    """Make a client of an account that follows its inbox and some threads, always on one node."""
    return Follower(
        dial=lambda: node.socket_url,
        token=lambda: node.token(account),
        channels=[f"thread:{each}" for each in conversations],
        inbox=f"inbox:{account}",
    )
