"""Waiting for what nobody announces."""

import asyncio
from collections.abc import Callable

PATIENCE = 10.0
LOOK_EVERY = 0.005


async def eventually(true: Callable[[], bool]) -> None:
    """Look until ``true``; give up after a while."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - what is looked at knows no events
            await asyncio.sleep(LOOK_EVERY)
