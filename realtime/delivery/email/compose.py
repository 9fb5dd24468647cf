"""Makes a mail from an alert: text and HTML from the same letter, and the head before them."""

import hashlib
import re
from binascii import b2a_qp
from functools import cache
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import FileSystemLoader, StrictUndefined, Template, select_autoescape
from jinja2.sandbox import SandboxedEnvironment

from realtime.clock import Clock
from realtime.delivery.alert import Alert
from realtime.delivery.email.headers import (
    BadAddress,
    Field,
    Mailbox,
    envelope_address,
    head,
    written,
)
from realtime.delivery.email.letter import Letter, write_letter
from realtime.delivery.email.mail import Mail

TEMPLATES = Path(__file__).parent / "templates"


class MailComposer:
    """Knows who writes, and where the settings are."""

    def __init__(self, *, sender: Mailbox, settings_url: str, clock: Clock) -> None:
        self._sender = sender
        self._settings_url = settings_url
        self._clock = clock
        self._html, self._text = _templates()

    def compose(self, alert: Alert) -> Mail:
        """Return the mail for an alert, whose ``message_id`` it bears."""
        letter = write_letter(alert)
        text, html = self.text(letter), self.html(letter)
        fields = head(
            alert,
            subject=letter.subject,
            sender=self._sender,
            recipient=_addressee(alert),
            now=self._clock.now(),
        )
        return Mail(
            message_id=alert.message_id,
            sender=self._sender.address,
            recipient=alert.email or "",
            message=_multipart(fields, text=text, html=html),
        )

    def text(self, letter: Letter) -> str:
        """Render a letter as plain text."""
        return self._text.render(self._given(letter))

    def html(self, letter: Letter) -> str:
        """Render a letter as HTML with its style inlined."""
        return self._html.render(self._given(letter))

    def _given(self, letter: Letter) -> dict[str, Any]:
        return {name: getattr(letter, name) for name in Letter.__slots__} | {
            "settings_url": self._settings_url,
            "brand": self._sender.name or self._sender.domain,
        }


def _inlined(template: str) -> str:
    """Move the style of a template to its elements: done once, not for each mail.

    The template's tags hide in comments meanwhile, which may stand anywhere, in tables too. What
    only a screen that is dark or small needs cannot be inlined, and stays in the head.
    """
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    return _HIDDEN.sub(r"\1", inliner.inline(_TAG.sub(r"<!--\g<0>-->", template)))


_TAG = re.compile(r"\{%.*?%\}")
_HIDDEN = re.compile(r"<!--(\{%.*?%\})-->")


@cache
def _templates() -> tuple[Template, Template]:
    """Read the letter as HTML and as text; they never change while a process runs."""
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    html = _inlined((TEMPLATES / "letter.html").read_text(encoding="utf-8"))
    return environment.from_string(html), environment.get_template("letter.txt")


def _addressee(alert: Alert) -> str:
    """Write the ``To`` field; what is no address is not written, and later refused."""
    try:
        return Mailbox(alert.account_name, envelope_address(alert.email or "")).written()
    except BadAddress:
        return "undisclosed-recipients:;"


def _multipart(fields: list[Field], *, text: str, html: str) -> bytes:
    """Join the parts (RFC 2046, 5.1.4): the plainest first, the one to show last."""
    # "=_" never stands in quoted-printable text (RFC 2045, 6.7).
    boundary = f"=_{hashlib.sha256(dict(fields)['Message-ID'].encode()).hexdigest()[:32]}"
    mime = [
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]
    parts = (_part(boundary, "plain", text), _part(boundary, "html", html))
    return b"".join((written([*fields, *mime]), b"\r\n", *parts, f"--{boundary}--\r\n".encode()))


def _part(boundary: str, subtype: str, content: str) -> bytes:
    fields = [
        ("Content-Type", f"text/{subtype}; charset=utf-8"),
        ("Content-Transfer-Encoding", "quoted-printable"),
    ]
    lines = b2a_qp(content.encode(), istext=True).replace(b"\n", b"\r\n")
    return b"".join((f"--{boundary}\r\n".encode(), written(fields), b"\r\n", lines, b"\r\n"))
