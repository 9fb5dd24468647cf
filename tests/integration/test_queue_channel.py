"""How deep the queues are, live: for operators, while they look."""

from collections.abc import AsyncIterator

import pytest

from domain.identity import Role
from domain.publications import QUEUES_CHANNEL
from realtime.services.queue_figures import STATES
from tests.support.node import RunningNode, running_node
from tests.support.raw_client import raw_client


@pytest.fixture
async def node(sqlite_url: str) -> AsyncIterator[RunningNode]:
    """A node on a fresh database."""
    async with running_node(sqlite_url) as running:
        yield running


async def test_an_operator_is_told_again_and_again_and_an_account_is_refused(
    node: RunningNode,
) -> None:
    await node.order()
    async with raw_client(node.socket_url) as olga, raw_client(node.socket_url) as anna:
        await olga.connect(node.token("olga", role=Role.OPERATOR))
        reply = await olga.subscribe(QUEUES_CHANNEL, recover=True)
        assert reply == {"was_recovering": True}, "there is nothing to recover"
        await olga.until(lambda: len(olga.publications(QUEUES_CHANNEL)) >= 2)
        for publication in olga.publications(QUEUES_CHANNEL):
            assert "offset" not in publication
            told = publication["data"]
            assert told["type"] == "queues"
            for queue in told["queues"]:
                assert {"channel", "category", "oldest_due_seconds", *STATES} == set(queue)
        channels = {queue["channel"] for queue in told["queues"]}
        assert channels <= {"push", "email"}
        assert channels, "an order has alerts, due or on their way"
        await anna.connect(node.token("anna"))
        refused = await anna.command(subscribe={"channel": QUEUES_CHANNEL})
        assert refused["error"]["code"] == 103
