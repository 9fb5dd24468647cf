"""In a storm nobody waits in vain: who could not be served in time is told to come again."""

from contextlib import ExitStack
from typing import Any

import pytest

from realtime.gateway.admission import FIRST_RATE, MOST_SECONDS, Admission
from realtime.gateway.patience import SLOW_AFTER
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import opening
from tests.unit.gateway.connections import A_SUBSCRIBE, a_door
from tests.unit.gateway.wire import Wire, a_gateway

assert SLOW_AFTER > MOST_SECONDS


def busy(admission: Admission) -> ExitStack:
    """Have more in work than can be done in time."""
    stack = ExitStack()
    for _ in range(int(FIRST_RATE * MOST_SECONDS) + 1):
        stack.enter_context(admission.working())
    return stack


def refusal(reply: dict[str, Any] | None) -> tuple[int, bool]:
    """Return the code of a refusal, and whether to try again."""
    assert reply is not None
    return reply["error"]["code"], reply["error"]["temporary"]


@virtually
async def test_a_handshake_is_refused_before_it_costs_and_who_is_in_stays() -> None:
    async with a_gateway() as gateway:
        inside = Wire(gateway)
        await inside.connected()
        with busy(gateway.admission):
            assert not gateway.accepts()
            outside = Wire(gateway)
            assert await outside.opens() == 503
            await inside.says(b'{"id":2,"ping":{}}')
            assert inside.lines() == [{"id": 2, "ping": {}}]
        assert gateway.figures.refused_handshakes == 1
        assert await Wire(gateway).opens() == 101


@virtually
async def test_a_connect_is_refused_with_111_and_what_came_along_is_dropped() -> None:
    async with a_door() as door:
        anna = door.connection()
        with busy(door.shared.admission):
            asked = await anna.say(connect={"token": "anna"})
            assert refusal(anna.reply(asked)) == (111, True)
            await anna.say(subscribe=A_SUBSCRIBE)

        assert len(anna.transport.lines) == 1
        assert anna.client.is_turned_away()
        assert door.shared.figures.turned_away == 1
        assert len(door.reads.openings) == 0


@virtually
async def test_a_subscribe_is_refused_with_111_as_often_as_it_comes_and_never_ends_anything() -> (
    None
):
    async with a_door() as door:
        anna = await door.connected()
        with busy(door.shared.admission):
            for _ in range(150):
                asked = await anna.say(subscribe=A_SUBSCRIBE)
                assert refusal(anna.reply(asked)) == (111, True)
        assert anna.end_code() == 0
        assert not anna.client.listens("thread:1")
        asked = await anna.say(subscribe=A_SUBSCRIBE)
        await (await door.reads.openings.only()).answer([opening(7)])
        assert "subscribe" in (anna.reply(asked) or {})


@pytest.mark.parametrize("extensions", ["permessage-deflate", "permessage-deflate; x=1, other"])
@virtually
async def test_compression_is_not_agreed_to(extensions: str) -> None:
    async with a_gateway() as gateway:
        wire = Wire(gateway)
        assert await wire.opens(**{"Sec-WebSocket-Extensions": extensions}) == 101
        assert wire.peer.handshake_exc is None
        assert wire.peer.extensions == []
