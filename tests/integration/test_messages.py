"""Messages: durable, in order, once - and in both inboxes."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from domain.conversations import MAX_BODY, MAX_CLIENT_ID, MAX_SEQ
from domain.errors import Forbidden, Invalid, NotParticipant, OrderwireError, TooLarge
from domain.identity import Identity
from realtime.services.messages import SendMessage, Sent
from tests.support.http_api import HttpApi
from tests.support.marketplace import Marketplace


async def bodies(market: Marketplace, reader: Identity, conversation_id: str) -> list[str]:
    """Read the messages of a conversation, in order."""
    page = await market.conversations.messages(
        reader, conversation_id, before=None, after=None, around=None, limit=200
    )
    return [entry["body"] for entry in page["items"] if entry["type"] == "message"]


def seqs(outcomes: list[Sent | OrderwireError]) -> list[int]:
    """Return the sequence numbers of messages that were all stored."""
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    return [outcome.seq for outcome in outcomes if isinstance(outcome, Sent)]


async def test_a_message_takes_the_next_place_and_reaches_both_inboxes(
    market: Marketplace,
) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)

    first = await market.send(bea, thread, "Do you make logos?")
    second = await market.send(sam, thread, "I do!")

    assert (first.seq, second.seq) == (1, 2)
    told = market.ear.on(f"thread:{thread}")
    assert [(entry["seq"], entry["body"]) for entry in told] == [
        (1, "Do you make logos?"),
        (2, "I do!"),
    ]
    assert market.ear.offsets(f"thread:{thread}") == [1, 2]
    of_sam = await market.conversations.get(sam, thread)
    assert of_sam["unread"] == 1
    assert of_sam["last_message"]
    assert of_sam["last_message"]["preview"] == "I do!"
    assert of_sam["last_message"]["sender"] == "sam"


async def test_a_group_is_stored_in_the_order_in_which_it_came(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    order = await market.order()
    thread = order["conversation_id"]
    commands = [
        SendMessage(thread, ("sam", "bea")[number % 2], f"c{number}", f"{number}")
        for number in range(60)
    ]

    outcomes = await market.send_all(commands)

    assert seqs(outcomes) == list(range(2, 62))
    assert await bodies(market, bea, thread) == [f"{number}" for number in range(60)]
    assert (await market.conversations.get(sam, thread))["unread"] == 30


async def test_the_same_client_id_answers_with_the_first_message_again(api: HttpApi) -> None:
    market = api.market
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    path = f"/v1/conversations/{thread}/messages"
    body = {"client_id": "c1", "body": "Hello"}

    first = await api.call(bea, "POST", path, json=body)
    again = await api.call(bea, "POST", path, json=body | {"body": "Something else"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert await bodies(market, bea, thread) == ["Hello"]
    assert (await market.conversations.get(sam, thread))["unread"] == 1


async def test_a_client_id_belongs_to_its_sender_and_conversation(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    direct = await market.direct(bea, sam)
    order = await market.order()

    sent = [
        await market.send(bea, direct, "one", client_id="c1"),
        await market.send(sam, direct, "two", client_id="c1"),
        await market.send(bea, order["conversation_id"], "three", client_id="c1"),
    ]

    assert [message.created for message in sent] == [True, True, True]


async def test_one_that_comes_twice_in_a_group_is_stored_once(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    command = SendMessage(thread, "bea", "c1", "Hello")

    outcomes = await market.send_all([command, SendMessage(thread, "bea", "c2", "Bye"), command])

    assert seqs(outcomes) == [1, 2, 1]
    assert outcomes[0] == outcomes[2]


async def test_one_that_was_sent_before_does_not_hold_up_its_group(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread, "first", client_id="c1")
    commands = [SendMessage(thread, "bea", f"c{number}", f"{number}") for number in (0, 1, 2)]

    outcomes = await market.send_all(commands)

    assert seqs(outcomes) == [2, 1, 3]
    assert await bodies(market, sam, thread) == ["first", "0", "2"]
    assert market.ear.offsets(f"thread:{thread}") == [1, 2, 3], "and nothing is told twice"


async def test_two_nodes_that_store_the_same_messages_store_them_once(
    market: Marketplace, other_node: Marketplace
) -> None:
    """A client that sends again through another node while the first one still works on it."""
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    commands = [SendMessage(thread, "bea", f"c{number}", f"{number}") for number in range(20)]

    one, other = await asyncio.gather(
        market.send_all(commands), other_node.send_all(commands[::-1])
    )

    assert seqs(one) == seqs(other)[::-1]
    assert sorted(seqs(one)) == list(range(1, 21))
    assert sorted(await bodies(market, sam, thread), key=int) == [f"{n}" for n in range(20)]
    assert (await market.conversations.get(sam, thread))["unread"] == 20


async def test_two_nodes_give_each_place_once(market: Marketplace, other_node: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    order = await market.order()
    thread = order["conversation_id"]

    await asyncio.gather(
        *(market.send(sam, thread, f"sam {number}") for number in range(15)),
        *(other_node.send(bea, thread, f"bea {number}") for number in range(15)),
    )

    channel = f"thread:{thread}"
    told = market.ear.offsets(channel) + other_node.ear.offsets(channel)
    assert sorted(told) == list(range(2, 32))
    written = await bodies(market, sam, thread)
    for name in ("sam", "bea"):
        theirs = [body for body in written if body.startswith(name)]
        assert theirs == [f"{name} {number}" for number in range(15)], "each in their own order"


# --- what is refused ------------------------------------------------------------------------------


async def test_one_that_is_refused_fails_alone(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.account("eve")
    commands = [
        SendMessage(thread, "bea", "c1", "Hello"),
        SendMessage(thread, "eve", "c2", "Let me in"),
        SendMessage("no-such-thread", "bea", "c3", "Hello?"),
        SendMessage(thread, "bea", "c4", "To nothing", reply_to=99),
        SendMessage(thread, "bea", "c5", "Bye"),
    ]

    outcomes = await market.send_all(commands)

    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [Sent, NotParticipant, NotParticipant, Invalid, Sent]
    assert await bodies(market, sam, thread) == ["Hello", "Bye"]


async def test_a_reply_is_to_a_message_of_the_same_conversation(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    direct = await market.direct(bea, sam)
    order = await market.order()
    first = await market.send(bea, direct, "A question")

    reply = await market.send(sam, direct, "An answer", reply_to=first.seq)

    assert market.ear.on(f"thread:{direct}")[-1]["reply_to"] == first.seq
    assert reply.seq == 2
    with pytest.raises(Invalid, match="reply_to"):
        await market.send(bea, order["conversation_id"], "To an event", reply_to=1)


WRONG_MESSAGES: list[tuple[dict[str, Any], int, str]] = [
    ({"client_id": "c"}, 400, "body"),
    ({"body": "Hello"}, 400, "client_id"),
    ({"client_id": "", "body": "Hello"}, 400, "client_id"),
    ({"client_id": "x" * (MAX_CLIENT_ID + 1), "body": "Hello"}, 400, "client_id"),
    ({"client_id": "c\0", "body": "Hello"}, 400, "client_id"),
    ({"client_id": 7, "body": "Hello"}, 400, "client_id"),
    ({"client_id": "c", "body": ""}, 400, "body"),
    ({"client_id": "c", "body": " \n\t"}, 400, "body"),
    ({"client_id": "c", "body": "a\0b"}, 400, "body"),
    ({"client_id": "c", "body": ["Hello"]}, 400, "body"),
    ({"client_id": "c", "body": "Hello", "reply_to": 0}, 400, "reply_to"),
    ({"client_id": "c", "body": "Hello", "reply_to": 1.5}, 400, "reply_to"),
    ({"client_id": "c", "body": "Hello", "reply_to": MAX_SEQ + 1}, 400, "reply_to"),
    ({"client_id": "c", "body": "Hello", "reply_to": 2**80}, 400, "reply_to"),
    ({"client_id": "c", "body": "Hello", "attachments": ["a"]}, 400, "attachments[0]"),
    ({"client_id": "c", "body": "Hello", "attachments": ["a b"]}, 400, "attachments[0]"),
    ({"client_id": "c", "body": "Hello", "attachments": ["a"] * 11}, 400, "attachments"),
    ({"client_id": "c", "body": "Hello", "sender": "sam"}, 400, "sender"),
]


async def test_a_wrong_message_is_refused_by_the_name_of_its_field(api: HttpApi) -> None:
    sam, bea = await api.market.sam_and_bea()
    thread = await api.market.direct(bea, sam)
    path = f"/v1/conversations/{thread}/messages"

    for body, status, field in WRONG_MESSAGES:
        answer = await api.call(bea, "POST", path, json=body)

        named = [error["path"] for error in answer.json()["errors"]]
        assert (answer.status_code, named) == (status, [field]), body
    too_long = {"client_id": "c", "body": "x" * (MAX_BODY + 1)}
    answer = await api.call(bea, "POST", path, json=too_long)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert await bodies(api.market, bea, thread) == []


async def test_the_longest_message_fits(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    longest = "🪵" * MAX_BODY

    sent = await market.send(bea, thread, longest, client_id="🪵" * MAX_CLIENT_ID)

    assert sent.created
    assert await bodies(market, sam, thread) == [longest]
    with pytest.raises(TooLarge):
        await market.send(bea, thread, longest + "!")


# --- first contact --------------------------------------------------------------------------------


async def test_a_seller_waits_for_the_first_word(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)

    with pytest.raises(Forbidden) as refused:
        await market.send(sam, thread, "May I help you?")
    assert refused.value.code == "first_contact_required"
    assert await bodies(market, bea, thread) == []

    await market.send(bea, thread, "Do you make logos?")
    await market.send(sam, thread, "I do!")

    assert await bodies(market, bea, thread) == ["Do you make logos?", "I do!"]


async def test_a_first_word_that_was_refused_opens_nothing(market: Marketplace) -> None:
    """What the two have written counts once it is stored, in the same transaction."""
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)

    outcomes = await market.send_all(
        [
            SendMessage(thread, "bea", "c1", "To nothing", reply_to=7),
            SendMessage(thread, "sam", "c2", "Hello"),
        ]
    )
    later = await market.send_all([SendMessage(thread, "sam", "c3", "Hello")])

    assert [type(outcome) for outcome in (*outcomes, *later)] == [Invalid, Forbidden, Forbidden]


async def test_an_order_opens_the_direct_conversation(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    with pytest.raises(Forbidden):
        await market.send(sam, thread, "Hello")

    await market.order()

    assert (await market.send(sam, thread, "Hello")).created


async def test_two_first_words_at_once_on_two_nodes(
    market: Marketplace, other_node: Marketplace
) -> None:
    """The seller's is stored if and only if it came behind the client's."""
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)

    outcomes = await asyncio.gather(
        market.send(bea, thread, "Hello Sam"),
        other_node.send(sam, thread, "Hello Bea"),
        return_exceptions=True,
    )

    written = await bodies(market, bea, thread)
    if isinstance(outcomes[1], Forbidden):
        assert written == ["Hello Sam"]
    else:
        assert written == ["Hello Sam", "Hello Bea"]


async def test_what_a_node_remembers_of_a_right_ends_with_the_right(
    market: Marketplace, other_node: Marketplace
) -> None:
    """A grant taken back on another node holds for the very next message."""
    sam, bea = await market.sam_and_bea()
    await grant(market, until_days=1)
    thread = await market.direct(sam, bea)
    await market.send(sam, thread, "An offer for your brief")

    await take_back(other_node)

    outcomes = await market.send_all(
        [
            SendMessage(thread, "sam", "c1", "Still there?"),
            SendMessage(thread, "bea", "c2", "Yes!"),
        ]
    )
    assert [type(outcome) for outcome in outcomes] == [Forbidden, Sent]


async def grant(market: Marketplace, *, until_days: int) -> None:
    """Let Sam write to Bea first for some days."""
    until = market.clock.now() + timedelta(days=until_days)
    await market.contacts.grant(seller_id="sam", buyer_id="bea", until=until)


async def take_back(market: Marketplace) -> None:
    """Let Sam no longer write to Bea first."""
    await market.contacts.grant(seller_id="sam", buyer_id="bea", until=None)


async def test_a_grant_ends_at_its_time(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    await grant(market, until_days=1)
    thread = await market.direct(sam, bea)
    await market.send(sam, thread, "An offer for your brief")

    market.clock.advance(timedelta(days=1))

    with pytest.raises(Forbidden):
        await market.send(sam, thread, "Still there?")


async def test_a_grant_taken_back_while_messages_are_on_their_way(
    market: Marketplace, other_node: Marketplace
) -> None:
    """Each is either stored before the grant ended, or refused; none hangs, none is lost."""
    sam, bea = await market.sam_and_bea()
    await grant(market, until_days=1)
    thread = await market.direct(sam, bea)

    outcomes = await asyncio.gather(
        *(market.send(sam, thread, f"{number}") for number in range(5)),
        take_back(other_node),
        *(market.send(sam, thread, f"{number}") for number in range(5, 10)),
        return_exceptions=True,
    )

    stored = [outcome for outcome in outcomes if isinstance(outcome, Sent)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Forbidden)]
    assert len(stored) + len(refused) == 10
    assert len(await bodies(market, bea, thread)) == len(stored)
    with pytest.raises(Forbidden):
        await market.send(sam, thread, "Still there?")
