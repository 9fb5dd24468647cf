"""A client between its session, the hub and its transport: every command is answered, once."""

import asyncio
from typing import Any

import pytest

from domain.errors import Forbidden, TooMany, Unavailable
from domain.publications import rights_doorbell
from realtime.protocol import codes
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import changes, opening, turns
from tests.unit.gateway.connections import (
    A_SUBSCRIBE,
    INBOX,
    THREAD,
    a_door,
    subscribed,
)

CONNECT = {"token": "anna", "data": {"inbox": True}}


def code(reply: Any) -> int:
    """Return the code of a refusal."""
    found: int = reply["error"]["code"]
    return found


# --- coming and going -------------------------------------------------------------------------


@virtually
async def test_who_leaves_while_a_channel_is_opened_gets_both_answers_and_hears_nothing() -> None:
    async with a_door() as door:
        anna = await door.connected()
        first = await anna.say(subscribe=A_SUBSCRIBE)
        reading = await door.reads.openings.only()
        second = await anna.say(unsubscribe=A_SUBSCRIBE)
        assert anna.reply(second) == {"id": second, "unsubscribe": {}}
        await reading.answer([opening(7)])
        await door.stage.deliver(8)

        refusal = anna.reply(first)
        assert refusal is not None
        assert refusal["error"]["temporary"] is True
        assert anna.pushes() == []
        assert door.stage.hub.figures.channels == 0


@virtually
async def test_who_leaves_and_comes_again_meanwhile_is_answered_by_the_last() -> None:
    async with a_door() as door:
        anna = await door.connected()
        first = await anna.say(subscribe=A_SUBSCRIBE)
        early = await door.reads.openings.only()
        await anna.say(unsubscribe=A_SUBSCRIBE)
        last = await anna.say(subscribe=A_SUBSCRIBE)
        await early.answer([opening(7)])
        await (await door.reads.openings.only()).answer([opening(7)])
        await door.stage.deliver(8)

        assert code(anna.reply(first)) == 100
        assert "subscribe" in (anna.reply(last) or {})
        assert [push["pub"]["offset"] for push in anna.pushes()] == [8]


@virtually
async def test_who_leaves_while_its_second_subscribe_waits_for_the_first_hears_nothing() -> None:
    async with a_door() as door:
        anna = await door.connected()
        ids = [await anna.say(subscribe=A_SUBSCRIBE) for _ in range(2)]
        reading = await door.reads.openings.only()
        await anna.say(unsubscribe=A_SUBSCRIBE)
        await reading.answer([opening(7)])
        await door.stage.deliver(8)

        assert [code(anna.reply(each)) for each in ids] == [100, 100]
        assert anna.pushes() == []
        assert door.stage.hub.figures.channels == 0


@virtually
async def test_a_subscribe_to_a_live_channel_is_answered_afresh() -> None:
    async with a_door() as door:
        anna = await door.connected()
        await subscribed(door, anna)
        again = await anna.say(subscribe={**A_SUBSCRIBE, "recover": True, "offset": 7})
        await (await door.reads.openings.only()).answer([opening(9, 8, 9)])
        await door.stage.deliver(8, 9, 10)
        await asyncio.sleep(0.1)

        reply = anna.reply(again)
        assert reply is not None
        assert reply["subscribe"]["recovered"] is True
        assert [push["pub"]["offset"] for push in anna.pushes()] == [10]


@virtually
async def test_a_refused_channel_is_final_and_a_later_one_is_not_its_business() -> None:
    async with a_door() as door:
        anna = await door.connected()
        refused = await anna.say(subscribe=A_SUBSCRIBE)
        await (await door.reads.openings.only()).answer([Forbidden("not yours")])
        assert code(anna.reply(refused)) == 103
        await subscribed(door, anna)
        assert anna.client.listens(THREAD)


@virtually
async def test_a_lost_position_is_an_error_for_those_who_want_one() -> None:
    async with a_door() as door:
        anna = await door.connected()
        asked = await anna.say(
            subscribe={**A_SUBSCRIBE, "recover": True, "offset": 1, "epoch": "_", "flag": 2}
        )
        await (await door.reads.openings.only()).answer([opening(7)])

        assert code(anna.reply(asked)) == 112
        assert not anna.client.listens(THREAD)
        assert door.stage.hub.figures.channels == 0


