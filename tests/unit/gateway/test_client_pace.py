"""Clients that read slowly, say nothing, or never connect."""

import asyncio

import pytest

from realtime.gateway.client import MAX_UNSENT, MAX_UNSENT_FOR_EPHEMERAL
from tests.support.virtual_time import virtually
from tests.unit.gateway.connections import a_door, subscribed

# --- slow readers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unsent", "written"),
    [(0, "both"), (MAX_UNSENT_FOR_EPHEMERAL + 1, "durable"), (MAX_UNSENT + 1, "end")],
)
@virtually
async def test_a_reader_that_is_behind_gets_less_and_in_the_end_nothing(
    unsent: int, written: str
) -> None:
    async with a_door() as door:
        anna = await door.connected()
        await subscribed(door, anna)
        anna.client.backed_up = True
        anna.transport.left_behind = unsent
        await door.stage.deliver(0)
        await door.stage.deliver(0, 8)

        got = [push["pub"].get("offset") for push in anna.pushes()]
        assert got == {"both": [None, None, 8], "durable": [8], "end": []}[written]
        assert anna.end_code() == (3008 if written == "end" else 0)


@virtually
async def test_a_large_reply_that_has_not_left_is_no_fault_of_the_reader() -> None:
    async with a_door() as door:
        anna = await door.connected()
        await subscribed(door, anna)
        large = "x" * (MAX_UNSENT + 1)
        anna.transport.left_behind = MAX_UNSENT + 100
        await anna.say(rpc={"method": "echo", "data": large})
        anna.client.backed_up = True
        await door.stage.deliver(8)

        assert [push["pub"]["offset"] for push in anna.pushes()] == [8]


@virtually
async def test_a_large_reply_that_has_left_excuses_nothing() -> None:
    async with a_door() as door:
        anna = await door.connected()
        await subscribed(door, anna)
        await anna.say(rpc={"method": "echo", "data": "x" * (MAX_UNSENT + 1)})
        anna.transport.left_behind = MAX_UNSENT + 100
        anna.client.backed_up = True
        await door.stage.deliver(8)

        assert anna.end_code() == 3008


@virtually
async def test_who_has_caught_up_is_written_to_as_everybody() -> None:
    async with a_door() as door:
        anna = await door.connected()
        await subscribed(door, anna)
        anna.client.backed_up = True
        anna.client.drained()
        anna.transport.left_behind = 2 * MAX_UNSENT
        await door.stage.deliver(0, 8)

        assert [push["pub"].get("offset") for push in anna.pushes()] == [None, 8]


# --- time -------------------------------------------------------------------------------------


@virtually
async def test_a_client_that_says_nothing_is_pinged_and_then_sent_away() -> None:
    async with a_door() as door:
        anna = await door.connected()
        await asyncio.sleep(26)
        assert {} in anna.transport.lines
        await asyncio.sleep(10)
        assert anna.end_code() == 3012


@virtually
async def test_who_never_connects_is_sent_away_after_30_seconds() -> None:
    async with a_door() as door:
        anna = door.connection()
        await asyncio.sleep(29)
        assert not anna.end_code()
        await asyncio.sleep(2)
        assert anna.end_code() == 4000
