"""A seller and a buyer as they come from outside: API and socket, pushes and mails."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from realtime.delivery.push.vapid import VapidKey
from storage.timers import DOORBELL
from tests.support.mail_server import MailServer
from tests.support.node import SERVICE_KEY, RunningNode, running_node
from tests.support.push_service import PushService
from tests.support.raw_client import RawClient, raw_client
from tests.support.shifted_clock import ShiftedClock

# Longer than any test lets time pass.
LIFETIME = timedelta(days=60)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account, and the node that they reach."""

    account: str
    node: RunningNode

    async def call(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """Call the API; the answer has the status that is expected."""
        headers = {"Authorization": f"Bearer {self._token()}"}
        told = {"params" if method == "GET" else "json": body}
        answer = await self.node.http.request(method, f"/v1{path}", headers=headers, **told)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def get(self, path: str, **query: str) -> Any:
        """Read something."""
        return await self.call("GET", path, query)

    async def does(self, order: Json, action: str, **data: Any) -> Any:
        """Do one thing with an order."""
        return await self.call(
            "POST", f"/orders/{order['id']}/actions", {"action": action, "data": data}
        )

    @asynccontextmanager
    async def online(self) -> AsyncIterator["Socket"]:
        """Connect, and look at the inbox."""
        async with raw_client(self.node.socket_url) as client:
            socket = Socket(client, self.account)
            await client.connect(self._token())
            await client.subscribe(socket.inbox)
            yield socket

    def _token(self) -> str:
        return self.node.token(self.account, lifetime=LIFETIME)


class Socket:
    """A live connection of a person, who looks at their inbox."""

    def __init__(self, client: RawClient, account: str) -> None:
        self.client = client
        self.inbox = f"inbox:{account}"

    async def hears(self, kind: str, true: Callable[[Json], bool] = bool) -> Json:
        """Wait for news of a kind in the inbox that are as expected."""
        return await self._published(self.inbox, kind, lambda data: true(data[kind]), kind)

    async def opens(self, conversation_id: str) -> Json:
        """Listen to a thread; return what it begins with."""
        opened = await self.client.subscribe(f"thread:{conversation_id}")
        begins: Json = opened["data"]
        return begins

    async def reads(self, conversation_id: str, kind: str, true: Callable[[Json], bool]) -> Json:
        """Wait for an entry of a thread that is as expected."""
        return await self._published(f"thread:{conversation_id}", kind, true)

    async def says(self, conversation_id: str, body: str, **more: Any) -> Json:
        """Send a message; return it as it was stored."""
        sent: Json = await self.client.rpc(
            "message.send", conversation=conversation_id, client_id=body, body=body, **more
        )
        message: Json = sent["message"]
        return message

    async def _published(
        self, channel: str, kind: str, true: Callable[[Json], bool], part: str | None = None
    ) -> Json:
        def found() -> list[Json]:
            told = [each["data"] for each in self.client.publications(channel)]
            return [data for data in told if data["type"] == kind and true(data)]

        await self.client.until(found)
        data = found()[0]
        shown: Json = data[part] if part else data
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoSides:
    """Sam, who sells, and Bea, who buys, and what leaves the house for them."""

    sam: Person
    bea: Person
    pushes: PushService
    mails: MailServer
    clock: ShiftedClock

    async def marketplace(
        self, method: str, path: str, body: Any = None, *, status: int | None = None
    ) -> Any:
        """Call as the marketplace's backend."""
        if status is None:
            return await self.bea.node.backend(method, f"/v1{path}", body)
        headers = {"Authorization": f"Bearer {SERVICE_KEY}"}
        answer = await self.bea.node.http.request(method, f"/v1{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def service(self, service_id: str = "logo", **more: Any) -> Json:
        """Tell of a service of Sam's, approved unless said otherwise."""
        offer = {"seller_id": "sam", "title": "A logo", "status": "approved", "delivery_days": 3}
        told: Json = await self.marketplace("PUT", f"/services/{service_id}", offer | more)
        return told

    async def order(self, service_id: str = "logo", **more: Any) -> Json:
        """Have Bea order."""
        price = {"amount": 12_050, "currency": "EUR"}
        body = {"service_id": service_id, "buyer_id": "bea", "price": price, **more}
        placed: Json = await self.marketplace("POST", "/orders", body)
        return placed

    def passes(self, **time: float) -> None:
        """Let time pass, and what falls due happen."""
        self.clock.advance(timedelta(**time))
        for person in (self.sam, self.bea):
            person.node.node.use_cases.clockwork.ring(DOORBELL)


@asynccontextmanager
async def two_sides(database_url: str, redis_url: str | None) -> AsyncIterator[TwoSides]:
    """Serve them both: on one node, or with Redis on two."""
    clock, key = ShiftedClock(), VapidKey.generate()
    pushes, mails = PushService(public_key=key.public_text, clock=clock), MailServer()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(pushes.running())
        await stack.enter_async_context(mails.running())
        settings = _settings(key, pushes, mails, redis_url)
        nodes = [
            await stack.enter_async_context(
                running_node(database_url, settings=settings, clock=clock)
            )
            for _ in range(2 if redis_url else 1)
        ]
        sam = Person(account="sam", node=nodes[0])
        bea = Person(account="bea", node=nodes[-1])
        for person in (sam, bea):
            profile = {"name": person.account.title(), "email": f"{person.account}@example.com"}
            await sam.node.backend("PUT", f"/v1/accounts/{person.account}", profile)
        yield TwoSides(sam=sam, bea=bea, pushes=pushes, mails=mails, clock=clock)


def _settings(
    key: VapidKey, pushes: PushService, mails: MailServer, redis_url: str | None
) -> Mapping[str, str]:
    texts = {
        "SMTP_URL": mails.url,
        "MAIL_FROM": "Market <no-reply@market.example>",
        "VAPID_PRIVATE_KEY": key.private_text,
        "VAPID_SUBJECT": "mailto:ops@market.example",
        "PUSH_EXTRA_ORIGINS": pushes.origin,
        **({"REDIS_URL": redis_url} if redis_url else {}),
    }
    return {f"ORDERWIRE_{name}": text for name, text in texts.items()}
