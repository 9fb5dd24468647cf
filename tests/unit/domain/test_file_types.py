"""What files are, told from their first bytes: whatever they are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attachments import PLAIN
from domain.file_types import HEAD, sniff

ZIP, OLE = b"PK\x03\x04" + bytes(26), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n...", "a.txt", "image/png"),
        (b"\xff\xd8\xff\xe0", "a.html", "image/jpeg"),
        (b"GIF89a", "a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "a", "audio/wav"),
        (b"RIFF\0\0\0\0what", "a", PLAIN),
        (b"\0\0\0\x18ftypmp42", "a", "video/mp4"),
        (b"\0\0\0\x18ftypM4A ", "a", "audio/mp4"),
        (b"\0\0\0\x18ftypheic", "a", "image/heic"),
        (b"\0\0\0\x18ftypavif", "a", "image/avif"),
        (b"\x1aE\xdf\xa3....webm", "a", "video/webm"),
        (b"\x1aE\xdf\xa3....matroska", "a", "video/x-matroska"),
        (b"OggS", "a.ogg", "audio/ogg"),
        (b"OggS", "a.ogv", "video/ogg"),
        (b"%PDF-1.7", "a.html", "application/pdf"),
        (b"junk %PDF-1.7", "a.pdf", "text/plain"),
        (bytes(257) + b"ustar", "a", "application/x-tar"),
        (ZIP, "a", "application/zip"),
        (ZIP, "a.html", "application/zip"),
        (ZIP, "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (OLE, "a.DOC", "application/msword"),
        (OLE, "a.msi", "application/x-ole-storage"),
        (b"MZ\x90\0", "a.png", PLAIN),
        (b"", "a", "text/plain"),
        (b"Hello", "a", "text/plain"),
        (b"a;b", "a.csv", "text/csv"),
        (b"# Hi", "a.md", "text/markdown"),
        ("Grüße".encode("latin-1"), "a.txt", PLAIN),
        ("Grüße".encode(), "a.txt", "text/plain"),
        (b"bell\x07", "a.txt", PLAIN),
    ],
)
def test_what_it_is(head: bytes, name: str, kind: str) -> None:
    assert sniff(head, name) == kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"<!DOCTYPE html><p>", "text/html"),
        (b"\xef\xbb\xbf \n<HTML>", "text/html"),
        (b"<script>alert(1)</script>", "text/html"),
        (b"<!-- --><script>", "text/html"),
        (b"<a href=javascript:alert(1)>", "text/html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload=alert(1)>", "image/svg+xml"),
        (b"<?xml version='1.0'?>\n<!-- logo --><SVG>", "image/svg+xml"),
        (b"<!-- made by --><svg>", "image/svg+xml"),
        (b"<?xml version='1.0'?><feed>", "application/xml"),
        (b"<abbreviated> is no tag of HTML", "text/plain"),
    ],
)
def test_what_could_run_is_seen_whatever_it_is_called(head: bytes, kind: str) -> None:
    assert sniff(head, "picture.png") == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.html", "text/html"), ("a.svg", "image/svg+xml"), ("a.js", "text/javascript")],
)
def test_text_that_calls_itself_something_that_could_run_is_believed(name: str, kind: str) -> None:
    assert sniff(b"only words", name) == kind


def test_a_character_may_be_cut_where_the_head_ends() -> None:
    text = ("x" * (HEAD - 1) + "ü" + "y").encode()

    assert sniff(text[:HEAD], "a.txt") == "text/plain"
    assert sniff(text[: HEAD - 1] + b"\xc3", "a.txt") == "text/plain"
    assert sniff(b"x\xc3", "a.txt") == PLAIN


@given(st.binary(max_size=300), st.text(max_size=20))
def test_anything_is_something(head: bytes, name: str) -> None:
    assert "/" in sniff(head, name)
