"""Alerts about messages: planned with them, held while there is hope that they are read."""

import asyncio
from collections.abc import AsyncIterator, Collection
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from domain.conversations import ConversationKind
from domain.identity import Identity
from realtime.delivery.gate import FOCUS_IS_PROVEN
from realtime.delivery.message_planner import MessagePeriods
from realtime.delivery.threads import Threads, nobody_looks
from realtime.services.messages import SendMessage
from storage import inboxes, message_alerts
from storage.engine import Database, Transaction
from storage.message_alerts import Mark
from storage.rows import Record, fetch_all
from storage.tables import deliveries, inbox_items, notifications, orders
from tests.support.delivery_world import World, a_world
from tests.support.queue import Queue

PUSH_AFTER = timedelta(seconds=5)
MAIL_AFTER = timedelta(minutes=10)
HOUR = timedelta(hours=1)

Decisions = list[tuple[str, str, str]]


class Talk:
    """Bea writes to Sam in the thread of their order; Sam has a laptop."""

    def __init__(self, world: World, sam: Identity, bea: Identity, thread: str) -> None:
        self.world = world
        self.market = world.marketplace
        self.sam = sam
        self.bea = bea
        self.thread = thread
        self.looked_at: list[tuple[str, str]] = []

    async def says(self, *texts: str) -> None:
        """Let Bea write, each text in a group of its own."""
        for each in texts:
            await self.market.send(self.bea, self.thread, each)

    async def reads(self) -> None:
        """Let Sam read to the end."""
        item = await self.market.conversations.get(self.sam, self.thread)
        await self.market.conversations.mark_read(self.sam, self.thread, item["last_seq"])

    async def after(self, time: timedelta, count: int = 1, **options: Any) -> Decisions:
        """Let time pass and a worker run; return its newest ``count`` decisions."""
        self.world.clock.advance(time)
        known = len(self.world.decided)
        async with self.world.worker(in_focus=self._in_focus, **options):
            await self.world.decisions(known + count)
        newest = self.world.decided[known:]
        return sorted((each.channel, each.decision, each.reason) for each in newest)

    async def _in_focus(self, _keys: Collection[tuple[str, str]]) -> Collection[tuple[str, str]]:
        return self.looked_at

    async def planned(self) -> list[tuple[str, str]]:
        """Return (channel, status) of every delivery, in the order in which it was planned."""
        rows = await self.rows(deliveries.select().order_by(deliveries.c.id))
        return [(row.channel, row.status) for row in rows]

    async def rows(self, statement: Any) -> list[Record]:
        """Read rows."""
        async with self.world.database.reading() as connection:
            return list(await fetch_all(connection, statement))

    async def change_order(self, **values: Any) -> None:
        """Change the order behind everybody's back."""

        async def work(tx: Transaction) -> None:
            await tx.connection.execute(update(orders).values(**values))

        await self.world.database.transaction(work)

    def shown(self) -> list[tuple[str, str]]:
        """Return title and body of every push."""
        return [
            (push.payload["title"], push.payload["body"]) for push in self.world.pushes.received
        ]

    def mailed(self) -> list[str]:
        """Return the text of every mail."""
        bodies = [mail.message.get_body(("plain",)) for mail in self.world.mails.received]
        return [body.get_content() for body in bodies if body is not None]


@pytest.fixture
async def talk(database: Database) -> AsyncIterator[Talk]:
    async with a_world(database) as world:
        yield await a_talk(world)


async def a_talk(world: World, **sam: Any) -> Talk:
    """Begin one; the queue is empty."""
    seller = await world.people(**sam)
    await world.device(seller)
    order = await world.marketplace.order(id="o1")
    await world.forget_all()
    return Talk(world, seller, Identity("bea"), order["conversation_id"])


BOTH_WAIT = [("push", "scheduled"), ("email", "scheduled")]


# --- planned with the message -----------------------------------------------------------------


