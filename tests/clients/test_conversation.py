"""What the official SDKs do on a good day: connect, listen, talk, look back."""

from typing import Any

import pytest

from tests.clients.javascript_sdk import JavaScriptSdk
from tests.clients.people import tokens, write
from tests.clients.sdk import Refused, Sdk, SdkClient
from tests.support.node import RunningNode

LONGEST = "😀" * 10_000


@pytest.fixture
async def conversation(node: RunningNode) -> str:
    """The thread of an order of Anna's from Sabine; its first entry is the order's."""
    conversation_id: str = (await node.order())["conversation_id"]
    return conversation_id


async def connected(sdk: Sdk, node: RunningNode, account: str, **more: Any) -> SdkClient:
    """Connect as ``account``."""
    client = await sdk.client(node.socket_url, tokens(node, account), **more)
    await client.connect()
    await client.diary.first("connected")
    return client


async def listening(sdk: Sdk, node: RunningNode, account: str, channel: str) -> SdkClient:
    """Connect as ``account``, and listen to a channel."""
    client = await connected(sdk, node, account)
    await client.subscribe(channel)
    await client.diary.first("subscribed", channel)
    return client


def message(conversation: str, client_id: str, body: str) -> dict[str, Any]:
    """Write what ``message.send`` takes."""
    return {"conversation": conversation, "client_id": client_id, "body": body}


async def test_it_is_let_in_and_told_who_it_is(sdk: Sdk, node: RunningNode) -> None:
    await node.order()
    anna = await connected(sdk, node, "anna")
    (told,) = anna.diary.all("connected")
    assert told.data["account"]["id"] == "anna"
    assert told.data["account"]["name"] == "Anna"
    assert told.data["now"] > 0
    await anna.disconnect()
    assert (await anna.diary.first("disconnected")).code == 0


async def test_a_thread_begins_with_its_state(
    sdk: Sdk, node: RunningNode, conversation: str
) -> None:
    anna = await listening(sdk, node, "anna", f"thread:{conversation}")
    (begun,) = anna.diary.all("subscribed", f"thread:{conversation}")
    assert begun.data["conversation"]["id"] == conversation
    assert begun.data["can_send"] is True
    assert begun.recovered is False


async def test_both_sides_hear_everything_in_order(
    sdk: Sdk, node: RunningNode, conversation: str
) -> None:
    channel = f"thread:{conversation}"
    anna = await listening(sdk, node, "anna", channel)
    sabine = await listening(sdk, node, "sabine", channel)
    for number in range(20):
        for sender in (anna, sabine):
            name = "anna" if sender is anna else "sabine"
            sent = await sender.rpc(
                "message.send", message(conversation, f"{name}-{number}", f"{number} of {name}")
            )
            assert sent["message"]["seq"] == 2 + 2 * number + (sender is sabine)
    for client in (anna, sabine):
        await client.diary.times(40, "publication", channel)
        assert client.diary.offsets(channel) == list(range(2, 42))
        heard = [each.data["body"] for each in client.diary.all("publication", channel)]
        assert heard == [f"{n} of {name}" for n in range(20) for name in ("anna", "sabine")]


async def test_the_longest_message_travels(sdk: Sdk, node: RunningNode, conversation: str) -> None:
    channel = f"thread:{conversation}"
    anna = await listening(sdk, node, "anna", channel)
    await anna.rpc("message.send", message(conversation, "1", LONGEST))
    heard = await anna.diary.first("publication", channel)
    assert heard.data["body"] == LONGEST
    with pytest.raises(Refused) as refused:
        await anna.rpc("message.send", message(conversation, "2", LONGEST + "😀"))
    assert refused.value.code == 413
    sent = await anna.rpc("message.send", message(conversation, "3", "shorter"))
    assert sent["message"]["seq"] == 3


async def test_the_inbox_comes_with_the_connection(
    sdk: Sdk, node: RunningNode, conversation: str
) -> None:
    anna = await connected(sdk, node, "anna", data={"inbox": True})
    await anna.diary.first("subscribed", "inbox:anna")
    await write(node, "sabine", conversation, ["Hello"])
    await anna.diary.until(lambda: _unread(anna, conversation) == 1)


