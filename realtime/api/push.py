"""``/v1/push`` and ``/v1/me/push-subscriptions``: a browser that takes pushes."""

import base64
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.errors import Invalid, NotFound
from realtime.api.answers import answer, nothing
from realtime.api.bodies import Body, path_id, read_body
from realtime.api.callers import Callers
from realtime.services.accounts import Accounts

POINT_BYTES = 65
AUTH_BYTES = 16
Endpoint = Annotated[str, Meta(min_length=1, max_length=2000)]


class Keys(Body, frozen=True):
    """A subscription's keys (RFC 8291), base64url."""

    p256dh: Annotated[str, Meta(max_length=128)]
    auth: Annotated[str, Meta(max_length=64)]


class SubscriptionBody(Body, frozen=True):
    """What ``PushSubscription.toJSON()`` gives, and a name for the device."""

    endpoint: Endpoint
    keys: Keys
    expirationTime: float | None = None  # noqa: N815 - the browser's own name for it
    label: Annotated[str, Meta(max_length=200)] = ""


class EndpointBody(Body, frozen=True):
    """Which subscription to forget."""

    endpoint: Endpoint


class PushRoutes:
    """Push subscriptions over HTTP; ``check_endpoint`` returns what is wrong with an address."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        callers: Callers,
        public_key: str,
        check_endpoint: Callable[[str], str | None],
    ) -> None:
        self._accounts = accounts
        self._callers = callers
        self._public_key = public_key
        self._check_endpoint = check_endpoint

    def routes(self) -> list[Route]:
        """List the routes."""
        path = "/v1/me/push-subscriptions"
        return [
            Route("/v1/push/public-key", self.key, methods=["GET"]),
            Route(path, self.list, methods=["GET"]),
            Route(path, self.subscribe, methods=["POST"]),
            Route(path, self.unsubscribe, methods=["DELETE"]),
            Route(f"{path}/{{subscription_id}}", self.forget, methods=["DELETE"]),
        ]

    async def key(self, _request: Request) -> Response:
        """Show the key that a browser subscribes with."""
        if not self._public_key:
            raise NotFound("pushes are not set up on this server", code="push_not_set_up")
        return answer({"public_key": self._public_key})

    async def list(self, request: Request) -> Response:
        """List the caller's devices."""
        caller = await self._callers.account(request)
        items = await self._accounts.push_subscriptions(caller)
        return answer({"items": items, "next_cursor": None})

    async def subscribe(self, request: Request) -> Response:
        """Remember a browser."""
        caller = await self._callers.account(request)
        body = await read_body(request, SubscriptionBody)
        wrong = self._check_endpoint(body.endpoint)
        if wrong:
            raise Invalid.field("endpoint", wrong)
        p256dh, auth = _checked_keys(body.keys)
        stored = await self._accounts.subscribe_push(
            caller,
            endpoint=body.endpoint,
            p256dh=p256dh,
            auth=auth,
            label=body.label or request.headers.get("user-agent", "")[:200],
        )
        return answer(stored, HTTPStatus.CREATED)

    async def unsubscribe(self, request: Request) -> Response:
        """Forget a browser by its endpoint."""
        caller = await self._callers.account(request)
        body = await read_body(request, EndpointBody)
        await self._accounts.unsubscribe_push(caller, body.endpoint)
        return nothing()

    async def forget(self, request: Request) -> Response:
        """Forget a browser by its id."""
        caller = await self._callers.account(request)
        subscription_id = path_id(request, "subscription_id")
        await self._accounts.forget_push_subscription(caller, subscription_id)
        return nothing()


def _checked_keys(keys: Keys) -> tuple[str, str]:
    """Refuse keys with which nothing could be encrypted, before the first push fails.

    Returns them in the one spelling that RFC 8291 has for them.
    """
    try:
        point = _unpadded(keys.p256dh)
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        point = b""
    if len(point) != POINT_BYTES:
        raise Invalid.field("keys.p256dh", "is no uncompressed point on the curve P-256")
    try:
        secret = _unpadded(keys.auth)
    except ValueError:
        secret = b""
    if len(secret) != AUTH_BYTES:
        raise Invalid.field("keys.auth", f"has {AUTH_BYTES} bytes")
    return _spelled(point), _spelled(secret)


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _spelled(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
