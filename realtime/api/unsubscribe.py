"""``/u/{token}``: one-click unsubscribe (RFC 8058). GET shows what it is about, POST does it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Protocol

from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from realtime.api.endpoint import ANYBODY, Content, Resource, get, post
from realtime.api.pages import Pages
from realtime.services.unsubscribe import Unsubscribing, Unsubscription

# A link that leads nowhere is answered with a page, too.
Page = Annotated[Response, Content("text/html", statuses=(HTTPStatus.OK, HTTPStatus.NOT_FOUND))]


class Say(Protocol):
    """Says a text by its key, in the language of a locale."""

    def __call__(self, locale: str, key: str, values: Mapping[str, str]) -> str: ...


class UnsubscribeRoutes(Resource):
    """The page behind the link in every mail; whoever holds the link may act on it."""

    def __init__(self, *, unsubscribing: Unsubscribing, pages: Pages, say: Say) -> None:
        self._unsubscribing = unsubscribing
        self._pages = pages
        self._say = say

    async def show(self, token: str, request: Request) -> Page:
        """Ask; looking changes nothing, for scanners of mails look at every link."""
        try:
            asked = await self._unsubscribing.look(token)
        except NotFound:
            return self._unknown(request)
        return self._page(asked, "question", button="button")

    async def act(self, token: str, request: Request) -> Page:
        """Do it, for the button on the page and for mail programs alike."""
        try:
            done = await self._unsubscribing.act(token)
        except NotFound:
            return self._unknown(request)
        return self._page(done, "done", settings="settings")

    title = "Unsubscribing"
    endpoints = (
        get("/u/{token}", show, by=ANYBODY),
        post("/u/{token}", act, by=ANYBODY),
    )

    def _page(self, about: Unsubscription, text: str, **links: str) -> Response:
        category = self._say(about.locale, f"category.{about.category}", {})
        channel = self._say(about.locale, f"unsubscribe.{about.channel}", {})
        values = {"category": category, "channel": channel}
        words = {name: self._word(about.locale, key, values) for name, key in links.items()}
        return self._pages.page(
            "unsubscribe.html",
            HTTPStatus.OK,
            language=self._word(about.locale, "language", {}),
            title=self._word(about.locale, f"{text}_title", values),
            text=self._word(about.locale, text, values),
            **{"button": None, "settings": None, **words},
        )

    def _unknown(self, request: Request) -> Response:
        locale = request.headers.get("accept-language", "en")[:2]
        return self._pages.page(
            "unsubscribe.html",
            HTTPStatus.NOT_FOUND,
            language=self._word(locale, "language", {}),
            title=self._word(locale, "unknown_title", {}),
            text=self._word(locale, "unknown", {}),
            button=None,
            settings=None,
        )

    def _word(self, locale: str, key: str, values: Mapping[str, str]) -> str:
        return self._say(locale, f"unsubscribe.{key}", values)
