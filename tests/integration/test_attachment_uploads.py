"""Uploads by the tus protocol: in pieces, cut and gone on with, whoever else sends pieces, too."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from domain.errors import Conflict, Invalid, NotFound, TooLarge, Unavailable
from domain.identity import Identity
from realtime.files.directory import Directory
from realtime.files.scanner import Clamd, ScannerPlace
from realtime.services.attachment_files import once
from storage.engine import Database
from tests.support.clamd import EICAR, ClamdServer
from tests.support.http_api import HttpApi
from tests.support.marketplace import MOST_BYTES, Marketplace
from tests.support.pictures import a_bomb, a_picture

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}
SAM = Identity("sam")


def metadata(name: str) -> str:
    """Write a file's name as tus has it."""
    return f"filename {base64.b64encode(name.encode()).decode()},filetype {'dHh0'}"


class Upload:
    """Sam uploads a file as a tus client does."""

    def __init__(self, api: HttpApi, path: str) -> None:
        self._api = api
        self.path = path

    @classmethod
    async def begun(cls, api: HttpApi, size: int, name: str = "brief.txt") -> "Upload":
        """Say what is to come."""
        headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(name)}
        created = await api.call(SAM, "POST", "/v1/attachments", headers=headers)
        assert (created.status_code, created.headers["upload-offset"]) == (201, "0")
        return cls(api, created.headers["location"])

    async def send(
        self, offset: int, content: bytes | AsyncIterator[bytes], **headers: str
    ) -> httpx2.Response:
        """Send a piece."""
        told = {**PIECE, "Upload-Offset": str(offset), **headers}
        return await self._api.call(SAM, "PATCH", self.path, headers=told, content=content)

    async def offset(self) -> str:
        """Ask how far it is."""
        asked = await self._api.call(SAM, "HEAD", self.path, headers=TUS)
        assert asked.headers["cache-control"] == "no-store"
        return asked.headers["upload-offset"]

    async def shown(self) -> dict[str, Any]:
        """Look at it."""
        shown: dict[str, Any] = (await self._api.call(SAM, "GET", self.path)).json()
        return shown


@pytest.fixture
async def api(market: Marketplace) -> AsyncIterator[HttpApi]:
    """The HTTP API of a node that knows Sam."""
    await market.sam_and_bea()
    served = HttpApi(market)
    yield served
    await served.close()


async def test_a_file_comes_in_pieces_and_is_read_over_their_borders(api: HttpApi) -> None:
    upload = await Upload.begun(api, 11)
    first = await upload.send(0, b"What")
    assert (first.status_code, first.headers["upload-offset"]) == (204, "4")
    assert (await upload.shown())["status"] == "uploading"
    assert (await upload.shown())["url"] is None
    assert await upload.offset() == "4"
    await upload.send(4, b" I ")
    await upload.send(7, b"want")

    shown = await upload.shown()
    whole = await api.call(None, "GET", shown["url"])
    part = await api.call(None, "GET", shown["url"], headers={"Range": "bytes=2-8"})

    assert (shown["status"], shown["type"], shown["name"]) == ("ready", "text/plain", "brief.txt")
    assert (whole.content, part.content) == (b"What I want", b"at I wa")


async def test_what_an_upload_can_do_is_told_to_anybody(api: HttpApi) -> None:
    told = await api.call(None, "OPTIONS", "/v1/attachments")

    assert told.status_code == 204
    assert told.headers["tus-version"] == "1.0.0"
    assert told.headers["tus-max-size"] == str(MOST_BYTES)
    assert told.headers["tus-extension"] == "creation,creation-with-upload,expiration,termination"


async def test_the_first_piece_may_come_along(api: HttpApi) -> None:
    headers = {**PIECE, "Upload-Length": "4", "Upload-Metadata": metadata("a.txt")}

    created = await api.call(SAM, "POST", "/v1/attachments", headers=headers, content=b"What")

    assert (created.status_code, created.headers["upload-offset"]) == (201, "4")
    assert created.json()["status"] == "ready"


