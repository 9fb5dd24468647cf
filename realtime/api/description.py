"""``/v1/openapi.json`` and ``/v1/docs``: the API's description, for programs and for people."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from realtime.api.edge import API_POLICY
from realtime.api.endpoint import ANYBODY, Content, Resource, get
from realtime.api.manual import Manual
from realtime.api.openapi import Json
from realtime.api.pages import Pages
from realtime.api.static import File

JSON, HTML = "application/json", "text/html"


class DescriptionRoutes(Resource):
    """The description over HTTP: written once, for the first who asks."""

    def __init__(self, describe: Callable[[], Json]) -> None:
        self._describe = describe
        self._files: tuple[File, File] | None = None

    async def openapi(self, request: Request) -> Annotated[Response, Content(JSON, dict[str, Any])]:
        """Describe the API (OpenAPI 3.1)."""
        description, _ = await self._written()
        return await description.answer(request)

    async def docs(self, request: Request) -> Annotated[Response, Content(HTML)]:
        """Show this page."""
        _, page = await self._written()
        return await page.answer(request)

    async def _written(self) -> tuple[File, File]:
        if self._files is None:
            # Half a second that no socket should wait for.
            self._files = await asyncio.to_thread(self._write)
        return self._files

    def _write(self) -> tuple[File, File]:
        description = self._describe()
        pages = Pages("manual.css")
        page = pages.render("manual.html", manual=Manual(description))
        return (
            File.of(msgspec.json.encode(description), JSON, policy=API_POLICY),
            File.of(page.encode(), f"{HTML}; charset=utf-8", policy=pages.policy),
        )

    title = "Description"
    endpoints = (
        get("/v1/openapi.json", openapi, by=ANYBODY),
        get("/v1/docs", docs, by=ANYBODY),
    )
