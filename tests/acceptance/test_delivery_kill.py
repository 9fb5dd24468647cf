"""A worker process is killed at every state: no alert is lost, and the ledger tells what it knows.

Real processes and SIGKILL, on both databases; a second process takes over when the lease ends.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from domain.identity import Identity
from realtime.clock import SystemClock
from storage.deliveries import Status
from storage.engine import Database
from storage.rows import Record
from tests.support.clock import StillClock
from tests.support.delivery_process import Orders, started
from tests.support.delivery_world import KEY, World
from tests.support.mail_server import Fault, MailServer
from tests.support.push_service import Answer, PushService

LEASE = 2.0
A_WHILE = timedelta(minutes=1)
PATIENCE = 60.0
KILLED = -9
ENDS = {Status.ACCEPTED, Status.UNCERTAIN}


async def killed(process: BaseProcess) -> None:
    """Kill it, and wait until it is gone."""
    process.kill()
    await asyncio.to_thread(process.join)


class Stage:
    """A world, and worker processes on the machine's own clock for it."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self._url = url

    @asynccontextmanager
    async def worker(self, **fate: Any) -> AsyncIterator[BaseProcess]:
        """Run a worker process; whatever is left of it in the end is killed."""
        orders = Orders(
            database=self._url,
            smtp=self.world.mails.url,
            push=self.world.pushes.origin,
            vapid=KEY.private_text,
            lease=LEASE,
            **fate,
        )
        process = started(orders)
        try:
            yield process
        finally:
            await killed(process)

    async def dies(self, **fate: Any) -> None:
        """Run a worker process until it meets its fate."""
        async with self.worker(**fate) as process:
            await asyncio.to_thread(process.join, PATIENCE)
            assert process.exitcode == KILLED

    async def ended(self) -> list[Record]:
        """Wait until nothing waits any longer; return what was sent, or may have been."""
        async with asyncio.timeout(PATIENCE):
            while True:
                rows = await self.world.deliveries()
                if all(row.ready_at is None for row in rows):
                    return [row for row in rows if row.status in ENDS]

    async def finishes(self, **fate: Any) -> list[Record]:
        """Let another worker process do what is left."""
        async with self.worker(**fate):
            return await self.ended()

    def mails_of(self, row: Record) -> int:
        """Count the copies of a mail that reached the server."""
        wanted = f"<{row.id}@market.example>"
        return sum(mail.message["Message-ID"] == wanted for mail in self.world.mails.received)

    def pushes_of(self, row: Record) -> int:
        """Count the copies of a push that reached the push service."""
        told = [push.payload["id"] for push in self.world.pushes.received]
        return told.count(row.notification_id)


@pytest.fixture
async def stage(database: Database, database_url: str) -> AsyncIterator[Stage]:
    clock = StillClock(SystemClock().now())
    pushes, mails = PushService(public_key=KEY.public_text), MailServer()
    async with pushes.running(), mails.running():
        world = World(database, clock, pushes, mails)
        await world.people()
        yield Stage(world, database_url)


async def an_order_a_message_and_a_service(stage: Stage) -> None:
    """Cause six alerts: a push and a mail of each; the message was written a while ago."""
    market, clock = stage.world.marketplace, stage.world.clock
    sam = await market.account("sam")
    await stage.world.device(sam)
    await market.accounts.change_preferences(sam, {"email_after_minutes": 0})
    order = await market.order()
    clock.advance(-A_WHILE)
    await market.send(Identity("bea"), order["conversation_id"], "Is it ready?")
    clock.advance(A_WHILE)
    await market.service("sam", id="sam-site")


Counted = dict[tuple[str, str], tuple[str, int]]


def told(stage: Stage, rows: list[Record]) -> Counted:
    """Tell of each alert how it ended, and how many copies went out."""
    counts = {"email": stage.mails_of, "push": stage.pushes_of}
    return {
        (row.category, row.channel): (row.status, counts[row.channel](row))
        for row in rows
        if row.status in ENDS
    }


