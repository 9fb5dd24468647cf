"""Request bodies that are files: as they come, and out of the parts of a form."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect, Request

from domain.errors import Invalid, OrderwireError

# Who sends nothing for so long has gone without saying so.
SILENCE = 60.0
# How browsers write these into the name of a file (WHATWG HTML, multipart/form-data).
_ESCAPED = {"%22": '"', "%0D": "\r", "%0A": "\n"}


async def until_cut(request: Request, *, silence: float = SILENCE) -> AsyncIterator[bytes]:
    """Give what comes of a body, until its end or until its sender is gone."""
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(silence):
                stretch = await anext(stream, None)
        except (ClientDisconnect, TimeoutError):
            return
        if stretch is None:
            return
        yield stretch


class FormFile:
    """The one file of a ``multipart/form-data`` body; other fields are passed over."""

    def __init__(self, request: Request) -> None:
        kind, options = parse_options_header(request.headers.get("content-type"))
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise OrderwireError(
                "send the file as multipart/form-data, or by the tus protocol",
                code="unsupported_media_type",
            )
        self._stream = until_cut(request)
        callbacks: Any = {
            "on_part_begin": self._begin_part,
            "on_header_field": self._take_header_name,
            "on_header_value": self._take_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._take_content,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }
        try:
            self._parser = MultipartParser(options[b"boundary"], callbacks)
        except FormParserError as error:
            raise _broken(error) from None
        self._header = (b"", b"")
        self._disposition = b""
        self._name: str | None = None
        self._in_file = False
        self._gathered: list[bytes] = []
        self._is_whole = False

    async def name(self) -> str:
        """Read as far as the file's name."""
        async for stretch in self._stream:
            self._parse(stretch)
            if self._name is not None:
                return self._name
        raise Invalid.field("file", "is required: a part of the form with a filename")

    async def content(self) -> AsyncIterator[bytes]:
        """Give the file; Invalid where the form ends before its end."""
        for part in self._taken():
            yield part
        async for stretch in self._stream:
            self._parse(stretch)
            for part in self._taken():
                yield part
        if not self._is_whole:
            raise Invalid.field("file", "ends too early")

    def _parse(self, stretch: bytes) -> None:
        try:
            self._parser.write(stretch)
        except FormParserError as error:
            raise _broken(error) from None

    def _taken(self) -> list[bytes]:
        taken, self._gathered = self._gathered, []
        return taken

    # --- what the parser finds ----------------------------------------------------------------

    def _begin_part(self) -> None:
        self._disposition = b""

    def _take_header_name(self, data: bytes, start: int, end: int) -> None:
        name, value = self._header
        self._header = (name + data[start:end], value)

    def _take_header_value(self, data: bytes, start: int, end: int) -> None:
        name, value = self._header
        self._header = (name, value + data[start:end])

    def _end_header(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = value
        self._header = (b"", b"")

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"filename" not in options:
            return
        if self._name is not None:
            raise Invalid.field("file", "is one; send others in requests of their own")
        self._name = options[b"filename"].decode("utf-8", "replace")
        for written, meant in _ESCAPED.items():
            self._name = self._name.replace(written, meant)
        self._in_file = True

    def _take_content(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._gathered.append(data[start:end])

    def _end_part(self) -> None:
        self._in_file = False

    def _end(self) -> None:
        self._is_whole = True


def _broken(error: FormParserError) -> Invalid:
    return Invalid.field("body", f"is no multipart/form-data: {error}")
