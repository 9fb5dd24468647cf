"""One node without its sockets: every service on one database, and people to use them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from domain.contact_details import DetailMode
from domain.errors import OrderwireError
from domain.identity import Identity, Role
from domain.publications import Publication
from domain.timers import Periods
from realtime.delivery.backoff import LIFETIMES
from realtime.delivery.email.compose import MailComposer
from realtime.delivery.email.headers import Mailbox
from realtime.delivery.email.preview import MailPreview
from realtime.delivery.email.relay import Relay
from realtime.delivery.email.sender import MailSender
from realtime.delivery.ledger import explain
from realtime.delivery.message_planner import MessagePlanner
from realtime.delivery.planner import Planner
from realtime.delivery.targets import shown_address
from realtime.files.directory import Directory
from realtime.files.pictures import Painter
from realtime.ids import new_epoch, new_id
from realtime.services.accounts import Accounts
from realtime.services.attachment_files import FileStore, NoScanner, Scanner, once
from realtime.services.attachment_links import AttachmentLinks
from realtime.services.attachment_sweep import AttachmentSweep
from realtime.services.attachment_uploads import Uploads
from realtime.services.attachments import Attachments
from realtime.services.auditing import Audit
from realtime.services.blocks import Blocks
from realtime.services.channel_reads import ChannelReads
from realtime.services.contact_details import ContactDetails
from realtime.services.contacts import Contacts
from realtime.services.conversations import Conversations
from realtime.services.drafts import Drafts
from realtime.services.erased_accounts import ErasedAccounts
from realtime.services.erasing import Erasing
from realtime.services.export import Export
from realtime.services.held_messages import HeldMessages
from realtime.services.indexer import Indexer
from realtime.services.mail_events import MailEvents
from realtime.services.mail_previews import MailPreviews
from realtime.services.mail_replies import MailReplies
from realtime.services.message_changes import MessageChanges
from realtime.services.message_store import MessageStore
from realtime.services.messages import Messages, SendMessage, Sent
from realtime.services.notifications import Notifications
from realtime.services.order_actions import OrderActions
from realtime.services.order_events import OrderEvents
from realtime.services.order_papers import OrderPapers
from realtime.services.order_timers import OrderTimers
from realtime.services.order_traces import OrderTraces
from realtime.services.order_views import OrderViews
from realtime.services.orders import Orders, PlaceOrder
from realtime.services.people import People
from realtime.services.push_trials import PushTrials, Trial
from realtime.services.queue_control import QueueControl
from realtime.services.queue_figures import QueueFigures
from realtime.services.quick_replies import QuickReplies
from realtime.services.rates import AccountRates
from realtime.services.replaying import Replays
from realtime.services.reports import Reports
from realtime.services.requirements import Requirements
from realtime.services.search import Search
from realtime.services.services import Services
from realtime.services.suppressions import Suppressions
from realtime.services.views import Shape
from realtime.services.webhook_events import WebhookEvents
from realtime.services.webhooks import Webhooks
from storage import attachments
from storage.engine import Database, Transaction
from storage.rows import Record
from tests.support.clock import StillClock

EDIT_WITHIN = timedelta(hours=24)
QUESTION = {
    "id": "logo",
    "kind": "text",
    "prompt": "What shall the logo say?",
    "required": True,
    "options": [],
    "multiple": False,
}

# How fast somebody may write is tested where it is decided.
# A busy machine may take longer to commit than a sender would wait.
PATIENT = 60.0
NOWHERE = Directory(Path("/dev/null/files"))
# Attachments are small here; what a limit does does not depend on where it is.
MOST_BYTES = 1024 * 1024
LINK_SECRETS = (b"the secret of links", b"the one before it")
UNLIMITED = AccountRates(rate=0, burst=0, monotonic=lambda: 0.0)


class Ear:
    """A herald that keeps what it was told."""

    def __init__(self) -> None:
        self.news: list[Publication] = []
        self.doorbells: list[str] = []
        self._bells: list[Callable[[str], None]] = []

    def rings(self, bell: Callable[[str], None]) -> None:
        """Have somebody hear the doorbells, too."""
        self._bells.append(bell)

    async def announce(self, news: list[Publication], doorbells: set[str]) -> None:
        """Keep it."""
        self.news += news
        self.doorbells += doorbells
        for bell in self._bells:
            for doorbell in doorbells:
                bell(doorbell)

    def on(self, channel: str) -> list[dict[str, Any]]:
        """Return what a channel carried, in order."""
        return [msgspec.json.decode(p.data) for p in self.news if p.channel == channel]

    def offsets(self, channel: str) -> list[int]:
        """Return the offsets of a channel's durable publications, in the order of the commits."""
        return [p.offset for p in self.news if p.channel == channel and p.offset]


