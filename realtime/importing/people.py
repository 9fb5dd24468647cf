"""Accounts and services from elsewhere; those that are here stay as they are."""

from collections.abc import Sequence
from typing import Any

import msgspec

from realtime.importing.batches import Numbered, Refused, Tally, Tools
from realtime.importing.shapes import AccountLine, ServiceLine
from storage import imports
from storage.engine import Transaction
from storage.tables import accounts, inboxes, services


class Accounts:
    """Stores accounts, each with an empty inbox."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def __call__(self, tx: Transaction, lines: Sequence[Numbered[AccountLine]]) -> Tally:
        """Store those that are new."""
        known = await imports.known(
            tx.connection, accounts, {each.line.id for each in lines}, "erased_at"
        )
        latest = self._tools.latest()
        tally = Tally()
        new: dict[str, dict[str, Any]] = {}
        for each in lines:
            account_id = each.line.id
            if account_id in known and known[account_id].erased_at is not None:
                tally.refused.append(Refused(each.number, "id: was erased, and stays so"))
            elif account_id in known or account_id in new:
                tally.present += 1
            elif each.line.created_at is not None and each.line.created_at > latest:
                tally.refused.append(Refused(each.number, "created_at: is in the future"))
            else:
                new[account_id] = self._row(each.line)
        await imports.add_missing(tx.connection, accounts, list(new.values()))
        await imports.add_missing(tx.connection, inboxes, [self._inbox(id_) for id_ in new])
        tally.stored = len(new)
        return tally

    def _row(self, line: AccountLine) -> dict[str, Any]:
        created_at = line.created_at or self._tools.clock.now()
        return {**msgspec.structs.asdict(line), "created_at": created_at, "updated_at": created_at}

    def _inbox(self, account_id: str) -> dict[str, Any]:
        return {"account_id": account_id, "epoch": self._tools.new_epoch(), "position": 0}


class Services:
    """Stores services of sellers who are here."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def __call__(self, tx: Transaction, lines: Sequence[Numbered[ServiceLine]]) -> Tally:
        """Store those that are new."""
        known = await imports.known(tx.connection, services, {each.line.id for each in lines})
        sellers = await imports.known(
            tx.connection, accounts, {each.line.seller_id for each in lines}, "erased_at"
        )
        latest = self._tools.latest()
        tally = Tally()
        new: dict[str, dict[str, Any]] = {}
        for each in lines:
            seller = sellers.get(each.line.seller_id)
            if each.line.id in known or each.line.id in new:
                tally.present += 1
            elif seller is None or seller.erased_at is not None:
                reason = f"seller_id: there is no account {each.line.seller_id}; it comes first"
                tally.refused.append(Refused(each.number, reason))
            elif each.line.created_at is not None and each.line.created_at > latest:
                tally.refused.append(Refused(each.number, "created_at: is in the future"))
            else:
                new[each.line.id] = self._row(each.line)
        await imports.add_missing(tx.connection, services, list(new.values()))
        tally.stored = len(new)
        return tally

    def _row(self, line: ServiceLine) -> dict[str, Any]:
        created_at = line.created_at or self._tools.clock.now()
        return {
            "id": line.id,
            "seller_id": line.seller_id,
            "title": line.title,
            "status": line.status,
            "delivery_days": line.delivery_days,
            "questions": msgspec.to_builtins(line.requirements),
            "version": 1,
            "created_at": created_at,
            "updated_at": created_at,
        }
