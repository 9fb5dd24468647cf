"""Waiting for what nobody announces."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 10.0
LOOK_EVERY = 0.005


async def eventually(true: Callable[[], bool]) -> None:
    """Look until ``true``; give up after a while."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - what is looked at knows no events
            await asyncio.sleep(LOOK_EVERY)


async def eventually_reads(expected: T, read: Callable[[], Awaitable[T]]) -> None:
    """Read until it is what is expected; after a while fail with what it is instead."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while (found := await read()) != expected:
        assert asyncio.get_running_loop().time() < deadline, f"it is {found}, not {expected}"
        await asyncio.sleep(LOOK_EVERY)
