"""A mail that came in, read: who wrote what, or what became of a mail of ours (RFC 3464, 5965)."""

import codecs
import email
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message
from email.parser import HeaderParser
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import TypeVar

from domain.errors import Invalid
from domain.mail_events import MailEvent, MailEventKind
from domain.mail_quotes import reply_text
from realtime.inbound.bounds import MOST_LINES, bounded

T = TypeVar("T")

# How many servers a mail may have come through: more is a loop (RFC 5321, 6.3).
MOST_HOPS = 50
# Answers stand above what they answer, and are far shorter; what comes behind is not looked at.
LONGEST_TEXT = 50_000
# The same in HTML, of which most is not said.
LONGEST_HTML = 200_000
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_AUTO_REPLY_FIELDS = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply")
_OURS = re.compile(r":orderwire\s*$")
# They take minutes for a text.
_OF_DOMAINS = frozenset({"idna", "punycode"})
_BLANK = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file that somebody sent along."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a person wrote; ``automatic`` says by what it is known that no person did."""

    sender: str
    message_id: str
    text: str
    attached: tuple[Attached, ...]
    automatic: str | None


def _read(content: bytes, read: Callable[[EmailMessage], T]) -> T:
    """Have the bytes of a mail read; whatever the parser makes of them, it is the mail's fault."""
    if content.count(b"\n") > MOST_LINES:
        raise Invalid.field("mail", f"has more than {MOST_LINES} lines")
    try:
        return read(email.message_from_bytes(content, policy=bounded()))
    except (AssertionError, LookupError, RecursionError, ValueError) as broken:
        raise Invalid.field("mail", "is not well-formed") from broken


def read_reply(content: bytes) -> Reply:
    """Read a reply, without what it replies to. Takes seconds for a mail that is meant to."""
    return _read(content, _reply)


def _reply(message: EmailMessage) -> Reply:
    return Reply(
        sender=parseaddr(_field(message, "From"))[1],
        message_id=_field(message, "Message-ID"),
        text=reply_text(_text_of(message)),
        attached=tuple(_attached(message)),
        automatic=_automatic(message),
    )


def _field(message: Message, name: str, default: str = "") -> str:
    """Return what a field says, without what is no text."""
    return str(message.get(name, default)).replace("\0", "").strip()


def _automatic(message: EmailMessage) -> str | None:
    submitted = _field(message, "Auto-Submitted", "no").partition(";")[0].strip().lower()
    if submitted != "no":
        return f"Auto-Submitted: {submitted}"
    precedence = _field(message, "Precedence")
    if precedence.lower() in _BULK:
        return f"Precedence: {precedence}"
    for name in _AUTO_REPLY_FIELDS:
        if name in message:
            return name
    if _OURS.search(_field(message, "Feedback-ID")):
        return "a mail of our own"
    if len(message.get_all("Received", ())) > MOST_HOPS:
        return "a loop"
    return None


def _text_of(message: EmailMessage) -> str:
    part = _body(message)
    if part is None:
        return ""
    text = _decoded(part)
    plain = _as_text(text) if part.get_content_subtype() == "html" else text
    return plain[:LONGEST_TEXT]


def _decoded(part: EmailMessage) -> str:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes), "a text has no parts"
    charset = codecs.lookup(part.get_content_charset("ascii")).name
    if charset in _OF_DOMAINS:
        raise LookupError(f"{charset} is for domains")
    return content[:LONGEST_HTML].decode(charset, "replace")


def _body(message: EmailMessage) -> EmailMessage | None:
    """Find the text: the first thing in a mail, what comes behind it are files and footers."""
    if message.get_content_type() == "multipart/mixed":
        for part in message.iter_parts():
            if isinstance(part, EmailMessage) and part.get_content_maintype() in (
                "text",
                "multipart",
            ):
                return _body(part)
    found = message.get_body(("plain", "html"))
    return found if isinstance(found, EmailMessage) else None


