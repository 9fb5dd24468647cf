"""Pushes to apps on Apple's devices: APNs over HTTP/2, by a token that we sign ourselves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from realtime.clock import Clock
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.push.encrypt import fitted
from realtime.delivery.push.native import FAILURES, Answered, NativeConnection, Rule, failed, judged
from realtime.delivery.push.sender import Push
from realtime.delivery.reasons import Reason

ORIGIN = "https://api.push.apple.com"
# Apple takes a token for an hour, and minds a new one more often than each twenty minutes.
TOKEN_LIFE = timedelta(minutes=45)
# 4,096 bytes are taken; what stands around the texts takes some of them.
MOST_BYTES = 3_500

_GONE: Rule = (Result.GONE, Reason.SUBSCRIPTION_GONE)
_OURS: Rule = (Result.PAUSED, Reason.VAPID_REFUSED)
_BY_WORD: Mapping[str, Rule] = {
    "BadDeviceToken": _GONE,
    "Unregistered": _GONE,
    "ExpiredToken": _GONE,
    "DeviceTokenNotForTopic": (Result.GONE, Reason.KEY_MISMATCH),
    "BadTopic": _OURS,
    "MissingTopic": _OURS,
    "TopicDisallowed": _OURS,
    "BadPath": (Result.DEAD, Reason.BAD_ENDPOINT),
}


@dataclass(frozen=True, slots=True)
class ApnsKey:
    """The private key that Apple gave, as a ``.p8`` file."""

    private: ec.EllipticCurvePrivateKey

    @classmethod
    def parse(cls, pem: str) -> "ApnsKey":
        """Read PEM; raises ``ValueError`` in plain words."""
        try:
            key = load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError):
            raise ValueError("is no key as Apple gives it (.p8)") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("is no key as Apple gives it (.p8)")
        return cls(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApnsApp:
    """Which app of whom; ``topic`` is its bundle id."""

    key: ApnsKey
    key_id: str
    team_id: str
    topic: str


class ApnsSender:
    """Sends to devices whose endpoint is the token that APNs gave them."""

    def __init__(self, *, app: ApnsApp, connection: NativeConnection, clock: Clock) -> None:
        self._app = app
        self._connection = connection
        self._clock = clock
        self._token = ""
        self._token_until: datetime | None = None

    async def send(self, push: Push) -> Outcome:
        """Send once."""
        try:
            status, said, wait = await self._connection.post(
                f"/3/device/{push.endpoint}", _notification(push), self._headers(push)
            )
        except FAILURES as error:
            return failed(error)
        word = said.get("reason", "") if isinstance(said, dict) else ""
        if word == "ExpiredProviderToken":
            self._token_until = None
        return judged(Answered(status=status, word=str(word), retry_after=wait), _BY_WORD)

    async def close(self) -> None:
        """Close every connection."""
        await self._connection.close()

    def _headers(self, push: Push) -> dict[str, str]:
        ends = self._clock.now() + timedelta(seconds=max(1, push.ttl))
        headers = {
            "authorization": f"bearer {self._authorization()}",
            "apns-topic": self._app.topic,
            "apns-push-type": "alert",
            "apns-priority": "10" if push.urgency == "high" else "5",
            "apns-expiration": str(int(ends.timestamp())),
        }
        if push.topic is not None:
            headers["apns-collapse-id"] = push.topic
        return headers

    def _authorization(self) -> str:
        now = self._clock.now()
        if self._token_until is None or now >= self._token_until:
            claims = {"iss": self._app.team_id, "iat": int(now.timestamp())}
            self._token = jwt.encode(
                claims, self._app.key.private, algorithm="ES256", headers={"kid": self._app.key_id}
            )
            self._token_until = now + TOKEN_LIFE
        return self._token


def _notification(push: Push) -> dict[str, Any]:
    content = json.loads(fitted(push.payload, MOST_BYTES))
    alert = {"title": content.pop("title", ""), "body": content.pop("body", "")}
    aps = {"alert": alert, "sound": "default", "thread-id": content.get("tag", "")}
    return {"aps": aps, **content}
