"""The official SDKs, one after the other, and a node for them."""

from collections.abc import AsyncIterator

import pytest

from tests.clients.javascript_sdk import JavaScriptSdk, javascript_sdk
from tests.clients.python_sdk import python_sdk
from tests.clients.sdk import Sdk
from tests.support.node import RunningNode, running_node

# What people cannot write that fast, tests can.
UNHURRIED = {
    "ORDERWIRE_LIMIT_MESSAGES_PER_SECOND": "0",
    "ORDERWIRE_LIMIT_COMMANDS_PER_SECOND": "0",
    "ORDERWIRE_LIMIT_REQUESTS_PER_SECOND": "0",
}


@pytest.fixture(params=["python", "centrifuge", "centrifuge-5.7.1"])
async def sdk(request: pytest.FixtureRequest) -> AsyncIterator[Sdk]:
    """An SDK: Python's, the newest of JavaScript and an old one that is still about."""
    if request.param == "python":
        async with python_sdk() as python:
            yield python
    else:
        async with javascript_sdk(request.param) as javascript:
            yield javascript


@pytest.fixture(params=["centrifuge", "centrifuge-5.7.1"])
async def javascript(request: pytest.FixtureRequest) -> AsyncIterator[JavaScriptSdk]:
    """An SDK of JavaScript, for what the others do not have."""
    async with javascript_sdk(request.param) as made:
        yield made


@pytest.fixture
async def node(sqlite_url: str) -> AsyncIterator[RunningNode]:
    """A node on a fresh database, without limits of speed."""
    async with running_node(sqlite_url, settings=UNHURRIED) as running:
        yield running
