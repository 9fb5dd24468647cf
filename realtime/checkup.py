"""``orderwire check``: looks at everything that a server depends on, and says what to do."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from urllib.parse import urlsplit

import jwt
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.errors import OrderwireError
from realtime import database_setup
from realtime.api.static import WebApp
from realtime.bootstrap import STATIC
from realtime.bootstrap.attachments import open_store, place_of
from realtime.database_setup import DatabaseNotReady
from realtime.delivery.email.relay import MailTimeouts, PoolLimits, Relay, RelayFailed, RelayPool
from realtime.files.place import DirectoryPlace
from realtime.files.scanner import Clamd
from realtime.key_sets import reader_of
from realtime.logs import redacted
from realtime.settings import Settings

PATIENCE = 10.0


class Verdict(StrEnum):
    """How it stands: ``missing`` is what one can do without, but might not want to."""

    GOOD = "good"
    MISSING = "missing"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found of one part, and what to do if it is not good."""

    part: str
    verdict: Verdict
    detail: str
    advice: str = ""


async def examine(settings: Settings, *, tls: ssl.SSLContext | None = None) -> list[Finding]:
    """Look at everything, at once; nothing is changed. ``tls`` says whom mail servers prove to."""
    looks: list[Callable[[Settings], Awaitable[list[Finding]]]] = [
        _database,
        _redis,
        _tokens,
        partial(_mail, tls=tls or ssl.create_default_context()),
        _push,
        _attachments,
        _scanner,
        _public_url,
        _web_app,
    ]
    found = await asyncio.gather(*(look(settings) for look in looks))
    return [finding for findings in found for finding in findings]


async def examine_ways_out(settings: Settings) -> list[Finding]:
    """Look at what carries mails and pushes alone: what a server says of it when it starts."""
    found = await asyncio.gather(_mail(settings, ssl.create_default_context()), _push(settings))
    return [finding for findings in found for finding in findings]


def good(part: str, detail: str) -> list[Finding]:
    """Say that a part is as it should be."""
    return [Finding(part=part, verdict=Verdict.GOOD, detail=detail)]


def missing(part: str, detail: str, advice: str) -> list[Finding]:
    """Say that a part is not there, and what that means."""
    return [Finding(part=part, verdict=Verdict.MISSING, detail=detail, advice=advice)]


def wrong(part: str, detail: str, advice: str) -> list[Finding]:
    """Say that a part does not work."""
    return [Finding(part=part, verdict=Verdict.WRONG, detail=detail, advice=advice)]


async def _database(settings: Settings) -> list[Finding]:
    try:
        current = await database_setup.is_current(settings.database_url)
    except DatabaseNotReady as problem:
        return wrong("database", str(problem), "start it, or mend ORDERWIRE_DATABASE_URL")
    if current:
        return good("database", "answers, and has the schema of this release")
    if database_setup.is_embedded(settings.database_url):
        return good("database", "will be brought to the schema of this release by the next start")
    return wrong("database", "does not have the schema of this release", "run: orderwire migrate")


async def _redis(settings: Settings) -> list[Finding]:
    if settings.redis_url is None:
        return missing(
            "redis", "not set: one server process serves alone", "set ORDERWIRE_REDIS_URL for more"
        )
    client: Redis = Redis.from_url(settings.redis_url)
    try:
        async with asyncio.timeout(PATIENCE):
            await client.ping()
    except (RedisError, OSError) as error:
        reason = redacted(str(error)) or type(error).__name__
        return wrong("redis", f"does not answer: {reason}", "start it, or mend ORDERWIRE_REDIS_URL")
    finally:
        with suppress(RedisError, OSError):
            await client.aclose()
    return good("redis", "answers")


async def _tokens(settings: Settings) -> list[Finding]:
    if settings.token_jwks is None:
        return good("tokens", "HS256, by ORDERWIRE_TOKEN_SECRET")
    advice = "mend ORDERWIRE_TOKEN_JWKS, or what is found there"
    try:
        keys = jwt.PyJWKSet.from_json((await reader_of(settings.token_jwks)()).decode()).keys
    except OSError as error:
        return wrong("tokens", f"the key set cannot be read: {error}", advice)
    except (ValueError, jwt.PyJWKSetError, jwt.InvalidKeyError) as error:
        return wrong("tokens", f"this is no key set: {error}", advice)
    return good("tokens", f"a key set with {len(keys)} usable keys")


