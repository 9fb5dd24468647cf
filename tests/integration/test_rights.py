"""Rights that are taken away end what is live, on every node: a block, seen by both people."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from realtime.bootstrap import Pace
from tests.support.eventually import eventually_reads
from tests.support.node import RunningNode
from tests.support.raw_client import RawClient, raw_client
from tests.support.two_nodes import HASTY_BUS, two_nodes
from tests.support.valkey import Valkey, running_valkey

# Positions are compared so rarely that nothing is ever found by it, unless a test says otherwise.
HASTY = Pace(positions=3_600.0, bus=HASTY_BUS)
WATCHFUL = replace(HASTY, positions=0.5)


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A server of the test's own, to be hurt."""
    with running_valkey() as server:
        yield server


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Anna on one node and Sabine on the other, in their direct thread and an order's."""

    here: RunningNode
    there: RunningNode
    anna: RawClient
    sabine: RawClient
    direct: str
    order: str

    async def block(self, method: str = "PUT") -> None:
        """Have Anna block Sabine, on Anna's node."""
        bearer = {"Authorization": f"Bearer {self.here.token('anna')}"}
        answer = await self.here.http.request(method, "/v1/blocks/sabine", headers=bearer)
        assert answer.is_success, answer.text


def ended(client: RawClient) -> list[tuple[str, int]]:
    """List the subscriptions that the server ended: (channel, code)."""
    return [
        (push["channel"], push["unsubscribe"]["code"])
        for push in client.pushes
        if "unsubscribe" in push
    ]


@asynccontextmanager
async def pair(database_url: str, redis_url: str, pace: Pace) -> AsyncIterator[Pair]:
    """Have them talk."""
    async with two_nodes(database_url, redis_url, pace=pace) as (here, there):
        order = (await here.order())["conversation_id"]
        bearer = {"Authorization": f"Bearer {here.token('anna')}"}
        opened = await here.http.post("/v1/conversations", json={"with": "sabine"}, headers=bearer)
        direct = opened.json()["id"]
        async with raw_client(here.socket_url) as anna, raw_client(there.socket_url) as sabine:
            for client, account, node in ((anna, "anna", here), (sabine, "sabine", there)):
                await client.connect(node.token(account), data={"inbox": True})
                for thread in (direct, order):
                    await client.subscribe(f"thread:{thread}", join_leave=True)
            yield Pair(here=here, there=there, anna=anna, sabine=sabine, direct=direct, order=order)


async def test_who_is_blocked_is_let_go_on_another_node_at_once(
    postgresql_url: str, redis_url: str
) -> None:
    async with pair(postgresql_url, redis_url, HASTY) as they:
        channel = f"thread:{they.direct}"
        await they.block()
        await they.sabine.until(lambda: ended(they.sabine))

        assert ended(they.sabine) == [(channel, 2000)]
        assert ended(they.anna) == []
        await they.anna.until(lambda: any("leave" in push for push in they.anna.pushes))
        again = await they.sabine.command(subscribe={"channel": channel})
        page = await they.sabine.command(history={"channel": channel, "limit": 1})
        seen = await they.sabine.command(presence={"channel": channel})
        typing = {"conversation": they.direct, "typing": True}
        told = await they.sabine.command(rpc={"method": "typing", "data": typing})
        codes = [each["error"]["code"] for each in (again, page, seen, told)]
        assert codes == [103, 103, 103, 403]
        # The order goes on, for both.
        sent = await they.sabine.rpc(
            "message.send", conversation=they.order, client_id="1", body="Here is the draft"
        )
        await they.anna.until(lambda: they.anna.publications(f"thread:{they.order}"))
        assert they.sabine.publications(channel) == []
        assert sent["message"]["seq"] == 2


async def test_when_the_block_ends_the_thread_is_open_again(
    postgresql_url: str, redis_url: str
) -> None:
    async with pair(postgresql_url, redis_url, HASTY) as they:
        channel = f"thread:{they.direct}"
        await they.block()
        await they.sabine.until(lambda: ended(they.sabine))
        await they.block("DELETE")

        reply = await they.sabine.subscribe(channel)
        assert reply["data"]["can_send"] is True
        sent = await they.anna.rpc(
            "message.send", conversation=they.direct, client_id="1", body="Sorry"
        )
        assert sent["message"]["seq"] == 1
        await they.sabine.until(lambda: they.sabine.publications(channel))
        assert ended(they.anna) == []


async def test_without_the_bus_the_next_comparing_of_positions_finds_it(
    postgresql_url: str, valkey: Valkey
) -> None:
    async with pair(postgresql_url, valkey.url, WATCHFUL) as they:
        valkey.kill()
        await eventually_reads(0.0, lambda: they.there.metric("bus_healthy"))
        await they.block()
        await they.sabine.until(lambda: ended(they.sabine))

        assert ended(they.sabine) == [(f"thread:{they.direct}", 2000)]
        assert ended(they.anna) == []
