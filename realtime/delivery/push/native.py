"""What the senders for apps share: HTTP/2, and what came of a request."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from realtime.clock import Clock
from realtime.delivery.classify import parse_retry_after, shortened
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.push.sender import PushLimits
from realtime.delivery.reasons import Reason

Rule = tuple[Result, Reason]

# Beyond what a service's own words say.
BY_STATUS: Mapping[int, Rule] = {
    400: (Result.DEAD, Reason.BAD_REQUEST),
    401: (Result.PAUSED, Reason.VAPID_REFUSED),
    403: (Result.PAUSED, Reason.VAPID_REFUSED),
    404: (Result.GONE, Reason.SUBSCRIPTION_GONE),
    410: (Result.GONE, Reason.SUBSCRIPTION_GONE),
    413: (Result.DEAD, Reason.PAYLOAD_TOO_LARGE),
    429: (Result.RETRY, Reason.RATE_LIMITED),
    503: (Result.RETRY, Reason.RATE_LIMITED),
}
_BY_CLASS: Mapping[int, Rule] = {
    2: (Result.ACCEPTED, Reason.SENT),
    3: (Result.DEAD, Reason.BAD_ENDPOINT),
    4: (Result.DEAD, Reason.REFUSED),
}
_LATER: Rule = (Result.RETRY, Reason.TRY_LATER)
# The operators chose them: they get more than whom anybody may name.
AT_ONCE = 64
LEAST_WAIT, LONGEST_WAIT = 1.0, 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a service said; ``word`` is its own name for what is wrong."""

    status: int
    word: str = ""
    retry_after: float | None = None


def judged(answered: Answered, by_word: Mapping[str, Rule]) -> Outcome:
    """Say what an answer means: by its word if that is known, else by its status."""
    by_class = _BY_CLASS.get(answered.status // 100, _LATER)
    usual = BY_STATUS.get(answered.status, by_class)
    result, reason = by_word.get(answered.word, usual)
    wait = None
    if reason is Reason.RATE_LIMITED:
        wait = max(LEAST_WAIT, min(LONGEST_WAIT, answered.retry_after or 0.0))
    return Outcome(
        result=result,
        reason=reason,
        code=str(answered.status),
        detail=shortened(answered.word),
        retry_after=wait,
    )


class NativeConnection:
    """Connections to one service, over HTTP/2, with a bound on time and on answers."""

    def __init__(
        self,
        *,
        origin: str,
        clock: Clock,
        limits: PushLimits | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._origin = origin
        self._clock = clock
        self._limits = limits or PushLimits(at_once_per_origin=AT_ONCE)
        self._tls = tls
        self._client: httpx2.AsyncClient | None = None
        self._turn = asyncio.Semaphore(self._limits.at_once_per_origin)

    async def post(
        self, path: str, content: Mapping[str, Any], headers: Mapping[str, str]
    ) -> tuple[int, Any, float | None]:
        """Return status, JSON and wanted wait of an answer; raises what ``failed`` explains."""
        return await self._ask(path, json=dict(content), headers=dict(headers))

    async def post_form(
        self, path: str, fields: Mapping[str, str]
    ) -> tuple[int, Any, float | None]:
        """Do the same with a form."""
        return await self._ask(path, data=dict(fields))

    async def _ask(self, path: str, **request: Any) -> tuple[int, Any, float | None]:
        url = f"{self._origin}{path}"
        async with (
            self._turn,
            asyncio.timeout(self._limits.timeout),
            self._open().stream("POST", url, **request) as answer,
        ):
            said = await self._beginning(answer)
            wait = parse_retry_after(answer.headers.get("Retry-After"), self._clock.now())
            return answer.status_code, said, wait

    async def close(self) -> None:
        """Close them."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _open(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = httpx2.AsyncClient(
                http2=True,
                verify=self._tls or True,
                timeout=self._limits.timeout,
                trust_env=False,
                headers={"User-Agent": "Orderwire"},
                limits=httpx2.Limits(max_connections=4, keepalive_expiry=300.0),
            )
        return self._client

    async def _beginning(self, answer: httpx2.Response) -> Any:
        taken = bytearray()
        async for part in answer.aiter_bytes():
            taken += part
            if len(taken) > self._limits.answer_bytes:
                return None
        try:
            return json.loads(taken)
        except ValueError:
            return None


FAILURES = (httpx2.HTTPError, TimeoutError, OSError)


def failed(error: Exception) -> Outcome:
    """Say what it means that no answer came."""
    is_late = isinstance(error, TimeoutError | httpx2.TimeoutException)
    reason = Reason.TIMEOUT if is_late else Reason.CONNECTION_FAILED
    return Outcome(result=Result.RETRY, reason=reason, detail=shortened(str(error)))
