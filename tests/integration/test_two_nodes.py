"""Two nodes: what is said on one is heard on the other, whatever happens to Redis between them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from realtime.bootstrap import Pace
from tests.support.eventually import eventually_reads
from tests.support.follower import Follower
from tests.support.node import RunningNode
from tests.support.proxy import Proxy
from tests.support.two_nodes import HASTY_BUS, follower, two_nodes
from tests.support.valkey import Valkey, running_valkey

# Positions are checked so rarely that nothing is ever found by it, unless a test says otherwise.
HASTY = Pace(positions=3_600.0, bus=HASTY_BUS)
PATIENT = Pace(positions=3_600.0)
WATCHFUL = Pace(positions=0.5, bus=HASTY_BUS)


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A server of the test's own, to be hurt."""
    with running_valkey() as server:
        yield server


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Anna on one node and Sabine on the other, in the thread of an order."""

    here: RunningNode
    there: RunningNode
    anna: Follower
    sabine: Follower
    conversation: str

    @property
    def channel(self) -> str:
        """The thread's."""
        return f"thread:{self.conversation}"

    async def healthy(self) -> bool:
        """Tell whether both nodes hear each other, as far as they know."""
        return all([await each.metric("bus_healthy") for each in (self.here, self.there)])

    async def readiness(self) -> set[tuple[int, str, str]]:
        """Return what the nodes say they are fit for: status, the whole, the bus."""
        answers = [await each.http.get("/readyz") for each in (self.here, self.there)]
        told = [(each.status_code, each.json()) for each in answers]
        return {(code, said["status"], said["checks"]["bus"]["status"]) for code, said in told}

    async def say(self, who: Follower, *bodies: str) -> int:
        """Have somebody write messages one after the other; return the last one's seq."""
        seqs = [await who.send(self.conversation, body) for body in bodies]
        return seqs[-1]

    async def both_have_all(self, top: int) -> None:
        """Wait until both have everything, and see that nothing was wrong with any of it."""
        for each in (self.anna, self.sabine):
            await each.has_all(self.channel, top)
            assert each.problems == []
        heard = self.anna.channels[self.channel].heard
        assert heard == self.sabine.channels[self.channel].heard
        assert [heard[offset]["seq"] for offset in heard] == list(heard)


@asynccontextmanager
async def talk(database_url: str, *redis_urls: str, pace: Pace = HASTY) -> AsyncIterator[Talk]:
    """Have them connected to two nodes."""
    async with two_nodes(database_url, *redis_urls, pace=pace) as (here, there):
        conversation = (await here.order())["conversation_id"]
        anna = follower(here, "anna", conversation)
        sabine = follower(there, "sabine", conversation)
        async with anna.following(), sabine.following():
            yield Talk(here=here, there=there, anna=anna, sabine=sabine, conversation=conversation)


async def test_each_hears_the_other_once_and_in_order(postgresql_url: str, redis_url: str) -> None:
    async with talk(postgresql_url, redis_url) as they:
        await asyncio.gather(
            they.say(they.anna, *[f"anna {n}" for n in range(50)]),
            they.say(they.sabine, *[f"sabine {n}" for n in range(50)]),
        )
        await they.both_have_all(101)
        assert they.anna.closes == they.sabine.closes == []


async def test_what_comes_before_its_predecessor_waits_for_it(
    postgresql_url: str, valkey: Valkey
) -> None:
    async with (
        Proxy(port=valkey.port).running() as proxy,
        talk(postgresql_url, f"redis://127.0.0.1:{proxy.port}", valkey.url, pace=PATIENT) as they,
    ):
        proxy.stall()
        first = await they.say(they.anna, "said first, and held up on its way")
        second = await they.say(they.sabine, "said second")
        await they.sabine.has_all(they.channel, second)
        proxy.resume()
        third = await they.say(they.anna, "said third, behind the first one that comes at last")
        await they.both_have_all(third)
        assert await they.there.metric("hub_gaps_total", cause="order") >= 1
        assert list(they.sabine.channels[they.channel].heard) == [first, second, third]


