"""What is in files: told from their content, and served so that nothing in it can run.

It lies on the disk whatever the database is, so one of them is enough here.
"""

from typing import Any

import pytest

from tests.integration.test_attachments import an_attachment, uploaded
from tests.support.http_api import HttpApi
from tests.support.marketplace import MOST_BYTES
from tests.support.pictures import a_bomb, a_photo_on_its_side, a_picture

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PAGE = b"<!DOCTYPE html><script>alert(1)</script>"
PLAIN = "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("logo.svg", SVG, "image/svg+xml"),
        ("page.png", PAGE, "text/html"),
        ("page.html", b"just words", "text/html"),
        ("cut.png", a_picture()[:40], PLAIN),
        ("script.gif", b"GIF89a/*" + PAGE + b"*/", PLAIN),
    ],
)
async def test_what_could_run_is_saved_and_no_browser_is_told_what_it_is(
    api: HttpApi, name: str, content: bytes, kind: str
) -> None:
    sam, _ = await api.market.sam_and_bea()
    shown = await an_attachment(api, sam, name=name, content=content)

    fetched = await api.call(None, "GET", shown["url"])

    assert (shown["type"], shown["preview"]) == (kind, None)
    assert fetched.content == content
    assert fetched.headers["content-type"] == PLAIN
    assert fetched.headers["content-disposition"].startswith("attachment; ")
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in fetched.headers["content-security-policy"]
    assert "default-src 'none'" in fetched.headers["content-security-policy"]


