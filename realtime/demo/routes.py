"""What the demo page asks for and presses, and the mailbox's own pages."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import SandboxedEnvironment
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from realtime.demo.mailbox import KeptMail, Mailbox
from realtime.demo.outbox import Outbox
from realtime.demo.people import PEOPLE, Person, by_account
from realtime.demo.seed import SERVICE_ID, SERVICE_TITLE
from realtime.services.views import Shape

TEMPLATES = Path(__file__).parent / "templates"

# A page of ours: no script, no foreign content.
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
# A mail: what is in it may be looked at, and its links open elsewhere.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; frame-ancestors 'self'"
)
VIEWS = ("html", "text", "headers")


class Broken(msgspec.Struct, frozen=True):
    """Whether the mail relay is to fail."""

    broken: bool


class Wanted(msgspec.Struct, frozen=True):
    """Whose token is wanted."""

    account: str


class DemoRoutes:
    """``place_order`` returns the order; ``make_token`` takes one of the demo's people."""

    def __init__(
        self,
        *,
        place_order: Callable[[], Awaitable[Shape]],
        make_token: Callable[[Person], str],
        mailbox: Mailbox,
        outbox: Outbox,
    ) -> None:
        self._place_order = place_order
        self._make_token = make_token
        self._mailbox = mailbox
        self._outbox = outbox
        self._pages = SandboxedEnvironment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("/demo/state", self.state, methods=["GET"]),
            Route("/demo/orders", self.order, methods=["POST"]),
            Route("/demo/outbox", self.outbox, methods=["GET"]),
            Route("/demo/relay", self.relay, methods=["POST"]),
            Route("/demo/token", self.token, methods=["POST"]),
            Route("/demo/mail", self.mails, methods=["GET"]),
            Route("/demo/mail/{n:int}", self.mail, methods=["GET"]),
            Route("/demo/mail/{n:int}/html", self.mail_html, methods=["GET"]),
        ]

    async def state(self, _request: Request) -> Response:
        """Tell who is there, what can be ordered, and whether the relay is broken."""
        people = [
            {
                "account": person.account,
                "name": person.name,
                "role": person.role,
                "link": self.link(person),
            }
            for person in PEOPLE
        ]
        service = {"id": SERVICE_ID, "title": SERVICE_TITLE}
        return _json({"people": people, "service": service, "relay_broken": self._mailbox.broken})

    def link(self, person: Person) -> str:
        """Return the path that signs a person in; the token stays in the browser."""
        return f"/#token={self._make_token(person)}"

    async def order(self, _request: Request) -> Response:
        """Place an order."""
        return _json(await self._place_order(), 201)

    async def outbox(self, request: Request) -> Response:
        """Tell what left the house after the ``after``-th thing that did."""
        after = request.query_params.get("after", "0")
        if not after.isascii() or not after.isdigit():
            raise HTTPException(422, "after: is a number")
        return _json({"items": [sent.shown() for sent in self._outbox.after(int(after))]})

    async def relay(self, request: Request) -> Response:
        """Break the mail relay, or mend it."""
        self._mailbox.broken = (await _read(request, Broken)).broken
        return Response(status_code=204)

    async def token(self, request: Request) -> Response:
        """Give a fresh token to one of the demo's people."""
        person = by_account((await _read(request, Wanted)).account)
        if person is None:
            raise HTTPException(404, "nobody of that name")
        return _json({"token": self._make_token(person)})

    async def mails(self, _request: Request) -> Response:
        """Show the mails, newest first."""
        return self._page("mailbox.html", mails=list(reversed(self._mailbox.mails)))

    async def mail(self, request: Request) -> Response:
        """Show one mail: as it looks, as text, or its headers."""
        view = request.query_params.get("view", "html")
        if view not in VIEWS:
            raise HTTPException(404)
        return self._page("mail.html", mail=self._kept(request), view=view, views=VIEWS)

    async def mail_html(self, request: Request) -> Response:
        """Show a mail's HTML, shut in."""
        html = self._kept(request).part("html")
        shown = html.replace("<head>", '<head><base target="_blank">', 1)
        return HTMLResponse(shown, headers={"Content-Security-Policy": MAIL_POLICY})

    def _kept(self, request: Request) -> KeptMail:
        mail = self._mailbox.find(request.path_params["n"])
        if mail is None:
            raise HTTPException(404, "no such mail")
        return mail

    def _page(self, name: str, **values: Any) -> Response:
        page = self._pages.get_template(name).render(**values)
        return HTMLResponse(page, headers={"Content-Security-Policy": PAGE_POLICY})


def _json(content: Any, status: int = 200) -> Response:
    return Response(
        msgspec.json.encode(content),
        status,
        headers={"Cache-Control": "no-store"},
        media_type="application/json",
    )


Asked = TypeVar("Asked", bound=msgspec.Struct)


async def _read(request: Request, kind: type[Asked]) -> Asked:
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.MsgspecError as wrong:
        raise HTTPException(422, str(wrong)) from None