async def test_a_message_is_pushed_after_seconds_and_mailed_after_minutes(talk: Talk) -> None:
    await talk.says("Is the logo ready?")
    assert await talk.after(PUSH_AFTER) == [("push", "accepted", "sent")]
    assert talk.shown() == [("Message from Bea Brandt", "Is the logo ready?")]
    assert talk.world.pushes.received[0].payload["link"].endswith(f"/inbox/{talk.thread}")
    assert await talk.after(MAIL_AFTER) == [("email", "accepted", "sent")]
    [mail] = talk.world.mails.received
    assert "Is the logo ready?" in talk.mailed()[0]
    assert mail.message["In-Reply-To"] == mail.message["References"]
    steps = (await talk.world.trace(talk.sam))["steps"]
    assert [step["reason"] for step in steps[:2]] == ["if_unread", "if_unread"]


async def test_it_does_not_go_out_before_its_time(talk: Talk) -> None:
    await talk.says("Hello")
    [push, mail] = await talk.rows(deliveries.select().order_by(deliveries.c.due_at))
    assert push.due_at == talk.world.clock.now() + PUSH_AFTER
    assert mail.due_at == talk.world.clock.now() + MAIL_AFTER


async def test_what_comes_while_an_alert_waits_goes_with_it(talk: Talk) -> None:
    await talk.says("One", "Two", "Three")
    assert await talk.planned() == BOTH_WAIT
    await talk.after(PUSH_AFTER)
    assert talk.shown() == [("3 messages from Bea Brandt", "Three")]
    await talk.after(MAIL_AFTER)
    [mail] = talk.mailed()
    assert mail.index("One") < mail.index("Two") < mail.index("Three")


async def test_what_comes_after_the_push_is_pushed_in_its_place(talk: Talk) -> None:
    await talk.says("One")
    await talk.after(PUSH_AFTER)
    await talk.says("Two")
    assert await talk.planned() == [("push", "accepted"), ("email", "scheduled"), BOTH_WAIT[0]]
    await talk.after(PUSH_AFTER)
    assert talk.shown()[-1] == ("2 messages from Bea Brandt", "Two")
    topics = [push.headers["topic"] for push in talk.world.pushes.received]
    assert topics[0] == topics[1]
    assert len(await talk.rows(notifications.select().where(~notifications.c.counted))) == 1


async def test_a_group_of_messages_is_one_alert_for_each_reader(talk: Talk) -> None:
    direct = await talk.market.direct(talk.bea, talk.sam)
    commands = [
        SendMessage(thread, "bea", f"c{number}", f"{number}")
        for number in range(6)
        for thread in (talk.thread, direct)
    ]
    await talk.market.send_all(commands)
    rows = await talk.rows(deliveries.select())
    kinds = {"order_message", "inbox_message"}
    assert {(row.category, row.channel) for row in rows} == {
        (kind, channel) for kind in kinds for channel in ("push", "email")
    }
    assert len(rows) == 4
    assert len({row.notification_id for row in rows}) == 2


async def test_what_an_account_does_not_want_is_skipped_once_with_its_reason(talk: Talk) -> None:
    patch = {"categories": {"order_message": {"push": False, "email": False}}}
    await talk.market.accounts.change_preferences(talk.sam, patch)
    await talk.says("One", "Two")
    rows = await talk.rows(deliveries.select())
    assert {(row.channel, row.status, row.reason) for row in rows} == {
        ("push", "skipped", "preference_off"),
        ("email", "skipped", "preference_off"),
    }
    await talk.market.accounts.change_preferences(talk.sam, {"categories": None})
    await talk.says("Three")
    assert (await talk.planned())[2:] == BOTH_WAIT


async def test_a_device_that_is_new_gets_the_next_message(database: Database) -> None:
    async with a_world(database) as world:
        sam = await world.people(email=None)
        order = await world.marketplace.order(id="o1")
        await world.forget_all()
        talk = Talk(world, sam, Identity("bea"), order["conversation_id"])
        await talk.says("One", "Two")
        assert await talk.planned() == [("push", "skipped"), ("email", "skipped")]
        await world.device(sam)
        await talk.says("Three")
        assert (await talk.planned())[2] == ("push", "scheduled")


# --- read, and what else may have happened meanwhile -------------------------------------------


async def test_reading_takes_back_what_waits_and_the_ledger_says_so(talk: Talk) -> None:
    await talk.says("Hello")
    await talk.reads()
    assert await talk.planned() == [("push", "cancelled"), ("email", "cancelled")]
    steps = (await talk.world.trace(talk.sam))["steps"]
    assert [(step["decision"], step["reason"]) for step in steps[2:]] == [("cancelled", "read")] * 2
    await talk.says("Hello again")
    assert (await talk.planned())[2:] == BOTH_WAIT