async def test_of_two_pieces_at_one_place_one_is_kept(api: HttpApi) -> None:
    """The other is told, and nothing of it is left: neither lies about what is there."""
    upload = await Upload.begun(api, 8)

    answers = await asyncio.gather(upload.send(0, b"this"), upload.send(0, b"that"))
    late = await upload.send(0, b"what")
    rest = await upload.send(4, b" one")

    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert (late.status_code, late.json()["code"]) == (409, "wrong_offset")
    assert rest.status_code == 204
    whole = await api.call(None, "GET", (await upload.shown())["url"])
    winner = next(i for i, answer in enumerate(answers) if answer.status_code == 204)
    assert whole.content == (b"this one", b"that one")[winner]


async def test_more_than_was_announced_is_refused_and_not_kept(api: HttpApi) -> None:
    upload = await Upload.begun(api, 8)
    await upload.send(0, b"this")

    refused = await upload.send(4, b" and more")

    assert refused.status_code == 413
    assert await upload.offset() == "4"


async def test_a_whole_file_stays_as_it_is(api: HttpApi) -> None:
    upload = await Upload.begun(api, 4)
    await upload.send(0, b"this")

    again = await upload.send(4, b"")
    more = await upload.send(4, b"more")

    assert (again.status_code, more.status_code) == (204, 204)
    assert await upload.offset() == "4"


async def test_an_upload_that_is_given_up_is_gone(api: HttpApi) -> None:
    upload = await Upload.begun(api, 8)
    await upload.send(0, b"this")

    dropped = await api.call(SAM, "DELETE", upload.path, headers=TUS)
    asked = await api.call(SAM, "HEAD", upload.path, headers=TUS)
    late = await upload.send(4, b"rest")

    assert (dropped.status_code, asked.status_code, late.status_code) == (204, 404, 404)
    assert await api.market.attachment_sweep.sweep() == 1


async def test_an_upload_that_goes_on_is_kept_for_another_day(api: HttpApi) -> None:
    upload = await Upload.begun(api, 8)
    api.market.clock.advance(timedelta(hours=20))
    await upload.send(0, b"this")
    api.market.clock.advance(timedelta(hours=20))

    assert await upload.offset() == "4"
    api.market.clock.advance(timedelta(hours=4))
    assert (await api.call(SAM, "HEAD", upload.path, headers=TUS)).status_code == 404


