"""The use cases, made once for API and gateway alike."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from domain.timers import Periods
from realtime.bootstrap.attachments import AttachmentParts, make_attachments
from realtime.bootstrap.deliveries import (
    make_mail_preview,
    make_message_periods,
    make_push_sender,
)
from realtime.bootstrap.ground import Ground
from realtime.bootstrap.queue import QueueParts, make_queue
from realtime.delivery.backoff import LIFETIMES
from realtime.delivery.email.unsubscribe import UnsubscribeTokens
from realtime.delivery.ledger import explain
from realtime.delivery.message_planner import MessagePlanner
from realtime.delivery.planner import Planner
from realtime.delivery.push.trial import PushTrial
from realtime.delivery.targets import shown_address
from realtime.ids import new_epoch, new_id
from realtime.services.accounts import Accounts
from realtime.services.auditing import Audit
from realtime.services.blocks import Blocks
from realtime.services.caretaker import Caretaker
from realtime.services.clockwork import Clockwork
from realtime.services.contact_details import ContactDetails
from realtime.services.contacts import Contacts
from realtime.services.conversations import Conversations
from realtime.services.drafts import Drafts
from realtime.services.erasing import Erasing
from realtime.services.export import Export
from realtime.services.held_messages import HeldMessages
from realtime.services.indexer import Indexer
from realtime.services.mail_events import MailEvents
from realtime.services.mail_previews import MailPreviews
from realtime.services.mail_replies import MailReplies
from realtime.services.message_changes import MessageChanges
from realtime.services.message_store import MessageStore
from realtime.services.messages import Messages
from realtime.services.notifications import Notifications
from realtime.services.order_actions import OrderActions
from realtime.services.order_events import OrderEvents
from realtime.services.order_papers import OrderPapers
from realtime.services.order_timers import OrderTimers
from realtime.services.order_views import OrderViews
from realtime.services.orders import Orders
from realtime.services.people import People
from realtime.services.push_trials import PushTrials
from realtime.services.quick_replies import QuickReplies
from realtime.services.rates import AccountRates
from realtime.services.reports import Reports
from realtime.services.requirements import Requirements
from realtime.services.retention import Retention, periods
from realtime.services.search import Search
from realtime.services.services import Services
from realtime.services.suppressions import Suppressions
from realtime.services.unsubscribe import Unsubscribing
from realtime.services.webhook_events import WebhookEvents
from realtime.services.webhooks import Webhooks
from storage.deliveries import WEBHOOK


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """What API and gateway call."""

    accounts: Accounts
    services: Services
    orders: Orders
    order_views: OrderViews
    order_actions: OrderActions
    order_papers: OrderPapers
    clockwork: Clockwork
    caretaker: Caretaker
    erasing: Erasing
    export: Export
    retention: Retention
    requirements: Requirements
    contacts: Contacts
    conversations: Conversations
    blocks: Blocks
    quick_replies: QuickReplies
    reports: Reports
    search: Search
    indexer: Indexer
    attachments: AttachmentParts
    messages: Messages
    changes: MessageChanges
    details: ContactDetails
    held_messages: HeldMessages
    drafts: Drafts
    notifications: Notifications
    unsubscribing: Unsubscribing
    suppressions: Suppressions
    mail_events: MailEvents
    mail_replies: MailReplies
    mail_previews: MailPreviews
    push_trials: PushTrials
    queue: QueueParts
    audit: Audit
    webhooks: Webhooks
    webhook_events: WebhookEvents


def make_use_cases(ground: Ground, people: People) -> UseCases:
    """Make all of them."""
    database, clock = ground.database, ground.clock
    planner = Planner(clock=clock, new_id=new_id)
    audit = Audit(database=database, clock=clock, new_id=new_id)
    message_planner = MessagePlanner(
        clock=clock, new_id=new_id, periods=make_message_periods(ground.settings)
    )
    webhook_events = WebhookEvents(
        database=database, clock=clock, new_id=new_id, lifetime=LIFETIMES[WEBHOOK]
    )
    accounts = Accounts(
        database=database, people=people, clock=clock, new_id=new_id, new_epoch=new_epoch
    )
    conversations = Conversations(
        database=database,
        people=people,
        planner=message_planner,
        audit=audit,
        clock=clock,
        new_id=new_id,
        new_epoch=new_epoch,
    )
    periods = make_periods(ground)
    order_views = OrderViews(clock=clock, periods=periods)
    events = OrderEvents(
        people=people,
        planner=planner,
        order_views=order_views,
        webhooks=webhook_events,
        clock=clock,
        new_id=new_id,
    )
    actions = OrderActions(
        database=database,
        people=people,
        events=events,
        order_views=order_views,
        clock=clock,
        periods=periods,
        new_id=new_id,
    )
    orders = Orders(
        database=database,
        people=people,
        conversations=conversations,
        planner=planner,
        webhooks=webhook_events,
        audit=audit,
        clock=clock,
        new_id=new_id,
        new_epoch=new_epoch,
        order_views=order_views,
        set_timers=actions.set_timers,
    )
    details = ContactDetails(
        database=database,
        mode=ground.settings.contact_details,
        own_hosts={urlsplit(ground.public_url).hostname or ""},
    )
    store = MessageStore(
        people=people,
        planner=message_planner,
        webhooks=webhook_events,
        details=details,
        clock=clock,
        new_id=new_id,
    )
    changes = MessageChanges(
        database=database,
        people=people,
        webhooks=webhook_events,
        details=details,
        clock=clock,
        new_id=new_id,
        edit_within=ground.settings.edit_hours,
    )
    links = UnsubscribeTokens(ground.settings.link_secrets)
    order_timers = OrderTimers(
        database=database,
        actions=actions,
        events=events,
        people=people,
        clock=clock,
    )
    erasing = Erasing(
        database=database, people=people, planner=planner, order_views=order_views, clock=clock
    )
    retention = make_retention(ground, people)
    queue = make_queue(ground, audit)
    attachments = make_attachments(ground)
    messages = Messages(database=database, store=store, rates=_message_rates(ground))
    suppressions = Suppressions(database=database, planner=planner, clock=clock, new_id=new_id)
    return UseCases(
        accounts=accounts,
        erasing=erasing,
        export=Export(
            database=database,
            people=people,
            order_views=order_views,
            attachments=attachments.reading,
            clock=clock,
        ),
        retention=retention,
        caretaker=Caretaker(
            database=database,
            unfinished=(erasing, queue.replays),
            retention=retention,
            clock=clock,
        ),
        services=Services(database=database, planner=planner, clock=clock),
        orders=orders,
        order_views=order_views,
        order_actions=actions,
        order_papers=OrderPapers(
            database=database, actions=actions, order_views=order_views, audit=audit, clock=clock
        ),
        clockwork=Clockwork(timers=order_timers, clock=clock),
        requirements=Requirements(
            database=database, order_views=order_views, audit=audit, clock=clock
        ),
        contacts=Contacts(database=database, people=people, clock=clock),
        conversations=conversations,
        quick_replies=QuickReplies(database=database, clock=clock, new_id=new_id),
        reports=Reports(
            database=database,
            people=people,
            webhooks=webhook_events,
            audit=audit,
            clock=clock,
            new_id=new_id,
        ),
        search=Search(database=database, people=people, order_views=order_views),
        indexer=ground.indexer,
        attachments=attachments,
        blocks=Blocks(database=database, people=people, conversations=conversations, clock=clock),
        messages=messages,
        changes=changes,
        details=details,
        drafts=Drafts(database=database, clock=clock),
        held_messages=HeldMessages(
            database=database, people=people, changes=changes, clock=clock, new_id=new_id
        ),
        notifications=Notifications(database=database, clock=clock, explain=explain),
        unsubscribing=Unsubscribing(accounts=accounts, read_token=links.read),
        push_trials=_push_trials(ground),
        queue=queue,
        audit=audit,
        suppressions=suppressions,
        mail_previews=MailPreviews(
            database=database, previews=make_mail_preview(ground), clock=clock, new_id=new_id
        ),
        mail_events=MailEvents(
            database=database,
            suppressions=suppressions,
            shown=shown_address,
            clock=clock,
            new_id=new_id,
        ),
        mail_replies=MailReplies(
            database=database,
            messages=messages,
            take_file=attachments.uploads.take_whole,
            clock=clock,
        ),
        webhooks=Webhooks(database=database, events=webhook_events, clock=clock, new_id=new_id),
        webhook_events=webhook_events,
    )


def _push_trials(ground: Ground) -> PushTrials:
    sender = make_push_sender(ground)
    trial = PushTrial(sender=sender, public_url=ground.public_url) if sender else None
    return PushTrials(database=ground.database, trial=trial)


def make_periods(ground: Ground) -> Periods:
    """Read off the settings how long things take."""
    settings = ground.settings
    return Periods(
        review=settings.review_days,
        request=settings.request_hours,
        very_late=settings.very_late_hours,
        nudge=settings.nudge_days,
        due_soon=settings.due_soon_hours,
        requirements_reminder=settings.requirements_reminder_hours,
    )


def make_retention(ground: Ground, people: People) -> Retention:
    """Read off the settings how long things are kept."""
    settings = ground.settings
    kept = periods(
        people=people,
        clock=ground.clock,
        messages=settings.retention_messages_days,
        notifications=settings.retention_notifications_days,
        finished_deliveries=settings.retention_deliveries_days,
        keys=settings.retention_idempotency_days,
    )
    return Retention(database=ground.database, clock=ground.clock, periods=kept)


def _message_rates(ground: Ground) -> AccountRates:
    rate = ground.settings.limit_messages_per_second
    # Somebody may answer several people at once, and then has to go on at the rate.
    return AccountRates(rate=rate, burst=4 * rate, monotonic=ground.monotonic)