async def test_reading_a_part_takes_nothing_back(talk: Talk) -> None:
    await talk.says("One", "Two")
    await talk.market.conversations.mark_read(talk.sam, talk.thread, 2)
    await talk.after(PUSH_AFTER)
    assert talk.shown() == [("Message from Bea Brandt", "Two")]


async def test_a_text_is_told_as_it_is_when_it_is_told(talk: Talk) -> None:
    await talk.says("Helo")
    seq = (await talk.market.conversations.get(talk.sam, talk.thread))["last_seq"]
    await talk.market.changes.edit(talk.bea, talk.thread, seq, "Hello")
    await talk.after(PUSH_AFTER)
    assert talk.shown() == [("Message from Bea Brandt", "Hello")]


async def test_what_was_taken_back_is_not_told(talk: Talk) -> None:
    await talk.says("Oops")
    seq = (await talk.market.conversations.get(talk.sam, talk.thread))["last_seq"]
    await talk.market.changes.delete(talk.bea, talk.thread, seq)
    assert await talk.after(PUSH_AFTER) == [("push", "cancelled", "gone")]


async def test_a_conversation_that_was_muted_is_silent(talk: Talk) -> None:
    await talk.says("Hello")
    await talk.market.conversations.change(talk.sam, talk.thread, {"muted": True})
    assert await talk.after(PUSH_AFTER) == [("push", "skipped", "muted")]


async def test_who_was_blocked_is_not_heard(talk: Talk) -> None:
    await talk.says("Hello")
    await talk.market.blocks.block(talk.sam, "bea")
    assert await talk.after(PUSH_AFTER) == [("push", "skipped", "blocked")]


async def test_an_order_that_was_cancelled_overtakes_what_was_written_before(talk: Talk) -> None:
    await talk.says("Please cancel it")
    talk.world.clock.advance(timedelta(seconds=1))
    await talk.change_order(status="cancelled", active=False, updated_at=talk.world.clock.now())
    assert await talk.after(PUSH_AFTER) == [("push", "cancelled", "order_cancelled")]
    await talk.says("Thank you all the same")
    await talk.after(PUSH_AFTER)
    assert talk.shown() == [("2 messages from Bea Brandt", "Thank you all the same")]


async def test_what_its_reader_looks_at_is_held_until_the_connection_is_proven(talk: Talk) -> None:
    await talk.says("Hello")
    talk.looked_at = [("sam", talk.thread)]
    assert await talk.after(PUSH_AFTER) == [("push", "retried", "in_focus")]
    await talk.says("Still there?")
    assert await talk.planned() == BOTH_WAIT
    assert await talk.after(FOCUS_IS_PROVEN) == [("push", "skipped", "in_focus")]


async def test_a_focus_that_turns_out_to_be_dead_holds_nothing_back(talk: Talk) -> None:
    await talk.says("Hello")
    talk.looked_at = [("sam", talk.thread)]
    await talk.after(PUSH_AFTER)
    talk.looked_at = []
    assert await talk.after(FOCUS_IS_PROVEN) == [("push", "accepted", "sent")]


# --- mails, and those who have no time --------------------------------------------------------


async def test_a_conversation_is_mailed_about_once_an_hour(talk: Talk) -> None:
    await talk.says("One")
    await talk.after(PUSH_AFTER)
    await talk.after(MAIL_AFTER)
    await talk.says("Two")
    await talk.after(PUSH_AFTER)
    assert await talk.after(MAIL_AFTER) == [("email", "retried", "mailed_lately")]
    await talk.says("Three")
    assert [row for row in await talk.planned() if row == ("email", "scheduled")] == [
        ("email", "scheduled")
    ]
    assert sorted(await talk.after(HOUR, 2)) == [
        ("email", "accepted", "sent"),
        ("push", "accepted", "sent"),
    ]
    assert "Three" in talk.mailed()[1]