WRONG_BEGINNINGS: tuple[tuple[dict[str, str], int, str | None], ...] = (
    ({"Tus-Resumable": "0.2.2"}, 412, None),
    ({"Upload-Length": ""}, 400, "Upload-Length"),
    ({"Upload-Length": "-1"}, 400, "Upload-Length"),
    ({"Upload-Length": "0"}, 400, "file"),
    ({"Upload-Length": str(MOST_BYTES + 1)}, 413, "file"),
    ({"Upload-Metadata": ""}, 400, "Upload-Metadata"),
    ({"Upload-Metadata": "filename ???"}, 400, "Upload-Metadata"),
    ({"Upload-Metadata": "filename /w=="}, 400, "Upload-Metadata"),
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_wrong_with_a_beginning_is_named(api: HttpApi) -> None:
    right = {**TUS, "Upload-Length": "4", "Upload-Metadata": metadata("a.txt")}
    for headers, status, field in WRONG_BEGINNINGS:
        refused = await api.call(SAM, "POST", "/v1/attachments", headers=right | headers)

        assert refused.status_code == status, headers
        assert [each["path"] for each in refused.json()["errors"]] == ([field] if field else [])
    assert await api.market.uploaded("sam") == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_piece_says_that_it_is_one(api: HttpApi) -> None:
    upload = await Upload.begun(api, 8)

    foreign = await upload.send(0, b"this", **{"Content-Type": "text/plain"})
    nowhere = await upload.send(0, b"this", **{"Upload-Offset": "here"})
    other = await upload.send(0, b"this", **{"Tus-Resumable": "2.0.0"})

    assert (foreign.status_code, nowhere.status_code, other.status_code) == (415, 400, 412)
    assert other.headers["tus-version"] == "1.0.0"
    assert await upload.offset() == "0"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_comes_in_so_many_pieces_and_no_more(market: Marketplace) -> None:
    sam, _ = await market.sam_and_bea()
    upload = await market.uploads.begin(sam, "a", 2_000)
    crumbs = [[f"k{n}", 1] for n in range(1_000)]
    await market.change_upload(upload, pieces=crumbs, received=1_000)

    with pytest.raises(Conflict) as refused:
        await market.uploads.receive(sam, upload.id, 1_000, once(b"x"))

    assert refused.value.code == "too_many_pieces"


async def test_a_piece_that_comes_to_nothing_is_no_piece(market: Marketplace) -> None:
    sam, _ = await market.sam_and_bea()
    upload = await market.uploads.begin(sam, "a", 5)

    stored = await market.uploads.receive(sam, upload.id, 0, once(b""))

    assert (stored.received, stored.pieces) == (0, [])


async def test_a_piece_of_what_was_removed_meanwhile_leaves_nothing(
    market: Marketplace, tmp_path: Path
) -> None:
    sam, _ = await market.sam_and_bea()
    upload = await market.uploads.begin(sam, "a", 5)

    async def slow() -> AsyncIterator[bytes]:
        yield b"12"
        await market.uploads.drop(sam, upload.id)
        yield b"345"

    with pytest.raises(NotFound):
        await market.uploads.receive(sam, upload.id, 0, slow())

    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


# --- viruses --------------------------------------------------------------------------------------


def scanned(database: Database, folder: Path, port: int) -> Marketplace:
    """A node whose files clamd looks through."""
    scanner = Clamd(ScannerPlace(host="127.0.0.1", port=port))
    return Marketplace(database, files=Directory(folder), scanner=scanner)


async def test_a_virus_is_found_and_its_file_removed_at_once(
    database: Database, tmp_path: Path
) -> None:
    async with ClamdServer().running() as clamd:
        market = scanned(database, tmp_path / "files", clamd.port)
        sam, bea = await market.sam_and_bea()
        upload = await market.uploads.begin(sam, "eicar.com", len(EICAR))
        await market.uploads.receive(sam, upload.id, 0, once(EICAR[:40]))

        with pytest.raises(Invalid, match="has a virus in it: Eicar-Signature") as found:
            await market.uploads.receive(sam, upload.id, 40, once(EICAR[40:]))
        with pytest.raises(Invalid, match="has a virus in it"):
            await market.uploads.look(sam, upload.id)
        thread = await market.direct(bea, sam)
        await market.send(bea, thread)
        with pytest.raises(Invalid, match=r"attachments\[0\]: has a virus in it"):
            await market.send(sam, thread, attachments=(upload.id,))

    assert found.value.code == "attachment_infected"
    assert clamd.scanned == [EICAR]
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_form_with_a_virus_is_refused(database: Database, tmp_path: Path) -> None:
    async with ClamdServer().running() as clamd:
        market = scanned(database, tmp_path / "files", clamd.port)
        sam, _ = await market.sam_and_bea()
        api = HttpApi(market)

        refused = await api.call(
            sam, "POST", "/v1/attachments", files={"file": ("eicar.com", b"so: " + EICAR)}
        )
        await api.close()

    assert (refused.status_code, refused.json()["code"]) == (422, "attachment_infected")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_while_nobody_looks_for_viruses_nothing_is_ready(
    database: Database, tmp_path: Path
) -> None:
    """An upload that came whole is finished when the scanner is back and somebody asks for it."""
    async with ClamdServer().running() as clamd:
        port = clamd.port
    market = scanned(database, tmp_path / "files", port)
    sam, _ = await market.sam_and_bea()
    upload = await market.uploads.begin(sam, "a.png", len(a_picture()))

    with pytest.raises(Unavailable):
        await market.uploads.receive(sam, upload.id, 0, once(a_picture()))
    with pytest.raises(Unavailable):
        await market.uploads.look(sam, upload.id)
    async with ClamdServer().running() as clamd:
        again = scanned(database, tmp_path / "files", clamd.port)
        both = await asyncio.gather(
            again.uploads.look(sam, upload.id), again.uploads.look(sam, upload.id)
        )

    assert {row.status for row in both} == {"ready"}
    assert {row.type for row in both} == {"image/png"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_bomb_that_came_in_pieces_is_removed(market: Marketplace) -> None:
    sam, _ = await market.sam_and_bea()
    upload = await market.uploads.begin(sam, "a.png", len(a_bomb()))

    with pytest.raises(TooLarge, match="50 megapixels"):
        await market.uploads.receive(sam, upload.id, 0, once(a_bomb()))

    with pytest.raises(NotFound):
        await market.uploads.look(sam, upload.id)
