"""The Chromium that the tests look through: the machine's, or the one that ``make`` unpacks."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

UNPACKED = Path(__file__).parents[2] / ".cache" / "chromium"


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run a headless Chromium until the block ends."""
    program, env = _found()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, env={**os.environ, **env}
        )
        try:
            yield browser
        finally:
            await browser.close()


def _found() -> tuple[str, dict[str, str]]:
    named = os.environ.get("ORDERWIRE_TEST_CHROMIUM") or shutil.which("chromium")
    if named is not None:
        return named, {}
    assert UNPACKED.is_dir(), "no chromium: `make setup` brings one"
    # It comes with its libraries and fonts, for machines that have none.
    libraries, fonts = UNPACKED / "lib", UNPACKED / "fonts.conf"
    return str(UNPACKED / "chromium"), {
        "LD_LIBRARY_PATH": str(libraries),
        "FONTCONFIG_FILE": str(fonts),
    }
