"""Removing attachments: the one door for whoever erases something that has files.

In the transaction that erases it, they vanish for everybody; the files themselves go right after it
commits, and if not then, with the next sweep.
"""

from collections.abc import Sequence
from datetime import datetime

from storage import attachments
from storage.engine import Transaction


async def remove(
    tx: Transaction, account_id: str, attachment_ids: Sequence[str], now: datetime
) -> None:
    """Remove some that an account has uploaded."""
    await _remove(tx, now, attachments.owned_by(account_id, attachment_ids))


async def remove_of(tx: Transaction, account_id: str, now: datetime) -> None:
    """Remove all that an account has uploaded."""
    await _remove(tx, now, attachments.owned_by(account_id))


async def remove_in(tx: Transaction, conversation_id: str, now: datetime) -> None:
    """Remove all that is part of a conversation, or of its order."""
    await _remove(tx, now, attachments.used_in(conversation_id))


async def _remove(tx: Transaction, now: datetime, which: attachments.Which) -> None:
    if await attachments.expire(tx.connection, now, which):
        tx.ring(attachments.DOORBELL)