async def test_the_inbox_may_be_listened_to_as_any_channel(
    sdk: Sdk, node: RunningNode, conversation: str
) -> None:
    anna = await listening(sdk, node, "anna", "inbox:anna")
    await write(node, "sabine", conversation, ["Hello", "Are you there?"])
    await anna.diary.until(lambda: _unread(anna, conversation) == 2)


def _unread(client: SdkClient, conversation: str) -> int:
    """Return the last unread count that the inbox told."""
    counts = [
        each.data["conversation"]["unread"]
        for each in client.diary.all("publication", "inbox:anna")
        if each.data["type"] == "conversation" and each.data["conversation"]["id"] == conversation
    ]
    return counts[-1] if counts else 0


async def test_it_looks_back_and_around(sdk: Sdk, node: RunningNode, conversation: str) -> None:
    channel = f"thread:{conversation}"
    await write(node, "anna", conversation, [f"message {n}" for n in range(10)])
    anna = await listening(sdk, node, "anna", channel)
    await listening(sdk, node, "sabine", channel)
    page = await anna.history(channel, limit=4)
    assert [offset for offset, _ in page.publications] == [1, 2, 3, 4]
    assert page.offset == 11
    following = await anna.history(channel, limit=4, since=(4, page.epoch))
    assert [offset for offset, _ in following.publications] == [5, 6, 7, 8]
    newest = await anna.history(channel, limit=2, reverse=True)
    assert [data["body"] for _, data in newest.publications] == ["message 9", "message 8"]
    position = await anna.history(channel, limit=0)
    assert (position.publications, position.offset) == ([], 11)
    assert sorted((await anna.presence(channel)).values()) == ["anna", "sabine"]
    assert await anna.presence_stats(channel) == (2, 2)


async def test_who_wants_to_is_told_who_comes_and_who_goes(
    sdk: Sdk, node: RunningNode, conversation: str
) -> None:
    channel = f"thread:{conversation}"
    anna = await connected(sdk, node, "anna")
    await anna.subscribe(channel, join_leave=True)
    sabine = await listening(sdk, node, "sabine", channel)
    await anna.diary.times(2, "join", channel)
    await sabine.unsubscribe(channel)
    await anna.diary.times(1, "leave", channel)
    await sabine.subscribe(channel)
    await anna.diary.times(3, "join", channel)
    await sabine.disconnect()
    await anna.diary.times(2, "leave", channel)
    told = [(each.what, each.user) for each in anna.diary.entries if each.what in ("join", "leave")]
    assert told == [
        ("join", "anna"),
        ("join", "sabine"),
        ("leave", "sabine"),
        ("join", "sabine"),
        ("leave", "sabine"),
    ]
    assert not sabine.diary.all("join")
    await write(node, "sabine", conversation, ["and the position is as it was"])
    await anna.diary.until(lambda: anna.diary.offsets(channel) == [2])


async def test_typing_is_told_and_moves_no_position(
    sdk: Sdk, node: RunningNode, conversation: str
) -> None:
    channel = f"thread:{conversation}"
    anna = await listening(sdk, node, "anna", channel)
    sabine = await listening(sdk, node, "sabine", channel)
    await anna.rpc("typing", {"conversation": conversation, "typing": True})
    told = await sabine.diary.first("publication", channel)
    assert told.data == {"type": "typing", "account": "anna", "typing": True, "expires_in": 6}
    assert told.offset == 0
    await write(node, "anna", conversation, ["done"])
    await sabine.diary.until(lambda: sabine.diary.offsets(channel) == [2])


async def test_typing_may_be_sent_without_asking_for_an_answer(
    javascript: JavaScriptSdk, node: RunningNode, conversation: str
) -> None:
    channel = f"thread:{conversation}"
    anna = await javascript.client(node.socket_url, tokens(node, "anna"))
    await anna.connect()
    await anna.subscribe(channel)
    await anna.diary.first("subscribed", channel)
    typing = {"conversation": conversation, "typing": True}
    await anna.send({"method": "typing", "data": typing})
    told = await anna.diary.first("publication", channel)
    assert told.data["account"] == "anna"


