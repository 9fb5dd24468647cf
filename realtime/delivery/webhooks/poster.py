"""Posts one signed event to an endpoint of the marketplace, and says what came of it."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import aiohttp
from aiohttp.abc import AbstractResolver

from realtime.clock import Clock
from realtime.delivery.classify import (
    MAX_RETRY_AFTER,
    MIN_RETRY_AFTER,
    parse_retry_after,
    shortened,
)
from realtime.delivery.endpoint_guard import (
    EndpointGuard,
    ForbiddenAddress,
    ForbiddenEndpoint,
)
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason
from realtime.delivery.strangers import Strangers, beginning

GONE = 410
BUSY = frozenset({429, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookLimits:
    """What one endpoint may cost us."""

    timeout: float = 15.0  # seconds, from connecting to the end of the answer
    answer_bytes: int = 4_096


class WebhookPoster:
    """Posts to whatever endpoint the guard lets it."""

    def __init__(
        self,
        *,
        guard: EndpointGuard,
        clock: Clock,
        limits: WebhookLimits | None = None,
        tls: ssl.SSLContext | Literal[True] = True,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._guard = guard
        self._clock = clock
        self._limits = limits or WebhookLimits()
        self._strangers = Strangers(timeout=self._limits.timeout, tls=tls, resolver=resolver)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Post once; whatever is not a 2xx is tried again, but for 410: the endpoint is gone."""
        try:
            endpoint = self._guard.check(url)
        except ForbiddenEndpoint as wrong:
            return _dead(str(wrong))
        told = {"Content-Type": "application/json", **headers}
        session = self._strangers.session(trusted=endpoint.trusted)
        try:
            async with session.post(
                endpoint.url, data=body, headers=told, allow_redirects=False
            ) as response:
                said = await beginning(response, self._limits.answer_bytes)
                asked = response.headers.get("Retry-After")
                return self._outcome(response.status, said, asked)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _failed(error)

    async def close(self) -> None:
        """Close every connection."""
        await self._strangers.close()

    def _outcome(self, status: int, said: str, asked: str | None) -> Outcome:
        result, reason = _meaning(status)
        wait = parse_retry_after(asked, self._clock.now()) if status in BUSY else None
        return Outcome(
            result=result,
            reason=reason,
            code=str(status),
            detail=shortened(said),
            retry_after=None if wait is None else min(max(wait, MIN_RETRY_AFTER), MAX_RETRY_AFTER),
        )


def _meaning(status: int) -> tuple[Result, Reason]:
    if status // 100 == 2:
        return Result.ACCEPTED, Reason.SENT
    if status == GONE:
        return Result.GONE, Reason.ENDPOINT_GONE
    return Result.RETRY, Reason.RATE_LIMITED if status in BUSY else Reason.TRY_LATER


def _dead(detail: str) -> Outcome:
    return Outcome(result=Result.DEAD, reason=Reason.BAD_ENDPOINT, detail=detail)


def _failed(error: Exception) -> Outcome:
    if isinstance(getattr(error, "os_error", None), ForbiddenAddress):
        return _dead("does not lead to a public address")
    reason = Reason.TIMEOUT if isinstance(error, TimeoutError) else Reason.CONNECTION_FAILED
    return Outcome(result=Result.RETRY, reason=reason, detail=shortened(str(error)))
