"""What one worker found shut is left alone by all of them, and by those that start later."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from domain.preferences import Category, Channel
from realtime.delivery.board import Board, Kind, Shut, place
from realtime.delivery.board_exchange import BoardExchange
from realtime.delivery.domains import IN_A_ROW
from realtime.delivery.email.circuit import PUT_OFF_REST
from realtime.delivery.email.relay import MailTimeouts, PoolLimits, parse_relays
from realtime.delivery.lane import Lane, Pace
from realtime.delivery.planner import Notice, Planner
from realtime.delivery.push.sender import PushLimits
from realtime.delivery.reasons import Reason
from realtime.ids import new_id
from storage import circuits
from storage.deliveries import Priority
from storage.engine import Database, Transaction
from tests.support.clock import NOON, StillClock
from tests.support.delivery_world import KEY, World, a_world, mail_carrier, push_carrier
from tests.support.eventually import eventually
from tests.support.mail_server import Fault, MailServer
from tests.support.marketplace import Marketplace
from tests.support.push_service import Answer, PushService

HOUR = timedelta(hours=1)
MANY = 3_600.0


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with a_world(database) as made:
        yield made


def board_and_pushes(world: World) -> dict[str, Any]:
    """Make a worker's board, and the carrier that knows of it."""
    board = Board()
    push = push_carrier(world.database, world.clock, world.pushes.origin, board=board)
    return {"carriers": {Channel.PUSH: push}, "board": board}


def board_and_mails(world: World) -> dict[str, Any]:
    board = Board()
    mail = mail_carrier(world.clock, world.mails.url, world.marketplace.suppressions, board=board)
    return {"carriers": {Channel.EMAIL: mail}, "board": board}


async def told_to_all(world: World, count: int = 1) -> None:
    """Wait until so much is written down as shut."""
    async with asyncio.timeout(10):
        while True:
            async with world.database.reading() as connection:
                if len(await circuits.all_shut(connection, world.clock.now())) == count:
                    return


async def test_a_push_service_that_asks_to_slow_down_is_heard_by_workers_that_start_later(
    world: World,
) -> None:
    await world.device(await world.people(email=None))
    world.pushes.script.append(Answer(status=429, headers={"Retry-After": "600"}))
    await world.marketplace.order()
    async with world.worker(**board_and_pushes(world)):
        await world.decisions(1)
        await told_to_all(world)
    world.clock.advance(timedelta(seconds=590))
    await world.marketplace.order()
    async with world.worker(**board_and_pushes(world)):
        assert await world.decisions(2) == [("push", "retried", "rate_limited")] * 2
    assert len(world.pushes.received) == 1, "the one that was refused"
    assert [row.attempts for row in await world.deliveries() if row.channel == "push"] == [1, 0]
    world.clock.advance(HOUR)
    async with world.worker(**board_and_pushes(world)):
        decided = await world.decisions(4)
    assert decided.count(("push", "accepted", "sent")) == 2


async def test_a_worker_that_runs_learns_what_another_finds_out(world: World) -> None:
    await world.device(await world.people(email=None))
    other, mine = board_and_pushes(world), board_and_pushes(world)
    where = place(Kind.PUSH, world.pushes.origin)
    async with world.worker(**mine) as worker:
        exchange = BoardExchange(
            board=other["board"], database=world.database, clock=world.clock, every=MANY
        )
        other["board"].shut(where, NOON + HOUR, Reason.VAPID_REFUSED)
        await exchange.exchange()
        worker.learn()
        await eventually(lambda: mine["board"].was_shut(where))
        await world.marketplace.order()
        assert await world.decisions(1) == [("push", "retried", "vapid_refused")]
        other["board"].reopen(where)
        await exchange.exchange()
        worker.learn()
        await eventually(lambda: not mine["board"].was_shut(where))
        world.clock.advance(2 * HOUR)
        worker.wake()
        assert ("push", "accepted", "sent") in await world.decisions(2)
    await other["carriers"][Channel.PUSH].close()


async def test_a_domain_that_puts_mails_off_rests_for_workers_that_never_wrote_to_it(
    world: World,
) -> None:
    await world.people()
    world.mails.tell("rcpt", *["450 4.7.1 greylisted"] * IN_A_ROW)
    for _ in range(IN_A_ROW):
        await world.marketplace.order()
    async with world.worker(**board_and_mails(world)):
        await world.decisions(IN_A_ROW)
        await told_to_all(world)
    await world.marketplace.order()
    async with world.worker(**board_and_mails(world)):
        decided = await world.decisions(IN_A_ROW + 1)
    assert ("email", "retried", "domain_resting") in decided
    figures = await world.marketplace.queue.figures()
    assert [(each["kind"], each["name"], each["reason"]) for each in figures["circuits"]] == [
        ("domain", "example.com", "domain_resting")
    ]


async def test_a_relay_that_cannot_be_reached_is_left_alone_by_all(world: World) -> None:
    await world.people()
    world.mails.tell("connect", Fault.DROP)
    await world.marketplace.order()
    async with world.worker(**board_and_mails(world)):
        await world.decisions(1)
        await told_to_all(world)
    await world.marketplace.order()
    async with world.worker(**board_and_mails(world)):
        decided = await world.decisions(2)
    assert ("email", "retried", "relays_resting") in decided
    figures = await world.marketplace.queue.figures()
    [relay] = figures["circuits"]
    assert (relay["kind"], relay["name"]) == ("relay", world.mails.url)


