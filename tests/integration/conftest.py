"""Nodes on a fresh database: the services of one, its HTTP API, and a second one beside it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from realtime.files.directory import Directory
from storage.engine import Database
from tests.support.http_api import HttpApi
from tests.support.marketplace import Marketplace


@pytest.fixture
def market(database: Database, tmp_path: Path) -> Marketplace:
    """One node's services."""
    return Marketplace(database, files=Directory(tmp_path / "files"))


@pytest.fixture
async def api(market: Marketplace) -> AsyncIterator[HttpApi]:
    """The HTTP API of that node."""
    served = HttpApi(market)
    yield served
    await served.close()


@pytest.fixture
async def other_node(database_url: str, market: Marketplace) -> AsyncIterator[Marketplace]:
    """A second node on the same database, with the same time."""
    opened = Database.open(database_url)
    yield Marketplace(opened, market.clock)
    await opened.close()
