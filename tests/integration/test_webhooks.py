"""Webhooks: events of every kind reach the marketplace's endpoints, signed, and until they do."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from domain.errors import NotFound
from domain.lifecycle import Action
from domain.reports import ReportReason
from domain.webhooks import REPORT_CREATED
from realtime.delivery.endpoint_guard import EndpointGuard
from realtime.delivery.webhooks.poster import WebhookPoster
from realtime.services.order_commands import Say
from realtime.services.reports import Complaint
from realtime.services.webhook_events import WebhookEvent
from storage.deliveries import MAX_CRASHES, Priority
from storage.engine import Database, Transaction
from storage.tables import audit_log, deliveries, ledger, webhook_events, webhooks
from storage.webhooks import DOORBELL as BELL
from tests.support.marketplace import BACKEND
from tests.support.rebound import Rebound
from tests.support.webhook_receiver import Reply, WebhookReceiver
from tests.support.webhook_world import World


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with WebhookReceiver().running() as receiver:
        yield World(database, receiver)


def types(world: World) -> list[str]:
    return [json.loads(posted.body)["type"] for posted in world.receiver.posted]


async def test_an_official_receiver_takes_what_is_sent(world: World) -> None:
    hook = await world.endpoint("order.*")
    await world.market.sam_and_bea()
    order = await world.market.order()
    async with world.worker():
        [posted] = await world.receiver.wait_for(1)
        assert await world.decisions(1) == [("accepted", "sent")]

    event = posted.verified(hook["secret"])
    assert event["type"] == "order.created"
    assert event["timestamp"].endswith("Z")
    assert event["data"]["order"] == {
        "id": order["id"],
        "number": order["number"],
        "service_id": "sam-logo",
        "seller_id": "sam",
        "buyer_id": "bea",
        "price": {"amount": 12_050, "currency": "EUR"},
        "status": order["status"],
        "due_at": order["due_at"],
        "conversation_id": order["conversation_id"],
        "version": 1,
    }
    assert posted.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        replace(posted, body=posted.body + b" ").verified(hook["secret"])
    assert [
        (row.decision, row.reason) for row in await world.rows(ledger) if row.channel == "webhook"
    ] == [
        ("planned", "at_once"),
        ("accepted", "sent"),
    ]


async def test_each_event_goes_to_whoever_wants_it(world: World) -> None:
    await world.endpoint("order.cancelled", "message.*", path="/some")
    await world.endpoint("*", path="/all")
    await world.endpoint("delivery.dead", path="/dead")
    sam, bea = await world.market.sam_and_bea()
    order = await world.market.order()
    sent = await world.market.send(bea, order["conversation_id"], "Hello")
    await world.market.changes.edit(bea, order["conversation_id"], sent.seq, "Hello, Sam")
    await world.market.changes.delete(bea, order["conversation_id"], sent.seq)
    await world.market.order_actions.act(BACKEND, order["id"], Action.CANCEL, Say())
    await world.market.reports.report(sam, Complaint(account_id="bea", reason=ReportReason.SPAM))
    async with world.worker():
        await world.receiver.wait_for(10)

    def at(path: str) -> list[str]:
        return sorted(
            json.loads(posted.body)["type"]
            for posted in world.receiver.posted
            if posted.path == path
        )

    messages = ["message.created", "message.deleted", "message.edited"]
    assert at("/some") == [*messages, "order.cancelled"]
    assert at("/all") == [*messages, "order.cancelled", "order.created", "report.created"]
    assert at("/dead") == []


async def test_a_message_is_told_as_its_thread_has_it(world: World) -> None:
    hook = await world.endpoint("message.created")
    sam, bea = await world.market.sam_and_bea()
    thread = await world.market.direct(bea, sam)
    sent = await world.market.send(bea, thread, "Hello")
    async with world.worker():
        [posted] = await world.receiver.wait_for(1)
    assert posted.verified(hook["secret"])["data"] == {
        "conversation_id": thread,
        "message": msgspec.json.decode(sent.message),
    }


async def test_nothing_is_written_of_what_nobody_wants(world: World) -> None:
    await world.endpoint("report.created")
    sam, bea = await world.market.sam_and_bea()
    await world.market.send(bea, await world.market.direct(bea, sam))
    assert await world.rows(webhook_events) == []


async def test_an_event_is_there_only_if_its_cause_is(world: World) -> None:
    await world.endpoint("*")
    await world.market.sam_and_bea()

    class Undone(Exception):
        pass

    async def work(tx: Transaction) -> None:
        await world.market.webhook_events.tell(tx, [WebhookEvent(REPORT_CREATED, "sam", {})])
        raise Undone

    with pytest.raises(Undone):
        await world.database.transaction(work)
    assert await world.rows(webhook_events) == []


async def test_what_fails_comes_again_under_its_id_until_it_is_taken(world: World) -> None:
    hook = await world.endpoint("order.created")
    await world.market.sam_and_bea()
    world.receiver.script += [
        Reply(status=500, body=b"broken\n\x00"),
        Reply(status=302, headers={"Location": f"{world.receiver.origin}/elsewhere"}),
        Reply(status=503, headers={"Retry-After": "120"}),
    ]
    await world.market.order()
    async with world.worker():
        for count in (1, 2, 3, 4):
            await world.receiver.wait_for(count)
            await world.decisions(count)
            world.clock.advance(timedelta(minutes=5))
            world.wake()
        assert await world.decisions(4) == [
            ("retried", "try_later"),
            ("retried", "try_later"),
            ("retried", "rate_limited"),
            ("accepted", "sent"),
        ]
        assert (await world.market.webhooks.get(hook["id"]))["failing_since"] is None
    assert {posted.path for posted in world.receiver.posted} == {"/hook"}
    assert len({posted.headers["webhook-id"] for posted in world.receiver.posted}) == 1
    assert len({posted.body for posted in world.receiver.posted}) == 1


async def test_who_asks_for_time_is_given_it(world: World) -> None:
    await world.endpoint("order.created")
    await world.market.sam_and_bea()
    world.receiver.script.append(Reply(status=429, headers={"Retry-After": "600"}))
    await world.market.order()
    async with world.worker():
        await world.decisions(1)
        [row] = [row for row in await world.rows(deliveries) if row.channel == "webhook"]
    assert row.due_at >= world.clock.now() + timedelta(seconds=600)


async def test_a_silent_endpoint_and_an_endless_answer_cost_little(world: World) -> None:
    await world.endpoint("order.created")
    await world.market.sam_and_bea()
    world.receiver.script += [Reply(stall=True), Reply(status=200, body=b"x" * 1_000_000)]
    await world.market.order()
    async with world.worker(timeout=0.3):
        assert await world.decisions(1) == [("retried", "timeout")]
        world.clock.advance(timedelta(minutes=1))
        world.wake()
        await world.decisions(2)
    line = next(row for row in await world.rows(ledger) if row.decision == "accepted")
    assert len(line.detail) <= 500


async def test_three_days_are_enough(world: World) -> None:
    hook = await world.endpoint("order.created")
    await world.market.sam_and_bea()
    await world.market.order()
    world.clock.advance(timedelta(hours=72))
    async with world.worker():
        assert await world.decisions(1) == [("dead", "expired")]
    assert world.receiver.posted == []
    assert (await world.market.webhooks.get(hook["id"]))["enabled"]


async def test_an_endpoint_that_is_gone_is_switched_off_and_the_others_are_told(
    world: World,
) -> None:
    hook = await world.endpoint("order.created")
    other = await world.endpoint("webhook.disabled", path="/other")
    await world.market.sam_and_bea()
    world.receiver.script.append(Reply(status=410))
    await world.market.order(id="o1")
    async with world.worker():
        posted = await world.receiver.wait_for(2)
        told = posted[1].verified(other["secret"])
        await world.decisions(2)
        await world.market.webhook_events.look()
        await world.market.order(id="o2")
        assert types(world) == ["order.created", "webhook.disabled"]
    assert told["data"]["webhook"]["id"] == hook["id"]
    shown = await world.market.webhooks.get(hook["id"])
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "endpoint_gone")
    [deed] = await world.rows(audit_log)
    assert (deed.actor, deed.action, deed.about) == (
        "system",
        "webhook.disable",
        f"webhook:{hook['id']}",
    )


async def test_an_endpoint_that_fails_for_days_is_switched_off(world: World) -> None:
    hook = await world.endpoint("order.created")
    await world.market.sam_and_bea()
    world.receiver.script += [Reply(status=500), Reply(status=500)]
    await world.market.order(id="o1")
    async with world.worker():
        await world.decisions(1)
        assert (await world.market.webhooks.get(hook["id"]))["failing_since"] is not None
        world.clock.advance(timedelta(days=5))
        await world.market.order(id="o2")
        # The first is too old by now.
        await world.decisions(3)
        shown = await world.market.webhooks.get(hook["id"])
        assert (shown["enabled"], shown["disabled_reason"]) == (False, "endpoint_fails")
        # What is under way waits no longer once its moment comes.
        world.clock.advance(timedelta(hours=1))
        world.wake()
        assert (await world.decisions(4))[3] == ("skipped", "endpoint_disabled")
    again = await world.market.webhooks.change(hook["id"], {}, enabled=True)
    assert (again["enabled"], again["failing_since"]) == (True, None)


async def test_what_an_endpoint_no_longer_wants_is_cancelled(world: World) -> None:
    hook = await world.endpoint("order.created")
    await world.market.sam_and_bea()
    await world.market.order()
    await world.market.webhooks.drop(hook["id"])
    async with world.worker():
        assert await world.decisions(1) == [("cancelled", "gone")]
    with pytest.raises(NotFound):
        await world.market.webhooks.get(hook["id"])


async def test_what_brings_workers_down_is_given_up(world: World) -> None:
    await world.endpoint("order.created")
    await world.market.sam_and_bea()
    await world.market.order(id="o1")
    await world.change(
        deliveries.update().where(deliveries.c.channel == "webhook").values(crashes=MAX_CRASHES)
    )
    async with world.worker():
        assert await world.decisions(1) == [("dead", "poison")]


async def test_who_crashed_before_is_tried_apart(world: World) -> None:
    await world.endpoint("order.created")
    await world.market.sam_and_bea()
    await world.market.order(id="o1")
    await world.change(
        deliveries.update().where(deliveries.c.channel == "webhook").values(crashes=1)
    )
    async with world.worker():
        assert await world.decisions(1) == [("accepted", "sent")]


@pytest.mark.parametrize(
    "url",
    [
        "http://market.example/hook",
        "https://127.0.0.1/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://169.254.169.254/latest",
    ],
)
async def test_nothing_inside_is_called_whatever_stands_there(world: World, url: str) -> None:
    await world.endpoint("order.created", url=url)
    await world.market.sam_and_bea()
    await world.market.order()
    async with world.worker():
        assert await world.decisions(1) == [("dead", "bad_endpoint")]


async def test_a_name_that_leads_inside_is_not_connected_to(world: World) -> None:
    port = world.receiver.origin.rpartition(":")[2]
    poster = WebhookPoster(guard=EndpointGuard(), clock=world.clock, resolver=Rebound("127.0.0.1"))
    outcome = await poster.post(f"https://hooks.example.com:{port}/hook", b"{}", {})
    await poster.close()
    assert (outcome.result, outcome.reason) == ("dead", "bad_endpoint")
    assert world.receiver.posted == []


async def test_who_does_not_listen_is_tried_again(world: World) -> None:
    await world.endpoint("order.created")
    await world.market.sam_and_bea()
    await world.market.order()
    async with world.worker():
        await world.decisions(1)
    async with WebhookReceiver().running() as other:
        origin = other.origin
    poster = WebhookPoster(guard=EndpointGuard([origin]), clock=world.clock)
    outcome = await poster.post(f"{origin}/hook", b"{}", {})
    await poster.close()
    assert (outcome.result, outcome.reason) == ("retry", "connection_failed")


async def test_a_dead_alert_is_told_of_and_a_dead_webhook_is_not(world: World) -> None:
    hook = await world.endpoint("delivery.dead")
    await world.endpoint("*", url="https://127.0.0.1/hook")
    await world.market.sam_and_bea()
    await world.change(deliveries.delete())
    await world.market.order(id="o1")
    # Nothing carries mails and pushes here: what ends them is the number of crashes.
    await world.change(
        deliveries.update().where(deliveries.c.channel == "email").values(crashes=MAX_CRASHES)
    )
    async with world.worker():
        [posted] = await world.receiver.wait_for(1)
        await world.decisions(3)
    delivery = posted.verified(hook["secret"])["data"]["delivery"]
    assert (delivery["account_id"], delivery["channel"], delivery["reason"]) == (
        "sam",
        "email",
        "poison",
    )
    assert delivery["order_id"] == "o1"


async def test_a_new_secret_is_used_beside_the_former_one_for_a_day(world: World) -> None:
    hook = await world.endpoint("order.created")
    await world.market.sam_and_bea()
    rotated = await world.market.webhooks.rotate(hook["id"])
    assert rotated["secret"] != hook["secret"]
    async with world.worker():
        await world.market.order(id="o1")
        [posted] = await world.receiver.wait_for(1)
        assert posted.verified(hook["secret"]) == posted.verified(rotated["secret"])
        await world.decisions(1)
        await world.change(webhooks.update().values(former_until=world.clock.now()))
        await world.market.order(id="o2")
        posted = (await world.receiver.wait_for(2))[1]
    assert posted.verified(rotated["secret"])
    with pytest.raises(WebhookVerificationError):
        posted.verified(hook["secret"])


async def test_what_an_erased_account_wrote_is_sent_no_more(world: World) -> None:
    await world.endpoint("message.created")
    sam, bea = await world.market.sam_and_bea()
    await world.market.send(bea, await world.market.direct(bea, sam), "My secret")
    await world.market.erasing.erase("bea")
    assert await world.rows(webhook_events) == []
    async with world.worker():
        assert await world.decisions(1) == [("cancelled", "gone")]


async def test_who_waits_for_an_endpoint_that_fails_keeps_nobody_waiting(world: World) -> None:
    hook = await world.endpoint("order.created")
    await world.market.sam_and_bea()
    world.receiver.script.append(Reply(status=500))

    async def priority(order_id: str) -> int:
        await world.market.order(id=order_id)
        rows = [row for row in await world.rows(deliveries) if row.channel == "webhook"]
        return int(max(rows, key=lambda row: str(row.id)).priority)

    assert await priority("o1") == Priority.NORMAL
    async with world.worker():
        await world.decisions(1)
    assert (await world.market.webhooks.get(hook["id"]))["failing_since"] is not None
    assert BELL in world.market.ear.doorbells
    await world.market.webhook_events.look()
    assert await priority("o2") == Priority.CROWD
