"""``/v1/inbound/events``: what a mail provider tells of mails that came back, signed."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypedDict

from msgspec import Meta
from starlette.requests import Request

from domain.errors import NotFound, Unauthorized
from domain.mail_events import MailEvent, MailEventKind
from realtime.api.bodies import Body, decode_body, read_raw
from realtime.api.endpoint import ANYBODY, Content, Resource, post
from realtime.services.mail_events import MailEvents
from realtime.services.shapes import Count

# How far the clock of whoever signs may be off, in seconds.
TOLERANCE = 300
MOST_EVENTS = 1_000
_SECONDS = re.compile(r"[0-9]{1,12}")


class EventBody(Body, frozen=True):
    """One piece of news; `message_id` is the mail's own, `status` an enhanced code (RFC 3463)."""

    type: MailEventKind
    message_id: Annotated[str, Meta(min_length=1, max_length=998)]
    status: Annotated[str, Meta(pattern=r"^([245]\.\d{1,3}\.\d{1,3})?$")] = ""
    detail: Annotated[str, Meta(max_length=2_000)] = ""


class EventsBody(Body, frozen=True):
    """News of mails."""

    events: Annotated[list[EventBody], Meta(min_length=1, max_length=MOST_EVENTS)]


class Noted(TypedDict):
    """How much of the news was about mails of ours."""

    noted: Count
    unknown: Count


class MailEventRoutes(Resource):
    """The webhook; whoever calls proves by a signature that they know the secret."""

    def __init__(
        self, *, mail_events: MailEvents, secret: bytes | None, now: Callable[[], datetime]
    ) -> None:
        self._mail_events = mail_events
        self._secret = secret
        self._now = now

    async def take(
        self, request: Annotated[Request, Content("application/json", EventsBody)]
    ) -> Noted:
        """Note which mails came back or were complained about.

        Signed as Standard Webhooks say: `webhook-id`, `webhook-timestamp` and `webhook-signature`.
        """
        if self._secret is None:
            raise NotFound("nobody is expected to call: ORDERWIRE_INBOUND_SECRET is not set")
        raw = await read_raw(request)
        self._check(request, raw, self._secret)
        body = decode_body(raw, EventsBody)
        events = [
            MailEvent(
                message_id=each.message_id,
                kind=each.type,
                status=each.status,
                detail=each.detail,
            )
            for each in body.events
        ]
        noted = await self._mail_events.note(events)
        return {"noted": noted, "unknown": len(events) - noted}

    def _check(self, request: Request, raw: bytes, secret: bytes) -> None:
        named = [request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp")]
        if not _SECONDS.fullmatch(named[1]):
            raise Unauthorized("the signature has no time")
        if abs(int(named[1]) - self._now().timestamp()) > TOLERANCE:
            raise Unauthorized("the signature is too old")
        signed = f"{named[0]}.{named[1]}.".encode() + raw
        right = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256))
        given = request.headers.get("webhook-signature", "").split()
        if not any(hmac.compare_digest(b"v1," + right, each.encode()) for each in given):
            raise Unauthorized("the signature is not one of ours")

    title = "Mail that came back"
    endpoints = (
        post(
            "/v1/inbound/events",
            take,
            by=ANYBODY,
            refuses=("unauthorized", "not_found", "invalid", "too_large"),
        ),
    )
