"""A marketplace whose alerts go to a push service and a mail server on loopback."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from domain.identity import Identity
from domain.preferences import Channel
from domain.publications import Publication
from realtime.clock import Clock
from realtime.delivery.board import Board
from realtime.delivery.carrier import Carrier
from realtime.delivery.email.carrier import Bounces, MailCarrier
from realtime.delivery.email.compose import MailComposer
from realtime.delivery.email.dkim import DkimSigner
from realtime.delivery.email.headers import Mailbox
from realtime.delivery.email.relay import MailTimeouts, parse_relays
from realtime.delivery.email.reply_address import ReplyAddresses
from realtime.delivery.email.sender import MailSender
from realtime.delivery.email.unsubscribe import UnsubscribeTokens
from realtime.delivery.endpoint_guard import EndpointGuard
from realtime.delivery.lane import Pace
from realtime.delivery.push.carrier import PushCarrier
from realtime.delivery.push.sender import PushLimits, PushSender
from realtime.delivery.push.vapid import VapidKey, VapidSigner
from realtime.delivery.recorder import Decided
from realtime.delivery.worker import Worker
from realtime.ids import new_id
from realtime.services.views import Shape
from storage import ledger
from storage.deliveries import DOORBELL
from storage.engine import Database
from storage.rows import Record, fetch_all
from storage.tables import deliveries as deliveries_table
from tests.support.clock import StillClock
from tests.support.eventually import eventually
from tests.support.mail_server import MailServer
from tests.support.marketplace import Marketplace
from tests.support.push_service import PushService, Subscription

PUBLIC_URL = "https://market.example"
KEY = VapidKey.generate()
TOKENS = UnsubscribeTokens([b"a secret for links"])
# Nothing is waited for that does not come: whoever waits is rung, or the test fails.
NO_POLL = 3_600.0
PATIENT = PushLimits(timeout=5.0)
BRIEF = MailTimeouts(connect=5.0, command=5.0, answer=5.0)


def push_carrier(
    database: Database,
    clock: Clock,
    *origins: str,
    key: VapidKey = KEY,
    limits: PushLimits = PATIENT,
    board: Board | None = None,
) -> PushCarrier:
    """Make a carrier that trusts these push services."""
    sender = PushSender(
        signer=VapidSigner(keys=[key], subject="mailto:ops@market.example", clock=clock),
        guard=EndpointGuard(origins),
        clock=clock,
        limits=limits,
        board=board,
    )
    return PushCarrier(sender=sender, database=database, public_url=PUBLIC_URL)


def mail_carrier(
    clock: Clock,
    url: str,
    bounces: Bounces,
    *,
    timeouts: MailTimeouts = BRIEF,
    signer: DkimSigner | None = None,
    replies: ReplyAddresses | None = None,
    board: Board | None = None,
) -> MailCarrier:
    """Make a carrier for one relay, or several separated by commas."""
    return MailCarrier(
        sender=MailSender(
            parse_relays(url),
            helo="market.example",
            timeouts=timeouts,
            board=board,
            clock=clock,
        ),
        composer=MailComposer(
            sender=Mailbox("Market", "no-reply@market.example"),
            settings_url=f"{PUBLIC_URL}/settings",
            clock=clock,
        ),
        tokens=TOKENS,
        bounces=bounces,
        signer=signer,
        replies=replies,
        public_url=PUBLIC_URL,
    )


class Bell:
    """A herald that rings workers."""

    def __init__(self) -> None:
        self.workers: list[Worker] = []

    async def announce(self, _news: list[Publication], doorbells: set[str]) -> None:
        """Wake them."""
        if DOORBELL in doorbells:
            for worker in self.workers:
                worker.wake()


class World:
    """Sam sells, Bea buys; what reaches Sam's devices and mailbox can be read."""

    def __init__(
        self, database: Database, clock: StillClock, pushes: PushService, mails: MailServer
    ) -> None:
        self.database = database
        self.clock = clock
        self.pushes = pushes
        self.mails = mails
        self.marketplace = Marketplace(database, clock)
        self.bell = Bell()
        database.announce_to(self.bell)
        self.decided: list[Decided] = []

    @property
    def carriers(self) -> Mapping[Channel, Carrier]:
        """A carrier for each channel."""
        return {
            Channel.PUSH: push_carrier(self.database, self.clock, self.pushes.origin),
            Channel.EMAIL: mail_carrier(self.clock, self.mails.url, self.marketplace.suppressions),
        }

    async def people(self, **sam: Any) -> Identity:
        """Tell of Sam (a profile as is named) and of Bea; Sam's service is approved by now."""
        seller = await self.marketplace.account("sam", **({"name": "Sam Seller"} | sam))
        await self.marketplace.account("bea", name="Bea Brandt")
        await self.marketplace.services.put("sam-logo", _LOGO | {"status": "pending"})
        await self.marketplace.services.put("sam-logo", _LOGO)
        await self.forget_all()
        return seller

    async def forget_all(self) -> None:
        """Empty the queue: what came before the story is not part of it."""

        async def work(tx: Any) -> None:
            await tx.connection.execute(deliveries_table.delete())

        await self.database.transaction(work)

    async def device(
        self, account: Identity, name: str = "laptop", *, at: PushService | None = None
    ) -> Subscription:
        """Let a browser take an account's pushes, which come to it from a push service."""
        subscription = (at or self.pushes).subscribe(name)
        await self.marketplace.accounts.subscribe_push(
            account,
            endpoint=subscription.endpoint,
            p256dh=subscription.keys.p256dh,
            auth=subscription.keys.auth,
            label=name,
        )
        return subscription

    @asynccontextmanager
    async def worker(
        self,
        carriers: Mapping[Channel, Carrier] | None = None,
        pace: Pace | None = None,
        **options: Any,
    ) -> AsyncIterator[Worker]:
        """Run a worker until the block is left."""
        mine = self.carriers if carriers is None else carriers
        worker = Worker(
            database=self.database,
            carriers=mine,
            clock=self.clock,
            new_id=new_id,
            pace=replace(pace or Pace(), poll=NO_POLL),
            watch=self.decided.append,
            **options,
        )
        self.bell.workers.append(worker)
        running = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            self.bell.workers.remove(worker)
            await worker.stop()
            await running
            for carrier in mine.values():
                await carrier.close()

    async def decisions(self, count: int) -> list[tuple[str, str, str]]:
        """Wait until so many decisions are written; return (channel, decision, reason) of all."""
        await eventually(lambda: len(self.decided) >= count)
        return sorted((each.channel, each.decision, each.reason) for each in self.decided)

    async def trace(self, account: Identity) -> Shape:
        """Tell the ledger of an account's newest notification."""
        page = await self.marketplace.notifications.page(account, after=None, limit=1)
        return await self.marketplace.notifications.trace(account, page["items"][0]["id"])

    async def deliveries(self) -> list[Record]:
        """Read the queue, pushes behind mails."""
        async with self.database.reading() as connection:
            rows = await fetch_all(
                connection,
                deliveries_table.select().order_by(
                    deliveries_table.c.channel, deliveries_table.c.created_at
                ),
            )
        return list(rows)

    async def attempts(self, notification_id: str) -> list[Record]:
        """Read the attempts to tell of a notification."""
        async with self.database.reading() as connection:
            return list(await ledger.attempts_of(connection, 0, notification_id))


_LOGO = {
    "seller_id": "sam",
    "title": "A logo",
    "status": "approved",
    "delivery_days": 3,
    "questions": [],
}


@asynccontextmanager
async def a_world(database: Database) -> AsyncIterator[World]:
    """Start both servers."""
    clock = StillClock()
    pushes, mails = PushService(public_key=KEY.public_text, clock=clock), MailServer()
    async with pushes.running(), mails.running():
        yield World(database, clock, pushes, mails)
