"""What must be true at the end, read from the database itself."""

from functools import partial

from sqlalchemy import select

from storage.engine import Database
from storage.tables import entries, inbox_items, inboxes
from tests.chaos.town import Pair, Town
from tests.clients.sdk import Diary, SdkClient

CAUGHT_UP_WITHIN = 120.0


async def everybody_has_everything(database: Database, town: Town) -> int:
    """See that each device was sent each entry, in order, once a subscription; count entries."""
    total = 0
    for pair in town.pairs:
        stored = await _stored(database, pair)
        total += len(stored)
        for account, device in pair.devices:
            await device.has_all(pair.channel, max(stored), within=CAUGHT_UP_WITHIN)
            assert device.problems == [], f"{account} of {pair.conversation}"
            heard = device.channels[pair.channel].heard
            bodies = {seq: entry.get("body") for seq, entry in heard.items()}
            first = device.channels[pair.channel].first
            assert bodies == {seq: body for seq, body in stored.items() if seq > first}
    return total


async def _stored(database: Database, pair: Pair) -> dict[int, str | None]:
    """Return the entries of a conversation, and see that their numbers have no gap."""
    statement = select(entries.c.seq, entries.c.body).where(
        entries.c.conversation_id == pair.conversation
    )
    async with database.reading() as connection:
        rows = (await connection.execute(statement.order_by(entries.c.seq))).all()
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    return {row.seq: row.body for row in rows}


async def what_was_acknowledged_is_stored_once(database: Database, town: Town) -> None:
    """Compare what senders were told with what is stored: nothing is missing, nothing is more."""
    for pair in town.pairs:
        stored = await _stored(database, pair)
        assert sorted(body for body in stored.values() if body) == sorted(pair.acknowledged)
        for body, seq in pair.acknowledged.items():
            assert stored[seq] == body


async def unread_counts_are_right(database: Database, town: Town) -> None:
    """Count again, and compare with what is stored and with what each device was last told."""
    for pair in town.pairs:
        for account in pair.accounts:
            counted = await _count_unread(database, pair, account)
            for owner, device in pair.devices:
                if owner == account:
                    await device.shows(pair.conversation, counted, within=CAUGHT_UP_WITHIN)


async def _count_unread(database: Database, pair: Pair, account: str) -> int:
    async with database.reading() as connection:
        item = (
            await connection.execute(
                select(inbox_items).where(
                    inbox_items.c.account_id == account,
                    inbox_items.c.conversation_id == pair.conversation,
                )
            )
        ).one()
        inbox = (
            await connection.execute(select(inboxes).where(inboxes.c.account_id == account))
        ).one()
        behind = await connection.execute(
            select(entries.c.seq).where(
                entries.c.conversation_id == pair.conversation,
                entries.c.kind == "message",
                entries.c.sender != account,
                entries.c.seq > item.read_seq,
            )
        )
        counted = len(behind.all())
    assert item.unread == counted, f"{account} of {pair.conversation}"
    assert inbox.unread_conversations == (counted > 0), f"the badge of {account}"
    return counted


async def sdks_have_everything(
    database: Database, pair: Pair, clients: dict[str, SdkClient]
) -> None:
    """See that each has all entries, in order but for repetitions, and was never given up."""
    top = max(await _stored(database, pair))
    for name, client in clients.items():
        diary = client.diary
        await diary.until(partial(_has, diary, pair, top), within=CAUGHT_UP_WITHIN)
        once = list(dict.fromkeys(diary.offsets(pair.channel)))
        assert once == list(range(2, top + 1)), f"{name}: {diary.offsets(pair.channel)}"
        assert diary.all("disconnected") == diary.all("unsubscribed") == [], name


def _has(diary: Diary, pair: Pair, top: int) -> bool:
    return top in diary.offsets(pair.channel)