async def test_what_is_due_soon_waits_for_no_mail(talk: Talk) -> None:
    await talk.change_order(
        status="in_progress", due_at=talk.world.clock.now() + timedelta(hours=9)
    )
    await talk.world.database.transaction(lambda tx: due_in_inboxes(tx, talk))
    await talk.says("Where is it?")
    assert await talk.after(PUSH_AFTER, 2) == [
        ("email", "accepted", "sent"),
        ("push", "accepted", "sent"),
    ]
    steps = (await talk.world.trace(talk.sam))["steps"]
    assert [step["reason"] for step in steps[:2]] == ["due_soon", "due_soon"]


async def due_in_inboxes(tx: Transaction, talk: Talk) -> None:
    values = {"order_status": "in_progress", "order_due_at": talk.world.clock.now() + 9 * HOUR}
    await inboxes.change_item(tx.connection, "sam", talk.thread, values)


async def test_it_is_told_in_the_readers_language(database: Database) -> None:
    async with a_world(database) as world:
        talk = await a_talk(world, locale="de", email=None)
        await talk.says("Hallo", "Ist es fertig?")
        await talk.after(PUSH_AFTER)
        assert talk.shown() == [("2 Nachrichten von Bea Brandt", "Ist es fertig?")]


# --- in the feed ------------------------------------------------------------------------------


async def test_a_message_is_told_in_the_feed_and_not_counted_there(talk: Talk) -> None:
    """Its conversation counts it; who reads the conversation has read the notification."""
    await talk.says("Hello")
    me = await talk.market.accounts.me(talk.sam)
    counted = me["unread_notifications"]
    page = await talk.market.notifications.page(talk.sam, after=None, limit=1)
    assert (page["items"][0]["category"], page["items"][0]["read_at"]) == ("order_message", None)
    await talk.market.notifications.mark_read(talk.sam, [page["items"][0]["id"]])
    assert (await talk.market.accounts.me(talk.sam))["unread_notifications"] == counted


# --- marks ------------------------------------------------------------------------------------


async def test_a_view_that_somebody_holds_is_taken_up_when_it_is_free(talk: Talk) -> None:
    """PostgreSQL leaves it out at first; SQLite has one writer, and holds nothing."""
    await talk.says("Hello")
    seq = (await talk.market.conversations.get(talk.sam, talk.thread))["last_seq"]
    marks = [Mark("sam", talk.thread, channel, seq) for channel in ("push", "email")]

    async def work(tx: Transaction) -> Record | None:
        await message_alerts.take_up(tx.connection, marks, wait=False)
        return await inboxes.item(tx.connection, "sam", talk.thread)

    item = await talk.world.database.transaction(work)
    assert item is not None
    assert (item.push_from, item.mail_from, item.kind) == (None, None, ConversationKind.ORDER)

    async def back(tx: Transaction) -> Record | None:
        await message_alerts.put_back(tx.connection, marks)
        return await inboxes.item(tx.connection, "sam", talk.thread)

    item = await talk.world.database.transaction(back)
    assert item is not None
    assert (item.push_from, item.mail_from) == (seq, seq)


async def test_a_view_that_a_message_holds_just_now_is_waited_for(talk: Talk) -> None:
    await talk.says("Hello")
    threads = Threads(database=talk.world.database, in_focus=nobody_looks, periods=MessagePeriods())
    claims = await Queue(talk.world.database).claim(now=talk.world.clock.now() + PUSH_AFTER)
    held, let_go = asyncio.Event(), asyncio.Event()

    async def hold(tx: Transaction) -> None:
        await inboxes.item(tx.connection, "sam", talk.thread, lock=True)
        held.set()
        await let_go.wait()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(talk.world.database.transaction(hold))
        await held.wait()
        group.create_task(threads.take_up(claims))
        while not await somebody_waits(talk.world.database):
            """It is on its way."""
        let_go.set()
    mine = inbox_items.c.account_id == "sam", inbox_items.c.conversation_id == talk.thread
    [item] = await talk.rows(inbox_items.select().where(*mine))
    assert (item.push_from, item.mail_from is None) == (None, False)


async def somebody_waits(database: Database) -> bool:
    """Tell whether a statement waits for a lock; before SQLite's one writer nobody does."""
    if database.dialect == "sqlite":
        return True
    async with database.reading() as connection:
        waiting = await connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )
    return bool(waiting)
