"""Mails that are made to be slow to read, or to break whoever reads them."""

import pytest

from domain.errors import Invalid
from realtime.inbound.parse import read_events, read_reply

MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
RETURNED = b"Content-Type: text/rfc822-headers\r\n\r\n"


def folded(field: bytes, unit: bytes, times: int) -> bytes:
    """Write a field as long as that, on many lines."""
    return field + b"\r\n ".join([unit * 50] * (times // 50)) + b"\r\n\r\nHello\r\n"


NESTED = b"".join(
    b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3_000)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            folded(b"Content-Type: multipart/report", b"; a=b", 5_000),
            "Content-Type: has more than 2048 characters",
        ),
        (
            MIXED + b"--b\r\n" + folded(b"Content-Type: text/plain", b";", 20_000),
            "Content-Type: has more than 2048 characters",
        ),
        (
            folded(b"From: ", b"a@example.com, ", 5_000),
            "From: has more than 2048 characters",
        ),
        (
            RETURNED + folded(b"Message-ID: ", b"<a@b.c> ", 5_000),
            "Message-ID: has more than 2048 characters",
        ),
        (folded(b"X-Any: ", b"a ", 100_000), "mail: has fields of more than 131072 characters"),
        (NESTED, "mail: has parts in parts, more than 20 deep"),
        (MIXED + b"--b\r\n\r\n" * 501, "mail: has more than 500 parts"),
        (b"\r\n" * 500_001, "mail: has more than 500000 lines"),
        (RETURNED + b"Message-ID: <", "mail: is not well-formed"),
        (b"Content-Type: " + b"(" * 1_500 + b"\r\n\r\n", "mail: is not well-formed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_too_much_to_read_is_not_read(content: bytes, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_events(content)
    assert refused.value.detail == message


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Yes.<br>" + "<a " * 60_000, "Yes.\n<a <a"),
        ("Yes.<br>" + "<!--" * 60_000, "Yes.\n<!--<!--"),
        ("Yes, 3 < 4", "Yes, 3 < 4"),
        ("<p>Yes.</p>No & no", "Yes.\nNo & no"),
    ],
    ids=["tags", "comments", "no tag", "text behind the last tag"],
)
def test_html_without_ends_is_read_once(html: str, text: str) -> None:
    reply = read_reply(b"Content-Type: text/html\r\n\r\n" + html.encode())
    assert reply.text.startswith(text)


@pytest.mark.parametrize("charset", ["punycode", "IDNA", "nosuch", "hex"])
def test_a_text_in_no_charset_for_texts_is_refused(charset: str) -> None:
    """The two for domains take minutes for a text."""
    with pytest.raises(Invalid, match="mail: is not well-formed"):
        read_reply(f"Content-Type: text/plain; charset={charset}\r\n\r\nYes.\r\n".encode())


def test_what_is_no_text_is_left_out_of_fields() -> None:
    """A database takes no U+0000."""
    fields = b"From: Sam <sam\0@example.com>\r\nMessage-ID: <\0a@b.c>\r\n\r\nYes.\r\n"
    reply = read_reply(fields)
    assert (reply.sender, reply.message_id) == ("sam@example.com", "<a@b.c>")
