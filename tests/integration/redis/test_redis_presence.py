"""Presence through Redis: the whole cluster's view, and what becomes of the entries of the dead."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from uuid import uuid4

from realtime.channels.redis_presence import BATCH, PresenceTimings, RedisPresence
from tests.support.eventually import eventually, eventually_reads
from tests.support.proxy import Proxy
from tests.support.valkey import Valkey

THREAD = "thread:one"
PREFIX = "test:"
HASH = f"{PREFIX}present:{THREAD}"

CALM = PresenceTimings(retry=0.02)
MORTAL = PresenceTimings(renew=0.1, life=0.5, answer=0.3, retry=0.02)
"""Is taken for dead soon."""


@asynccontextmanager
async def running(port: int, timings: PresenceTimings = CALM) -> AsyncIterator[RedisPresence]:
    url = f"redis://127.0.0.1:{port}"
    node = RedisPresence(url=url, node=uuid4().hex, prefix=PREFIX, timings=timings)
    await node.start()
    try:
        yield node
    finally:
        await node.close()


async def sees(node: RedisPresence, entries: dict[str, str]) -> None:
    """Wait until ``node`` sees exactly these on the thread."""
    await eventually_reads(entries, partial(node.present, THREAD))


async def hashes_after_a_look(node: RedisPresence, server: Valkey) -> int:
    """Count what is left of the thread once somebody has looked."""
    await node.present(THREAD)
    left: int = server.command("EXISTS", HASH)
    return left


def lives(server: Valkey) -> list[str]:
    found: list[str] = server.command("KEYS", f"{PREFIX}life:*")
    return found


async def test_every_node_sees_everybody(server: Valkey) -> None:
    async with running(server.port) as here, running(server.port) as there:
        here.enter(THREAD, "phone", "alice")
        there.enter(THREAD, "laptop", "bob")
        await sees(here, {"phone": "alice", "laptop": "bob"})
        await sees(there, {"phone": "alice", "laptop": "bob"})
        here.leave(THREAD, "phone")
        await sees(there, {"laptop": "bob"})


async def test_many_who_come_at_once_are_all_seen(server: Valkey) -> None:
    crowd = {f"client {number}": "alice" for number in range(2 * BATCH + 1)}
    async with running(server.port) as here, running(server.port) as there:
        for client, account_id in crowd.items():
            here.enter(THREAD, client, account_id)
        await sees(there, crowd)
        for client in crowd:
            here.leave(THREAD, client)
        await eventually(lambda: server.command("EXISTS", HASH) == 0)


async def test_who_was_on_a_node_that_ends_is_gone_at_once(server: Valkey) -> None:
    async with running(server.port) as there:
        async with running(server.port) as here:
            here.enter(THREAD, "phone", "alice")
            await sees(there, {"phone": "alice"})
        assert await there.present(THREAD) == {}


async def test_who_was_on_a_node_that_died_is_gone_soon_and_cleared_away(
    server: Valkey, proxy: Proxy
) -> None:
    async with running(server.port) as there, running(proxy.port, MORTAL) as here:
        here.enter(THREAD, "phone", "alice")
        await sees(there, {"phone": "alice"})
        proxy.refuse()
        await sees(there, {})
        await eventually_reads(0, partial(hashes_after_a_look, there, server))
        assert await here.present(THREAD) == {"phone": "alice"}


async def test_who_left_while_redis_was_away_is_no_ghost(server: Valkey, proxy: Proxy) -> None:
    async with running(server.port) as there, running(proxy.port, MORTAL) as here:
        here.enter(THREAD, "phone", "alice")
        here.enter(THREAD, "laptop", "alice")
        await sees(there, {"phone": "alice", "laptop": "alice"})
        proxy.refuse()
        here.leave(THREAD, "phone")
        here.enter(THREAD, "tablet", "bob")
        await sees(there, {})
        proxy.accept()
        await sees(there, {"laptop": "alice", "tablet": "bob"})


async def test_a_doubt_leaves_no_second_life(server: Valkey, proxy: Proxy) -> None:
    async with running(server.port) as there, running(proxy.port) as here:
        await eventually(lambda: len(lives(server)) == 2)
        before = set(lives(server))
        proxy.cut()
        here.enter(THREAD, "phone", "alice")
        await eventually(lambda: len(set(lives(server)) - before) == 1)
        await sees(there, {"phone": "alice"})
        assert len(lives(server)) == 2


async def test_a_server_that_forgot_everything_is_told_again(server: Valkey) -> None:
    async with running(server.port, MORTAL) as here, running(server.port, MORTAL) as there:
        here.enter(THREAD, "phone", "alice")
        await sees(there, {"phone": "alice"})
        server.restart()
        await sees(there, {"phone": "alice"})


async def test_a_server_that_nobody_can_reach_fails_nothing(server: Valkey) -> None:
    server.kill()
    async with running(server.port) as here:
        here.enter(THREAD, "phone", "alice")
        assert await here.present(THREAD) == {"phone": "alice"}
        assert await here.surely_present(THREAD) is None
        server.start()
        async with running(server.port) as there:
            await sees(there, {"phone": "alice"})


async def test_a_server_that_stands_still_keeps_nobody_waiting(server: Valkey) -> None:
    async with running(server.port, MORTAL) as here, running(server.port, MORTAL) as there:
        here.enter(THREAD, "phone", "alice")
        await sees(there, {"phone": "alice"})
        server.stall()
        async with asyncio.timeout(5):
            assert await here.present(THREAD) == {"phone": "alice"}
        server.resume()
        await sees(there, {"phone": "alice"})


async def test_a_key_that_somebody_else_has_written_is_waited_for(server: Valkey) -> None:
    server.command("SET", HASH, "something else")
    async with running(server.port) as here, running(server.port) as there:
        here.enter(THREAD, "phone", "alice")
        assert await here.present(THREAD) == {"phone": "alice"}
        assert await there.present(THREAD) == {}
        server.command("DEL", HASH)
        await sees(there, {"phone": "alice"})


async def test_a_hash_that_nobody_looks_after_expires(server: Valkey) -> None:
    async with running(server.port) as here:
        here.enter(THREAD, "phone", "alice")
        await eventually(lambda: server.command("PTTL", HASH) > 0)


async def test_who_stays_for_long_stays_present(server: Valkey) -> None:
    timings = PresenceTimings(renew=0.05, kept=1.0)
    async with running(server.port, timings) as here, running(server.port) as there:
        here.enter(THREAD, "phone", "alice")
        await sees(there, {"phone": "alice"})
        await eventually(lambda: 0 < server.command("PTTL", HASH) < 600)
        await eventually(lambda: server.command("PTTL", HASH) > 900)
        await sees(there, {"phone": "alice"})


async def test_closing_leaves_neither_task_nor_connection(server: Valkey) -> None:
    before = asyncio.all_tasks()
    async with running(server.port) as here:
        here.enter(THREAD, "phone", "alice")
        await here.present(THREAD)
    assert asyncio.all_tasks() == before
    await eventually(lambda: "name=orderwire" not in server.command("CLIENT", "LIST"))
    assert lives(server) == []
