"""The built web app: its files by name, and its page wherever a browser goes."""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from realtime.api.pages import Pages

# Nothing inline, nothing from elsewhere but pictures of people, which marketplaces keep where they
# like; frames are for the demo, which shows two of our own pages side by side.
APP_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data: blob:; "
    "media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
# A name with a hash in it never changes what it stands for; all others are asked about each time.
FOR_EVER = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"
HASHED = "assets/"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
WORTH_PACKING = (".css", ".html", ".js", ".json", ".svg", ".webmanifest")
APP_PAGE, DEMO_PAGE = "index.html", "demo.html"
# First parts of paths that are never a page of the app.
NO_PAGES = frozenset(
    {"v1", "u", "demo", "connection", "emulation", "assets", "healthz", "readyz", "metrics"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as it is sent, read and packed once at the start."""

    content: bytes
    packed: bytes | None
    headers: dict[str, str]

    @classmethod
    def read(cls, path: Path, name: str) -> "File":
        """Read a file that is served as ``name``."""
        kind = TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        return cls.of(
            path.read_bytes(),
            kind,
            policy=APP_POLICY,
            cache=FOR_EVER if name.startswith(HASHED) else ASK_FIRST,
            pack=path.suffix in WORTH_PACKING,
        )

    @classmethod
    def of(
        cls, content: bytes, kind: str, *, policy: str, cache: str = ASK_FIRST, pack: bool = True
    ) -> "File":
        """Make a file of what is in it."""
        headers = {
            "Content-Type": kind,
            "Cache-Control": cache,
            "ETag": f'W/"{hashlib.sha256(content).hexdigest()[:20]}"',
            "Content-Security-Policy": policy,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Vary": "Accept-Encoding",
        }
        packed = gzip.compress(content, mtime=0) if pack else None
        return cls(content=content, packed=packed, headers=headers)

    async def answer(self, request: Request) -> Response:
        """Send the file, or say that the caller has it already."""
        if self.headers["ETag"] in request.headers.get("if-none-match", ""):
            # The policies, too: a browser takes those of this answer for the page that it has kept.
            kept = {name: text for name, text in self.headers.items() if name != "Content-Type"}
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=kept)
        if self.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.packed, headers=self.headers | {"Content-Encoding": "gzip"})
        return Response(self.content, headers=self.headers)


class PageRoute(BaseRoute):
    """Where a browser goes, as far as it is no address of the API: shows the app's page."""

    path = "/{page}"

    def __init__(self, page: File) -> None:
        self._page = page

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether this is somebody who wants to see a page."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return Match.NONE, {}
        wants_a_page = "text/html" in Headers(scope=scope).get("accept", "")
        first = scope["path"].split("/")[1]
        is_page = wants_a_page and first not in NO_PAGES and "." not in scope["path"]
        return (Match.FULL, {}) if is_page else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show the page; it finds out by itself where it is."""
        response = await self._page.answer(Request(scope, receive))
        await response(scope, receive, send)


class WebApp:
    """What ``make web`` has put into ``folder``; its demo page is shown in the demo alone."""

    def __init__(self, folder: Path, *, pages: Pages, demo: bool) -> None:
        self._folder = folder
        self._pages = pages
        self._demo = demo

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Tell whether there is an app to show."""
        return (folder / APP_PAGE).is_file()

    def routes(self) -> list[BaseRoute]:
        """List the routes; they come last, for a page may be anywhere."""
        if not self.is_in(self._folder):
            return [Route("/", self._missing), Route("/demo", self._missing)]
        files = dict(self._files())
        routes: list[BaseRoute] = [Route("/", files[APP_PAGE].answer)]
        demo_page = files.pop(DEMO_PAGE, None)
        if self._demo and demo_page is not None:
            routes.append(Route("/demo", demo_page.answer))
        routes += [Route(f"/{name}", file.answer) for name, file in files.items()]
        return [*routes, PageRoute(files[APP_PAGE])]

    def _files(self) -> Iterable[tuple[str, File]]:
        for path in sorted(self._folder.rglob("*")):
            if path.is_file():
                name = path.relative_to(self._folder).as_posix()
                yield name, File.read(path, name)

    async def _missing(self, _request: Request) -> Response:
        return self._pages.page(
            "no_web_app.html",
            HTTPStatus.SERVICE_UNAVAILABLE,
            language="en",
            title="Orderwire is running",
        )
