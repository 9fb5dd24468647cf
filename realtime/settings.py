"""Every setting, declared once: how it is read, its default, and what to say of it.

Values come from ``ORDERWIRE_*`` in the environment, or from a ``.env`` file where the environment
is silent. Whatever is wrong is collected and told at once, a line for each mistake.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any, get_type_hints

from domain.contact_details import DetailMode
from realtime import setting_values as read
from realtime.alert_settings import AlertSettings
from realtime.files.place import Place, parse_place
from realtime.files.scanner import ScannerPlace, parse_scanner
from realtime.setting import Setting
from realtime.setting_values import LogFormat, LogLevel, Network

PREFIX = "ORDERWIRE_"
# Where the tests find their own servers; no setting of ours.
TESTS = f"{PREFIX}TEST_"


class BadSettings(Exception):
    """What is wrong with the settings: one line for each mistake, secrets left out."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Settings(AlertSettings):
    """All of them, read and checked. ``repr()`` keeps the secret ones to itself."""

    database_url: Annotated[
        str,
        Setting(
            read.database_url,
            "sqlite+aiosqlite:///orderwire.db",
            "where everything is kept: sqlite+aiosqlite:///file or postgresql+asyncpg://...",
            secret=True,
        ),
    ]
    redis_url: Annotated[
        str | None,
        Setting(
            read.optional(read.redis_url),
            "",
            "redis://... carries news between processes; without it one process serves alone",
            secret=True,
        ),
    ]

    token_secret: Annotated[
        str | None,
        Setting(
            read.optional(read.token_secret),
            "",
            "what accounts' tokens (HS256) are signed with, at least 32 characters",
            secret=True,
        ),
    ]
    token_jwks: Annotated[
        str | None,
        Setting(
            read.optional(read.jwks),
            "",
            "path or URL of the JWK set for tokens signed with RS256, ES256 or EdDSA",
        ),
    ]
    service_keys: Annotated[
        tuple[str, ...],
        Setting(
            read.service_keys,
            "",
            "the keys your backend calls with, separated by commas, at least 16 characters each",
            secret=True,
        ),
    ]

    public_url: Annotated[
        str | None,
        Setting(
            read.optional(read.origin),
            "",
            "where people reach this server, such as https://messages.example.com",
        ),
    ]
    allowed_origins: Annotated[
        tuple[str, ...],
        Setting(
            read.origins,
            "",
            "other origins whose pages may use API and socket, separated by commas",
        ),
    ]
    trusted_proxies: Annotated[
        tuple[Network, ...],
        Setting(
            read.networks,
            "127.0.0.1, ::1",
            "addresses or networks of reverse proxies whose X-Forwarded-For is believed",
        ),
    ]
    metrics_token: Annotated[
        str | None,
        Setting(
            read.optional(read.metrics_token),
            "",
            "what /metrics asks for as a bearer token; without it only this machine may look",
            secret=True,
        ),
    ]

    webhook_extra_origins: Annotated[
        tuple[str, ...],
        Setting(read.origins, "", "origins of webhooks that may be inside your network, or http"),
    ]
    attachments_url: Annotated[
        Place | None,
        Setting(
            read.optional(parse_place),
            "",
            "where attachments are kept: file:///directory, or s3://bucket/prefix?endpoint=https://..."
            "&region=...&access_key_id=...&secret_access_key=...; without it beside the database",
            secret=True,
        ),
    ]
    attachments_megabytes: Annotated[
        int, Setting(read.count, "25", "how large an attachment may be, in MB of 1024 x 1024 bytes")
    ]
    attachments_scanner_url: Annotated[
        ScannerPlace | None,
        Setting(
            read.optional(parse_scanner),
            "",
            "where ClamAV's clamd looks for viruses: tcp://host:3310 or unix:///path; "
            "while it does not answer, nothing can be uploaded",
        ),
    ]

    limit_messages_per_second: Annotated[
        int,
        Setting(read.count, "5", "messages of one account, bursts of 4 times as many; 0: no limit"),
    ]
    limit_commands_per_second: Annotated[
        int,
        Setting(
            read.count, "30", "commands of one connection, bursts of twice as many; 0: no limit"
        ),
    ]
    limit_connections_per_account: Annotated[
        int, Setting(read.count, "20", "connections of one account; 0: no limit")
    ]
    limit_channels_per_connection: Annotated[
        int, Setting(read.count, "128", "channels of one connection; 0: no limit")
    ]
    limit_requests_per_second: Annotated[
        int,
        Setting(
            read.count,
            "50",
            "HTTP requests of one account or address, bursts of 4 times as many; 0: no limit",
        ),
    ]

    review_days: Annotated[
        timedelta, Setting(read.days, "3", "days until a delivery counts as accepted")
    ]
    request_hours: Annotated[timedelta, Setting(read.hours, "48", "hours until a request lapses")]
    very_late_hours: Annotated[
        timedelta, Setting(read.hours, "24", "hours after which a late order is very late")
    ]
    nudge_days: Annotated[
        timedelta,
        Setting(read.days, "3", "days without an update after which a seller is reminded"),
    ]
    due_soon_hours: Annotated[
        timedelta,
        Setting(read.hours, "12", "hours before its due time at which an order is due soon"),
    ]
    contact_details: Annotated[
        DetailMode,
        Setting(
            read.detail_mode,
            "warn",
            "what is done about addresses, numbers and names in messages before there is an order: "
            "warn tells their sender, mask takes them out, hold lets an operator look first",
        ),
    ]
    edit_hours: Annotated[
        timedelta, Setting(read.hours, "24", "hours for which a message can be edited")
    ]
    requirements_reminder_hours: Annotated[
        timedelta,
        Setting(read.hours, "24", "hours after which a client is reminded of the requirements"),
    ]
    message_push_seconds: Annotated[
        timedelta,
        Setting(read.seconds, "5", "seconds that a push about a message waits for it to be read"),
    ]
    conversation_email_minutes: Annotated[
        timedelta,
        Setting(read.minutes, "60", "minutes between two mails about one conversation"),
    ]

    retention_messages_days: Annotated[
        timedelta | None,
        Setting(
            read.days_or_ever,
            "0",
            "days after which what was written about closed orders goes; 0: never",
        ),
    ]
    retention_notifications_days: Annotated[
        timedelta | None,
        Setting(read.days_or_ever, "365", "days after which notifications go; 0: never"),
    ]
    retention_deliveries_days: Annotated[
        timedelta | None,
        Setting(
            read.days_or_ever,
            "90",
            "days after which finished deliveries and their ledger go; 0: never",
        ),
    ]
    retention_idempotency_days: Annotated[
        timedelta | None,
        Setting(
            read.days_or_ever,
            "7",
            "days for which an Idempotency-Key is remembered; 0: for ever",
        ),
    ]

    log_format: Annotated[
        LogFormat,
        Setting(LogFormat.parse, "auto", "json or readable; auto: readable on a terminal"),
    ]
    log_level: Annotated[LogLevel, Setting(LogLevel.parse, "info", "debug, info, warning or error")]
    drain_seconds: Annotated[
        timedelta,
        Setting(read.seconds, "20", "seconds over which clients are sent elsewhere at shutdown"),
    ]
    drain_accept_seconds: Annotated[
        timedelta,
        Setting(
            read.seconds, "5", "seconds for which a stopping server, already unready, still accepts"
        ),
    ]

    @classmethod
    def parse(cls, texts: Mapping[str, str], rules: Sequence["Rule"] = ()) -> "Settings":
        """Read settings by their full names; names that do not begin as ours are left alone.

        An empty text is the same as none. ``rules`` say what must hold between them. Raises
        BadSettings with every mistake.
        """
        given = {name: text for name, text in texts.items() if _is_ours(name) and text.strip()}
        mistakes = [_unknown(name) for name in sorted(given.keys() - NAMES.keys())]
        values: dict[str, Any] = {}
        for name, setting in NAMES.items():
            try:
                values[_field(name)] = setting.parse(given.get(name, setting.default).strip())
            except ValueError as wrong:
                mistakes.append(f"{name}: {wrong}")
        mistakes += [rule.line for rule in rules if not rule.holds(given.keys())]
        if mistakes:
            raise BadSettings(mistakes)
        return cls(**values)

    def __repr__(self) -> str:
        """Show what may be shown."""
        open_ones = (_field(name) for name, setting in NAMES.items() if not setting.secret)
        return f"Settings({', '.join(f'{name}={getattr(self, name)!r}' for name in open_ones)})"

    @property
    def link_secrets(self) -> list[bytes]:
        """What signed links are made with, the first, and what they may have been made with."""
        secrets = (self.token_secret, *self.service_keys)
        return [secret.encode() for secret in secrets if secret]


