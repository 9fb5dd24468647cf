"""Pushes to apps by Google's service: FCM's HTTP v1, by a token that a service account is given."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from realtime.clock import Clock
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.push.encrypt import fitted
from realtime.delivery.push.native import FAILURES, Answered, NativeConnection, Rule, failed, judged
from realtime.delivery.push.sender import Push
from realtime.delivery.reasons import Reason

ORIGIN = "https://fcm.googleapis.com"
TOKEN_ORIGIN = "https://oauth2.googleapis.com"  # noqa: S105 - where tokens are given
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
HOUR = timedelta(hours=1)
RENEWED_BEFORE_END = timedelta(minutes=5)
MOST_BYTES = 3_500

_BY_WORD: Mapping[str, Rule] = {
    "UNREGISTERED": (Result.GONE, Reason.SUBSCRIPTION_GONE),
    "SENDER_ID_MISMATCH": (Result.GONE, Reason.KEY_MISMATCH),
    "INVALID_ARGUMENT": (Result.DEAD, Reason.BAD_REQUEST),
    "QUOTA_EXCEEDED": (Result.RETRY, Reason.RATE_LIMITED),
    "THIRD_PARTY_AUTH_ERROR": (Result.PAUSED, Reason.VAPID_REFUSED),
}
# What Google says to the account itself is never about a device.
_OURS: Rule = (Result.PAUSED, Reason.VAPID_REFUSED)
_BY_TOKEN_STATUS: Mapping[str, Rule] = dict.fromkeys(("200", "400", "401", "403", "404"), _OURS)


@dataclass(frozen=True, slots=True)
class FcmAccount:
    """A service account, as Google gives it in a JSON file."""

    project: str
    email: str
    private: RSAPrivateKey

    @classmethod
    def parse(cls, text: str) -> "FcmAccount":
        """Read the JSON; raises ``ValueError`` in plain words."""
        try:
            told = json.loads(text)
            key = load_pem_private_key(str(told["private_key"]).encode(), password=None)
            project, email = str(told["project_id"]), str(told["client_email"])
        except (ValueError, TypeError, KeyError):
            raise ValueError("is no service account as Google gives it (JSON)") from None
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("is no service account as Google gives it (JSON)")
        return cls(project, email, key)


class _NoToken(Exception):
    """Google gave none; the outcome says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class FcmSender:
    """Sends to devices whose endpoint is the token that FCM gave them."""

    def __init__(
        self,
        *,
        account: FcmAccount,
        connection: NativeConnection,
        tokens: NativeConnection,
        clock: Clock,
    ) -> None:
        self._account = account
        self._connection = connection
        self._tokens = tokens
        self._clock = clock
        self._token = ""
        self._token_until: datetime | None = None

    async def send(self, push: Push) -> Outcome:
        """Send once."""
        try:
            headers = {"authorization": f"Bearer {await self._authorization()}"}
            path = f"/v1/projects/{self._account.project}/messages:send"
            status, said, wait = await self._connection.post(path, self._message(push), headers)
        except _NoToken as refused:
            return refused.outcome
        except FAILURES as error:
            return failed(error)
        answered = Answered(status=status, word=_word(said), retry_after=wait)
        outcome = judged(answered, _BY_WORD)
        if outcome.result is Result.PAUSED:
            self._token_until = None
        return outcome

    async def close(self) -> None:
        """Close every connection."""
        await self._connection.close()
        await self._tokens.close()

    def _message(self, push: Push) -> dict[str, Any]:
        content = json.loads(fitted(push.payload, MOST_BYTES))
        shown = {"title": content.pop("title", ""), "body": content.pop("body", "")}
        android: dict[str, Any] = {
            "ttl": f"{max(1, push.ttl)}s",
            "priority": "HIGH" if push.urgency == "high" else "NORMAL",
            "notification": {"tag": str(content.get("tag", ""))},
        }
        if push.topic is not None:
            android["collapse_key"] = push.topic
        data = {name: str(value) for name, value in content.items()}
        message = {"token": push.endpoint, "notification": shown, "data": data, "android": android}
        return {"message": message}

    async def _authorization(self) -> str:
        now = self._clock.now()
        if self._token_until is None or now >= self._token_until:
            self._token = await self._fetched(now)
            self._token_until = now + HOUR - RENEWED_BEFORE_END
        return self._token

    async def _fetched(self, now: datetime) -> str:
        claims = {
            "iss": self._account.email,
            "scope": SCOPE,
            "aud": f"{TOKEN_ORIGIN}/token",
            "iat": int(now.timestamp()),
            "exp": int((now + HOUR).timestamp()),
        }
        assertion = jwt.encode(claims, self._account.private, algorithm="RS256")
        status, said, wait = await self._tokens.post_form(
            "/token", {"grant_type": GRANT, "assertion": assertion}
        )
        token = said.get("access_token") if isinstance(said, dict) else None
        if not isinstance(token, str):
            answered = Answered(status=status, word=str(status), retry_after=wait)
            raise _NoToken(judged(answered, _BY_TOKEN_STATUS))
        return token


def _word(said: Any) -> str:
    """Find FCM's own name for what is wrong, or the general one."""
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict):
        return ""
    for detail in error.get("details") or ():
        if isinstance(detail, dict) and "errorCode" in detail:
            return str(detail["errorCode"])
    return str(error.get("status", ""))
