"""What a browser test needs: the demo as ``make demo`` starts it, and windows to look at it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Browser

from tests.browser.chromium import chromium
from tests.support.processes import running

LOGS = {"LOG_FORMAT": "json", "LOG_LEVEL": "info"}


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[str]:
    """Run the demo on a free port, and see that it ends well; give its address."""
    command = ("serve", "--demo", "--port", "0")
    with running(*command, folder=tmp_path, settings=LOGS) as process:
        process.wait_for_text("Ctrl-C ends it")
        yield process.url
        assert process.stop() == 0
        assert '"level":"error"' not in process.log


@pytest.fixture
async def links(demo: str) -> dict[str, str]:
    """The link that signs a person in, by role."""
    async with httpx2.AsyncClient(base_url=demo) as client:
        state = await client.get("/demo/state")
    return {person["role"]: demo + person["link"] for person in state.json()["people"]}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running_browser:
        yield running_browser
