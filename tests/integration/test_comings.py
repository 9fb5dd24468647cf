"""Who comes to a thread and who goes: told on two nodes to those who asked, and to nobody else."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from domain.identity import Role
from realtime.bootstrap import Pace
from realtime.channels.redis_presence import PresenceTimings
from tests.support.node import RunningNode
from tests.support.proxy import Proxy
from tests.support.raw_client import RawClient, raw_client
from tests.support.two_nodes import HASTY_BUS, two_nodes
from tests.support.valkey import Valkey, running_valkey

# A node is taken for dead soon; presence is compared so rarely that nothing is found by it.
MORTAL = PresenceTimings(renew=0.1, life=0.5, answer=0.3, retry=0.02)
HASTY = Pace(positions=3_600.0, comings=3_600.0, bus=HASTY_BUS, presence=MORTAL)
WATCHFUL = replace(HASTY, comings=0.2)


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A server of the test's own, to be hurt."""
    with running_valkey() as server:
        yield server


def told(client: RawClient, channel: str) -> list[tuple[str, str]]:
    """List what a client was told: (join or leave, account)."""
    return [
        (kind, push[kind]["info"]["user"])
        for push in client.pushes
        for kind in ("join", "leave")
        if kind in push and push["channel"] == channel
    ]


@asynccontextmanager
async def there(
    node: RunningNode, account: str, channel: str, *, role: Role = Role.ACCOUNT, **more: Any
) -> AsyncIterator[RawClient]:
    """Be connected as ``account``, and listen to a channel."""
    async with raw_client(node.socket_url) as client:
        await client.connect(node.token(account, role=role))
        await client.subscribe(channel, **more)
        yield client


async def test_it_is_told_on_every_node_behind_the_reply(
    postgresql_url: str, redis_url: str
) -> None:
    async with two_nodes(postgresql_url, redis_url, pace=HASTY) as (here, other):
        channel = f"thread:{(await here.order())['conversation_id']}"
        async with there(here, "anna", channel, join_leave=True) as anna:
            await anna.until(lambda: told(anna, channel) == [("join", "anna")])
            order = ["subscribe" if "subscribe" in each else "join" for each in anna.received[1:]]
            assert order == ["subscribe", "join"], "never before the reply"
            async with there(other, "sabine", channel) as sabine:
                await anna.until(lambda: ("join", "sabine") in told(anna, channel))
                present = (await anna.command(presence={"channel": channel}))["presence"]
                (coming,) = (each["join"]["info"] for each in anna.pushes[1:])
                assert present["presence"][coming["client"]] == coming
                await sabine.command(unsubscribe={"channel": channel})
                await anna.until(lambda: told(anna, channel)[-1:] == [("leave", "sabine")])
                await sabine.subscribe(channel, join_leave=True)
                await anna.until(lambda: told(anna, channel)[-1:] == [("join", "sabine")])
                await anna.command(unsubscribe={"channel": channel})
                await sabine.until(lambda: told(sabine, channel)[-1:] == [("leave", "anna")])
                sent = len(anna.received)
            assert (await anna.command(ping={})) == anna.received[-1]
            assert len(anna.received) == sent + 1, "who has left is told nothing more"


async def test_a_connection_that_ends_is_told_of_on_the_other_node(
    postgresql_url: str, redis_url: str
) -> None:
    async with two_nodes(postgresql_url, redis_url, pace=HASTY) as (here, other):
        channel = f"thread:{(await here.order())['conversation_id']}"
        async with there(here, "anna", channel, join_leave=True) as anna:
            async with there(other, "sabine", channel) as sabine:
                await anna.until(lambda: ("join", "sabine") in told(anna, channel))
                assert told(sabine, channel) == [], "she has not asked"
            await anna.until(lambda: told(anna, channel)[-1:] == [("leave", "sabine")])


async def test_an_operator_looks_on_unseen(postgresql_url: str, redis_url: str) -> None:
    async with two_nodes(postgresql_url, redis_url, pace=HASTY) as (here, other):
        channel = f"thread:{(await here.order())['conversation_id']}"
        async with there(here, "anna", channel, join_leave=True) as anna:
            async with (
                there(other, "olga", channel, role=Role.OPERATOR, join_leave=True) as olga,
                there(other, "sabine", channel),
            ):
                await anna.until(lambda: ("join", "sabine") in told(anna, channel))
                await olga.until(lambda: told(olga, channel) == [("join", "sabine")])
                for client in (anna, olga):
                    seen = (await client.command(presence={"channel": channel}))["presence"]
                    accounts = {each["user"] for each in seen["presence"].values()}
                    assert accounts == {"anna", "sabine"}
                    counted = await client.command(presence_stats={"channel": channel})
                    assert counted["presence_stats"] == {"num_clients": 2, "num_users": 2}
            await anna.until(lambda: told(anna, channel)[-1:] == [("leave", "sabine")])
            assert told(anna, channel) == [
                ("join", "anna"),
                ("join", "sabine"),
                ("leave", "sabine"),
            ]


async def test_who_was_on_a_node_that_died_is_said_to_be_gone(
    postgresql_url: str, valkey: Valkey
) -> None:
    async with (
        Proxy(port=valkey.port).running() as proxy,
        two_nodes(postgresql_url, valkey.url, f"redis://127.0.0.1:{proxy.port}", pace=WATCHFUL) as (
            here,
            other,
        ),
    ):
        channel = f"thread:{(await here.order())['conversation_id']}"
        async with (
            there(here, "anna", channel, join_leave=True) as anna,
            there(other, "sabine", channel),
        ):
            await anna.until(lambda: ("join", "sabine") in told(anna, channel))
            proxy.refuse()  # as good as dead: nobody hears of it any more
            await anna.until(lambda: told(anna, channel)[-1:] == [("leave", "sabine")])
            proxy.accept()
            await anna.until(lambda: told(anna, channel)[-1:] == [("join", "sabine")])
            assert len(told(anna, channel)) == 4
