"""How the texts of settings are read; each reader says in plain words what it wants instead.

None of them repeats a text that may hold a secret.
"""

import base64
import math
import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from redis.asyncio.connection import parse_url
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from domain.contact_details import DetailMode
from realtime.delivery.email.dkim import DkimKey
from realtime.delivery.email.headers import Mailbox
from realtime.delivery.email.relay import Relay, parse_relays
from realtime.delivery.endpoint_guard import parse_origin
from realtime.delivery.push.apns import ApnsKey
from realtime.delivery.push.fcm import FcmAccount
from realtime.delivery.push.vapid import VapidKey, check_subject

Network = IPv4Network | IPv6Network
T = TypeVar("T")

# One or more labels of the DNS.
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
SELECTOR = re.compile(rf"{LABEL}(\.{LABEL})*")
# RFC 7518, 3.2: a key for HS256 is at least as long as the hash.
SHORTEST_TOKEN_SECRET = 32
SHORTEST_KEY = 16
SHORTEST_WEBHOOK_SECRET = 24
LONGEST_PERIOD = timedelta(days=36_500)

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
IN_MEMORY = ("", ":memory:")


class LogFormat(StrEnum):
    """How log lines are written."""

    AUTO = "auto"
    JSON = "json"
    READABLE = "readable"

    @classmethod
    def parse(cls, text: str) -> "LogFormat":
        """Read one."""
        return cls(_one_of(text, cls))


class LogLevel(StrEnum):
    """What is worth a log line."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @classmethod
    def parse(cls, text: str) -> "LogLevel":
        """Read one."""
        return cls(_one_of(text, cls))


def detail_mode(text: str) -> DetailMode:
    """Read what is done about contact details."""
    return DetailMode(_one_of(text, DetailMode))


def _one_of(text: str, choices: type[StrEnum]) -> str:
    if text.lower() not in [choice.value for choice in choices]:
        raise ValueError(f"is one of {', '.join(choices)}, not {_shown(text)}")
    return text.lower()


def optional(parse: Callable[[str], T]) -> Callable[[str], T | None]:
    """Have nothing be read as None."""
    return lambda text: parse(text) if text else None


def database_url(text: str) -> str:
    """Read a database's address; ``postgres://`` and the like get the driver that we use."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("is sqlite+aiosqlite:///file or postgresql+asyncpg://...") from None
    driver = DRIVERS.get(url.drivername)
    if driver is None:
        raise ValueError(
            f"{url.drivername}:// is not served; "
            "use sqlite+aiosqlite:///file or postgresql+asyncpg://..."
        )
    if driver.startswith("sqlite") and (url.database or "") in IN_MEMORY:
        raise ValueError("names no file: sqlite+aiosqlite:///orderwire.db")
    return url.set(drivername=driver).render_as_string(hide_password=False)


def redis_url(text: str) -> str:
    """Read the address of a Redis or Valkey."""
    try:
        parse_url(text)
    except ValueError:
        raise ValueError("is redis://host:6379/0, rediss://... or unix:///path") from None
    return text


def token_secret(text: str) -> str:
    """Read the secret of HS256 tokens."""
    return _long_enough(text, SHORTEST_TOKEN_SECRET)


def metrics_token(text: str) -> str:
    """Read the token of ``/metrics``."""
    return _long_enough(text, SHORTEST_KEY)


def service_keys(text: str) -> tuple[str, ...]:
    """Read the keys of the marketplace's backend."""
    keys = _listed(text)
    for place, key in enumerate(keys, 1):
        which = f"key {place} " if len(keys) > 1 else ""
        _long_enough(key, SHORTEST_KEY, which)
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError(f"{which}has characters that no header can carry")
    return keys


def _long_enough(text: str, shortest: int, which: str = "") -> str:
    if len(text.encode()) < shortest:
        raise ValueError(f"{which}is too short: at least {shortest} characters, best random ones")
    return text


def jwks(text: str) -> str:
    """Read the place of a JWK set: an address, or a file that is there."""
    parts = urlsplit(text)
    if parts.scheme == "https" and parts.hostname:
        return text
    if parts.scheme == "http":
        if parts.hostname in ("localhost", "127.0.0.1", "::1"):
            return text
        raise ValueError("http:// can be forged: use https:// or a file")
    if not Path(text).is_file():
        raise ValueError(f"there is no file {_shown(text)}")
    return text