async def test_a_restart_of_redis_is_caught_up_with(postgresql_url: str, valkey: Valkey) -> None:
    async with talk(postgresql_url, valkey.url) as they:
        await they.both_have_all(await they.say(they.anna, "before"))
        valkey.kill()
        await eventually_reads(False, they.healthy)
        last = await they.say(they.anna, "one", "two", "three")
        await they.anna.has_all(they.channel, last)  # on its own node at once
        valkey.start()
        await they.both_have_all(last)  # on the other by what the bus says of itself
        assert await they.there.metric("hub_gaps_total", cause="bus") >= 1
        await they.both_have_all(await they.say(they.sabine, "after"))
        assert they.anna.closes == they.sabine.closes == []


async def test_a_redis_that_stands_still_is_noticed_and_caught_up_with(
    postgresql_url: str, valkey: Valkey
) -> None:
    async with talk(postgresql_url, valkey.url) as they:
        valkey.stall()
        last = await they.say(they.anna, "one", "two", "three")
        await they.anna.has_all(they.channel, last)
        await eventually_reads(False, they.healthy)
        assert await they.readiness() == {(200, "degraded", "degraded")}
        valkey.resume()
        await they.both_have_all(last)
        await they.both_have_all(await they.say(they.sabine, "after"))
        assert await they.readiness() == {(200, "ready", "ready")}


async def test_an_outage_that_ends_with_another_server_is_caught_up_with(
    postgresql_url: str, valkey: Valkey
) -> None:
    """As a Sentinel has it: what was the primary is gone, and who is it now knows nobody."""
    with running_valkey() as successor:
        async with (
            Proxy(port=valkey.port).running() as proxy,
            talk(postgresql_url, f"redis://127.0.0.1:{proxy.port}") as they,
        ):
            await they.both_have_all(await they.say(they.anna, "before"))
            proxy.refuse()
            await eventually_reads(False, they.healthy)
            last = await they.say(they.anna, "one", "two", "three")
            await they.anna.has_all(they.channel, last)  # on its own node at once
            proxy.lead_to(successor.port)
            proxy.accept()
            await they.both_have_all(last)
            await they.both_have_all(await they.say(they.sabine, "after"))
            await eventually_reads(True, they.healthy)
            assert they.anna.closes == they.sabine.closes == []


async def test_connections_that_are_cut_again_and_again_lose_nothing(
    postgresql_url: str, valkey: Valkey
) -> None:
    async with (
        Proxy(port=valkey.port).running() as proxy,
        # What a node said into a connection that was cut, the others find by its position.
        talk(postgresql_url, valkey.url, f"redis://127.0.0.1:{proxy.port}", pace=WATCHFUL) as they,
    ):
        for number in range(10):
            await asyncio.gather(
                they.say(they.anna, *[f"anna {number} {n}" for n in range(5)]),
                they.say(they.sabine, *[f"sabine {number} {n}" for n in range(5)]),
            )
            proxy.cut()
        await they.both_have_all(101)
        assert await they.there.metric("bus_reconnects_total") >= 1
        assert they.anna.closes == they.sabine.closes == []


async def test_without_redis_the_database_tells(postgresql_url: str, valkey: Valkey) -> None:
    async with talk(postgresql_url, valkey.url, pace=WATCHFUL) as they:
        valkey.kill()
        last = 1
        for n in range(5):
            await they.say(they.anna, f"anna {n}")
            last = await they.say(they.sabine, f"sabine {n}")
        await they.both_have_all(last)
        late = follower(they.there, "sabine", they.conversation)
        async with late.following():  # nobody waits for a Redis that is known to be away
            last = await they.say(they.anna, "heard by who came just now, too")
            await late.has_all(they.channel, last)
            assert late.problems == []
        assert not await they.healthy()
