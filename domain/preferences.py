"""What an account wants to be told, and where: category by channel, all on from the start."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.errors import FieldError


class Category(StrEnum):
    """What a notification is about."""

    NEW_ORDER = "new_order"
    ORDER_UPDATE = "order_update"
    ORDER_MESSAGE = "order_message"
    INBOX_MESSAGE = "inbox_message"
    REMINDER = "reminder"
    SERVICE = "service"


class Channel(StrEnum):
    """How a notification leaves the house."""

    PUSH = "push"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Local times between which pushes wait, but for the categories excepted."""

    start: str
    end: str
    excepted: tuple[Category, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The whole of an account's wishes, defaults filled in."""

    locale: str
    timezone: str
    quiet_hours: QuietHours | None
    categories: Mapping[Category, Mapping[Channel, bool]]
    email_after_minutes: int

    def wants(self, category: Category, channel: Channel) -> bool:
        """Tell whether alerts of ``category`` may go out on ``channel``."""
        return self.categories[category][channel]


DEFAULT_EMAIL_AFTER_MINUTES = 10


def merged(said: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Apply a JSON merge patch (RFC 7396): what is not named stays, null takes away."""
    result = dict(said)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            before = result.get(key)
            result[key] = merged(before if isinstance(before, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def check_said(said: Mapping[str, Any]) -> list[FieldError]:
    """Name what is wrong with preferences as a whole, where each part of them is right."""
    quiet = said.get("quiet_hours")
    if quiet is None:
        return []
    missing = [name for name in ("start", "end") if name not in quiet]
    if missing:
        return [FieldError(f"quiet_hours.{name}", "is required") for name in missing]
    if quiet["start"] == quiet["end"]:
        return [FieldError("quiet_hours.end", "is the same time as the start")]
    return []


def effective(said: Mapping[str, Any], *, locale: str, timezone: str) -> Preferences:
    """Fill what an account said with the defaults, and its profile's locale and zone."""
    categories = said.get("categories", {})
    quiet = said.get("quiet_hours")
    return Preferences(
        locale=said.get("locale", locale),
        timezone=said.get("timezone", timezone),
        quiet_hours=quiet and _quiet_hours(quiet),
        categories=_switches(categories) if categories else _ALL_ON,
        email_after_minutes=said.get("email_after_minutes", DEFAULT_EMAIL_AFTER_MINUTES),
    )


_ALL_ON = {category: dict.fromkeys(Channel, True) for category in Category}


def _switches(said: Mapping[str, Any]) -> Mapping[Category, Mapping[Channel, bool]]:
    return {category: switches | said.get(category, {}) for category, switches in _ALL_ON.items()}


def _quiet_hours(said: Mapping[str, Any]) -> QuietHours:
    return QuietHours(
        start=said["start"],
        end=said["end"],
        excepted=tuple(Category(name) for name in said.get("except", ())),
    )