async def test_a_picture_that_is_an_archive_too_is_a_picture(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    content = a_picture() + b"PK\x03\x04" + PAGE

    shown = await an_attachment(api, sam, name="both.zip", content=content)
    fetched = await api.call(None, "GET", shown["url"])

    assert (shown["type"], shown["preview"]) == ("image/png", {"width": 60, "height": 40})
    assert fetched.headers["content-type"] == "image/png"
    assert "sandbox" in fetched.headers["content-security-policy"]


async def test_a_picture_has_a_small_one_that_is_upright_and_says_nothing_more(
    api: HttpApi,
) -> None:
    sam, _ = await api.market.sam_and_bea()
    photo = a_photo_on_its_side((2400, 1600))
    shown = await an_attachment(api, sam, name="photo.jpg", content=photo)

    preview = await api.call(None, "GET", shown["preview_url"])
    original = await api.call(None, "GET", shown["url"])

    assert (shown["width"], shown["height"]) == (1600, 2400)
    assert shown["preview"] == {"width": 533, "height": 800}
    assert preview.headers["content-type"] == "image/webp"
    assert preview.headers["content-disposition"].startswith("inline; ")
    assert original.headers["content-type"] == "image/jpeg"
    assert original.content == photo
    for word in (b"Secret Cameras", b"a profile", b"a comment", b"Exif"):
        assert word in photo
        assert word not in preview.content


async def test_a_flood_of_pixels_is_refused_and_nothing_of_it_is_kept(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()

    refused = await uploaded(api, sam, "bomb.png", a_bomb())

    assert refused.status_code == 413
    assert "50 megapixels" in refused.json()["errors"][0]["message"]
    assert await api.market.attachment_sweep.sweep() == 1
    assert await api.market.attachment_sweep.sweep() == 0


async def test_a_name_is_cleaned_and_cannot_leave_its_header(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    name = '../../etc/R"echnung\r\nSet-Cookie: a=b; für \u202eZoë.pdf'

    shown = await an_attachment(api, sam, name=name, content=b"%PDF-1.7")
    fetched = await api.call(None, "GET", shown["url"])

    assert shown["name"] == "R_echnungSet-Cookie_ a=b; für Zoë.pdf"
    assert fetched.headers["content-disposition"] == (
        'attachment; filename="R_echnungSet-Cookie_ a_b_ f_r Zo_.pdf"; '
        "filename*=UTF-8''R_echnungSet-Cookie_%20a%3Db%3B%20f%C3%BCr%20Zo%C3%AB.pdf"
    )
    assert "set-cookie" not in fetched.headers


async def test_what_is_too_large_is_refused_before_it_is_read(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    read = 0

    async def flood() -> Any:
        nonlocal read
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(1000):
            read += 1
            yield bytes(64 * 1024)

    form = {"Content-Type": "multipart/form-data; boundary=x"}
    lie = {**form, "Content-Length": "99999999"}
    told = await api.call(sam, "POST", "/v1/attachments", headers=lie, content=b"")
    untold = await api.call(sam, "POST", "/v1/attachments", headers=form, content=flood())

    assert (told.status_code, told.json()["code"]) == (413, "too_large")
    assert (untold.status_code, untold.json()["code"]) == (413, "too_large")
    assert MOST_BYTES / 64 / 1024 <= read < 30
    assert await api.market.attachment_sweep.sweep() == 1


async def test_other_bodies_are_as_small_as_ever(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()

    refused = await api.call(sam, "POST", "/v1/reports", content=bytes(MOST_BYTES + 1))

    assert refused.status_code == 413


RANGES = (
    ("bytes=0-3", 206, b"What", "bytes 0-3/11"),
    ("bytes=5-", 206, b"I want", "bytes 5-10/11"),
    ("bytes=-4", 206, b"want", "bytes 7-10/11"),
    ("bytes=7-999", 206, b"want", "bytes 7-10/11"),
    ("bytes=-999", 206, b"What I want", "bytes 0-10/11"),
    ("bytes=11-", 416, None, "bytes */11"),
    ("bytes=5-2", 416, None, "bytes */11"),
    ("bytes=-0", 416, None, "bytes */11"),
    ("bytes=0-1,3-4", 200, b"What I want", None),
    ("lines=1-2", 200, b"What I want", None),
)


async def test_a_part_can_be_asked_for(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    shown = await an_attachment(api, sam)

    for wanted, status, content, told in RANGES:
        answer = await api.call(None, "GET", shown["url"], headers={"Range": wanted})
        head = await api.call(None, "HEAD", shown["url"], headers={"Range": wanted})

        assert answer.status_code == head.status_code == status, wanted
        assert answer.headers.get("content-range") == head.headers.get("content-range") == told
        if content is not None:
            assert answer.content == content
            assert head.headers["content-length"] == str(len(content))
            assert head.content == b""


async def test_a_part_of_another_version_is_not_given(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    shown = await an_attachment(api, sam)
    headers = {"Range": "bytes=0-3", "If-Range": '"another"'}

    whole = await api.call(None, "GET", shown["url"], headers=headers)

    assert (whole.status_code, whole.content) == (200, b"What I want")


FORM = b'--x\r\nContent-Disposition: form-data; name="file"%s\r\n\r\n%s\r\n'
NAMED = b'; filename="a"'


FORMS = (
    (b"nonsense", "body", "is no multipart/form-data"),
    (b"--x--\r\n", "file", "is required"),
    (FORM % (b"", b"no file") + b"--x--\r\n", "file", "is required"),
    (FORM % (NAMED, b"half"), "file", "ends too early"),
    (FORM % (NAMED, b"") + b"--x--\r\n", "file", "is empty"),
    (2 * FORM % (NAMED, b"one", NAMED, b"two") + b"--x--\r\n", "file", "is one; "),
    (FORM % (NAMED, b"one") + b"--x\r\n\x00: bad\r\n", "body", "is no multipart/form-data"),
)


async def test_a_form_has_one_whole_file(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    headers = {"Content-Type": "multipart/form-data; boundary=x"}

    for content, path, message in FORMS:
        refused = await api.call(sam, "POST", "/v1/attachments", headers=headers, content=content)

        (wrong,) = refused.json()["errors"]
        assert (refused.status_code, wrong["path"]) == (400, path), content
        assert wrong["message"].startswith(message)


async def test_what_is_no_form_is_refused(api: HttpApi) -> None:
    sam, _ = await api.market.sam_and_bea()
    for kind, status in (
        ("application/json", 415),
        ("multipart/form-data", 415),
        (f"multipart/form-data; boundary={'x' * 300}", 400),
    ):
        refused = await api.call(
            sam, "POST", "/v1/attachments", headers={"Content-Type": kind}, content=b"{}"
        )

        assert refused.status_code == status
