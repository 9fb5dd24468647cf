"""``/v1/accounts`` for the backend, and ``/v1/me`` with preferences for the account itself."""

from typing import Annotated, Any
from zoneinfo import available_timezones

import msgspec
from msgspec import UNSET, Meta, UnsetType

from domain.errors import Invalid
from domain.identity import Identity
from domain.preferences import Category
from realtime.api.bodies import AccountId, Body, Name
from realtime.api.endpoint import ACCOUNT, MARKETPLACE, READER, Resource, Stored, get, patch, put
from realtime.api.forms import EMAIL_FORM, LOCALE_FORM, TIME_FORM, URL_FORM
from realtime.services.accounts import Account, Accounts, Me, ShownPreferences
from realtime.services.order_events import SYSTEM

Locale = Annotated[
    str,
    Meta(
        pattern=LOCALE_FORM,
        max_length=35,
        description="A language tag of BCP 47. Texts are in German or English, and in English for "
        "a tag that is well-formed and of another language, or of none that there is.",
    ),
]
# Two of them are no place's: that of this machine, and that of one that was not set up.
TIMEZONES = frozenset(available_timezones()) - {"localtime", "Factory"}
Timezone = Annotated[
    str,
    Meta(
        description="A time zone of the IANA database",
        examples=["Europe/Berlin"],
        extra_json_schema={"format": "time-zone"},
    ),
]
Email = Annotated[str, Meta(max_length=254, pattern=EMAIL_FORM, examples=["sam@example.com"])]
LocalTime = Annotated[str, Meta(pattern=TIME_FORM, examples=["22:00"])]
PictureUrl = Annotated[
    str, Meta(max_length=2000, pattern=URL_FORM, examples=["https://example.com/sam.png"])
]


class AccountBody(Body, frozen=True):
    """What the marketplace says of an account."""

    name: Name
    email: Email | None = None
    locale: Locale = "en"
    timezone: Timezone = "UTC"
    avatar_url: PictureUrl | None = None

    def check(self) -> None:
        """Refuse a time zone that there is not."""
        _check_timezone(self.timezone)


class ChannelsPatch(Body, frozen=True):
    """One category's channels; null goes back to the default."""

    push: bool | UnsetType | None = UNSET
    email: bool | UnsetType | None = UNSET


class CategoriesPatch(Body, frozen=True):
    """Each category's channels; null goes back to the defaults."""

    new_order: ChannelsPatch | UnsetType | None = UNSET
    order_update: ChannelsPatch | UnsetType | None = UNSET
    order_message: ChannelsPatch | UnsetType | None = UNSET
    inbox_message: ChannelsPatch | UnsetType | None = UNSET
    reminder: ChannelsPatch | UnsetType | None = UNSET
    service: ChannelsPatch | UnsetType | None = UNSET


class QuietHoursPatch(Body, frozen=True):
    """Local times between which pushes wait."""

    start: LocalTime | UnsetType = UNSET
    end: LocalTime | UnsetType = UNSET
    except_: tuple[Category, ...] | UnsetType | None = msgspec.field(default=UNSET, name="except")


class PreferencesPatch(Body, frozen=True):
    """A merge patch (RFC 7396) of an account's preferences."""

    locale: Locale | UnsetType | None = UNSET
    timezone: Timezone | UnsetType | None = UNSET
    quiet_hours: QuietHoursPatch | UnsetType | None = UNSET
    categories: CategoriesPatch | UnsetType | None = UNSET
    email_after_minutes: Annotated[int, Meta(ge=0, le=1440)] | UnsetType | None = UNSET

    def check(self) -> None:
        """Refuse a time zone that there is not."""
        if isinstance(self.timezone, str):
            _check_timezone(self.timezone)


def _check_timezone(name: str) -> None:
    if name not in TIMEZONES:
        raise Invalid.field("timezone", "is no time zone of the IANA database")


class AccountRoutes(Resource):
    """Accounts over HTTP."""

    def __init__(self, *, accounts: Accounts) -> None:
        self._accounts = accounts

    async def put_account(self, account_id: AccountId, body: AccountBody) -> Stored[Account]:
        """Tell of an account, or of a change to it: the whole of it each time."""
        if account_id == SYSTEM:
            raise Invalid.field("account_id", "stands for nobody: it is who acts by itself")
        return Stored(*await self._accounts.put(account_id, msgspec.structs.asdict(body)))

    async def me(self, caller: Identity) -> Me:
        """Show the caller's account and counts."""
        return await self._accounts.me(caller)

    async def preferences(self, caller: Identity) -> ShownPreferences:
        """Show the caller's preferences, defaults filled in."""
        return await self._accounts.preferences(caller)

    async def change_preferences(
        self, caller: Identity, body: PreferencesPatch
    ) -> ShownPreferences:
        """Merge what the caller says into their preferences (RFC 7396): what is not named stays."""
        patch: dict[str, Any] = msgspec.to_builtins(body)
        return await self._accounts.change_preferences(caller, patch)

    title = "Accounts"
    endpoints = (
        put("/v1/accounts/{account_id}", put_account, by=MARKETPLACE, refuses=("id_retired",)),
        get("/v1/me", me, by=READER, refuses=("not_found",)),
        get("/v1/me/preferences", preferences, by=ACCOUNT, refuses=("not_found",)),
        patch("/v1/me/preferences", change_preferences, by=ACCOUNT, refuses=("not_found",)),
    )