def _attached(message: EmailMessage) -> Iterator[Attached]:
    for part in message.iter_attachments():
        content = part.get_payload(decode=True)
        if part.get_content_disposition() == "attachment" and isinstance(content, bytes):
            yield Attached(name=part.get_filename() or "attachment", content=content)


class _Text(HTMLParser):
    """Takes the words out of HTML; a quote becomes lines that begin with ``>``."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._unseen = 0
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line where one begins on the screen."""
        if tag in ("style", "script", "head", "title"):
            self._unseen += 1
        if tag == "blockquote" or ("class", "gmail_quote") in attrs:
            self._depth += 1
        if tag in ("br", "p", "div", "tr", "li", "blockquote", "hr"):
            self._break()

    def handle_endtag(self, tag: str) -> None:
        """End what began."""
        if tag in ("style", "script", "head", "title"):
            self._unseen = max(0, self._unseen - 1)
        if tag == "blockquote":
            self._depth = max(0, self._depth - 1)
        if tag in ("p", "div", "blockquote"):
            self._break()

    def handle_data(self, data: str) -> None:
        """Take what is seen."""
        if not self._unseen:
            self.words.append(re.sub(r"\s+", " ", data))

    def _break(self) -> None:
        self.words.append("\n> " if self._depth else "\n")


def _as_text(html: str) -> str:
    parser = _Text()
    end = html.rfind(">") + 1
    # For the end of a tag that has none the parser would search all that follows, for each anew.
    parser.feed(html[:end] + html[end:].replace("<", "&lt;"))
    parser.close()
    lines = "".join(parser.words).split("\n")
    return _BLANK.sub("\n\n", "\n".join(line.strip() for line in lines))


# --- what became of a mail of ours ------------------------------------------------------------


def read_events(content: bytes) -> list[MailEvent]:
    """Read a report about mails of ours; empty if it is none, or good news. As slow as a reply."""
    return _read(content, _events)


def _events(message: EmailMessage) -> list[MailEvent]:
    report = str(message.get_param("report-type", "", "Content-Type")).lower()
    original = _original_id(message)
    if original is None:
        return []
    if report == "delivery-status":
        return list(_failures(message, original))
    if report == "feedback-report":
        return list(_complaints(message, original))
    return []


def _failures(message: EmailMessage, original: str) -> Iterator[MailEvent]:
    for part in _parts(message, "message/delivery-status"):
        for group in _groups(part):
            if _field(group, "Action").lower() != "failed":
                continue
            _, _, said = _field(group, "Diagnostic-Code").partition(";")
            yield MailEvent(
                message_id=original,
                kind=MailEventKind.BOUNCE,
                status=_field(group, "Status").partition(" ")[0],
                detail=said.strip(),
            )


def _complaints(message: EmailMessage, original: str) -> Iterator[MailEvent]:
    for part in _parts(message, "message/feedback-report"):
        for group in _groups(part):
            kind = _field(group, "Feedback-Type").lower()
            if kind != "not-spam":
                yield MailEvent(
                    message_id=original,
                    kind=MailEventKind.COMPLAINT,
                    status="",
                    detail=kind,
                )


def _parts(message: Message, kind: str) -> Iterator[Message]:
    return (part for part in message.walk() if part.get_content_type() == kind)


def _groups(part: Message) -> Iterator[Message]:
    """Read the groups of fields that a report has: as messages, or as a text that is one."""
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (group for group in payload if isinstance(group, Message))
    else:
        yield _head_in(part)


def _head_in(part: Message) -> Message:
    """Read the text of a part as fields, and no further."""
    head: Message = HeaderParser(policy=part.policy).parsestr(str(part.get_payload()))
    return head


def _original_id(message: EmailMessage) -> str | None:
    """Find the Message-ID of the mail that a report returns, whole or its head alone."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            inner = [each for each in part.iter_parts() if isinstance(each, EmailMessage)]
            found = _field(inner[0], "Message-ID") if inner else None
        elif kind in ("text/rfc822-headers", "message/rfc822-headers"):
            found = _field(_head_in(part), "Message-ID")
        else:
            continue
        if found:
            return found
    return None