async def _mail(settings: Settings, tls: ssl.SSLContext) -> list[Finding]:
    if not settings.smtp_url:
        return missing(
            "mail", "not set: alerts by e-mail wait", "set ORDERWIRE_SMTP_URL and _MAIL_FROM"
        )
    found = await asyncio.gather(*(_relay(relay, tls) for relay in settings.smtp_url))
    if settings.dkim_private_key is not None:
        domain = settings.mail_from.domain if settings.mail_from else "the public host"
        name = f"{settings.dkim_selector}._domainkey.{domain}"
        record = settings.dkim_private_key.record
        found.append(good("mail", f"mails are signed; the DNS must have at {name}: {record}"))
    if settings.mail_from is None:
        found.append(
            missing(
                "mail",
                "ORDERWIRE_MAIL_FROM is not set: mails come from no-reply at the public host",
                "set it to an address that your mail servers may send from",
            )
        )
    return [finding for findings in found for finding in findings]


async def _relay(relay: Relay, tls: ssl.SSLContext) -> list[Finding]:
    pool = RelayPool(
        relay,
        helo="localhost",
        tls=tls,
        timeouts=MailTimeouts(connect=PATIENCE),
        limits=PoolLimits(connections=1),
    )
    try:
        async with pool.connection() as connection:
            connection.clean = True
    except RelayFailed as failed:
        told = f": {failed.outcome.detail}" if failed.outcome.detail else ""
        return wrong(
            "mail",
            f"{relay} does not let us in ({failed.outcome.reason}){told}",
            "mend ORDERWIRE_SMTP_URL: host, port, scheme, user and password",
        )
    finally:
        await pool.close()
    return good("mail", f"{relay} lets us in")


async def _push(settings: Settings) -> list[Finding]:
    apps = [*_app_pushes(settings)]
    if apps and not settings.vapid_private_key:
        return apps
    return [*await _web_pushes(settings), *apps]


def _app_pushes(settings: Settings) -> Iterator[Finding]:
    account = settings.fcm_credentials
    if account is not None:
        yield from good("push", f"to apps by FCM, of the project {account.project}")
    if settings.apns_key is not None:
        yield from good("push", f"to the app {settings.apns_topic} by APNs")


async def _web_pushes(settings: Settings) -> list[Finding]:
    if not settings.vapid_private_key:
        return missing(
            "push", "not set: pushes wait", "set ORDERWIRE_VAPID_PRIVATE_KEY (orderwire keys vapid)"
        )
    subject = settings.vapid_subject or ""
    host = urlsplit(subject).hostname or subject.rpartition("@")[2]
    if not await _is_known(host):
        return missing(
            "push",
            f"push services could not reach you by {subject}: this machine finds no {host}",
            "mend ORDERWIRE_VAPID_SUBJECT: some refuse every push of whom they cannot reach",
        )
    former = len(settings.vapid_private_key) - 1
    return good("push", f"a key for {subject}" + (f", and {former} before it" if former else ""))


async def _is_known(host: str) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:  # a time-out is one, too
        return False
    return True


async def _attachments(settings: Settings) -> list[Finding]:
    place = place_of(settings)
    try:
        await open_store(place).check()
    except OrderwireError as problem:
        cause = redacted(str(problem.__cause__).partition("\n")[0])
        return wrong(
            "attachments",
            f"nothing can be kept in {place}: {cause}",
            "mend ORDERWIRE_ATTACHMENTS_URL, or the rights of this process there",
        )
    if isinstance(place, DirectoryPlace) and settings.redis_url is not None:
        return missing(
            "attachments",
            f"kept in {place}: servers on other machines have to see the same one",
            "set ORDERWIRE_ATTACHMENTS_URL to a bucket, or to a directory that all mount",
        )
    return good("attachments", f"kept in {place}")


async def _scanner(settings: Settings) -> list[Finding]:
    place = settings.attachments_scanner_url
    if place is None:
        return missing(
            "scanner",
            "not set: nobody looks for viruses in attachments",
            "set ORDERWIRE_ATTACHMENTS_SCANNER_URL to ClamAV's clamd",
        )
    try:
        await Clamd(place).check()
    except OrderwireError:
        return wrong(
            "scanner",
            f"clamd at {place} does not answer: nothing can be uploaded",
            "start it, or mend ORDERWIRE_ATTACHMENTS_SCANNER_URL",
        )
    return good("scanner", f"clamd at {place} answers")


async def _public_url(settings: Settings) -> list[Finding]:
    if settings.public_url is None:
        return missing(
            "public url",
            "not set: links in mails lead to this machine",
            "set ORDERWIRE_PUBLIC_URL to where people reach this server",
        )
    url = urlsplit(settings.public_url)
    if url.scheme != "https" and url.hostname not in ("localhost", "127.0.0.1", "::1"):
        return missing(
            "public url",
            f"{settings.public_url} is not https: browsers take no pushes, mail programs no click",
            "put a reverse proxy with TLS before the server",
        )
    return good("public url", settings.public_url)


async def _web_app(_settings: Settings) -> list[Finding]:
    if WebApp.is_in(STATIC):
        return good("web app", "is built")
    return missing("web app", "is not built: the API serves without it", "run: make web")
