"""A push that is sent to see whether pushes come: the answer is the push service's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.identity import Identity
from realtime.delivery.endpoint_guard import EndpointGuard
from realtime.delivery.push.sender import PushSender
from realtime.delivery.push.trial import PushTrial
from realtime.delivery.push.vapid import VapidSigner
from storage.engine import Database
from tests.support.clock import StillClock
from tests.support.delivery_world import KEY, PUBLIC_URL
from tests.support.http_api import HttpApi
from tests.support.marketplace import Marketplace
from tests.support.push_service import Answer, PushService

TEST = "/v1/me/push-subscriptions/test"


@asynccontextmanager
async def a_trial(database: Database) -> AsyncIterator[tuple[HttpApi, PushService]]:
    clock = StillClock()
    async with PushService(public_key=KEY.public_text, clock=clock).running() as service:
        sender = PushSender(
            signer=VapidSigner(keys=[KEY], subject="mailto:ops@market.example", clock=clock),
            guard=EndpointGuard([service.origin]),
            clock=clock,
        )
        trial = PushTrial(sender=sender, public_url=PUBLIC_URL)
        api = HttpApi(Marketplace(database, clock, trial=trial))
        try:
            yield api, service
        finally:
            await api.close()
            await api.market.push_trials.close()


async def a_device(api: HttpApi, service: PushService, account: Identity, name: str) -> str:
    subscription = service.subscribe(name)
    stored = await api.market.accounts.subscribe_push(
        account,
        endpoint=subscription.endpoint,
        p256dh=subscription.keys.p256dh,
        auth=subscription.keys.auth,
        label=name,
    )
    return stored["id"]


async def test_each_device_gets_a_push_and_its_answer_is_told(database: Database) -> None:
    async with a_trial(database) as (api, service):
        sam = await api.market.account("sam", locale="de")
        laptop = await a_device(api, service, sam, "laptop")
        answer = await api.call(sam, "POST", TEST)
        assert answer.json() == {
            "items": [
                {
                    "id": laptop,
                    "label": "laptop",
                    "accepted": True,
                    "result": "accepted",
                    "reason": "sent",
                    "status": "201",
                    "detail": "",
                }
            ],
            "next_cursor": None,
        }
        [received] = service.received
        assert received.payload["title"] == "Push-Nachrichten kommen an"
        assert received.payload["link"] == f"{PUBLIC_URL}/settings"


async def test_a_refusal_is_told_as_the_push_service_said_it(database: Database) -> None:
    async with a_trial(database) as (api, service):
        sam = await api.market.account("sam")
        await a_device(api, service, sam, "laptop")
        service.script.append(Answer(status=403, body=b"BadJwtToken"))
        [told] = (await api.call(sam, "POST", TEST)).json()["items"]
        assert (told["accepted"], told["reason"]) == (False, "vapid_refused")
        assert (told["status"], told["detail"]) == ("403", "BadJwtToken")


async def test_one_device_can_be_tried_alone_and_is_forgotten_if_it_is_gone(
    database: Database,
) -> None:
    async with a_trial(database) as (api, service):
        sam = await api.market.account("sam")
        eve = await api.market.account("eve")
        laptop = await a_device(api, service, sam, "laptop")
        phone = await a_device(api, service, sam, "phone")
        service.script.append(Answer(status=410))
        [told] = (await api.call(sam, "POST", f"{TEST}?id={phone}")).json()["items"]
        left = await api.market.accounts.push_subscriptions(sam)
        again = await api.call(sam, "POST", f"{TEST}?id={phone}")
        eves = await api.call(eve, "POST", f"{TEST}?id={laptop}")
        assert (told["id"], told["result"]) == (phone, "gone")
        assert [device["id"] for device in left] == [laptop]
        assert (again.status_code, eves.status_code) == (404, 404)
        assert len(service.received) == 1


async def test_a_server_without_keys_says_so(api: HttpApi) -> None:
    sam = await api.market.account("sam")
    answer = await api.call(sam, "POST", TEST)
    assert (answer.status_code, answer.json()["code"]) == (404, "push_not_set_up")
    await api.market.push_trials.close()
