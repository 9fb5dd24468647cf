"""Every row of the two tables of delivery.md, from an order to the ledger."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from domain.preferences import Channel
from storage.engine import Database
from tests.support.certificates import Authority, make_authority
from tests.support.delivery_world import World, a_world, mail_carrier
from tests.support.mail_server import Fault, MailServer, Told
from tests.support.push_service import Answer

SENT = ("accepted", "sent")


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    """The tables are the same on both databases, and are proven on one."""
    database = Database.open(sqlite_url)
    async with a_world(database) as made:
        yield made
    await database.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize(
    ("answers", "decisions", "attempts"),
    [
        ([Answer(status=201)], [SENT], 1),
        ([Answer(status=200)], [SENT], 1),
        ([Answer(status=202)], [SENT], 1),
        ([Answer(status=204)], [SENT], 1),
        ([Answer(status=404)], [("skipped", "no_subscription")], 1),
        ([Answer(status=410)], [("skipped", "no_subscription")], 1),
        ([Answer(status=400, body=b"bad")], [("dead", "bad_request")], 1),
        ([Answer(status=401)], [("retried", "vapid_refused"), SENT], 1),
        ([Answer(status=403)], [("retried", "vapid_refused"), SENT], 1),
        ([Answer(status=301, headers={"Location": "/"})], [("dead", "bad_endpoint")], 1),
        ([Answer(status=308, headers={"Location": "/"})], [("dead", "bad_endpoint")], 1),
        ([Answer(status=413)], [SENT], 1),
        ([Answer(status=413), Answer(status=413)], [("dead", "payload_too_large")], 1),
        ([Answer(status=429)], [("retried", "rate_limited"), SENT], 2),
        ([Answer(status=503)], [("retried", "rate_limited"), SENT], 2),
        ([Answer(status=500)], [("retried", "try_later"), SENT], 2),
        ([Answer(status=502, body=b"x" * 9_000_000)], [("retried", "try_later"), SENT], 2),
        ([Answer(drop=True)], [("retried", "connection_failed"), SENT], 2),
    ],
)
async def test_each_answer_of_a_push_service(
    world: World, answers: list[Answer], decisions: Sequence[tuple[str, str]], attempts: int
) -> None:
    sam = await world.people(email=None)
    await world.device(sam)
    world.pushes.script.extend(answers)
    await world.marketplace.order()
    await through(world, "push", decisions)
    [row] = [row for row in await world.deliveries() if row.channel == "push"]
    assert row.attempts == attempts
    left = await world.marketplace.accounts.push_subscriptions(sam)
    assert len(left) == (0 if "no_subscription" in decisions[-1] else 1)


async def through(world: World, channel: str, decisions: Sequence[tuple[str, str]]) -> None:
    """Let a worker decide as often as is told, an hour apart; those are its decisions."""
    async with world.worker() as worker:
        for times in range(1, len(decisions) + 1):
            await world.decisions(times)
            world.clock.advance(timedelta(hours=1))
            worker.wake()
    told = [(each.decision, each.reason) for each in world.decided if each.channel == channel]
    assert told == list(decisions)


@pytest.mark.parametrize(
    ("phase", "told", "decisions", "attempts"),
    [
        ("body", [], [SENT], 1),
        ("connect", ["421 4.3.2 later"], [("retried", "connection_failed"), SENT], 2),
        ("connect", [Fault.DROP], [("retried", "connection_failed"), SENT], 2),
        ("mail", ["421 4.7.0 later"], [("retried", "try_later"), SENT], 2),
        ("mail", [Fault.DROP], [("retried", "connection_failed"), SENT], 2),
        ("rcpt", ["450 4.7.1 greylisted"], [("retried", "try_later"), SENT], 2),
        (
            "rcpt",
            ["451 4.7.1 greylisted", "451 4.7.1 still"],
            [("retried", "try_later"), ("retried", "try_later"), SENT],
            3,
        ),
        ("data", [Fault.DROP], [("retried", "connection_failed"), SENT], 2),
        ("body", ["451 4.3.0 later"], [("retried", "try_later"), SENT], 2),
        ("rcpt", ["452 4.2.2 full"], [("retried", "mailbox_full"), SENT], 2),
        ("body", ["552 5.2.2 full"], [("retried", "mailbox_full"), SENT], 2),
        *(
            ("rcpt", [f"550 {code} nobody"], [("dead", "hard_bounce")], 1)
            for code in ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
        ),
        ("rcpt", ["550 5.7.1 policy"], [("dead", "policy_refused")], 1),
        ("body", ["554 5.7.26 unauthenticated"], [("dead", "policy_refused")], 1),
        ("body", ["554 no"], [("dead", "refused")], 1),
        ("mail", ["530 5.7.0 log in"], [("retried", "relay_refused_login"), SENT], 1),
        ("mail", ["534 5.7.9 weak"], [("retried", "relay_refused_login"), SENT], 1),
        ("mail", ["535 5.7.8 wrong"], [("retried", "relay_refused_login"), SENT], 1),
        ("body", [Fault.DROP], [("uncertain", "answer_lost"), SENT], 2),
        (
            "body",
            [Fault.DROP, Fault.DROP],
            [("uncertain", "answer_lost"), ("uncertain", "answer_lost")],
            2,
        ),
    ],
)
async def test_each_reply_of_a_mail_server(
    world: World,
    *,
    phase: str,
    told: list[Told],
    decisions: Sequence[tuple[str, str]],
    attempts: int,
) -> None:
    await world.people()
    world.mails.tell(phase, *told)
    await world.marketplace.order(id="o1")
    await through_fresh_workers(world, decisions)
    rows = [row for row in await world.deliveries() if row.channel == "email"]
    [row] = [row for row in rows if row.order_id == "o1"]
    assert row.attempts == attempts
    assert len({mail.message["Message-ID"] for mail in world.mails.received}) <= 1


async def through_fresh_workers(world: World, decisions: Sequence[tuple[str, str]]) -> None:
    """Do so with a worker for each: a relay that rests does so by the clock on the wall."""
    for times in range(1, len(decisions) + 1):
        async with world.worker():
            await world.decisions(times)
        world.clock.advance(timedelta(hours=3))
    mailed = [(each.decision, each.reason) for each in world.decided if each.channel == "email"]
    assert mailed == list(decisions)


async def test_the_next_relay_takes_it_at_once(world: World) -> None:
    await world.people()
    async with MailServer().running() as second:
        world.mails.tell("rcpt", "450 4.7.1 greylisted")
        urls = f"{world.mails.url},{second.url}"
        carrier = mail_carrier(world.clock, urls, world.marketplace.suppressions)
        async with world.worker({Channel.EMAIL: carrier}):
            await world.marketplace.order()
            assert await world.decisions(1) == [("email", "accepted", "sent")]
        assert (len(world.mails.received), len(second.received)) == (0, 1)


async def test_a_relay_that_cannot_prove_itself_gets_no_mail(
    world: World, authority: Authority
) -> None:
    """STARTTLS is required and verified: nobody vouches for this one here."""
    await world.people()
    async with MailServer(tls=authority.server_context()).running() as server:
        carrier = mail_carrier(world.clock, server.url, world.marketplace.suppressions)
        async with world.worker({Channel.EMAIL: carrier}):
            await world.marketplace.order()
            assert await world.decisions(1) == [("email", "retried", "relay_not_trusted")]
        assert server.received == []
    [row] = [row for row in await world.deliveries() if row.channel == "email"]
    assert (row.status, row.attempts) == ("scheduled", 0)