def _declared() -> Mapping[str, Setting]:
    hints = get_type_hints(Settings, include_extras=True)
    # Where everything is kept and who may call comes first.
    names = (*Settings.__annotations__, *AlertSettings.__annotations__)
    return {f"{PREFIX}{name.upper()}": hints[name].__metadata__[0] for name in names}


def _field(name: str) -> str:
    return name.removeprefix(PREFIX).lower()


NAMES = _declared()


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold between settings, by the names of those that are set, or ``line`` is said."""

    holds: Callable[[Set[str]], bool]
    line: str


TOKEN_SECRET, TOKEN_JWKS = f"{PREFIX}TOKEN_SECRET", f"{PREFIX}TOKEN_JWKS"
SERVICE_KEYS = f"{PREFIX}SERVICE_KEYS"
VAPID_PRIVATE_KEY, VAPID_SUBJECT = f"{PREFIX}VAPID_PRIVATE_KEY", f"{PREFIX}VAPID_SUBJECT"

APNS_NAMES = frozenset(f"{PREFIX}APNS_{name}" for name in ("KEY_ID", "TEAM_ID", "TOPIC"))

SERVING = (
    Rule(
        lambda given: TOKEN_SECRET in given or TOKEN_JWKS in given,
        f"{TOKEN_SECRET}: is not set, nor is {TOKEN_JWKS}: nobody could sign in; "
        "it is at least 32 random characters that your backend signs tokens with",
    ),
    Rule(
        lambda given: not {TOKEN_SECRET, TOKEN_JWKS} <= given,
        f"{TOKEN_JWKS}: is set beside {TOKEN_SECRET}: choose one of them",
    ),
    Rule(
        lambda given: SERVICE_KEYS in given,
        f"{SERVICE_KEYS}: is not set: your backend could not call; "
        "it is one or more random keys of at least 16 characters, separated by commas",
    ),
    Rule(
        lambda given: f"{PREFIX}APNS_KEY" not in given or given >= APNS_NAMES,
        f"{PREFIX}APNS_KEY: is set without all of APNS_KEY_ID, APNS_TEAM_ID and APNS_TOPIC: "
        "Apple shows them where it gave the key",
    ),
    Rule(
        lambda given: VAPID_PRIVATE_KEY not in given or VAPID_SUBJECT in given,
        f"{VAPID_SUBJECT}: is not set: push services want to be able to reach you; "
        "it is mailto:you@example.com or https://example.com",
    ),
)


def _is_ours(name: str) -> bool:
    return name.startswith(PREFIX) and not name.startswith(TESTS)


def _unknown(name: str) -> str:
    near = get_close_matches(_field(name), map(_field, NAMES), n=1)
    hint = f"did you mean {PREFIX}{near[0].upper()}?" if near else "see orderwire serve --help"
    return f"{name}: there is no such setting; {hint}"