@pytest.mark.parametrize("count", [1, 2])
@virtually
async def test_a_connection_that_closes_while_a_channel_is_opened_leaves_nothing(
    count: int,
) -> None:
    async with a_door() as door:
        anna = await door.connected()
        for _ in range(count):
            await anna.say(subscribe=A_SUBSCRIBE)
        reading = await door.reads.openings.only()
        anna.client.closed()
        written = len(anna.transport.lines)
        await reading.answer([opening(7)])
        await door.stage.deliver(8)

        assert len(anna.transport.lines) == written
        assert door.stage.hub.figures.channels == 0
        assert len(door.shared.registry) == 0


@virtually
async def test_a_connection_that_closes_while_its_inbox_is_opened_leaves_nothing() -> None:
    async with a_door() as door:
        anna = door.connection()
        await anna.say(connect=CONNECT)
        reading = await door.reads.openings.only()
        anna.client.closed()
        await reading.answer([opening(7)])

        assert anna.transport.lines == []
        assert door.stage.hub.figures.channels == 0


@virtually
async def test_a_connection_that_ends_in_what_waited_for_its_connect_hears_nothing_more() -> None:
    async with a_door() as door:
        sabine, anna = door.connection(), door.connection()
        await sabine.say(connect=CONNECT)
        await (await door.reads.openings.only()).answer([opening(7)])
        await anna.say(connect=CONNECT)
        reading = await door.reads.openings.only()
        anna.client.receive(b'{"id":0,"ping":{}}')
        door.stage.hub.deliver(_entry_of_inbox(8))
        await reading.answer([opening(7)])
        door.stage.hub.deliver(_entry_of_inbox(9))
        await turns()

        assert anna.end_code() == 3501
        assert anna.pushes() == []
        assert [push["pub"]["offset"] for push in sabine.pushes()] == [8, 9]


def _entry_of_inbox(offset: int) -> Any:
    (publication,) = changes(offset, offset).publications
    return type(publication)(INBOX, publication.data, offset)


@virtually
async def test_the_own_inbox_comes_with_the_connect_reply_and_is_live_behind_it() -> None:
    async with a_door() as door:
        anna = door.connection()
        asked = await anna.say(connect=CONNECT)
        reading = await door.reads.openings.only()
        door.stage.hub.deliver(_entry_of_inbox(8))
        await reading.answer([opening(7)])

        reply = anna.reply(asked)
        assert reply is not None
        assert reply["connect"]["subs"][INBOX]["offset"] == 7
        assert [push["pub"]["offset"] for push in anna.pushes()] == [8]
        assert anna.transport.lines[0] == reply


@virtually
async def test_an_operator_without_an_inbox_is_let_in_without_one() -> None:
    async with a_door() as door:
        anna = door.connection()
        asked = await anna.say(connect=CONNECT)
        await (await door.reads.openings.only()).answer([Forbidden("there is none")])

        reply = anna.reply(asked)
        assert reply is not None
        assert "subs" not in reply["connect"]
        assert not anna.client.listens(INBOX)


# --- losing a channel -------------------------------------------------------------------------


@virtually
async def test_who_loses_a_channel_is_told_within_some_seconds_and_is_gone_from_it() -> None:
    async with a_door() as door:
        anna = await door.connected()
        await subscribed(door, anna)
        await turns()
        assert await door.presence.present(THREAD)
        anna.client.lose(THREAD)
        await turns()
        assert not await door.presence.present(THREAD)
        assert anna.pushes("unsubscribe") == []
        await asyncio.sleep(5)

        (push,) = anna.pushes("unsubscribe")
        assert push["channel"] == THREAD
        assert push["unsubscribe"]["code"] == 2500


@virtually
async def test_who_has_come_back_by_itself_is_not_put_out_again() -> None:
    async with a_door() as door:
        anna = await door.connected()
        await subscribed(door, anna)
        anna.client.lose(THREAD)
        await subscribed(door, anna)
        await asyncio.sleep(5)

        assert anna.pushes("unsubscribe") == []
        assert anna.client.listens(THREAD)


@virtually
async def test_who_loses_its_own_inbox_has_to_connect_again() -> None:
    async with a_door() as door:
        anna = door.connection()
        await anna.say(connect=CONNECT)
        await (await door.reads.openings.only()).answer([opening(7)])
        anna.client.lose(INBOX)
        await asyncio.sleep(5)

        assert anna.end_code() == 3010