async def test_who_leaves_a_channel_and_comes_back_gets_what_was_missed(
    sdk: Sdk, node: RunningNode, conversation: str
) -> None:
    channel = f"thread:{conversation}"
    anna = await listening(sdk, node, "anna", channel)
    await write(node, "sabine", conversation, ["heard"])
    await anna.diary.times(1, "publication", channel)
    await anna.unsubscribe(channel)
    await anna.diary.first("unsubscribed", channel)
    # A command behind the unsubscribe: once it is answered, nobody listens.
    assert await anna.rpc("focus", {"conversation": None}) == {}
    await write(node, "sabine", conversation, ["missed", "missed, too"])
    await anna.subscribe(channel)
    back = await anna.diary.times(2, "subscribed", channel)
    assert back.was_recovering
    assert back.recovered
    await anna.diary.times(3, "publication", channel)
    assert anna.diary.offsets(channel) == [2, 3, 4]


async def test_who_is_blocked_loses_the_thread_and_nothing_else(
    sdk: Sdk, node: RunningNode, conversation: str
) -> None:
    bearer = {"Authorization": f"Bearer {node.token('sabine')}"}
    opened = await node.http.post("/v1/conversations", json={"with": "anna"}, headers=bearer)
    channel = f"thread:{opened.json()['id']}"
    anna = await listening(sdk, node, "anna", channel)
    await anna.subscribe(f"thread:{conversation}")
    await anna.diary.first("subscribed", f"thread:{conversation}")
    await node.http.put("/v1/blocks/anna", headers=bearer)
    assert (await anna.diary.first("unsubscribed", channel)).code == 2000
    await write(node, "sabine", conversation, ["about the order"])
    await anna.diary.first("publication", f"thread:{conversation}")
    assert len(anna.diary.all("subscribing", channel)) == 1, "it is final for the SDK"
    assert len(anna.diary.all("connected")) == 1


async def test_a_refused_channel_stays_refused_and_nothing_else_is_hurt(
    sdk: Sdk, node: RunningNode, conversation: str
) -> None:
    anna = await connected(sdk, node, "anna")
    for channel, code in (("thread:none", 103), ("inbox:sabine", 103), ("news:today", 102)):
        await anna.subscribe(channel)
        assert (await anna.diary.first("unsubscribed", channel)).code == code
    await anna.subscribe(f"thread:{conversation}")
    await anna.diary.first("subscribed", f"thread:{conversation}")
    assert len(anna.diary.all("subscribed")) == 1
    assert len(anna.diary.all("connected")) == 1


async def test_what_cannot_be_done_is_an_error_of_the_call_alone(
    sdk: Sdk, node: RunningNode, conversation: str
) -> None:
    anna = await connected(sdk, node, "anna")
    for method, data, code in (
        ("message.forget", {}, 104),
        ("message.send", message("none", "1", "Hello"), 403),
        ("message.send", message(conversation, "1", ""), 400),
        ("message.send", {"conversation": conversation}, 400),
    ):
        with pytest.raises(Refused) as refused:
            await anna.rpc(method, data)
        assert refused.value.code == code, method
    with pytest.raises(Refused) as refused:
        await anna.presence(f"thread:{conversation}")
    assert refused.value.code == 103
    assert len(anna.diary.all("connecting")) == 1


async def test_a_message_may_be_sent_twice(sdk: Sdk, node: RunningNode, conversation: str) -> None:
    channel = f"thread:{conversation}"
    anna = await listening(sdk, node, "anna", channel)
    once = await anna.rpc("message.send", message(conversation, "same", "Hello"))
    again = await anna.rpc("message.send", message(conversation, "same", "Hello"))
    assert once == again
    await anna.rpc("message.send", message(conversation, "other", "Bye"))
    await anna.diary.times(2, "publication", channel)
    assert anna.diary.offsets(channel) == [2, 3]
