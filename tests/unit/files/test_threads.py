"""Work in threads has happened, or has not begun, when whoever asked for it goes on."""

import asyncio
import threading

import pytest

from realtime.files.threads import in_thread


async def test_what_it_returns_comes_back() -> None:
    assert await in_thread(int, "11", base=2) == 3


async def test_who_is_cancelled_waits_for_its_end() -> None:
    begun, may_end, ended = asyncio.Event(), threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        loop.call_soon_threadsafe(begun.set)
        may_end.wait(10)
        ended.set()

    task = asyncio.create_task(in_thread(work))
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert ended.is_set()
