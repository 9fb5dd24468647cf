"""Who is handled beside whom, after a worker crashed."""

import asyncio

import pytest

from realtime.delivery.quarantine import FEW, Quarantine


@pytest.mark.parametrize(("crashes", "at_once"), [(0, 40), (1, FEW), (2, 1), (3, 1)])
async def test_so_many_are_handled_at_once(crashes: int, at_once: int) -> None:
    quarantine, go_on = Quarantine(), asyncio.Event()
    inside = 0
    most = 0

    async def handle() -> None:
        nonlocal inside, most
        async with quarantine.place(crashes):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            if inside >= at_once:
                go_on.set()
            await go_on.wait()
            inside -= 1

    async with asyncio.timeout(10):
        await asyncio.gather(*(handle() for _ in range(40)))
    assert most == at_once