async def test_a_relay_that_has_no_room_shuts_itself_and_not_whom_mails_are_for(
    world: World,
) -> None:
    await world.people()
    world.mails.tell("mail", *["452 4.3.1 insufficient system storage"] * IN_A_ROW)
    for _ in range(IN_A_ROW):
        await world.marketplace.order()
    async with world.worker(**board_and_mails(world)) as worker:
        await world.decisions(IN_A_ROW)
        await told_to_all(world)
        figures = await world.marketplace.queue.figures()
        assert [(each["kind"], each["reason"]) for each in figures["circuits"]] == [
            ("relay", "try_later")
        ]
        world.clock.advance(PUT_OFF_REST)
        await world.marketplace.order()
        worker.wake()
        await world.mails.wait_for(1)


async def test_a_relay_that_takes_mails_and_never_answers_is_not_waited_for(world: World) -> None:
    """They stay open; all others go to the next relay."""
    await world.people()
    second, board, hang = MailServer(), Board(), PoolLimits().connections
    world.mails.tell("body", *[Fault.STALL] * (hang + 4))
    async with second.running():
        carrier = mail_carrier(
            world.clock,
            f"{world.mails.url},{second.url}",
            world.marketplace.suppressions,
            timeouts=MailTimeouts(connect=0.5, command=5.0, answer=MANY),
            board=board,
        )
        for _ in range(hang + 4):
            await world.marketplace.order()
        carriers = {Channel.EMAIL: carrier}
        async with world.worker(carriers, board=board, pace=Pace(grace=0.0)):
            await second.wait_for(4)
            assert len(world.mails.received) == hang
            await told_to_all(world)
            figures = await world.marketplace.queue.figures()
            assert [each["name"] for each in figures["circuits"]] == [world.mails.url]


async def test_a_relay_is_named_without_its_password() -> None:
    [relay] = parse_relays("smtps://us:secret@mail.example")
    assert relay.place.name == "smtps://us@mail.example:465"


async def test_of_two_moments_the_later_counts_and_what_is_over_goes(database: Database) -> None:
    market, clock = Marketplace(database), StillClock()
    boards = [Board(), Board()]
    first, second = (
        BoardExchange(board=board, database=database, clock=clock, every=MANY) for board in boards
    )
    where = place(Kind.DOMAIN, "slow.example")
    boards[0].shut(where, NOON + 2 * HOUR, Reason.DOMAIN_RESTING)
    boards[1].shut(where, NOON + HOUR, Reason.DOMAIN_RESTING)
    for exchange in (first, second):
        await exchange.exchange()
    for board in boards:
        assert board.look(where, NOON) == Shut(NOON + 2 * HOUR, Reason.DOMAIN_RESTING)
    assert market.ear.doorbells == [circuits.DOORBELL] * 2

    clock.advance(3 * HOUR)
    boards[0].shut(place(Kind.DOMAIN, "other.example"), NOON + 9 * HOUR, Reason.DOMAIN_RESTING)
    await first.exchange()
    async with database.reading() as connection:
        rows = await circuits.all_shut(connection, NOON)
    assert [row.name for row in rows] == ["other.example"]


async def test_a_database_that_is_away_keeps_no_worker_from_what_it_knows(
    database: Database,
) -> None:
    board = Board()
    exchange = BoardExchange(board=board, database=database, clock=StillClock(), every=MANY)
    where = place(Kind.RELAY, "smtp://mail.example")
    board.shut(where, NOON + HOUR, Reason.TIMEOUT)

    async def hide(tx: Transaction, names: tuple[str, str]) -> None:
        await tx.connection.exec_driver_sql("ALTER TABLE {} RENAME TO {}".format(*names))

    await database.transaction(lambda tx: hide(tx, ("circuits", "hidden")))
    await exchange.exchange()
    assert board.look(where, NOON) is not None
    await database.transaction(lambda tx: hide(tx, ("hidden", "circuits")))
    await exchange.exchange()
    async with database.reading() as connection:
        assert len(await circuits.all_shut(connection, NOON)) == 1


async def test_a_push_service_that_never_answers_holds_up_nobody_elses_pushes(
    world: World,
) -> None:
    """Though the devices of one account would fill a lane with what waits for it."""
    sam, eve = await world.people(email=None), await world.marketplace.account("eve", name="Eve")
    good = PushService(public_key=KEY.public_text, clock=world.clock)
    world.pushes.script.extend([Answer(stall="answer")] * 6)
    limits = PushLimits(at_once_per_origin=2, patience=0.2, timeout=MANY)
    lanes = (Lane(name="push", channel=Channel.PUSH, priorities=tuple(Priority), at_once=4),)
    async with good.running():
        for name in ("one", "two", "three", "four", "five", "six"):
            await world.device(eve, name)
        await world.device(sam, "laptop", at=good)
        await news_for(world, "eve")
        carrier = push_carrier(
            world.database, world.clock, world.pushes.origin, good.origin, limits=limits
        )
        carriers = {Channel.PUSH: carrier}
        async with world.worker(carriers, lanes=lanes, pace=Pace(grace=0.0)):
            await world.pushes.wait_for(2)
            await news_for(world, "sam")
            await good.wait_for(1)
        assert len(world.pushes.received) == 2


async def news_for(world: World, account_id: str) -> None:
    """Have something to say to all devices of an account."""
    notice = Notice(
        account_id=account_id,
        category=Category.SERVICE,
        template="service_approved",
        cause="c1",
        link="/services/s1",
        facts={"service": "A logo"},
    )
    planner = Planner(clock=world.clock, new_id=new_id)
    await world.database.transaction(lambda tx: planner.plan(tx, notice))
