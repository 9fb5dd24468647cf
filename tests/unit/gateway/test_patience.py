"""What is said along with the connect is answered in time, however long that takes."""

import asyncio

from domain.errors import TooMany
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import turns
from tests.unit.gateway.connections import A_SUBSCRIBE, Connection, Door, a_door
from tests.unit.gateway.test_client import code


async def let_in_after(door: Door, seconds: float, connection: Connection) -> None:
    """Have a token verified after some seconds."""
    await asyncio.sleep(seconds)
    door.verifier.open.set()
    await turns()
    assert connection.reply(1)


@virtually
async def test_a_subscribe_does_not_begin_to_wait_when_the_connect_is_done() -> None:
    async with a_door() as door:
        door.verifier.open.clear()
        anna = door.connection()
        await anna.say(connect={"token": "anna"})
        asked = await anna.say(subscribe=A_SUBSCRIBE)
        await let_in_after(door, 3.0, anna)
        await door.reads.openings.only()
        assert anna.reply(asked) is None
        await asyncio.sleep(1.1)
        assert code(anna.reply(asked)) == 100


@virtually
async def test_a_message_does_not_either_and_is_answered_once() -> None:
    async with a_door() as door:
        door.verifier.open.clear()
        anna = door.connection()
        await anna.say(connect={"token": "anna"})
        asked = await anna.say(rpc={"method": "message.send", "data": {}})
        await let_in_after(door, 3.0, anna)
        (told,) = door.calls.waiting
        assert anna.reply(asked) is None
        await asyncio.sleep(1.1)
        assert code(anna.reply(asked)) == 100
        told(TooMany("stored meanwhile, or not"))
        assert code(anna.reply(asked)) == 100


@virtually
async def test_what_is_known_in_time_is_told_at_once() -> None:
    async with a_door() as door:
        door.verifier.open.clear()
        anna = door.connection()
        await anna.say(connect={"token": "anna"})
        asked = await anna.say(rpc={"method": "message.send", "data": {}})
        await let_in_after(door, 3.0, anna)
        (told,) = door.calls.waiting
        told(TooMany("slow down"))
        assert code(anna.reply(asked)) == 429
        await asyncio.sleep(2.0)
        assert code(anna.reply(asked)) == 429
