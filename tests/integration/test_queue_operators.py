"""What operators see of the delivery queue, and what they do to it, over HTTP."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, get_args

import pytest

from domain.preferences import Category
from realtime.api.deliveries import KindOfAlert
from realtime.clock import SystemClock
from realtime.delivery.backoff import LIFETIMES
from storage.deliveries import DOORBELL, WEBHOOK, Priority, Status
from tests.support.clock import NOON
from tests.support.http_api import HttpApi
from tests.support.marketplace import OPERATOR, Marketplace
from tests.support.operators import DEAD, DELIVERIES, QUEUES, TRACE, noted, told, wrong
from tests.support.queue import LEASE, Queue, a_change, a_delivery


@pytest.fixture
def queue(api: HttpApi) -> Queue:
    return Queue(api.market.database)


# --- figures and pauses ---------------------------------------------------------------------------


async def test_the_figures_say_how_each_queue_stands(api: HttpApi, queue: Queue) -> None:
    old = NOON - timedelta(seconds=90)
    await queue.plan(
        a_delivery(due_at=old),
        a_delivery(due_at=NOON + LEASE),
        a_delivery(channel="email", category="service", attempts=2),
        a_delivery(channel="email", category="service", **DEAD),
        a_delivery(channel="email", category="service", status=Status.UNCERTAIN, ready_at=None),
        a_delivery(channel=WEBHOOK, category=WEBHOOK),
    )
    await queue.claim(channel=WEBHOOK, now=NOON)
    api.market.clock.advance(LEASE)

    figures = await told(api, "GET", QUEUES)

    by_queue = {(each["channel"], each["category"]): each for each in figures["items"]}
    mails = by_queue["email", "service"]
    assert [mails[name] for name in ("retrying", "dead", "uncertain", "due")] == [1, 1, 1, 0]
    pushes = by_queue["push", "new_order"]
    assert (pushes["due"], pushes["scheduled"], pushes["oldest_due_seconds"]) == (2, 0, 120.0)
    assert by_queue[WEBHOOK, WEBHOOK]["sending"] == 1
    assert figures["leases"] == {"held": 0, "abandoned": 1}
    assert [each["channel"] for each in figures["channels"]] == ["push", "email", WEBHOOK]
    assert not any(each["paused"] for each in figures["channels"])
    assert figures["next_cursor"] is None


def as_late_as_it_is(market: Marketplace) -> None:
    """Show the time of the ids that are made meanwhile."""
    market.clock.advance(SystemClock().now() - market.clock.now())


async def test_the_rates_are_those_of_the_last_minute(api: HttpApi) -> None:
    market = api.market
    as_late_as_it_is(market)
    await market.sam_and_bea()
    for _ in range(3):
        await market.order()
    rates = {
        (each["channel"], each["category"]): each["rate_in"]
        for each in (await told(api, "GET", QUEUES))["items"]
    }
    assert rates["email", "new_order"] == pytest.approx(3 / 60, abs=0.001)
    market.clock.advance(timedelta(seconds=61))
    later = (await told(api, "GET", QUEUES))["items"]
    assert {each["rate_in"] for each in later} == {0.0}
    assert {each["rate_out"] for each in later} == {0.0}


async def test_a_paused_channel_says_by_whom_and_goes_on_when_it_is_let(
    api: HttpApi, queue: Queue
) -> None:
    [under_way] = await queue.plan(a_delivery(account_id="a"))
    [claim] = await queue.claim()
    [waits] = await queue.plan(a_delivery(account_id="b"))

    paused = await told(api, "POST", f"{QUEUES}/push/pause", params={"why": "keys are changed"})
    again = await told(api, "POST", f"{QUEUES}/push/pause", params={"why": "once more"})

    assert paused == again
    assert (paused["paused"], paused["paused_by"], paused["why"]) == (
        True,
        "olga",
        "keys are changed",
    )
    assert await queue.claim() == []
    assert await queue.record(a_change(claim)) == {under_way}, "what a worker has goes on"
    shown = (await told(api, "GET", QUEUES))["channels"]
    assert [each["paused"] for each in shown] == [True, False, False]
    api.market.ear.doorbells.clear()

    for _ in range(2):
        resumed = await told(api, "POST", f"{QUEUES}/push/resume")
        assert (resumed["paused"], resumed["paused_at"], resumed["why"]) == (False, None, "")

    assert api.market.ear.doorbells == [DOORBELL]
    assert [each.id for each in await queue.claim()] == [waits]
    assert sorted(await noted(api)) == [
        ("queue.pause", "queue:push"),
        ("queue.resume", "queue:push"),
    ]


async def test_a_channel_that_there_is_not_is_refused_by_name(api: HttpApi) -> None:
    assert await wrong(api, "POST", f"{QUEUES}/pigeon/pause") == (400, "invalid", ["channel"])
    assert await wrong(api, "POST", f"{QUEUES}/push/pause", params={"why": "x" * 501}) == (
        400,
        "invalid",
        ["why"],
    )


def test_deliveries_are_asked_for_by_each_category_that_there_is() -> None:
    assert set(get_args(KindOfAlert)) == {*Category, WEBHOOK}


# --- the list, and one of it ----------------------------------------------------------------------


async def test_deliveries_are_found_by_what_is_known_of_them(api: HttpApi) -> None:
    market = api.market
    as_late_as_it_is(market)
    await market.sam_and_bea()
    await market.account("sue")
    await market.service("sue")
    first = (await market.order(id="o1"))["id"]
    market.clock.advance(timedelta(milliseconds=2))
    await market.order("sue-logo", id="o2")

    async def found(**query: Any) -> set[tuple[str, str, str]]:
        page = await told(api, "GET", DELIVERIES, params=query)
        return {(each["account"], each["channel"], each["status"]) for each in page["items"]}

    of_order = await found(order=first)
    assert of_order >= {("sam", "push", "skipped"), ("sam", "email", "due")}
    assert {account for account, _, _ in of_order} <= {"sam", "bea"}
    assert await found(order=first, channel="email", account="sam") == {("sam", "email", "due")}
    assert await found(order=first, account="sue") == set()
    assert await found(account="sue", status="skipped", reason="no_subscription") == {
        ("sue", "push", "skipped")
    }
    assert await found(category="reminder") == set()
    assert await found(status="dead") == await found(order="o3") == set()
    since = market.clock.now().isoformat()
    assert {each[0] for each in await found(since=since, category="new_order")} == {"sue"}
    assert {each[0] for each in await found(until=since, category="new_order")} == {"sam"}


async def test_the_list_has_pages_and_each_of_it_its_attempts(api: HttpApi, queue: Queue) -> None:
    ids = [f"d{n}" for n in range(5)]
    await queue.plan(*(a_delivery(id=id_, account_id=id_) for id_ in ids))
    for claim in await queue.claim():
        await queue.record(a_change(claim))

    seen: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 2, "status": "accepted"}
    while True:
        page = await told(api, "GET", DELIVERIES, params=query)
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert [each["id"] for each in seen] == ids[::-1]
    for each in seen:
        [attempt] = each["attempts"]
        assert (attempt["n"], attempt["result"], attempt["code"]) == (1, "accepted", "201")
        assert (each["target"], each["status"], each["next_attempt_at"]) == (
            "device",
            "accepted",
            None,
        )
        assert "ledger" not in each


async def test_one_is_shown_with_every_decision_and_it_is_noted_who_looked(
    api: HttpApi, queue: Queue
) -> None:
    [id_] = await queue.plan(a_delivery())
    waiting = await told(api, "GET", f"{DELIVERIES}/{id_}")
    await queue.claim()
    under_way = await told(api, "GET", f"{DELIVERIES}/{id_}")

    assert (waiting["status"], waiting["next_attempt_at"], waiting["leased_until"]) == (
        "due",
        "2026-11-24T12:00:00.000Z",
        None,
    )
    assert (under_way["status"], under_way["next_attempt_at"], under_way["leased_until"]) == (
        "sending",
        None,
        "2026-11-24T12:00:30.000Z",
    )
    assert await noted(api) == [("look", f"delivery:{id_}")] * 2
    assert await wrong(api, "GET", f"{DELIVERIES}/nothing") == (404, "not_found", [])


async def test_what_is_wrong_with_a_filter_is_told_by_its_name(api: HttpApi) -> None:
    cases: Sequence[tuple[Mapping[str, str], str]] = [
        ({"status": "lost"}, "status"),
        ({"channel": "pigeon"}, "channel"),
        ({"category": "news"}, "category"),
        ({"account": "a b"}, "account"),
        ({"account": "pigeon:x"}, "account"),
        ({"order": ""}, "order"),
        ({"reason": ""}, "reason"),
        ({"since": "yesterday"}, "since"),
        ({"since": "0.5"}, "since"),
        ({"limit": "201"}, "limit"),
        ({"cursor": "x"}, "cursor"),
    ]
    for query, path in cases:
        assert await wrong(api, "GET", DELIVERIES, params=query) == (400, "invalid", [path])


# --- one again, or away ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.DEAD, Status.UNCERTAIN, Status.EXPIRED])
async def test_what_was_given_up_goes_out_again_with_a_life_of_its_own(
    api: HttpApi, queue: Queue, status: Status
) -> None:
    row = a_delivery(channel="email", status=status, ready_at=None, attempts=4, crashes=3)
    [id_] = await queue.plan(row)
    api.market.clock.advance(timedelta(days=3))
    now = api.market.clock.now()

    shown = await told(api, "POST", f"{DELIVERIES}/{id_}/retry")

    assert (shown["status"], shown["reason"]) == ("retrying", "replayed")
    assert [(line["decision"], line["reason"]) for line in shown["ledger"]] == [
        ("retried", "replayed")
    ]
    [claim] = await queue.claim(channel="email", now=now)
    assert (claim.id, claim.attempts, claim.crashes) == (id_, 4, 0)
    assert claim.expires_at == now + LIFETIMES["email"]
    assert claim.priority is Priority.AGAIN_FIRST
    assert claim.uncertain is (status is Status.UNCERTAIN)
    assert api.market.ear.doorbells == [DOORBELL]
    assert await noted(api) == [("delivery.retry", f"delivery:{id_}")]


async def test_what_waits_is_hurried_and_nothing_else_of_it_changes(
    api: HttpApi, queue: Queue
) -> None:
    later = NOON + timedelta(hours=1)
    row = a_delivery(category="service", attempts=2, due_at=later, priority=Priority.AGAIN)
    [id_] = await queue.plan(row)
    await told(api, "POST", f"{DELIVERIES}/{id_}/retry")
    [claim] = await queue.claim(now=NOON)
    assert (claim.id, claim.priority, claim.expires_at) == (id_, Priority.AGAIN, row["expires_at"])


async def test_what_is_thrown_away_is_cancelled_and_says_so(api: HttpApi, queue: Queue) -> None:
    ids = await queue.plan(a_delivery(), a_delivery(**DEAD))
    for id_ in ids:
        shown = await told(api, "POST", f"{DELIVERIES}/{id_}/discard")
        assert (shown["status"], shown["reason"]) == ("cancelled", "discarded")
        assert [(line["decision"], line["reason"]) for line in shown["ledger"]] == [
            ("cancelled", "discarded")
        ]
        for action in ("retry", "discard"):
            assert await wrong(api, "POST", f"{DELIVERIES}/{id_}/{action}") == (
                409,
                "delivery_ended",
                [],
            )
    assert await queue.claim() == []
    log = await told(api, "GET", "/v1/ops/audit")
    assert [each["detail"]["before"]["status"] for each in log["items"]] == ["dead", "due"]


async def test_what_a_worker_has_is_left_to_it(api: HttpApi, queue: Queue) -> None:
    [id_] = await queue.plan(a_delivery())
    [claim] = await queue.claim()
    for action in ("retry", "discard"):
        refused = await wrong(api, "POST", f"{DELIVERIES}/{id_}/{action}")
        assert refused == (409, "delivery_under_way", [])
    assert await queue.record(a_change(claim)) == {id_}
    assert (await queue.row(id_)).status == Status.ACCEPTED
    assert await noted(api) == []


@pytest.mark.parametrize(("action", "status"), [("retry", "due"), ("discard", "cancelled")])
async def test_what_a_dead_worker_had_is_decided_about_even_while_its_channel_is_paused(
    api: HttpApi, queue: Queue, action: str, status: str
) -> None:
    """Should the worker live after all, it can write nothing more."""
    [id_] = await queue.plan(a_delivery(reason="quiet_hours", sending=True))
    joined = {"status": Status.SKIPPED, "reason": "joined", "ready_at": None, "joined_to": id_}
    [other] = await queue.plan(a_delivery(**joined))
    [claim] = await queue.claim()
    await told(api, "POST", f"{QUEUES}/push/pause")
    api.market.clock.advance(LEASE)
    now = api.market.clock.now()

    shown = await told(api, "POST", f"{DELIVERIES}/{id_}/{action}")

    assert shown["status"] == status
    assert await queue.renew([claim], now + LEASE) == set()
    assert await queue.record(a_change(claim)) == set()
    heir = await queue.row(other)
    assert heir.status == (Status.SKIPPED if action == "retry" else Status.SCHEDULED)
    await told(api, "POST", f"{QUEUES}/push/resume")
    [again] = await queue.claim(now=now, token="b")
    assert again.id == (id_ if action == "retry" else other)
    assert (again.crashes, again.sending) == (0, action == "retry")
    assert again.updated_at == (NOON if action == "retry" else now)


async def test_a_delivery_is_thrown_away_or_claimed_but_never_both(
    api: HttpApi, queue: Queue
) -> None:
    ids = await queue.plan(*(a_delivery(account_id=f"a{n}") for n in range(12)))

    async def discard(id_: str) -> int:
        return (await api.call(OPERATOR, "POST", f"{DELIVERIES}/{id_}/discard")).status_code

    codes, claims = await asyncio.gather(asyncio.gather(*map(discard, ids)), queue.claim(6))

    taken = {claim.id for claim in claims}
    for id_, code in zip(ids, codes, strict=True):
        assert code == (409 if id_ in taken else 200)
        assert (await queue.row(id_)).status == (
            Status.LEASED if id_ in taken else Status.CANCELLED
        )


# --- why ------------------------------------------------------------------------------------------


async def test_a_trace_tells_of_an_order_why_each_channel_did_or_did_not_send(
    api: HttpApi,
) -> None:
    market = api.market
    await market.account("sam", locale="de")
    await market.account("bea")
    await market.service("sam")
    await market.order(id="o1")
    await market.order(id="o2")

    page = await told(api, "GET", TRACE, params={"order": "o1"})

    sams = [each for each in page["items"] if each["account"] == "sam"]
    assert [each["notification"]["category"] for each in sams] == ["new_order"]
    why = {step["channel"]: step["explanation"] for each in sams for step in each["steps"]}
    assert why["push"] == "Kein Gerät nimmt Push-Nachrichten an."
    english = await told(
        api, "GET", TRACE, params={"order": "o1", "account": "sam", "locale": "en"}
    )
    [one] = english["items"]
    assert {step["reason"] for step in one["steps"]} == {"no_subscription", "at_once"}
    assert "No device takes pushes." in {step["explanation"] for step in one["steps"]}
    assert set(await noted(api)) == {("look", "order:o1")}


async def test_a_trace_of_an_account_has_pages(api: HttpApi) -> None:
    market = api.market
    await market.sam_and_bea()
    for n in range(3):
        await market.order(id=f"o{n}")
    whole = (await told(api, "GET", TRACE, params={"account": "sam"}))["items"]
    first = await told(api, "GET", TRACE, params={"account": "sam", "limit": 2})
    rest = await told(
        api, "GET", TRACE, params={"account": "sam", "limit": 200, "cursor": first["next_cursor"]}
    )
    assert [*first["items"], *rest["items"]] == whole
    assert len(whole) >= 3
    assert rest["next_cursor"] is None
    assert ("look", "account:sam") in await noted(api)


async def test_a_trace_is_of_something_that_there_is(api: HttpApi) -> None:
    assert await wrong(api, "GET", TRACE) == (400, "invalid", ["order"])
    assert await wrong(api, "GET", TRACE, params={"order": "o9"}) == (404, "not_found", ["order"])
    assert await wrong(api, "GET", TRACE, params={"account": "x"}) == (
        404,
        "not_found",
        ["account"],
    )
    assert await wrong(api, "GET", TRACE, params={"account": "x", "locale": "fr"}) == (
        400,
        "invalid",
        ["locale"],
    )
