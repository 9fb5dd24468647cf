"""The HTTP API of one node without its sockets, and callers of every kind."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx2
import jwt

from domain.identity import Identity, Role
from realtime.api.accounts import AccountRoutes
from realtime.api.app import Edge, create_app
from realtime.api.attachments import AttachmentRoutes
from realtime.api.audit import AuditRoutes
from realtime.api.blocks import BlockRoutes
from realtime.api.callers import Callers
from realtime.api.contacts import ContactRoutes
from realtime.api.conversations import ConversationRoutes
from realtime.api.deliveries import DeliveryRoutes
from realtime.api.description import DescriptionRoutes
from realtime.api.drafts import DraftRoutes
from realtime.api.endpoint import Resource, routes_of
from realtime.api.held_messages import HeldMessageRoutes
from realtime.api.mail_events import MailEventRoutes
from realtime.api.mail_previews import MailPreviewRoutes
from realtime.api.notifications import NotificationRoutes
from realtime.api.order_papers import OrderPaperRoutes
from realtime.api.orders import OrderRoutes
from realtime.api.peers import Peers
from realtime.api.privacy import PrivacyRoutes
from realtime.api.push import PushRoutes
from realtime.api.quick_replies import QuickReplyRoutes
from realtime.api.reports import ReportRoutes
from realtime.api.search import SearchRoutes
from realtime.api.services import ServiceRoutes
from realtime.api.suppressions import SuppressionRoutes
from realtime.api.webhooks import WebhookRoutes
from realtime.bootstrap import describe
from realtime.ids import new_id
from realtime.services.identity import ServiceKeys, SharedSecret, TokenVerifier
from tests.support.described import check
from tests.support.marketplace import MOST_BYTES, Marketplace

SECRET = "a secret that is long enough for HS256"
SERVICE_KEY = "a service key that nobody guesses"
PUBLIC_KEY = "BPublicKey"
INBOUND_SECRET = b"a secret of the mail provider"
FORMER_KEY = "BFormerKey"
FORBIDDEN_ENDPOINT = "https://10.0.0.1/push"


def resources(market: Marketplace) -> Sequence[Resource]:
    """List what the API has endpoints for."""
    return [
        AccountRoutes(accounts=market.accounts),
        PrivacyRoutes(export=market.export, erasing=market.erasing),
        ServiceRoutes(services=market.services),
        OrderRoutes(orders=market.orders),
        OrderPaperRoutes(
            actions=market.order_actions,
            papers=market.order_papers,
            requirements=market.requirements,
        ),
        ContactRoutes(contacts=market.contacts),
        ConversationRoutes(
            conversations=market.conversations, messages=market.messages, details=market.details
        ),
        AttachmentRoutes(uploads=market.uploads, attachments=market.attachments),
        BlockRoutes(blocks=market.blocks),
        DraftRoutes(drafts=market.drafts),
        QuickReplyRoutes(quick_replies=market.quick_replies),
        ReportRoutes(reports=market.reports),
        HeldMessageRoutes(held_messages=market.held_messages),
        SearchRoutes(search=market.search),
        NotificationRoutes(notifications=market.notifications),
        PushRoutes(
            accounts=market.accounts,
            trials=market.push_trials,
            public_keys=[PUBLIC_KEY, FORMER_KEY],
            check_endpoint=lambda url: "is not public" if url == FORBIDDEN_ENDPOINT else None,
        ),
        SuppressionRoutes(suppressions=market.suppressions),
        DeliveryRoutes(queue=market.queue, replays=market.replays, traces=market.order_traces),
        AuditRoutes(audit=market.audit),
        MailPreviewRoutes(previews=market.mail_previews),
        MailEventRoutes(
            mail_events=market.mail_events, secret=INBOUND_SECRET, now=market.clock.now
        ),
        WebhookRoutes(
            webhooks=market.webhooks,
            check_endpoint=lambda url: "is not public" if url == FORBIDDEN_ENDPOINT else None,
        ),
        DescriptionRoutes(describe),
    ]


class HttpApi:
    """Calls the API as whoever is told."""

    def __init__(self, market: Marketplace) -> None:
        self.market = market
        callers = Callers(
            verifier=TokenVerifier(
                keys=SharedSecret(SECRET), clock=market.clock, erased=market.erased
            ),
            service_keys=ServiceKeys([SERVICE_KEY]),
        )
        self.routes = routes_of(resources(market), callers)
        edge = Edge(
            peers=Peers(()),
            new_id=new_id,
            monotonic=lambda: 0.0,
            is_backend=lambda _key: False,
            most_of_file=MOST_BYTES,
        )
        transport = httpx2.ASGITransport(
            app=create_app(self.routes, edge), raise_app_exceptions=False
        )
        self._client = httpx2.AsyncClient(transport=transport, base_url="http://orderwire.test")

    async def close(self) -> None:
        """Let go of the client."""
        await self._client.aclose()

    def token(self, caller: Identity, *, expires_in: timedelta = timedelta(hours=1)) -> str:
        """Return what a caller presents: a service key, or a token."""
        if caller.role is Role.MARKETPLACE:
            return SERVICE_KEY
        expires_at = self.market.clock.now() + expires_in
        claims = {"sub": caller.account_id, "exp": int(expires_at.timestamp())}
        if caller.role is Role.OPERATOR:
            claims["role"] = caller.role
        return jwt.encode(claims, SECRET, algorithm="HS256")

    async def call(
        self, caller: Identity | str | None, method: str, path: str, **more: Any
    ) -> httpx2.Response:
        """Call the API as somebody; ``caller`` may also be the credential itself.

        Whatever it answers is held to its description.
        """
        headers = more.pop("headers", {})
        if caller is not None:
            credential = self.token(caller) if isinstance(caller, Identity) else caller
            headers = {"Authorization": f"Bearer {credential}".encode()} | headers
        answer = await self._client.request(method, path, headers=headers, **more)
        check(method, path, answer)
        return answer
