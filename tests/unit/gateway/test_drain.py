"""A node that shuts down sees its clients off at a steady rate, in no order, and in time."""

import asyncio

import pytest

from tests.support.virtual_time import virtually
from tests.unit.gateway.wire import Messages, Wire, a_gateway

now = asyncio.get_running_loop


async def several(gateway: object, count: int) -> list[Wire]:
    """Let several clients in."""
    wires = [Wire(gateway) for _ in range(count)]  # type: ignore[arg-type] # a gateway
    for number, wire in enumerate(wires):
        await wire.connected(f"anna-{number}")
    return wires


async def leaving(wires: list[Wire], drain: "asyncio.Task[None]") -> list[tuple[float, int]]:
    """Watch until the drain is over; return when which of them was sent off, in that order."""
    began = now().time()
    left: dict[int, float] = {}
    while not drain.done():
        await asyncio.sleep(0.01)
        for place, wire in enumerate(wires):
            if wire.peer.close_rcvd is not None:
                left.setdefault(place, now().time() - began)
            elif int(now().time() * 100) % 500 == 0:
                await wire.says(b"{}")  # it lives, and answers its pings
    return [(when, place) for place, when in left.items()]


@virtually
async def test_it_accepts_for_a_while_then_sends_everybody_off_steadily_and_at_random() -> None:
    async with a_gateway() as gateway:
        wires = await several(gateway, 40)
        drain = asyncio.create_task(gateway.drain(accepting=5.0, over=20.0))
        left = await leaving(wires, drain)

        assert {wire.goodbye()[0] for wire in wires} == {3001}
        times = [when for when, _ in left]
        assert len(times) == 40
        assert times == pytest.approx([5.0 + 0.5 * place for place in range(40)], abs=0.02)
        order = [place for _, place in left]
        assert order != sorted(order)
        assert gateway.connections == 0


@virtually
async def test_for_five_seconds_more_who_comes_is_let_in_and_then_nobody() -> None:
    async with a_gateway() as gateway:
        drain = asyncio.create_task(gateway.drain(accepting=5.0, over=20.0))
        await asyncio.sleep(4.9)
        assert gateway.draining
        late = Wire(gateway)
        await late.connected()
        await asyncio.sleep(0.2)
        assert await Wire(gateway).opens() == 503
        assert not gateway.accepts()
        await drain
        assert late.goodbye()[0] == 3001, "who came meanwhile is sent off with the others"


@virtually
async def test_what_is_in_flight_is_committed_before_the_first_is_sent_off() -> None:
    messages = Messages()
    messages.settled.clear()
    async with a_gateway(messages) as gateway:
        (wire,) = await several(gateway, 1)
        drain = asyncio.create_task(gateway.drain(accepting=0.0, over=0.0))
        await asyncio.sleep(3)
        assert wire.peer.close_rcvd is None
        messages.settled.set()
        await drain

        assert wire.peer.close_rcvd is not None


@virtually
async def test_there_are_a_thousand_a_second_at_most_and_the_rest_goes_when_the_time_is_up() -> (
    None
):
    async with a_gateway() as gateway:
        wires = await several(gateway, 60)
        drain = asyncio.create_task(gateway.drain(accepting=0.0, over=0.02))
        began = now().time()
        sent_off = 0
        while not drain.done():
            await asyncio.sleep(0.0005)
            gone = sum(wire.peer.close_rcvd is not None for wire in wires)
            passed = now().time() - began
            if passed < 0.02:
                assert gone <= 1 + 1_000 * passed
                sent_off = gone

        assert 15 <= sent_off <= 21
        assert all(wire.peer.close_rcvd is not None for wire in wires)
        assert now().time() - began < 0.05


@virtually
async def test_without_time_all_go_at_once() -> None:
    async with a_gateway() as gateway:
        wires = await several(gateway, 20)
        began = now().time()
        await gateway.drain(accepting=0.0, over=0.0)

        assert now().time() == began
        assert {wire.goodbye()[0] for wire in wires} == {3001}
