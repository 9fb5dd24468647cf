"""Messages that change: edited within a day, taken back for good, wanted unread once more."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from domain.errors import Conflict, Forbidden, Invalid, NotFound, NotParticipant, TooLarge
from domain.identity import Identity
from realtime.services.views import Shape
from tests.support.marketplace import EDIT_WITHIN, Marketplace


async def read(market: Marketplace, reader: Identity, thread: str) -> Sequence[Shape]:
    """Read a page of a thread."""
    page = await market.conversations.messages(
        reader, thread, before=None, after=None, around=None, limit=50
    )
    return page["items"]


async def a_thread(market: Marketplace, *bodies: str) -> tuple[Identity, Identity, str]:
    """Have Bea write to Sam."""
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    for body in bodies:
        await market.send(bea, thread, body)
    return sam, bea, thread


# --- editing --------------------------------------------------------------------------------------


async def test_an_edit_takes_a_place_of_its_own_and_changes_what_is_read(
    market: Marketplace,
) -> None:
    sam, bea, thread = await a_thread(market, "A logo, pleese", "Thanks")
    market.clock.advance(timedelta(minutes=1))

    changed = await market.changes.edit(bea, thread, 1, "A logo, please")

    assert market.ear.on(f"thread:{thread}")[-1] == {
        "type": "edit",
        "seq": 3,
        "of": 1,
        "body": "A logo, please",
        "by": "bea",
        "at": "2026-11-24T12:01:00.000Z",
    }
    assert market.ear.offsets(f"thread:{thread}") == [1, 2, 3]
    items = await read(market, sam, thread)
    assert [(item["seq"], item["body"]) for item in items] == [
        (1, "A logo, please"),
        (2, "Thanks"),
    ]
    assert items[0] == changed["message"]
    assert items[0]["edited_at"] == "2026-11-24T12:01:00.000Z"


async def test_an_edit_is_no_new_message(market: Marketplace) -> None:
    sam, bea, thread = await a_thread(market, "Helo")
    await market.conversations.mark_read(sam, thread, 1)
    before = await market.conversations.get(sam, thread)

    await market.changes.edit(bea, thread, 1, "Hello")

    after = await market.conversations.get(sam, thread)
    assert (after["unread"], after["last_seq"]) == (0, 2)
    assert after["last_message"] == {**(before["last_message"] or {}), "preview": "Hello"}
    assert after["active_at"] == before["active_at"]


async def test_the_same_edit_again_changes_nothing(market: Marketplace) -> None:
    _, bea, thread = await a_thread(market, "Helo")
    once = await market.changes.edit(bea, thread, 1, "Hello")
    told = market.ear.offsets(f"thread:{thread}")

    assert await market.changes.edit(bea, thread, 1, "Hello") == once
    assert market.ear.offsets(f"thread:{thread}") == told


async def test_a_text_stays_after_a_day(market: Marketplace) -> None:
    _, bea, thread = await a_thread(market, "Helo")

    market.clock.advance(EDIT_WITHIN)

    with pytest.raises(Conflict) as refused:
        await market.changes.edit(bea, thread, 1, "Hello")
    assert refused.value.code == "too_late"


async def test_only_ones_own_messages_change(market: Marketplace) -> None:
    sam, bea, thread = await a_thread(market, "Hello")
    stranger = await market.account("eve")
    order = await market.order()

    for who, where, error in (
        (sam, thread, Forbidden),
        (stranger, thread, NotParticipant),
        (bea, "no-such-thread", NotParticipant),
        (bea, order["conversation_id"], NotFound),  # whose first entry is an event
    ):
        with pytest.raises(error):
            await market.changes.edit(who, where, 1, "Something else")
        with pytest.raises(error):
            await market.changes.delete(who, where, 1)
    assert [item["body"] for item in await read(market, sam, thread)] == ["Hello"]


async def test_what_is_wrong_is_named(market: Marketplace) -> None:
    _, bea, thread = await a_thread(market, "Hello")

    for seq, body, error in (
        (0, "x", Invalid),
        (-1, "x", Invalid),
        (2**60, "x", Invalid),
        (1, " ", Invalid),
        (1, "\u200b", Invalid),
        (1, "a\0b", Invalid),
        (1, "x" * 10_001, TooLarge),
        (7, "x", NotFound),
    ):
        with pytest.raises(error):
            await market.changes.edit(bea, thread, seq, body)


async def test_who_may_no_longer_write_may_no_longer_edit(market: Marketplace) -> None:
    """Else an old message would be the way around the rule of first contact."""
    sam, bea = await market.sam_and_bea()
    until = market.clock.now() + timedelta(hours=1)
    await market.contacts.grant(seller_id="sam", buyer_id="bea", until=until)
    thread = await market.direct(sam, bea)
    await market.send(sam, thread, "An offer")
    market.clock.advance(timedelta(hours=1))

    with pytest.raises(Forbidden):
        await market.changes.edit(sam, thread, 1, "Are you there?")
    await market.changes.delete(sam, thread, 1)

    assert [item["body"] for item in await read(market, bea, thread)] == [""]


# --- deleting -------------------------------------------------------------------------------------


async def test_what_is_taken_back_is_gone_from_everywhere(market: Marketplace) -> None:
    sam, bea, thread = await a_thread(market, "Hello", "My passwrd is 1234")
    await market.changes.edit(bea, thread, 2, "My password is 1234")

    await market.changes.delete(bea, thread, 2)

    assert market.ear.on(f"thread:{thread}")[-1] == {
        "type": "delete",
        "seq": 4,
        "of": 2,
        "by": "bea",
        "at": "2026-11-24T12:00:00.000Z",
    }
    items = await read(market, sam, thread)
    assert [(item["body"], item["deleted_at"] is None) for item in items] == [
        ("Hello", True),
        ("", False),
    ]
    missed = await market.reads.changes_since(f"thread:{thread}", 0)
    assert b"1234" not in b"".join(publication.data for publication in missed.publications)
    shown = await market.conversations.get(sam, thread)
    assert shown["last_message"]
    assert (shown["unread"], shown["last_message"]["preview"]) == (1, "Hello")


async def test_without_its_only_message_a_thread_has_no_last_one(market: Marketplace) -> None:
    sam, bea, thread = await a_thread(market, "Hello")

    await market.changes.delete(bea, thread, 1)

    shown = await market.conversations.get(sam, thread)
    assert (shown["unread"], shown["last_message"]) == (0, None)
    assert (await market.accounts.me(sam))["unread_conversations"] == 0
    assert market.ear.on("inbox:sam")[-1]["type"] == "badge"


async def test_deleting_again_changes_nothing_and_editing_is_over(market: Marketplace) -> None:
    _, bea, thread = await a_thread(market, "Hello")
    once = await market.changes.delete(bea, thread, 1)
    told = market.ear.offsets(f"thread:{thread}")

    assert await market.changes.delete(bea, thread, 1) == once
    with pytest.raises(NotFound):
        await market.changes.edit(bea, thread, 1, "Hello again")
    with pytest.raises(Invalid, match="reply_to"):
        await market.send(bea, thread, "About that", reply_to=1)
    assert market.ear.offsets(f"thread:{thread}") == told


async def test_one_edits_while_the_other_device_takes_back(
    market: Marketplace, other_node: Marketplace
) -> None:
    """Whichever comes first, in the end the text is gone."""
    sam, bea, thread = await a_thread(market, "Hello")

    await asyncio.gather(
        market.changes.edit(bea, thread, 1, "Secret"),
        other_node.changes.delete(bea, thread, 1),
        return_exceptions=True,
    )

    items = await read(market, sam, thread)
    assert [(item["body"], item["deleted_at"] is None) for item in items] == [("", False)]
    missed = await market.reads.changes_since(f"thread:{thread}", 0)
    assert b"Secret" not in b"".join(publication.data for publication in missed.publications)


# --- unread once more -----------------------------------------------------------------------------


async def test_what_was_read_can_be_wanted_unread(market: Marketplace) -> None:
    sam, _, thread = await a_thread(market, "1", "2", "3")
    await market.conversations.mark_read(sam, thread, 3)

    receipt = await market.conversations.mark_unread(sam, thread, 2)

    assert (receipt["read_seq"], receipt["delivered_seq"]) == (1, 3)
    shown = await market.conversations.get(sam, thread)
    assert (shown["read_seq"], shown["unread"]) == (1, 2)
    assert (await market.accounts.me(sam))["unread_conversations"] == 1
    await market.conversations.mark_read(sam, thread, 3)
    assert (await market.conversations.get(sam, thread))["unread"] == 0


async def test_wanting_it_unread_reads_nothing(market: Marketplace) -> None:
    """It moves back alone: what was not read before is not read by it."""
    sam, _, thread = await a_thread(market, "1", "2", "3")
    await market.conversations.mark_read(sam, thread, 1)

    for seq in (3, 2):
        receipt = await market.conversations.mark_unread(sam, thread, seq)
        assert receipt["read_seq"] == 1
    assert (await market.conversations.get(sam, thread))["unread"] == 2
