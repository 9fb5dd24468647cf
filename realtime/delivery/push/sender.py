"""Sends one encrypted push over a kept-alive connection, and says what came of it (RFC 8030)."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal
from weakref import WeakValueDictionary

import aiohttp
from aiohttp.abc import AbstractResolver

from realtime.clock import Clock
from realtime.delivery.board import Board
from realtime.delivery.classify import (
    PushAnswer,
    classify_push,
    parse_retry_after,
    shortened,
)
from realtime.delivery.endpoint_guard import (
    Endpoint,
    EndpointGuard,
    ForbiddenAddress,
    ForbiddenEndpoint,
)
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.push.circuits import OriginCircuits
from realtime.delivery.push.encrypt import MINIMAL_PAYLOAD, SubscriptionKeys, encrypt, fitted
from realtime.delivery.push.vapid import UnknownKey, VapidSigner
from realtime.delivery.reasons import Reason
from realtime.delivery.strangers import Strangers, beginning
from realtime.delivery.turns import HeldUp, Turns

Urgency = Literal["high", "normal", "low"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One push: ``payload`` is JSON, ``ttl`` what is left of its life in seconds.

    ``topic`` (at most 32 URL-safe characters) lets a newer push replace this one while it waits.
    ``vapid_key`` is the public key that the browser subscribed with.
    """

    endpoint: str
    p256dh: str
    auth: str
    payload: bytes
    ttl: int
    urgency: Urgency
    topic: str | None = None
    kind: str = "web"
    vapid_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PushLimits:
    """What one push service may cost us.

    Anybody can name one that never answers: it holds few of a lane's slots, and none that waits.
    """

    at_once_per_origin: int = 32
    patience: float = 2.0  # seconds without an answer, after which nothing more waits for its turn
    timeout: float = 10.0  # seconds, from connecting to the end of the answer
    answer_bytes: int = 4_096


class PushSender:
    """Sends to whatever endpoint the guard lets it, and leaves alone who refuses us."""

    def __init__(
        self,
        *,
        signer: VapidSigner,
        guard: EndpointGuard,
        clock: Clock,
        limits: PushLimits | None = None,
        tls: ssl.SSLContext | Literal[True] = True,
        resolver: AbstractResolver | None = None,
        board: Board | None = None,
    ) -> None:
        self._signer = signer
        self._guard = guard
        self._clock = clock
        self._limits = limits or PushLimits()
        self._strangers = Strangers(timeout=self._limits.timeout, tls=tls, resolver=resolver)
        self._turns: WeakValueDictionary[str, Turns] = WeakValueDictionary()
        self._circuits = OriginCircuits(clock, board)

    async def send(self, push: Push) -> Outcome:
        """Send once; an answer of 413 is tried once more with a minimal payload."""
        try:
            endpoint = self._guard.check(push.endpoint)
        except ForbiddenEndpoint as wrong:
            return _dead(Reason.BAD_ENDPOINT, str(wrong))
        outcome = await self._attempt(endpoint, push)
        if outcome.reason == Reason.PAYLOAD_TOO_LARGE:
            smaller = replace(push, payload=fitted(push.payload, MINIMAL_PAYLOAD))
            outcome = await self._attempt(endpoint, smaller)
        return outcome

    async def close(self) -> None:
        """Close every connection."""
        await self._strangers.close()

    async def _attempt(self, endpoint: Endpoint, push: Push) -> Outcome:
        try:
            body = encrypt(fitted(push.payload), SubscriptionKeys(push.p256dh, push.auth))
        except ValueError as wrong:
            return _dead(Reason.BAD_KEYS, str(wrong))
        try:
            headers = self._headers(endpoint, push)
        except UnknownKey:
            return _KEY_LOST
        turns = self._turns_of(endpoint.origin)
        try:
            async with turns.one():
                outcome = self._circuits.objection(endpoint.origin)
                if outcome is not None:
                    return outcome
                outcome = await self._asked(endpoint, body, headers)
        except HeldUp:
            return _HELD_UP
        self._circuits.learn(endpoint.origin, push.endpoint, outcome)
        return outcome

    async def _asked(self, endpoint: Endpoint, body: bytes, headers: Mapping[str, str]) -> Outcome:
        try:
            return classify_push(await self._post(endpoint, body, headers))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _failed(error)

    def _turns_of(self, origin: str) -> Turns:
        """Bound what is under way to an origin; waiting for it does not count as its silence."""
        turns = self._turns.get(origin)
        if turns is None:
            limits = self._limits
            turns = Turns(limits.at_once_per_origin, patience=limits.patience)
            self._turns[origin] = turns
        return turns

    def _headers(self, endpoint: Endpoint, push: Push) -> dict[str, str]:
        headers = {
            "Authorization": self._signer.authorization(endpoint.origin, push.vapid_key),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(max(1, push.ttl)),
            "Urgency": push.urgency,
        }
        if push.topic is not None:
            headers["Topic"] = push.topic
        if _is_windows(endpoint.host):
            headers["X-WNS-Cache-Policy"] = "cache"  # a TTL without it is answered 400
        return headers

    async def _said(self, response: aiohttp.ClientResponse) -> str:
        """Read what a service says of its answer; Windows' says it in a header."""
        error = response.headers.get("X-WNS-Error-Description", "")
        return error + await beginning(response, self._limits.answer_bytes - len(error))

    async def _post(
        self, endpoint: Endpoint, body: bytes, headers: Mapping[str, str]
    ) -> PushAnswer:
        session = self._strangers.session(trusted=endpoint.trusted)
        async with session.post(
            endpoint.url, data=body, headers=headers, allow_redirects=False
        ) as response:
            return PushAnswer(
                status=response.status,
                body=await self._said(response),
                retry_after=parse_retry_after(
                    response.headers.get("Retry-After"), self._clock.now()
                ),
                from_windows=_is_windows(endpoint.host),
                origin_works=self._circuits.works(endpoint.origin),
            )


# Nobody but the operators can mend it, by giving the key back.
_KEY_LOST = Outcome(
    result=Result.PAUSED,
    reason=Reason.NO_VAPID_KEY,
    detail="it subscribed with a key that is not set any more",
)

# It is not known to be down yet, but what waits for it would keep everybody else's pushes waiting.
_HELD_UP = Outcome(
    result=Result.PAUSED,
    reason=Reason.TIMEOUT,
    detail="the push service answers nothing of what is under way to it",
    retry_after=5.0,
)


def _is_windows(host: str) -> bool:
    return f".{host}".endswith(".notify.windows.com")


def _dead(reason: Reason, detail: str) -> Outcome:
    return Outcome(result=Result.DEAD, reason=reason, detail=detail)


def _failed(error: Exception) -> Outcome:
    if isinstance(error, aiohttp.InvalidURL):
        return _dead(Reason.BAD_ENDPOINT, "is not a URL")
    if isinstance(getattr(error, "os_error", None), ForbiddenAddress):
        return _dead(Reason.BAD_ENDPOINT, "does not lead to a public address")
    reason = Reason.TIMEOUT if isinstance(error, TimeoutError) else Reason.CONNECTION_FAILED
    return Outcome(result=Result.RETRY, reason=reason, detail=shortened(str(error)))