class Marketplace:
    """The services of one node; two of them on one database are two nodes."""

    def __init__(
        self,
        database: Database,
        clock: StillClock | None = None,
        *,
        files: FileStore = NOWHERE,
        scanner: Scanner | None = None,
        trial: Trial | None = None,
        relays: Sequence[Relay] = (),
        details_mode: DetailMode = DetailMode.WARN,
    ) -> None:
        self.database = database
        self.clock = clock or StillClock()
        self.ear = Ear()
        database.announce_to(self.ear)
        self.people = People(lambda: self.clock.now().timestamp())
        made: Mapping[str, Any] = {"database": database, "clock": self.clock}
        planner = Planner(clock=self.clock, new_id=new_id)
        message_planner = MessagePlanner(clock=self.clock, new_id=new_id)
        ids: Mapping[str, Any] = {"new_id": new_id, "new_epoch": new_epoch}
        self.webhook_events = WebhookEvents(**made, new_id=new_id, lifetime=timedelta(hours=72))
        self.webhooks = Webhooks(**made, events=self.webhook_events, new_id=new_id)
        telling: Mapping[str, Any] = {"webhooks": self.webhook_events}
        self.audit = Audit(**made, new_id=new_id)
        audited: Mapping[str, Any] = {**made, "audit": self.audit}
        self.accounts = Accounts(**made, people=self.people, **ids)
        self.services = Services(**made, planner=planner)
        self.contacts = Contacts(**made, people=self.people)
        self.conversations = Conversations(
            **audited, people=self.people, planner=message_planner, **ids
        )
        self.quick_replies = QuickReplies(**made, new_id=new_id)
        self.push_trials = PushTrials(database=database, trial=trial)
        preview = MailPreview(
            composer=MailComposer(
                sender=Mailbox("Market", "no-reply@market.example"),
                settings_url="https://market.example/settings",
                clock=self.clock,
            ),
            sender=MailSender(relays, helo="market.example") if relays else None,
            signer=None,
            clock=self.clock,
            public_url="https://market.example",
            domain="market.example",
        )
        self.mail_previews = MailPreviews(**made, previews=preview, new_id=new_id)
        self.suppressions = Suppressions(**made, planner=planner, new_id=new_id)
        self.reports = Reports(**audited, **telling, people=self.people, new_id=new_id)
        self.blocks = Blocks(**made, people=self.people, conversations=self.conversations)
        periods = Periods()
        self.order_views = OrderViews(clock=self.clock, periods=periods)
        self.indexer = Indexer(**made, monotonic=lambda: 0.0)
        self.search = Search(database=database, people=self.people, order_views=self.order_views)
        known: Mapping[str, Any] = {"people": self.people, "clock": self.clock}
        events = OrderEvents(
            **known, **telling, planner=planner, order_views=self.order_views, new_id=new_id
        )
        self.order_actions = OrderActions(
            database=database,
            **known,
            events=events,
            order_views=self.order_views,
            periods=periods,
            new_id=new_id,
        )
        self.order_timers = OrderTimers(
            database=database, actions=self.order_actions, events=events, **known
        )
        self.order_papers = OrderPapers(
            **audited, actions=self.order_actions, order_views=self.order_views
        )
        self.requirements = Requirements(**audited, order_views=self.order_views)
        self.orders = Orders(
            **audited,
            **telling,
            people=self.people,
            conversations=self.conversations,
            planner=planner,
            order_views=self.order_views,
            set_timers=self.order_actions.set_timers,
            **ids,
        )
        kept: Mapping[str, Any] = {**made, "files": files}
        self.uploads = Uploads(
            **kept,
            scanner=scanner or NoScanner(),
            painter=Painter(),
            new_id=new_id,
            most_bytes=MOST_BYTES,
        )
        self.attachments = Attachments(
            **kept, audit=self.audit, links=AttachmentLinks(LINK_SECRETS, self.clock)
        )
        self.attachment_sweep = AttachmentSweep(**kept)
        self.erasing = Erasing(**made, **self._shown(), planner=planner)
        self.erased = ErasedAccounts(database=database)
        self.ear.rings(self.erased.ring)
        self.erased.watch(self.people.forget)
        self.export = Export(**made, **self._shown(), attachments=self.attachments)
        self.figures = QueueFigures(**made, monotonic=lambda: self.clock.now().timestamp())
        self.queue = QueueControl(**audited, figures=self.figures)
        self.replays = Replays(**audited, new_id=new_id, lifetimes=LIFETIMES)
        self.order_traces = OrderTraces(database=database, audit=self.audit, explain=explain)
        self.notifications = Notifications(**made, explain=explain)
        self.reads = ChannelReads(**audited, people=self.people, order_views=self.order_views)
        self.details = ContactDetails(
            database=database, mode=details_mode, own_hosts=("market.example",)
        )
        writing: Mapping[str, Any] = {**telling, "details": self.details, "new_id": new_id}
        store = MessageStore(**known, **writing, planner=message_planner)
        self.changes = MessageChanges(
            **made, **writing, people=self.people, edit_within=EDIT_WITHIN
        )
        self.drafts = Drafts(**made)
        self.held_messages = HeldMessages(
            **made, people=self.people, changes=self.changes, new_id=new_id
        )
        self.messages = Messages(
            database=database, store=store, rates=UNLIMITED, answer_within=PATIENT
        )
        self.mail_replies = MailReplies(
            **made, messages=self.messages, take_file=self.uploads.take_whole
        )
        self.mail_events = MailEvents(
            **made, suppressions=self.suppressions, shown=shown_address, new_id=new_id
        )

    def _shown(self) -> Mapping[str, Any]:
        return {"people": self.people, "order_views": self.order_views}

    # --- people and what they offer -----------------------------------------------------------

    async def account(self, account_id: str, **profile: Any) -> Identity:
        """Tell of an account, and return its identity."""
        told = {
            "name": account_id.title(),
            "email": f"{account_id}@example.com",
            "locale": "en",
            "timezone": "UTC",
            "avatar_url": None,
        }
        await self.accounts.put(account_id, told | profile)
        return Identity(account_id)

    async def service(self, seller_id: str = "sam", **offer: Any) -> str:
        """Tell of a service, approved unless said otherwise, and return its id."""
        told = {
            "seller_id": seller_id,
            "title": "A logo",
            "status": "approved",
            "delivery_days": 3,
            "questions": [],
        }
        service_id: str = offer.pop("id", f"{seller_id}-logo")
        await self.services.put(service_id, told | offer)
        return service_id

    async def sam_and_bea(self) -> tuple[Identity, Identity]:
        """Tell of Sam, who sells logos, and of Bea, who might buy one."""
        sam = await self.account("sam")
        bea = await self.account("bea")
        await self.service("sam")
        self.ear.news.clear()
        self.ear.doorbells.clear()
        return sam, bea

    async def order(
        self, service_id: str = "sam-logo", buyer_id: str = "bea", **more: Any
    ) -> Shape:
        """Place an order."""
        key = more.pop("key", None) or new_id()
        command = PlaceOrder(
            service_id=service_id,
            buyer_id=buyer_id,
            price_amount=more.pop("price_amount", 12_050),
            price_currency=more.pop("price_currency", "EUR"),
            **more,
        )
        shown, _ = await self.orders.place(command, key)
        return shown

    async def upload(
        self, owner: Identity, name: str = "brief.txt", content: bytes = b"What I want"
    ) -> str:
        """Upload a file, and return its id."""
        stored = await self.uploads.take_whole(owner, name, once(content))
        attachment_id: str = stored.id
        return attachment_id

    async def change_upload(self, upload: Record, **values: Any) -> None:
        """Change what is known of an upload behind everybody's back."""

        async def work(tx: Transaction) -> None:
            await attachments.change_upload(tx.connection, upload, values)

        await self.database.transaction(work)

    async def uploaded(self, owner: str) -> Sequence[str]:
        """Return the ids of all that is known of what somebody has uploaded."""
        async with self.database.reading() as connection:
            return [row.id for row in await attachments.of_account(connection, owner)]

    # --- what they say ------------------------------------------------------------------------

    async def direct(self, opener: Identity, other: Identity) -> str:
        """Open the direct conversation of two people, and return its id."""
        shown, _ = await self.conversations.open_direct(opener, other.account_id)
        conversation_id: str = shown["id"]
        return conversation_id

    async def send(
        self, sender: Identity, conversation_id: str, body: str = "Hello", **more: Any
    ) -> Sent:
        """Send a message."""
        client_id = more.pop("client_id", None) or new_id()
        command = SendMessage(conversation_id, sender.account_id, client_id, body, **more)
        return await self.messages.send_and_wait(command)

    async def send_all(self, commands: Sequence[SendMessage]) -> list[Sent | OrderwireError]:
        """Send messages in one group, and return what became of each."""
        outcomes: dict[int, Sent | OrderwireError] = {}
        for index, command in enumerate(commands):
            self.messages.send(command, partial(outcomes.__setitem__, index))
        await self.messages.settle()
        return [outcomes[index] for index in range(len(commands))]


OPERATOR = Identity("olga", Role.OPERATOR)
BACKEND = Identity("marketplace", Role.MARKETPLACE)
