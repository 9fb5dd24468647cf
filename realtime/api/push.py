"""``/v1/push`` and ``/v1/me/push-subscriptions``: a browser that takes pushes."""

import base64
from collections.abc import Callable, Sequence
from typing import Annotated, Literal, TypedDict

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from msgspec import Meta
from starlette.requests import Request

from domain.errors import Invalid, NotFound
from domain.identity import Identity
from realtime.api.bodies import AccountId, Body, Query
from realtime.api.endpoint import ACCOUNT, ANYBODY, Created, Resource, delete, get, post
from realtime.services.accounts import Accounts, Device
from realtime.services.push_trials import PushTrials, Tried
from realtime.services.shapes import Page

SUBSCRIPTIONS = "/v1/me/push-subscriptions"
POINT_BYTES = 65
AUTH_BYTES = 16
# What Apple and Google give out; it becomes part of a path.
DEVICE_FORM = r"^[A-Za-z0-9:_-]{16,1024}$"
Kind = Literal["web", "fcm", "apns"]
Endpoint = Annotated[str, Meta(min_length=1, max_length=2000)]


class SubscriptionKeys(Body, frozen=True):
    """A subscription's keys (RFC 8291), base64url."""

    p256dh: Annotated[str, Meta(max_length=128)]
    auth: Annotated[str, Meta(max_length=64)]


class SubscriptionBody(Body, frozen=True):
    """What ``PushSubscription.toJSON()`` gives, and a name for the device.

    ``key`` is the public key that the browser subscribed with, if it is not the current one.
    An app says its `kind`, and the `token` that FCM or APNs gave it instead of endpoint and keys.
    """

    kind: Kind = "web"
    endpoint: Endpoint | None = None
    keys: SubscriptionKeys | None = None
    token: Annotated[str, Meta(pattern=DEVICE_FORM)] | None = None
    key: Annotated[str, Meta(max_length=88)] | None = None
    expirationTime: float | None = None  # noqa: N815 - the browser's own name for it
    label: Annotated[str, Meta(max_length=200)] = ""

    def check(self) -> None:
        """Refuse half of a browser, and half of an app."""
        wanted = ("endpoint", "keys") if self.kind == "web" else ("token",)
        for name in ("endpoint", "keys", "token"):
            given = getattr(self, name) is not None
            if name in wanted and not given:
                raise Invalid.field(name, "is required")
            if name not in wanted and given:
                raise Invalid.field(name, f"is not part of a device of kind {self.kind}")


class PublicKey(TypedDict):
    """The key that this server signs its pushes with (RFC 8292), base64url."""

    public_key: str


class EndpointBody(Body, frozen=True):
    """Which subscription to forget."""

    endpoint: Endpoint


class TestQuery(Query, frozen=True):
    """Which device is tried; without an id all of them."""

    id: AccountId | None = None


class PushRoutes(Resource):
    """Push subscriptions over HTTP; ``check_endpoint`` returns what is wrong with an address.

    ``public_keys`` are the current one, and behind it those before.
    """

    def __init__(
        self,
        *,
        accounts: Accounts,
        trials: PushTrials,
        public_keys: Sequence[str],
        check_endpoint: Callable[[str], str | None],
    ) -> None:
        self._accounts = accounts
        self._trials = trials
        self._public_keys = public_keys
        self._check_endpoint = check_endpoint

    async def key(self) -> PublicKey:
        """Show the key that a browser subscribes with."""
        if not self._public_keys:
            raise NotFound("pushes are not set up on this server", code="push_not_set_up")
        return {"public_key": self._public_keys[0]}

    async def devices(self, caller: Identity) -> Page[Device]:
        """List the caller's devices."""
        items = await self._accounts.push_subscriptions(caller)
        return {"items": items, "next_cursor": None}

    async def subscribe(
        self, caller: Identity, request: Request, body: SubscriptionBody
    ) -> Created[Device]:
        """Remember a browser, or an app."""
        label = body.label or request.headers.get("user-agent", "")[:200]
        if body.token is not None:
            return Created(
                await self._accounts.subscribe_push(
                    caller, endpoint=body.token, kind=body.kind, label=label
                )
            )
        assert body.endpoint is not None, "checked with the body"
        assert body.keys is not None, "checked with the body"
        wrong = self._check_endpoint(body.endpoint)
        if wrong:
            raise Invalid.field("endpoint", wrong)
        p256dh, auth = _checked_keys(body.keys)
        stored = await self._accounts.subscribe_push(
            caller,
            endpoint=body.endpoint,
            p256dh=p256dh,
            auth=auth,
            vapid_key=self._made_with(body.key),
            keeps_key=body.key is None,
            label=label,
        )
        return Created(stored)

    def _made_with(self, key: str | None) -> str | None:
        if key is None:
            return self._public_keys[0] if self._public_keys else None
        if key not in self._public_keys:
            raise Invalid.field("key", "is no key of this server: subscribe with the current one")
        return key

    async def test(self, caller: Identity, query: TestQuery) -> Page[Tried]:
        """Send a push that says nothing, and tell what the push service answered for each."""
        return await self._trials.run(caller, query.id)

    async def unsubscribe(self, caller: Identity, body: EndpointBody) -> None:
        """Forget a browser by its endpoint."""
        await self._accounts.unsubscribe_push(caller, body.endpoint)

    async def forget(self, caller: Identity, subscription_id: AccountId) -> None:
        """Forget a browser by its id."""
        await self._accounts.forget_push_subscription(caller, subscription_id)

    title = "Push subscriptions"
    endpoints = (
        get("/v1/push/public-key", key, by=ANYBODY, refuses=("push_not_set_up",)),
        get(SUBSCRIPTIONS, devices, by=ACCOUNT),
        post(SUBSCRIPTIONS, subscribe, by=ACCOUNT, refuses=("not_found",)),
        post(
            f"{SUBSCRIPTIONS}/test",
            test,
            by=ACCOUNT,
            refuses=("not_found", "push_not_set_up"),
        ),
        delete(SUBSCRIPTIONS, unsubscribe, by=ACCOUNT, refuses=("not_found",)),
        delete(f"{SUBSCRIPTIONS}/{{subscription_id}}", forget, by=ACCOUNT, refuses=("not_found",)),
    )


def _checked_keys(keys: SubscriptionKeys) -> tuple[str, str]:
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
