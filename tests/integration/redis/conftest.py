"""A Redis of a test's own, and both event loops: their transports differ."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import pytest
import uvloop

from tests.support.proxy import Proxy
from tests.support.valkey import Valkey, running_valkey


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Name the loops."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
def server() -> Iterator[Valkey]:
    """A server of the test's own, to be hurt."""
    with running_valkey() as valkey:
        yield valkey


@pytest.fixture
async def proxy(server: Valkey) -> AsyncIterator[Proxy]:
    """A proxy before it."""
    async with Proxy(port=server.port).running() as proxy:
        yield proxy
