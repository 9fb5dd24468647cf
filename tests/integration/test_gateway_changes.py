"""Messages that change, over real sockets: the methods, and what both sides hear of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.node import RunningNode, running_node
from tests.support.raw_client import RawClient, raw_client


@pytest.fixture
async def node(sqlite_url: str) -> AsyncIterator[RunningNode]:
    """A node; what storage does with changes is tested on both databases."""
    async with running_node(sqlite_url) as running:
        yield running


async def heard(client: RawClient, channel: str, kind: str) -> list[tuple[int, int]]:
    """Wait for publications of a kind; return (seq, of) of each."""

    def found() -> list[tuple[int, int]]:
        data = [publication["data"] for publication in client.publications(channel)]
        return [(entry["seq"], entry["of"]) for entry in data if entry["type"] == kind]

    await client.until(found)
    return found()


async def test_an_edit_and_a_deletion_reach_both_sides(node: RunningNode) -> None:
    thread = (await node.order())["conversation_id"]
    channel = f"thread:{thread}"
    async with raw_client(node.socket_url) as anna, raw_client(node.socket_url) as sabine:
        for client, account in ((anna, "anna"), (sabine, "sabine")):
            await client.connect(node.token(account))
            await client.subscribe(channel)
        sent = await anna.rpc("message.send", conversation=thread, client_id="c1", body="Helo")
        seq = sent["message"]["seq"]

        edited = await anna.rpc("message.edit", conversation=thread, seq=seq, body="Hello")
        deleted = await anna.rpc("message.delete", conversation=thread, seq=seq)

        assert edited["message"]["body"] == "Hello"
        assert deleted["message"]["body"] == ""
        for client in (anna, sabine):
            assert await heard(client, channel, "edit") == [(seq + 1, seq)]
            assert await heard(client, channel, "delete") == [(seq + 2, seq)]


async def test_unread_is_the_receipt_that_moves_back(node: RunningNode) -> None:
    thread = (await node.order())["conversation_id"]
    async with raw_client(node.socket_url) as anna, raw_client(node.socket_url) as sabine:
        await anna.connect(node.token("anna"))
        await sabine.connect(node.token("sabine"))
        sent = await anna.rpc("message.send", conversation=thread, client_id="c1", body="Hello")
        seq = sent["message"]["seq"]

        read = await sabine.rpc("receipt.read", conversation=thread, seq=seq)
        unread = await sabine.rpc("receipt.unread", conversation=thread, seq=seq)

    assert (read["read_seq"], unread["read_seq"]) == (seq, seq - 1)
    assert unread["delivered_seq"] == seq


async def test_what_may_not_be_changed_is_refused_by_code(node: RunningNode) -> None:
    thread = (await node.order())["conversation_id"]
    async with raw_client(node.socket_url) as anna, raw_client(node.socket_url) as sabine:
        await anna.connect(node.token("anna"))
        await sabine.connect(node.token("sabine"))
        sent = await anna.rpc("message.send", conversation=thread, client_id="c1", body="Hello")
        seq = sent["message"]["seq"]
        tries: list[tuple[RawClient, str, dict[str, Any], int]] = [
            (sabine, "message.edit", {"seq": seq, "body": "Hi"}, 403),
            (sabine, "message.delete", {"seq": seq}, 403),
            (anna, "message.edit", {"seq": seq, "body": " "}, 400),
            (anna, "message.edit", {"seq": -1, "body": "Hi"}, 400),
            (anna, "message.edit", {"seq": seq}, 400),
            (anna, "message.delete", {"seq": 1}, 404),
        ]

        for client, method, data, code in tries:
            asked = {"method": method, "data": {"conversation": thread, **data}}
            reply = await client.command(rpc=asked)
            assert reply["error"]["code"] == code, (method, data)