async def test_killed_while_it_was_claimed(stage: Stage) -> None:
    """Nothing had gone out: not even the most careful mail is uncertain."""
    await stage.world.marketplace.service("sam", id="sam-site")
    await stage.dies(die="claimed")
    [mail] = await stage.finishes()
    assert (mail.status, mail.attempts, stage.mails_of(mail)) == (Status.ACCEPTED, 1, 1)


async def test_killed_when_it_was_about_to_send(stage: Stage) -> None:
    """Mails but those of orders may have gone out, as far as one can know: none is sent again."""
    await an_order_a_message_and_a_service(stage)
    await stage.dies(die="begun", after=6)
    assert told(stage, await stage.finishes()) == {
        ("new_order", "push"): (Status.ACCEPTED, 1),
        ("new_order", "email"): (Status.ACCEPTED, 1),
        ("order_message", "push"): (Status.ACCEPTED, 1),
        ("order_message", "email"): (Status.UNCERTAIN, 0),
        ("service", "push"): (Status.ACCEPTED, 1),
        ("service", "email"): (Status.UNCERTAIN, 0),
    }


async def test_killed_while_it_was_sending(stage: Stage) -> None:
    """All of it had reached the other side, which had not answered yet."""
    await an_order_a_message_and_a_service(stage)
    stage.world.mails.tell("body", *[Fault.STALL] * 3)
    stage.world.pushes.script.extend([Answer(stall="answer")] * 3)
    async with stage.worker() as process, asyncio.timeout(PATIENCE):
        await stage.world.mails.wait_for(3)
        await stage.world.pushes.wait_for(3)
        await killed(process)
    assert told(stage, await stage.finishes()) == SENT_TWICE_AT_MOST


async def test_killed_after_acceptance_and_before_it_was_written_down(stage: Stage) -> None:
    await an_order_a_message_and_a_service(stage)
    await stage.dies(die="accepted", after=6)
    rows = await stage.finishes()
    assert told(stage, rows) == SENT_TWICE_AT_MOST
    tries = {
        row.channel: [each.reason for each in await stage.world.attempts(row.notification_id)]
        for row in rows
        if row.category == "service"
    }
    assert Counter(tries["push"]) == {"worker_lost": 2, "sent": 1}


SENT_TWICE_AT_MOST: Counted = {
    ("new_order", "push"): (Status.ACCEPTED, 2),
    ("new_order", "email"): (Status.ACCEPTED, 2),
    ("order_message", "push"): (Status.ACCEPTED, 2),
    ("order_message", "email"): (Status.UNCERTAIN, 1),
    ("service", "push"): (Status.ACCEPTED, 2),
    ("service", "email"): (Status.UNCERTAIN, 1),
}


async def test_killed_again_and_again_in_the_middle_of_it_all(stage: Stage) -> None:
    """Whatever it was doing: each alert arrives, and a mail twice only where it is said."""
    await stage.world.device(await stage.world.marketplace.account("sam"))
    for _ in range(40):
        await stage.world.marketplace.order()
    for sent in (5, 20):
        async with stage.worker() as process, asyncio.timeout(PATIENCE):
            await stage.world.mails.wait_for(sent)
            await killed(process)
    rows = await stage.finishes()
    assert Counter(row.channel for row in rows) == {"email": 40, "push": 40}
    for row in rows:
        if row.channel == "push":
            assert (row.status, stage.pushes_of(row) >= 1) == (Status.ACCEPTED, True)
        elif row.uncertain:
            assert stage.mails_of(row) <= 2
        else:
            assert (row.status, stage.mails_of(row)) == (Status.ACCEPTED, 1)


async def test_what_kills_three_workers_takes_nobody_along(stage: Stage) -> None:
    """Those that were claimed beside it each time go out."""
    for _ in range(10):
        await stage.world.marketplace.order()
    await stage.world.marketplace.order(id="bad")
    for _ in range(3):
        await stage.dies(poison="bad")
    rows = await stage.finishes(poison="bad")
    assert Counter(row.status for row in rows) == {Status.ACCEPTED: 10}
    assert all(1 <= stage.mails_of(row) <= 1 + row.uncertain for row in rows)
    [bad] = [row for row in await stage.world.deliveries() if row.status == Status.DEAD]
    assert (bad.order_id, bad.reason, bad.attempts) == ("bad", "poison", 0)
