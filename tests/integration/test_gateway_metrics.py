"""What ``/metrics`` says of connections, channels and the bus between nodes."""

from collections.abc import AsyncIterator

import pytest

from tests.support.eventually import eventually_reads
from tests.support.node import RunningNode, running_node
from tests.support.raw_client import RawClient, raw_client


@pytest.fixture
async def node(sqlite_url: str) -> AsyncIterator[RunningNode]:
    """A node that lets an account have one connection."""
    limits = {"ORDERWIRE_LIMIT_CONNECTIONS_PER_ACCOUNT": "1"}
    async with running_node(sqlite_url, settings=limits) as running:
        yield running


async def say(client: RawClient, conversation: str, *bodies: str) -> None:
    """Send messages."""
    for body in bodies:
        await client.rpc("message.send", conversation=conversation, client_id=body, body=body)


async def test_recoveries_and_what_they_replayed(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    channel = f"thread:{conversation}"
    async with raw_client(node.socket_url) as anna:
        await anna.connect(node.token("anna"))
        await anna.subscribe(channel)
        await say(anna, conversation, "one", "two", "three")
        for epoch in ("", "_"):
            await anna.subscribe(channel, recover=True, offset=1, epoch=epoch)

    assert await node.metric("hub_recoveries_total") == 2
    assert await node.metric("hub_recovered_total") == 1
    assert await node.metric("hub_replayed_count") == 1
    assert await node.metric("hub_replayed_sum") == 3
    assert await node.metric("hub_replayed_bucket", le="2.0") == 0
    assert await node.metric("hub_replayed_bucket", le="5.0") == 1


async def test_from_the_commit_to_the_wire_and_from_the_door_to_the_channels(
    node: RunningNode,
) -> None:
    conversation = (await node.order())["conversation_id"]
    async with raw_client(node.socket_url) as anna:
        await anna.connect(node.token("anna"))
        assert await node.metric("gateway_subscribed_seconds_count") == 0
        for channel in (f"thread:{conversation}", "inbox:anna"):
            await anna.subscribe(channel)
        await say(anna, conversation, "one")
        await anna.until(lambda: anna.publications(f"thread:{conversation}"))
        assert await node.metric("gateway_connections") == 1
        assert await node.metric("gateway_unsent_bytes_bucket", le="0.0") == 1
        assert await node.metric("gateway_unsent_bytes_gcount") == 1
        assert await node.metric("gateway_in_work") == 0
        assert await node.metric("gateway_wait_seconds") == 0

    assert await node.metric("gateway_subscribed_seconds_count") == 1
    assert 0 < await node.metric("gateway_subscribed_seconds_sum") < 10
    assert await node.metric("hub_commit_to_wire_seconds_count") >= 1
    assert 0 < await node.metric("hub_commit_to_wire_seconds_sum") < 10


async def test_who_is_sent_away_by_code(node: RunningNode) -> None:
    await node.order()
    bearer = {"Authorization": f"Bearer {node.token('sabine')}"}
    opened = await node.http.post("/v1/conversations", json={"with": "anna"}, headers=bearer)
    channel = f"thread:{opened.json()['id']}"
    async with raw_client(node.socket_url) as anna, raw_client(node.socket_url) as other:
        await anna.connect(node.token("anna"))
        await anna.subscribe(channel)
        refused = await other.command(connect={"token": node.token("anna")})
        assert refused["error"]["code"] == 111
        assert await node.metric("gateway_turned_away_total") == 1
        await node.http.put("/v1/blocks/anna", headers=bearer)
        await eventually_reads(
            True, lambda: _shows(node, 'orderwire_gateway_unsubscribes_total{code="2000"} 1.0')
        )
        await anna.connection.send("{")
        assert (await anna.closed())[0] == 3501

    assert await node.metric("gateway_disconnects_total", code="3501") == 1


async def _shows(node: RunningNode, line: str) -> bool:
    return line in (await node.http.get("/metrics")).text


async def test_gaps_have_a_figure_for_each_cause_from_the_start(node: RunningNode) -> None:
    for cause in ("order", "bus", "check", "opening"):
        assert await node.metric("hub_gaps_total", cause=cause) == 0
    for name in ("bus_healthy", "bus_echo_seconds", "bus_reconnects_total"):
        assert await node.metric(name) == (name == "bus_healthy")
