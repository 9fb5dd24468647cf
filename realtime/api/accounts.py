"""``/v1/accounts`` for the backend, and ``/v1/me`` with preferences for the account itself."""

from typing import Annotated, Any
from zoneinfo import available_timezones

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.errors import Invalid
from domain.preferences import Category
from realtime.api.answers import answer, created_or_ok
from realtime.api.bodies import Body, Name, path_id, read_body
from realtime.api.callers import Callers
from realtime.api.forms import EMAIL_FORM, LOCALE_FORM, TIME_FORM, URL_FORM
from realtime.services.accounts import Accounts
from realtime.services.order_events import SYSTEM

TIMEZONES = frozenset(available_timezones())
Locale = Annotated[
    str,
    Meta(
        pattern=LOCALE_FORM,
        max_length=35,
        description="A language tag of BCP 47. Texts are in German or English, and in English for "
        "a tag that is well-formed and of another language, or of none that there is.",
    ),
]
Email = Annotated[str, Meta(max_length=254, pattern=EMAIL_FORM)]
LocalTime = Annotated[str, Meta(pattern=TIME_FORM)]


class AccountBody(Body, frozen=True):
    """What the marketplace says of an account."""

    name: Name
    email: Email | None = None
    locale: Locale = "en"
    timezone: str = "UTC"
    avatar_url: Annotated[str, Meta(max_length=2000, pattern=URL_FORM)] | None = None


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
    timezone: str | UnsetType | None = UNSET
    quiet_hours: QuietHoursPatch | UnsetType | None = UNSET
    categories: CategoriesPatch | UnsetType | None = UNSET
    email_after_minutes: Annotated[int, Meta(ge=0, le=1440)] | UnsetType | None = UNSET


class AccountRoutes:
    """Accounts over HTTP."""

    def __init__(self, *, accounts: Accounts, callers: Callers) -> None:
        self._accounts = accounts
        self._callers = callers

    def routes(self) -> list[Route]:
        """List the routes."""
        preferences = "/v1/me/preferences"
        return [
            Route("/v1/accounts/{account_id}", self.put, methods=["PUT"]),
            Route("/v1/me", self.me, methods=["GET"]),
            Route(preferences, self.preferences, methods=["GET"]),
            Route(preferences, self.change_preferences, methods=["PATCH"]),
        ]

    async def put(self, request: Request) -> Response:
        """Store an account."""
        await self._callers.marketplace(request)
        account_id = path_id(request, "account_id")
        if account_id == SYSTEM:
            raise Invalid.field("account_id", "stands for nobody: it is who acts by itself")
        body = await read_body(request, AccountBody)
        _check_timezone(body.timezone)
        shown, created = await self._accounts.put(account_id, msgspec.structs.asdict(body))
        return created_or_ok(shown, created=created)

    async def me(self, request: Request) -> Response:
        """Show the caller's account and counts."""
        return answer(await self._accounts.me(await self._callers.reader(request)))

    async def preferences(self, request: Request) -> Response:
        """Show the caller's preferences."""
        return answer(await self._accounts.preferences(await self._callers.account(request)))

    async def change_preferences(self, request: Request) -> Response:
        """Merge what the caller says into their preferences."""
        caller = await self._callers.account(request)
        body = await read_body(request, PreferencesPatch)
        if isinstance(body.timezone, str):
            _check_timezone(body.timezone)
        patch: dict[str, Any] = msgspec.to_builtins(body)
        return answer(await self._accounts.change_preferences(caller, patch))


def _check_timezone(name: str) -> None:
    if name not in TIMEZONES:
        raise Invalid.field("timezone", "is no time zone of the IANA database")
