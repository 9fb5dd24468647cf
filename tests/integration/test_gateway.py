"""The gateway over real sockets, before both databases: what a client of the protocol sees."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.support.node import RunningNode, running_node
from tests.support.raw_client import RawClient, raw_client


@pytest.fixture
async def node(database_url: str) -> AsyncIterator[RunningNode]:
    """A node on a fresh database."""
    async with running_node(database_url) as running:
        yield running


async def listening(node: RunningNode, client: RawClient, account: str, conversation: str) -> None:
    """Connect as ``account`` and listen to a thread."""
    await client.connect(node.token(account))
    await client.subscribe(f"thread:{conversation}")


async def send(client: RawClient, conversation: str, n: int) -> int:
    """Send the ``n``-th message; return its seq."""
    answer = await client.rpc(
        "message.send", conversation=conversation, client_id=f"c{n}", body=f"message {n}"
    )
    seq: int = answer["message"]["seq"]
    return seq


async def test_a_message_reaches_both_sides_once_it_is_stored(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    channel = f"thread:{conversation}"
    async with raw_client(node.socket_url) as anna, raw_client(node.socket_url) as sabine:
        await listening(node, anna, "anna", conversation)
        await listening(node, sabine, "sabine", conversation)
        assert await send(anna, conversation, 1) == 2
        for client in (anna, sabine):
            await client.until(lambda client=client: client.publications(channel))
            (publication,) = client.publications(channel)
            assert publication["offset"] == publication["data"]["seq"] == 2
            assert publication["data"]["body"] == "message 1"


async def test_a_client_recovers_exactly_what_it_missed(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    channel = f"thread:{conversation}"
    async with raw_client(node.socket_url) as anna:
        await listening(node, anna, "anna", conversation)
        for n in range(3):
            await send(anna, conversation, n)
        async with raw_client(node.socket_url) as late:
            await late.connect(node.token("sabine"))
            reply = await late.subscribe(channel, recover=True, offset=2)
    assert reply["recovered"] is True
    assert reply["was_recovering"] is True
    assert reply["offset"] == 2
    assert [each["offset"] for each in reply["publications"]] == [3, 4]


async def test_subscribes_may_come_along_with_the_connect(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    async with raw_client(node.socket_url) as anna:
        token = node.token("anna")
        await anna.connection.send(
            f'{{"id":101,"connect":{{"token":"{token}","data":{{"inbox":true}}}}}}\n'
            f'{{"id":102,"subscribe":{{"channel":"thread:{conversation}"}}}}'
        )
        await anna.until(lambda: anna.reply(102))
        connected = anna.reply(101)
        assert connected is not None
        assert "inbox:anna" in connected["connect"]["subs"]
        assert connected["connect"]["data"]["account"]["id"] == "anna"


@pytest.mark.parametrize(
    ("channel", "code"),
    [("inbox:anna", 103), ("thread:none", 103), ("thread:", 103), ("news:1", 102), ("x", 102)],
)
async def test_what_is_not_yours_looks_like_what_does_not_exist(
    node: RunningNode, channel: str, code: int
) -> None:
    await node.order()
    async with raw_client(node.socket_url) as sabine:
        await sabine.connect(node.token("sabine"))
        reply = await sabine.command(subscribe={"channel": channel})
        assert reply["error"]["code"] == code


async def test_a_strangers_thread_is_refused(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    await node.order(buyer="zoe", seller="zack")
    async with raw_client(node.socket_url) as zoe:
        await zoe.connect(node.token("zoe"))
        reply = await zoe.command(subscribe={"channel": f"thread:{conversation}"})
        assert reply["error"] == {"code": 103, "message": "permission denied"}
        sent = await zoe.command(
            rpc={
                "method": "message.send",
                "data": {"conversation": conversation, "client_id": "1", "body": "hello"},
            }
        )
        assert sent["error"]["code"] == 403


async def test_the_same_client_id_is_stored_once(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    async with raw_client(node.socket_url) as anna:
        await listening(node, anna, "anna", conversation)
        assert await send(anna, conversation, 1) == await send(anna, conversation, 1) == 2
        assert await send(anna, conversation, 2) == 3
        await anna.until(lambda: len(anna.publications(f"thread:{conversation}")) == 2)


async def test_a_bad_token_is_final_and_an_expired_one_is_not(node: RunningNode) -> None:
    async with raw_client(node.socket_url) as client:
        await client.tell(connect={"token": "no.token.this"})
        assert (await client.closed())[0] == 3500
    async with raw_client(node.socket_url) as client:
        expired = node.token("anna", lifetime=timedelta(hours=-1))
        reply = await client.command(connect={"token": expired})
        assert reply["error"]["code"] == 109


@pytest.mark.parametrize("rubbish", ["", "{", "[]", "null", "\x00", '{"id":1,"subscribe":{}}'])
async def test_rubbish_ends_its_own_connection_alone(node: RunningNode, rubbish: str) -> None:
    conversation = (await node.order())["conversation_id"]
    async with raw_client(node.socket_url) as anna:
        await listening(node, anna, "anna", conversation)
        async with raw_client(node.socket_url) as vandal:
            await vandal.connection.send(rubbish)
            assert (await vandal.closed())[0] == 3501
        assert await send(anna, conversation, 1) == 2


async def test_typing_is_told_to_the_thread_and_not_stored(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    channel = f"thread:{conversation}"
    async with raw_client(node.socket_url) as anna, raw_client(node.socket_url) as sabine:
        await listening(node, anna, "anna", conversation)
        await listening(node, sabine, "sabine", conversation)
        await anna.rpc("typing", conversation=conversation, typing=True)
        await sabine.until(lambda: sabine.publications(channel))
        (publication,) = sabine.publications(channel)
        assert publication["data"] == {
            "type": "typing",
            "account": "anna",
            "typing": True,
            "expires_in": 6,
        }
        assert "offset" not in publication


async def test_what_is_sent_without_asking_is_stored_and_not_answered(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    channel = f"thread:{conversation}"
    async with raw_client(node.socket_url) as anna:
        await listening(node, anna, "anna", conversation)
        message = {"conversation": conversation, "client_id": "1", "body": "hello"}
        wrong = {**message, "body": ""}
        for data in (wrong, message):
            told = {"send": {"data": {"method": "message.send", "data": data}}}
            await anna.connection.send(json.dumps(told))
        await anna.until(lambda: anna.publications(channel))
        await anna.command(ping={})
        replies = [each["id"] for each in anna.received if "id" in each]
        assert replies == [1, 2, 3], "connect, subscribe and ping"


async def test_too_many_messages_are_told_to_slow_down_and_the_connection_lives(
    node: RunningNode,
) -> None:
    conversation = (await node.order())["conversation_id"]
    async with raw_client(node.socket_url) as anna, raw_client(node.socket_url) as other:
        await listening(node, anna, "anna", conversation)
        await other.connect(node.token("anna"))
        refused: list[dict[str, Any]] = []
        for number in range(40):
            client = (anna, other)[number % 2]  # the limit is the account's
            data = {"conversation": conversation, "client_id": f"{number}", "body": "hello"}
            reply = await client.command(rpc={"method": "message.send", "data": data})
            refused += [reply["error"]] if "error" in reply else []
        assert 0 < len(refused) <= 20
        assert {(each["code"], each["temporary"]) for each in refused} == {(429, True)}
        assert (await anna.command(ping={}))["ping"] == {}


async def test_what_was_left_may_still_be_looked_back_at(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    channel = f"thread:{conversation}"
    async with raw_client(node.socket_url) as anna:
        await listening(node, anna, "anna", conversation)
        for _ in range(2):
            assert (await anna.command(unsubscribe={"channel": channel}))["unsubscribe"] == {}
        page = (await anna.command(history={"channel": channel, "limit": 10}))["history"]
        assert [each["offset"] for each in page["publications"]] == [1]


async def test_reading_is_told_and_never_moves_back(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    async with raw_client(node.socket_url) as anna, raw_client(node.socket_url) as sabine:
        await listening(node, anna, "anna", conversation)
        await sabine.connect(node.token("sabine"), data={"inbox": True})
        seq = await send(anna, conversation, 1)
        read = await sabine.rpc("receipt.read", conversation=conversation, seq=seq)
        assert read["read_seq"] == seq
        again = await sabine.rpc("receipt.read", conversation=conversation, seq=0)
        assert again["read_seq"] == seq
        await sabine.until(
            lambda: any(
                each["data"].get("conversation", {}).get("unread") == 0
                and each["data"]["conversation"]["read_seq"] == seq
                for each in sabine.publications("inbox:sabine")
                if each["data"]["type"] == "conversation"
            )
        )


async def test_history_and_presence(node: RunningNode) -> None:
    conversation = (await node.order())["conversation_id"]
    channel = f"thread:{conversation}"
    async with raw_client(node.socket_url) as anna:
        await anna.connect(node.token("anna"))
        refused = await anna.command(presence={"channel": channel})
        assert refused["error"]["code"] == 103
        await anna.subscribe(channel)
        await send(anna, conversation, 1)
        page = (await anna.command(history={"channel": channel, "limit": 10}))["history"]
        assert [each["offset"] for each in page["publications"]] == [1, 2]
        top = (await anna.command(history={"channel": channel}))["history"]
        assert top["publications"] == []
        assert top["offset"] == 2
        present = (await anna.command(presence={"channel": channel}))["presence"]["presence"]
        assert [each["user"] for each in present.values()] == ["anna"]
        stats = (await anna.command(presence_stats={"channel": channel}))["presence_stats"]
        assert stats == {"num_clients": 1, "num_users": 1}


async def test_a_page_of_another_origin_is_refused_before_the_upgrade(node: RunningNode) -> None:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Origin": "https://evil.example",
    }
    answer = await node.http.get("/connection/websocket", headers=headers)
    assert answer.status_code == 403
