"""Mails for operators to look at, and to send to themselves."""

from collections.abc import Callable
from typing import Protocol, TypedDict

from domain.errors import NotFound
from domain.identity import Identity
from realtime.clock import Clock
from realtime.services.shapes import Page
from storage import audit
from storage.audit import Deed
from storage.engine import Database


class Shown(Protocol):
    """A mail as it is read."""

    @property
    def subject(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def html(self) -> str: ...


class Answer(Protocol):
    """What came of a mail; ``result`` and ``reason`` are the ledger's words."""

    @property
    def result(self) -> str: ...

    @property
    def reason(self) -> str: ...

    @property
    def code(self) -> str: ...

    @property
    def detail(self) -> str: ...


class Previews(Protocol):
    """Makes and sends mails about nobody; an unknown name raises ``KeyError``."""

    def names(self) -> list[str]: ...

    def show(self, name: str, locale: str) -> Shown: ...

    async def send(self, name: str, locale: str, to: str) -> Answer: ...

    async def close(self) -> None: ...


class MailName(TypedDict):
    """A mail that there is."""

    name: str


class Preview(TypedDict):
    """A mail about nobody, as it would be read."""

    name: str
    subject: str
    text: str
    html: str


class SentMail(TypedDict):
    """What the mail server answered."""

    accepted: bool
    result: str
    reason: str
    status: str
    detail: str


class MailPreviews:
    """Use cases of operators who want to see what people get."""

    def __init__(
        self,
        *,
        database: Database,
        previews: Previews,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._previews = previews
        self._clock = clock
        self._new_id = new_id

    def names(self) -> Page[MailName]:
        """Name every mail that there is."""
        names = self._previews.names()
        return {"items": [{"name": name} for name in names], "next_cursor": None}

    def show(self, name: str, locale: str) -> Preview:
        """Show a mail."""
        try:
            shown = self._previews.show(name, locale)
        except KeyError:
            raise _unknown() from None
        return {"name": name, "subject": shown.subject, "text": shown.text, "html": shown.html}

    async def send(self, operator: Identity, name: str, locale: str, to: str) -> SentMail:
        """Send a mail to somebody; it is noted who did, not to whom."""
        try:
            answer = await self._previews.send(name, locale, to)
        except KeyError:
            raise _unknown() from None
        deed = Deed(
            id=self._new_id(),
            at=self._clock.now(),
            actor=operator.account_id,
            action="mail.test",
            about=f"mail:{name}",
            detail={"result": answer.result, "reason": answer.reason},
        )
        await self._database.transaction(lambda tx: audit.write(tx.connection, deed))
        return {
            "accepted": answer.result == "accepted",
            "result": answer.result,
            "reason": answer.reason,
            "status": answer.code,
            "detail": answer.detail,
        }

    async def close(self) -> None:
        """Close every connection."""
        await self._previews.close()


def _unknown() -> NotFound:
    return NotFound("there is no such mail")
