"""What a browser test needs: the demo as ``make demo`` starts it, and windows to look at it."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Browser

from tests.browser.chromium import chromium

ORDERWIRE = Path(sys.executable).parent / "orderwire"
STARTS_WITHIN = ENDS_WITHIN = 30.0


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[str]:
    """Run the demo on a free port; give its address."""
    process = await asyncio.create_subprocess_exec(
        ORDERWIRE, "serve", "--demo", "--port", "0", cwd=tmp_path, stdout=PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(STARTS_WITHIN):
            address = await _address(process.stdout)
        rest = asyncio.create_task(process.stdout.read())
        yield address
    finally:
        process.terminate()
    async with asyncio.timeout(ENDS_WITHIN):
        assert await process.wait() == 0
        await rest


async def _address(output: asyncio.StreamReader) -> str:
    said = ""
    while line := (await output.readline()).decode():
        said += line
        if found := re.fullmatch(r"\s+(http://\S+)/demo\n", line):
            return found[1]
    raise AssertionError(f"the demo did not start: {said}")


@pytest.fixture
async def links(demo: str) -> dict[str, str]:
    """The link that signs a person in, by role."""
    async with httpx2.AsyncClient(base_url=demo) as client:
        state = await client.get("/demo/state")
    return {person["role"]: demo + person["link"] for person in state.json()["people"]}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running
