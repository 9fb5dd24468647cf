"""Links to attachments that need no token, for a while: what an ``img`` element can fetch.

A link is for one attachment, in one form, until one moment, and is signed. Links that are asked for
in the same half hour are the same, so that browsers find in their cache what they have.
"""

import hashlib
import hmac
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from domain.errors import Forbidden, NotFound
from realtime.clock import Clock

_PURPOSE = b"orderwire attachment links v1"
LASTS = timedelta(hours=1)
STEP = timedelta(minutes=30)


class Form(StrEnum):
    """In which form an attachment is fetched."""

    FILE = "file"
    PREVIEW = "preview"


class AttachmentLinks:
    """Makes links with the first secret and takes those of all: secrets are rotated."""

    def __init__(self, secrets: Sequence[bytes], clock: Clock) -> None:
        # A key of their own: what signs links must not be able to sign anything else.
        self._keys = [hmac.digest(secret, _PURPOSE, hashlib.sha256) for secret in secrets]
        self._clock = clock

    def ends_at(self) -> datetime:
        """Return until when a link holds that is made now: an hour, and up to half of one more."""
        step = STEP.total_seconds()
        end = (self._clock.now() + LASTS).timestamp()
        return datetime.fromtimestamp(math.ceil(end / step) * step, UTC)

    def make(self, attachment_id: str, form: Form, ends_at: datetime) -> str:
        """Return the path and query of a link."""
        until = str(int(ends_at.timestamp()))
        signature = _signature(self._keys[0], attachment_id, form, until)
        query = urlencode({"until": until, "signature": signature})
        return f"/v1/attachments/{attachment_id}/{form}?{query}"

    def check(self, attachment_id: str, form: Form, until: str, signature: str) -> timedelta:
        """Return how long a link still holds.

        Raises NotFound for one that we did not make, Forbidden ``link_expired`` after its time.
        """
        given = signature.encode("utf-8", "surrogatepass")
        signatures = [_signature(key, attachment_id, form, until).encode() for key in self._keys]
        if not any([hmac.compare_digest(given, each) for each in signatures]):
            raise NotFound("there is no such attachment")
        left = datetime.fromtimestamp(int(until), UTC) - self._clock.now()
        if left <= timedelta(0):
            raise Forbidden("this link has expired; ask for a new one", code="link_expired")
        return left


def _signature(key: bytes, attachment_id: str, form: Form, until: str) -> str:
    content = "\n".join((attachment_id, form, until)).encode("utf-8", "surrogatepass")
    return hmac.digest(key, content, hashlib.sha256).hex()
