"""The log of what operators did, and of what they looked at that is others'."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, TypedDict

from domain.identity import Identity, Role
from domain.instants import rfc3339
from realtime.clock import Clock
from realtime.services.paging import page_of
from realtime.services.shapes import Id, Page, Time
from storage import audit
from storage.audit import Deed
from storage.engine import Database, Transaction
from storage.rows import Record


class AuditEntry(TypedDict):
    """Who did what to what (`kind:id`); `detail` says more, such as how it was before."""

    id: Id
    at: Time
    actor: Id
    action: str
    about: str
    detail: dict[str, Any]


class Audit:
    """Use cases of whoever does what is looked into later, and of who looks into it."""

    def __init__(self, *, database: Database, clock: Clock, new_id: Callable[[], str]) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def note(
        self, tx: Transaction, actor: str, action: str, about: str, **detail: Any
    ) -> None:
        """Note a deed in the transaction that does it."""
        deed = Deed(
            id=self._new_id(),
            at=self._clock.now(),
            actor=actor,
            action=action,
            about=about,
            detail=detail,
        )
        await audit.write(tx.connection, deed)

    async def looked(self, identity: Identity, about: str) -> None:
        """Note that somebody looks at what is others', if it is an operator; before they see it."""
        if identity.role is Role.OPERATOR:
            await self.listened({(identity.account_id, about)}, action="look")

    async def listened(self, seen: Collection[tuple[str, str]], *, action: str = "listen") -> None:
        """Note for each pair who looks at what."""
        if not seen:
            return

        async def work(tx: Transaction) -> None:
            for actor, about in sorted(seen):
                await self.note(tx, actor, action, about)

        await self._database.transaction(work)

    async def page(
        self,
        *,
        actor: str | None,
        about: str | None,
        after: tuple[datetime, str] | None,
        limit: int,
    ) -> Page[AuditEntry]:
        """List what was done, the latest first."""
        async with self._database.reading() as connection:
            rows = await audit.page(
                connection, actor=actor, about=about, after=after, limit=limit + 1
            )
        return page_of(rows, limit, show=_shown, key=lambda row: (row.at, row.id))


def _shown(row: Record) -> AuditEntry:
    return {
        "id": row.id,
        "at": rfc3339(row.at),
        "actor": row.actor,
        "action": row.action,
        "about": row.about,
        "detail": row.detail,
    }
