"""A mail that came in, read: who wrote what, or what became of a mail of ours (RFC 3464, 5965)."""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message
from email.utils import parseaddr
from html.parser import HTMLParser

from domain.mail_events import MailEvent, MailEventKind
from domain.mail_quotes import reply_text

# How many servers a mail may have come through: more is a loop (RFC 5321, 6.3).
MOST_HOPS = 50
# Answers stand above what they answer, and are far shorter; what comes behind is not looked at.
LONGEST_TEXT = 50_000
# The same in HTML, of which most is not said.
LONGEST_HTML = 1_000_000
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_AUTO_REPLY_FIELDS = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply")
_OURS = re.compile(r":orderwire\s*$")
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


def read_message(content: bytes) -> EmailMessage:
    """Parse the bytes of a mail."""
    return email.message_from_bytes(content, policy=email.policy.default)


def read_reply(message: EmailMessage) -> Reply:
    """Read a reply, without what it replies to."""
    return Reply(
        sender=parseaddr(str(message.get("From", "")))[1],
        message_id=str(message.get("Message-ID", "")).strip(),
        text=reply_text(_text_of(message)),
        attached=tuple(_attached(message)),
        automatic=_automatic(message),
    )


def _automatic(message: EmailMessage) -> str | None:
    submitted = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    if submitted != "no":
        return f"Auto-Submitted: {submitted}"
    if str(message.get("Precedence", "")).strip().lower() in _BULK:
        return f"Precedence: {message['Precedence']}"
    for name in _AUTO_REPLY_FIELDS:
        if name in message:
            return name
    if _OURS.search(str(message.get("Feedback-ID", ""))):
        return "a mail of our own"
    if len(message.get_all("Received", ())) > MOST_HOPS:
        return "a loop"
    return None


def _text_of(message: EmailMessage) -> str:
    part = _body(message)
    if part is None:
        return ""
    text = str(part.get_content())
    plain = _as_text(text) if part.get_content_subtype() == "html" else text
    return plain[:LONGEST_TEXT]


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
    parser.feed(html[:LONGEST_HTML])
    parser.close()
    lines = "".join(parser.words).split("\n")
    return _BLANK.sub("\n\n", "\n".join(line.strip() for line in lines))


# --- what became of a mail of ours ------------------------------------------------------------


def read_events(message: EmailMessage) -> list[MailEvent]:
    """Read a report about mails of ours; empty if it is none, or good news."""
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
            if str(group.get("Action", "")).strip().lower() != "failed":
                continue
            _, _, said = str(group.get("Diagnostic-Code", "")).partition(";")
            yield MailEvent(
                message_id=original,
                kind=MailEventKind.BOUNCE,
                status=str(group.get("Status", "")).partition(" ")[0].strip(),
                detail=said.strip(),
            )


def _complaints(message: EmailMessage, original: str) -> Iterator[MailEvent]:
    for part in _parts(message, "message/feedback-report"):
        for group in _groups(part):
            kind = str(group.get("Feedback-Type", "")).strip().lower()
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
        yield email.message_from_string(str(payload))


def _original_id(message: EmailMessage) -> str | None:
    """Find the Message-ID of the mail that a report returns, whole or its head alone."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            inner = [each for each in part.iter_parts() if isinstance(each, EmailMessage)]
            found = inner[0].get("Message-ID") if inner else None
        elif kind in ("text/rfc822-headers", "message/rfc822-headers"):
            found = email.message_from_string(str(part.get_payload())).get("Message-ID")
        else:
            continue
        if found:
            return str(found).strip()
    return None
