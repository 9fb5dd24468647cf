"""The HTTP side: the API's routes, and what stands between them and the network."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from urllib.parse import urlsplit

from domain.errors import Unauthorized
from realtime.api.accounts import AccountRoutes
from realtime.api.app import Edge
from realtime.api.attachments import AttachmentRoutes
from realtime.api.audit import AuditRoutes
from realtime.api.blocks import BlockRoutes
from realtime.api.contacts import ContactRoutes
from realtime.api.conversations import ConversationRoutes
from realtime.api.deliveries import DeliveryRoutes
from realtime.api.description import DescriptionRoutes
from realtime.api.drafts import DraftRoutes
from realtime.api.endpoint import Resource
from realtime.api.held_messages import HeldMessageRoutes
from realtime.api.mail_events import MailEventRoutes
from realtime.api.mail_previews import MailPreviewRoutes
from realtime.api.notifications import NotificationRoutes
from realtime.api.openapi import Json, document
from realtime.api.order_papers import OrderPaperRoutes
from realtime.api.orders import OrderRoutes
from realtime.api.pages import Pages
from realtime.api.peers import Peers
from realtime.api.privacy import PrivacyRoutes
from realtime.api.push import PushRoutes
from realtime.api.quick_replies import QuickReplyRoutes
from realtime.api.reports import ReportRoutes
from realtime.api.request_log import RequestFigures
from realtime.api.search import SearchRoutes
from realtime.api.services import ServiceRoutes
from realtime.api.suppressions import SuppressionRoutes
from realtime.api.unsubscribe import UnsubscribeRoutes
from realtime.api.webhooks import WebhookRoutes
from realtime.bootstrap.attachments import MEGABYTE
from realtime.bootstrap.ground import Ground
from realtime.bootstrap.use_cases import UseCases
from realtime.delivery.endpoint_guard import EndpointGuard, ForbiddenEndpoint
from realtime.delivery.locales.voice import voice_for
from realtime.ids import new_id
from realtime.ops.health import HealthRoutes
from realtime.ops.metrics import MetricsRoutes
from realtime.services.identity import ServiceKeys
from realtime.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


RESOURCES: Sequence[type[Resource]] = (
    AccountRoutes,
    PrivacyRoutes,
    ServiceRoutes,
    OrderRoutes,
    OrderPaperRoutes,
    WebhookRoutes,
    ContactRoutes,
    ConversationRoutes,
    AttachmentRoutes,
    BlockRoutes,
    DraftRoutes,
    QuickReplyRoutes,
    ReportRoutes,
    HeldMessageRoutes,
    SearchRoutes,
    NotificationRoutes,
    PushRoutes,
    UnsubscribeRoutes,
    SuppressionRoutes,
    DeliveryRoutes,
    AuditRoutes,
    MailEventRoutes,
    MailPreviewRoutes,
    HealthRoutes,
    MetricsRoutes,
    DescriptionRoutes,
)


def describe() -> Json:
    """Describe all that a server has endpoints for."""
    return document(RESOURCES, release=version("orderwire"))


def api_resources(
    settings: Settings, use_cases: UseCases, now: Callable[[], datetime]
) -> Sequence[Resource]:
    """List what accounts, operators and the marketplace's backend call."""
    guard = EndpointGuard(settings.push_extra_origins)
    webhook_guard = EndpointGuard(settings.webhook_extra_origins)
    keys = settings.vapid_private_key
    return [
        AccountRoutes(accounts=use_cases.accounts),
        PrivacyRoutes(export=use_cases.export, erasing=use_cases.erasing),
        ServiceRoutes(services=use_cases.services),
        OrderRoutes(orders=use_cases.orders),
        OrderPaperRoutes(
            actions=use_cases.order_actions,
            papers=use_cases.order_papers,
            requirements=use_cases.requirements,
        ),
        WebhookRoutes(
            webhooks=use_cases.webhooks,
            check_endpoint=lambda url: _wrong_with(webhook_guard, url),
        ),
        ContactRoutes(contacts=use_cases.contacts),
        ConversationRoutes(
            conversations=use_cases.conversations,
            messages=use_cases.messages,
            details=use_cases.details,
        ),
        AttachmentRoutes(
            uploads=use_cases.attachments.uploads, attachments=use_cases.attachments.reading
        ),
        BlockRoutes(blocks=use_cases.blocks),
        DraftRoutes(drafts=use_cases.drafts),
        QuickReplyRoutes(quick_replies=use_cases.quick_replies),
        ReportRoutes(reports=use_cases.reports),
        HeldMessageRoutes(held_messages=use_cases.held_messages),
        SearchRoutes(search=use_cases.search),
        NotificationRoutes(notifications=use_cases.notifications),
        PushRoutes(
            accounts=use_cases.accounts,
            trials=use_cases.push_trials,
            public_keys=[key.public_text for key in keys],
            check_endpoint=lambda endpoint: _wrong_with(guard, endpoint),
        ),
        UnsubscribeRoutes(unsubscribing=use_cases.unsubscribing, pages=Pages(), say=_say),
        SuppressionRoutes(suppressions=use_cases.suppressions),
        DeliveryRoutes(
            queue=use_cases.queue.control,
            replays=use_cases.queue.replays,
            traces=use_cases.queue.traces,
        ),
        AuditRoutes(audit=use_cases.audit),
        MailPreviewRoutes(previews=use_cases.mail_previews),
        MailEventRoutes(mail_events=use_cases.mail_events, secret=settings.inbound_secret, now=now),
        DescriptionRoutes(describe),
    ]


def _wrong_with(guard: EndpointGuard, endpoint: str) -> str | None:
    try:
        guard.check(endpoint)
    except ForbiddenEndpoint as wrong:
        return str(wrong)
    return None


def _say(locale: str, key: str, values: Mapping[str, str]) -> str:
    return voice_for(locale, "UTC").say(key, values)


def make_edge(ground: Ground, figures: RequestFigures, *, is_demo: bool) -> Edge:
    """Say what every request passes."""
    settings = ground.settings
    keys = ServiceKeys(settings.service_keys)
    url = urlsplit(ground.public_url)
    return Edge(
        peers=Peers(settings.trusted_proxies),
        new_id=new_id,
        monotonic=time.monotonic,
        is_backend=lambda credential: _is_backend(keys, credential),
        requests_per_second=settings.limit_requests_per_second,
        most_of_file=settings.attachments_megabytes * MEGABYTE,
        allowed_origins=settings.allowed_origins,
        https=url.scheme == "https",
        # The demo signs in whoever asks: it answers to nobody who calls it by another name.
        hosts=LOOPBACK | {url.hostname or ""} if is_demo else None,
        figures=figures,
    )


def _is_backend(keys: ServiceKeys, credential: str) -> bool:
    try:
        keys.identify(credential)
    except Unauthorized:
        return False
    return True
