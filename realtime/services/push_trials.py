"""Trying pushes: one to each device of an account, and what was answered."""

import asyncio
from collections.abc import Sequence
from typing import Protocol, TypedDict

from domain.errors import NotFound
from domain.identity import Identity
from realtime.services.shapes import Id, Page
from storage import accounts, recipients
from storage.engine import Database, Transaction
from storage.rows import Record


class Answer(Protocol):
    """What came of a push; ``result`` and ``reason`` are the ledger's words."""

    @property
    def result(self) -> str: ...

    @property
    def reason(self) -> str: ...

    @property
    def code(self) -> str: ...

    @property
    def detail(self) -> str: ...


class Trial(Protocol):
    """Sends a push to a device, in words of a locale."""

    async def send(self, device: Record, locale: str) -> Answer: ...

    async def close(self) -> None: ...


class Tried(TypedDict):
    """What a push service said to a push for one device: its status, and the beginning of more."""

    id: Id
    label: str
    accepted: bool
    result: str
    reason: str
    status: str
    detail: str


class PushTrials:
    """Use cases of an account that wants to see whether pushes come; without ``trial`` none do."""

    def __init__(self, *, database: Database, trial: Trial | None) -> None:
        self._database = database
        self._trial = trial

    async def run(self, identity: Identity, device_id: str | None) -> Page[Tried]:
        """Push to one device, or to all of an account; a device that is gone is forgotten."""
        if self._trial is None:
            raise NotFound("pushes are not set up on this server", code="push_not_set_up")
        async with self._database.reading() as connection:
            account = await accounts.get(connection, identity.account_id)
            devices = await accounts.push_subscriptions_of(connection, identity.account_id)
        chosen = [row for row in devices if device_id in (None, row.id)]
        if account is None or (device_id is not None and not chosen):
            raise NotFound("there is no such push subscription")
        answers = await asyncio.gather(
            *(self._trial.send(device, account.locale) for device in chosen)
        )
        tried = list(zip(chosen, answers, strict=True))
        await self._forget([device for device, answer in tried if answer.result == "gone"])
        return {"items": [_shown(*each) for each in tried], "next_cursor": None}

    async def close(self) -> None:
        """Close every connection."""
        if self._trial is not None:
            await self._trial.close()

    async def _forget(self, gone: Sequence[Record]) -> None:
        async def work(tx: Transaction) -> None:
            for device in gone:
                await recipients.drop_device(
                    tx.connection, device.account_id, device.id, p256dh=device.p256dh
                )

        if gone:
            await self._database.transaction(work)


def _shown(device: Record, answer: Answer) -> Tried:
    return {
        "id": device.id,
        "label": device.label,
        "accepted": answer.result == "accepted",
        "result": answer.result,
        "reason": answer.reason,
        "status": answer.code,
        "detail": answer.detail,
    }
