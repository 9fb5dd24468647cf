"""Names that nothing can have, before both databases: refused at the edge, alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.support.node import RunningNode, running_node
from tests.support.raw_client import RawClient, raw_client

NO_IDS = ("\0", "a\0b", "a b", "x" * 65)
ANY: dict[str, Any] = {"client_id": "1", "body": "hello", "seq": 1, "typing": True}
METHODS = (
    "message.send",
    "message.edit",
    "message.delete",
    "message.check",
    "draft.save",
    "receipt.read",
    "receipt.delivered",
    "receipt.unread",
    "typing",
    "focus",
)


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[RunningNode]:
    """A node on a fresh database."""
    async with running_node(database_url) as running:
        yield running


@asynccontextmanager
async def quiet_client(node: RunningNode, account: str) -> AsyncIterator[RawClient]:
    """Be somebody whom nothing is logged about that an operator should look into."""
    with capture_logs() as logs:
        async with raw_client(node.socket_url) as client:
            await client.connect(node.token(account))
            yield client
    assert not [each for each in logs if each["log_level"] in ("warning", "error")]


async def test_a_channel_that_names_no_id_is_nobodys_to_hear(node: RunningNode) -> None:
    await node.order()
    names = [f"{kind}:{subject}" for kind in ("thread", "inbox") for subject in NO_IDS]
    for method in ("subscribe", "history"):
        async with quiet_client(node, "anna") as eve:
            for name in names:
                answer = await eve.command(**{method: {"channel": name, "limit": 5}})
                assert answer["error"]["code"] == 103, name


async def test_a_conversation_that_is_no_id_is_one_without_the_caller(node: RunningNode) -> None:
    await node.order()
    for method in METHODS:
        async with quiet_client(node, "anna") as eve:
            for name in NO_IDS:
                called = {"method": method, "data": ANY | {"conversation": name}}
                error = (await eve.command(rpc=called))["error"]
                assert (error["code"], error["message"]) == (403, "not_participant"), name


async def test_one_that_is_refused_does_not_fail_what_others_open(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    async with raw_client(node.socket_url) as anna, raw_client(node.socket_url) as eve:
        await anna.connect(node.token("anna"))
        await eve.connect(node.token("sabine"))
        for turn in range(5):
            *refused, theirs = await asyncio.gather(
                *(eve.command(subscribe={"channel": f"thread:\0{n}"}) for n in range(turn, 5)),
                anna.command(subscribe={"channel": f"thread:{conversation}"}),
            )
            assert {each["error"]["code"] for each in refused} == {103}
            assert "subscribe" in theirs
