"""What takes alerts out of the house, as far as the settings allow."""

from collections.abc import Iterable
from functools import partial
from urllib.parse import urlsplit

from domain.preferences import Channel
from realtime.bootstrap.ground import Ground
from realtime.bootstrap.webhooks import tell_of_dead, tell_of_disabled
from realtime.channels.gazes import Gazes
from realtime.delivery.board import Board
from realtime.delivery.carrier import Carrier
from realtime.delivery.email.carrier import Bounces, MailCarrier
from realtime.delivery.email.compose import MailComposer
from realtime.delivery.email.dkim import DkimSigner
from realtime.delivery.email.headers import Mailbox
from realtime.delivery.email.preview import MailPreview
from realtime.delivery.email.reply_address import ReplyAddresses
from realtime.delivery.email.sender import MailSender
from realtime.delivery.email.unsubscribe import UnsubscribeTokens
from realtime.delivery.endpoint_guard import EndpointGuard
from realtime.delivery.locales.catalogue import check_catalogues
from realtime.delivery.message_planner import MessagePeriods
from realtime.delivery.push import fcm
from realtime.delivery.push.apns import ApnsApp, ApnsSender
from realtime.delivery.push.by_kind import Careful, SenderByKind, Sends
from realtime.delivery.push.carrier import PushCarrier
from realtime.delivery.push.circuits import OriginCircuits
from realtime.delivery.push.fcm import FcmSender
from realtime.delivery.push.native import NativeConnection
from realtime.delivery.push.sender import PushSender
from realtime.delivery.push.vapid import VapidSigner
from realtime.delivery.webhooks.poster import WebhookPoster
from realtime.delivery.worker import Webhooks, Worker
from realtime.ids import new_id
from realtime.ops.deliveries import Deliveries, DeliveryFigures
from realtime.services.webhook_events import WebhookEvents
from realtime.settings import Settings


def make_deliveries(ground: Ground, bounces: Bounces, events: WebhookEvents) -> Deliveries:
    """Make the worker with everything that it sends by."""
    check_catalogues()
    figures = DeliveryFigures()
    board = Board()
    carriers = dict(_carriers(ground, bounces, board))
    poster = WebhookPoster(
        guard=EndpointGuard(ground.settings.webhook_extra_origins), clock=ground.clock
    )
    worker = Worker(
        database=ground.database,
        carriers=carriers,
        clock=ground.clock,
        new_id=new_id,
        watch=figures.note,
        board=board,
        in_focus=Gazes(ground.presence).among,
        message_periods=make_message_periods(ground.settings),
        tell=partial(tell_of_dead, events),
        webhooks=Webhooks(poster=poster, on_disabled=partial(tell_of_disabled, events)),
    )
    return Deliveries(worker=worker, carriers=[*carriers.values(), poster], figures=figures)


def make_message_periods(settings: Settings) -> MessagePeriods:
    """Read off the settings how long alerts about messages wait."""
    return MessagePeriods(
        push_after=settings.message_push_seconds,
        mails_apart=settings.conversation_email_minutes,
        soon=settings.due_soon_hours,
    )


def _carriers(ground: Ground, bounces: Bounces, board: Board) -> Iterable[tuple[Channel, Carrier]]:
    """Make what the settings allow; a channel without a carrier lets its alerts wait."""
    settings = ground.settings
    if settings.smtp_url:
        yield Channel.EMAIL, _mail_carrier(ground, bounces, board)
    sender = make_push_sender(ground, board)
    if sender is not None:
        yield (
            Channel.PUSH,
            PushCarrier(sender=sender, database=ground.database, public_url=ground.public_url),
        )


def make_push_sender(ground: Ground, board: Board | None = None) -> Sends | None:
    """Make what sends pushes to devices of each kind; None without a key for any."""
    senders = dict(_senders(ground, board or Board()))
    return SenderByKind(senders) if senders else None


def _senders(ground: Ground, board: Board) -> Iterable[tuple[str, Sends]]:
    settings, clock = ground.settings, ground.clock
    if settings.vapid_private_key:
        yield "web", _web_sender(ground, board)
    if settings.fcm_credentials is not None:
        yield (
            "fcm",
            Careful(
                FcmSender(
                    account=settings.fcm_credentials,
                    connection=NativeConnection(origin=fcm.ORIGIN, clock=clock),
                    tokens=NativeConnection(origin=fcm.TOKEN_ORIGIN, clock=clock),
                    clock=clock,
                ),
                origin=fcm.ORIGIN,
                circuits=OriginCircuits(clock, board),
            ),
        )
    if settings.apns_key is not None:
        app = ApnsApp(
            key=settings.apns_key,
            key_id=settings.apns_key_id or "",
            team_id=settings.apns_team_id or "",
            topic=settings.apns_topic or "",
        )
        connection = NativeConnection(origin=settings.apns_url, clock=clock)
        yield (
            "apns",
            Careful(
                ApnsSender(app=app, connection=connection, clock=clock),
                origin=settings.apns_url,
                circuits=OriginCircuits(clock, board),
            ),
        )


def _web_sender(ground: Ground, board: Board) -> PushSender:
    settings = ground.settings
    assert settings.vapid_subject is not None, "they are set together: settings.SERVING"
    signer = VapidSigner(
        keys=settings.vapid_private_key, subject=settings.vapid_subject, clock=ground.clock
    )
    guard = EndpointGuard(settings.push_extra_origins)
    return PushSender(signer=signer, guard=guard, clock=ground.clock, board=board)


def reply_addresses(settings: Settings) -> ReplyAddresses | None:
    """Make what knows the addresses that mails are answered to; None where none are taken."""
    if settings.inbound_domain is None:
        return None
    return ReplyAddresses(settings.link_secrets, domain=settings.inbound_domain)


def _dkim_signer(ground: Ground, domain: str) -> DkimSigner | None:
    settings = ground.settings
    if settings.dkim_private_key is None:
        return None
    return DkimSigner(
        key=settings.dkim_private_key,
        domain=domain,
        selector=settings.dkim_selector,
        clock=ground.clock,
    )


def make_mail_preview(ground: Ground) -> MailPreview:
    """Make what shows mails, and sends them to whoever looks after them."""
    settings, sender = ground.settings, _mail_from(ground)
    relays = settings.smtp_url
    return MailPreview(
        composer=_composer(ground, sender),
        sender=MailSender(relays, helo=sender.domain) if relays else None,
        signer=_dkim_signer(ground, sender.domain),
        clock=ground.clock,
        public_url=ground.public_url,
        domain=sender.domain,
    )


def _mail_from(ground: Ground) -> Mailbox:
    host = urlsplit(ground.public_url).hostname or "localhost"
    return ground.settings.mail_from or Mailbox("Orderwire", f"no-reply@{host}")


def _composer(ground: Ground, sender: Mailbox) -> MailComposer:
    settings_url = f"{ground.public_url}/settings"
    return MailComposer(sender=sender, settings_url=settings_url, clock=ground.clock)


def _mail_carrier(ground: Ground, bounces: Bounces, board: Board) -> MailCarrier:
    settings, sender = ground.settings, _mail_from(ground)
    return MailCarrier(
        sender=MailSender(settings.smtp_url, helo=sender.domain, board=board, clock=ground.clock),
        composer=_composer(ground, sender),
        tokens=UnsubscribeTokens(settings.link_secrets),
        bounces=bounces,
        signer=_dkim_signer(ground, sender.domain),
        replies=reply_addresses(settings),
        public_url=ground.public_url,
    )
