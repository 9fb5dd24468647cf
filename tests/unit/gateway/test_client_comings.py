"""Who is seen on a channel, and who is told: behind the reply, and not when it is too slow."""

from typing import Any

from domain.errors import Forbidden
from domain.identity import Role
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import opening
from tests.unit.gateway.connections import A_SUBSCRIBE, INBOX, THREAD, a_door, subscribed


def seen(connection: Any) -> list[tuple[str, str]]:
    """List what a connection was told: (join or leave, account)."""
    return [
        (kind, push[kind]["info"]["user"])
        for push in (line["push"] for line in connection.transport.lines if "push" in line)
        for kind in ("join", "leave")
        if kind in push
    ]


@virtually
async def test_who_asked_is_told_behind_the_reply_and_nobody_else() -> None:
    async with a_door() as door:
        anna, sabine = await door.connected(), await door.connected("sabine")
        asked = await anna.say(subscribe={**A_SUBSCRIBE, "join_leave": True})
        await (await door.reads.openings.only()).answer([opening(7)])
        await subscribed(door, sabine)
        sabine.client.closed()

        assert anna.transport.lines[1]["id"] == asked
        assert seen(anna) == [("join", "anna"), ("join", "sabine"), ("leave", "sabine")]
        assert seen(sabine) == []


@virtually
async def test_while_a_channel_is_opened_again_nothing_is_told_of_it() -> None:
    async with a_door() as door:
        anna, sabine = await door.connected(), await door.connected("sabine")
        await subscribed(door, anna, join_leave=True)
        await anna.say(subscribe={**A_SUBSCRIBE, "join_leave": True})
        reading = await door.reads.openings.only()
        coming = await sabine.say(subscribe=A_SUBSCRIBE)
        assert sabine.reply(coming) is None
        door.attendance.enter(THREAD, "other", "zoe")
        assert seen(anna) == [("join", "anna")]
        await reading.answer([opening(7)])
        await (await door.reads.openings.only()).answer([opening(7)])

        assert seen(anna) == [("join", "anna"), ("join", "sabine")]


@virtually
async def test_who_is_backed_up_misses_who_comes_and_goes() -> None:
    async with a_door() as door:
        anna = await door.connected()
        await subscribed(door, anna, join_leave=True)
        anna.client.backed_up = True
        for unsent, client in ((128 * 1024, "heard"), (128 * 1024 + 1, "missed")):
            anna.transport.left_behind = unsent
            door.attendance.enter(THREAD, client, client)

        assert seen(anna) == [("join", "anna"), ("join", "heard")]
        assert anna.end_code() == 0


@virtually
async def test_who_cannot_open_a_live_channel_again_is_gone_from_it() -> None:
    async with a_door() as door:
        anna = await door.connected()
        await subscribed(door, anna)
        assert await door.presence.present(THREAD)
        await anna.say(subscribe=A_SUBSCRIBE)
        await (await door.reads.openings.only()).answer([Forbidden("not yours any more")])

        assert not await door.presence.present(THREAD)


@virtually
async def test_an_operator_and_the_own_inbox_are_seen_by_nobody() -> None:
    async with a_door() as door:
        anna = await door.connected()
        await subscribed(door, anna, join_leave=True)
        door.verifier.role = Role.OPERATOR
        olga = await door.connected("olga")
        await subscribed(door, olga, join_leave=True)
        await anna.say(subscribe={"channel": INBOX, "join_leave": True})
        await (await door.reads.openings.only()).answer([opening(7)])
        sabine = await door.connected("sabine")
        door.attendance.enter(THREAD, sabine.client.id, "sabine")
        olga.client.closed()

        assert seen(anna) == [("join", "anna"), ("join", "sabine")]
        assert seen(olga) == [("join", "sabine")]
        assert await door.presence.present(INBOX) == {}