@virtually
async def test_who_leaves_a_thread_looks_at_it_no_more_and_who_loses_it_comes_back() -> None:
    async with a_door() as door:
        anna = await door.connected()
        await subscribed(door, anna)
        anna.client.focus = "1"
        await anna.say(unsubscribe={"channel": "thread:2"})
        anna.client.lose(THREAD)
        assert anna.client.focus == "1"
        await subscribed(door, anna)
        await anna.say(unsubscribe=A_SUBSCRIBE)

        assert anna.client.focus is None


# --- being let go -----------------------------------------------------------------------------


@virtually
async def test_who_may_listen_no_more_is_told_so_at_once_and_is_seen_no_more() -> None:
    async with a_door() as door:
        anna = await door.connected()
        await subscribed(door, anna)
        door.stage.hub.ring(rights_doorbell(THREAD))
        await (await door.reads.openings.only()).answer([Forbidden("blocked")])
        await door.stage.deliver(8)

        (push,) = anna.pushes("unsubscribe")
        assert push["channel"] == THREAD
        assert push["unsubscribe"]["code"] == 2000
        assert (anna.pushes(), anna.end_code()) == ([], 0)
        assert not anna.client.listens(THREAD)
        assert await door.presence.present(THREAD) == {}
        again = await anna.say(subscribe=A_SUBSCRIBE)
        await (await door.reads.openings.only()).answer([Forbidden("blocked")])
        assert code(anna.reply(again)) == 103


# --- answers in time --------------------------------------------------------------------------


@virtually
async def test_what_takes_longer_than_4_seconds_is_refused_and_may_be_tried_again() -> None:
    async with a_door() as door:
        anna = await door.connected()
        asked = {
            await anna.say(subscribe=A_SUBSCRIBE),
            await anna.say(rpc={"method": "hang", "data": {}}),
        }
        await asyncio.sleep(4.1)

        assert {each: code(anna.reply(each)) for each in asked} == dict.fromkeys(asked, 100)
        assert door.stage.hub.figures.channels == 0


@virtually
async def test_a_connect_that_takes_too_long_is_refused() -> None:
    async with a_door() as door:
        anna = door.connection()
        asked = await anna.say(connect=CONNECT)
        await asyncio.sleep(4.1)

        assert code(anna.reply(asked)) == 100
        await anna.say(subscribe=A_SUBSCRIBE)
        assert len(anna.transport.lines) == 1
        assert door.stage.hub.figures.channels == 0


@virtually
async def test_calls_are_answered_and_unknown_ones_refused() -> None:
    async with a_door() as door:
        anna = await door.connected()
        echo = await anna.say(rpc={"method": "echo", "data": {"a": 1}})
        unknown = await anna.say(rpc={"method": "no.such", "data": {}})
        kept = await anna.say(rpc={"method": "message.send", "data": {}})
        door.calls.waiting[0](TooMany("slow down"))

        assert anna.reply(echo) == {"id": echo, "rpc": {"data": {"a": 1}}}
        assert code(anna.reply(unknown)) == 104
        assert code(anna.reply(kept)) == 429


@virtually
async def test_a_send_is_a_call_that_is_not_answered() -> None:
    async with a_door() as door:
        anna = await door.connected()
        written = len(anna.transport.lines)
        for method in ("echo", "no.such"):
            anna.client.receive(b'{"send":{"data":{"method":"%b","data":{}}}}' % method.encode())
        await turns()

        assert len(anna.transport.lines) == written
        assert door.shared.figures.calls == 2


@virtually
async def test_a_page_of_another_numbering_is_refused() -> None:
    async with a_door() as door:
        anna = await door.connected()
        ids = [
            await anna.say(history={"channel": THREAD, "limit": 1, "since": since})
            for since in ({"offset": 3, "epoch": "e"}, {"offset": 3}, {"offset": 3, "epoch": "_"})
        ]
        replies = [anna.reply(each) or {} for each in ids]

        assert [("history" in each) for each in replies] == [True, True, False]
        assert code(replies[2]) == 112


@virtually
async def test_what_becomes_of_a_closed_connections_calls_is_told_to_nobody() -> None:
    async with a_door() as door:
        anna = await door.connected()
        await anna.say(rpc={"method": "message.send", "data": {}})
        anna.client.end(codes.SHUTDOWN)
        anna.client.end(codes.SLOW)
        door.calls.waiting[0](Unavailable("not now"))

        assert anna.end_code() == 3001
        assert door.shared.figures.disconnects == {3001: 1}