def origin(text: str) -> str:
    """Read one origin."""
    try:
        return parse_origin(text)
    except ValueError:
        raise ValueError(
            f"is an origin such as https://messages.example.com, not {_shown(text)}"
        ) from None


def origins(text: str) -> tuple[str, ...]:
    """Read origins."""
    return tuple(origin(part) for part in _listed(text))


def networks(text: str) -> tuple[Network, ...]:
    """Read addresses and networks."""
    return tuple(_network(part) for part in _listed(text))


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError(
            f"is an address or a network such as 10.0.0.0/8, not {_shown(text)}"
        ) from None


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def relays(text: str) -> tuple[Relay, ...]:
    """Read mail servers."""
    return parse_relays(text) if text else ()


def mailbox(text: str) -> Mailbox:
    """Read who mails are from."""
    try:
        return Mailbox.parse(text)
    except ValueError as wrong:
        raise ValueError(f"{wrong}: Orderwire <no-reply@example.com>") from None


def vapid_keys(text: str) -> tuple[VapidKey, ...]:
    """Read the key that pushes are signed with, and those that were before it."""
    return tuple(_vapid_key(part) for part in text.split(",") if part.strip())


def _vapid_key(text: str) -> VapidKey:
    try:
        return VapidKey.parse(text)
    except ValueError:
        raise ValueError(
            "is not a VAPID key: 32 bytes in base64url, or PEM; make one: orderwire keys vapid"
        ) from None


def mail_domain(text: str) -> str:
    """Read a domain that mail is sent to."""
    if not SELECTOR.fullmatch(text):
        raise ValueError("is a domain such as reply.example.com")
    return text.lower()


def webhook_secret(text: str) -> bytes:
    """Read a secret as Standard Webhooks write it."""
    wanted = f"is whsec_ and {SHORTEST_WEBHOOK_SECRET} bytes or more in base64"
    try:
        secret = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise ValueError(wanted) from None
    if not text.startswith("whsec_") or len(secret) < SHORTEST_WEBHOOK_SECRET:
        raise ValueError(wanted)
    return secret


def dkim_key(text: str) -> DkimKey:
    """Read the key that mails are signed with."""
    return DkimKey.parse(text)


def dkim_selector(text: str) -> str:
    """Read the name under which the DNS has the key."""
    if not SELECTOR.fullmatch(text):
        raise ValueError("is a name in the DNS such as orderwire or k1.mail")
    return text


def fcm_account(text: str) -> FcmAccount:
    """Read the file of a service account of Google's."""
    return FcmAccount.parse(_file(text))


def apns_key(text: str) -> ApnsKey:
    """Read the file of a key of Apple's."""
    return ApnsKey.parse(_file(text))


def _file(path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, ValueError) as wrong:
        raise ValueError(f"is the path of a file: {type(wrong).__name__}") from None


def apns_name(text: str) -> str:
    """Read a name that Apple gave."""
    if not SELECTOR.fullmatch(text):
        raise ValueError("is letters, digits, dots and hyphens, as Apple shows it")
    return text


def vapid_subject(text: str) -> str:
    """Read how push services reach us."""
    return check_subject(text)


def count(text: str) -> int:
    """Read a number from 0 on."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValueError(f"is a whole number from 0 on, not {_shown(text)}")
    return int(text)


def _period(unit: timedelta, noun: str, text: str) -> timedelta:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= LONGEST_PERIOD / unit:
        raise ValueError(f"is a number of {noun} such as 3 or 0.5, not {_shown(text)}")
    return number * unit


days = partial(_period, timedelta(days=1), "days")
hours = partial(_period, timedelta(hours=1), "hours")
minutes = partial(_period, timedelta(minutes=1), "minutes")
seconds = partial(_period, timedelta(seconds=1), "seconds")


def days_or_ever(text: str) -> timedelta | None:
    """Read days; 0 is for ever."""
    return days(text) or None


def _shown(text: str) -> str:
    """Show a mistaken text in an error, kept short and on one line."""
    return repr(text if len(text) <= 40 else f"{text[:40]}...")
