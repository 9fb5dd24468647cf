"""Attachments of messages: used once, by whoever uploaded them, and gone with their message."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.attachments import AttachmentUse
from domain.errors import Invalid, NotFound
from domain.identity import Identity
from realtime.files.directory import Directory
from realtime.services import attachment_removal, attachment_uses
from realtime.services.attachment_files import once
from realtime.services.attachment_uses import Purpose
from realtime.services.messages import SendMessage
from storage import attachments
from storage.engine import Database, Transaction
from tests.support.eventually import eventually_reads
from tests.support.marketplace import Marketplace
from tests.support.pictures import a_picture

SAM, BEA, EVE = Identity("sam"), Identity("bea"), Identity("eve")


@pytest.fixture
async def thread(market: Marketplace) -> str:
    """The direct conversation of Sam and Bea, in which both may write."""
    sam, bea = await market.sam_and_bea()
    await market.account("eve")
    thread = await market.direct(bea, sam)
    await market.send(bea, thread)
    return thread


def message(sent: Any) -> dict[str, Any]:
    """Read a message as it was answered."""
    decoded: dict[str, Any] = msgspec.json.decode(sent.message)
    return decoded


async def test_a_message_shows_what_never_changes_of_its_attachments(
    market: Marketplace, thread: str
) -> None:
    """Links to them expire, so they are asked for by id, and not kept in what is published."""
    text = await market.upload(BEA)
    picture = await market.upload(BEA, "logo.png", a_picture())

    sent = message(await market.send(BEA, thread, attachments=(picture, text)))

    nothing = {"width": None, "height": None, "preview": None}
    size = {"width": 60, "height": 40}
    assert sent["attachments"] == [
        {
            "id": picture,
            "name": "logo.png",
            "type": "image/png",
            "size": len(a_picture()),
            **size,
            "preview": size,
        },
        {"id": text, "name": "brief.txt", "type": "text/plain", "size": 11, **nothing},
    ]
    assert market.ear.on(f"thread:{thread}")[-1] == sent
    page = await market.conversations.messages(
        SAM, thread, before=None, after=None, around=None, limit=1
    )
    assert page["items"][0]["attachments"] == sent["attachments"]


async def test_a_message_that_is_sent_again_is_the_same_one(
    market: Marketplace, thread: str
) -> None:
    """Its attachments are used by then, but by itself."""
    attachment = await market.upload(BEA)
    first = await market.send(BEA, thread, client_id="c", attachments=(attachment,))

    again = await market.send(BEA, thread, client_id="c", attachments=(attachment,))

    assert (first.created, again.created) == (True, False)
    assert message(again) == message(first)


async def test_of_two_messages_one_gets_an_attachment(
    market: Marketplace, other_node: Marketplace, thread: str
) -> None:
    """In one group, and on two nodes at once; nobody else in their group is held up."""
    attachment = await market.upload(BEA)
    commands = [
        SendMessage(thread, "bea", f"c{n}", "Hello", attachments=files)
        for n, files in enumerate([(attachment,), (attachment,), ()])
    ]

    here, there = await asyncio.gather(
        market.send_all(commands),
        other_node.send_all([SendMessage(thread, "bea", "d", "Hi", attachments=(attachment,))]),
    )

    outcomes = [*here[:2], *there]
    refused = [each for each in outcomes if isinstance(each, Invalid)]
    assert len(refused) == 2
    assert {each.detail for each in refused} == {"attachments[0]: is used already"}
    assert not isinstance(here[2], Exception)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_comes_second_waits_and_sees_that_it_is_used(
    market: Marketplace, other_node: Marketplace, thread: str
) -> None:
    """SQLite has one writer; on PostgreSQL both see it unused, and one is told so too late."""
    attachment = await market.upload(BEA)
    purpose = Purpose(used_as=AttachmentUse.MESSAGE, conversation_id="another")

    async def use(tx: Transaction) -> None:
        named = {attachment: "attachments[0]"}
        await attachment_uses.use(tx, "bea", named, purpose, market.clock.now())

    async def first(tx: Transaction) -> "list[asyncio.Task[Any]]":
        await use(tx)
        message = other_node.send(BEA, thread, attachments=(attachment,))
        late = [
            asyncio.create_task(each) for each in (message, other_node.database.transaction(use))
        ]
        await eventually_reads(2, lambda: waiting(market.database))
        return late

    for late in await market.database.transaction(first):
        with pytest.raises(Invalid, match=r"attachments\[0\]: is used already"):
            await late


async def waiting(database: Database) -> int:
    """Count who waits for a lock in this PostgreSQL database."""
    blocked = "wait_event_type = 'Lock' AND datname = current_database()"
    async with database.reading() as connection:
        asked = f"SELECT count(*) FROM pg_stat_activity WHERE {blocked}"
        return int((await connection.exec_driver_sql(asked)).scalar_one())


WRONG_ATTACHMENTS = (
    (("nobody-knows-it",), r"attachments\[0\]: there is no such attachment"),
    (("of bea", "a\0"), r"attachments\[1\]: there is no such attachment"),
    (("of bea", "of bea"), r"attachments\[1\]: is named twice"),
    (("of bea", "of sam"), r"attachments\[1\]: there is no such attachment"),
    (("of bea", "half"), r"attachments\[1\]: is not uploaded yet"),
    (("of bea", "expired"), r"attachments\[1\]: there is no such attachment"),
    (("of bea", *"abcdefghij"), "attachments: are at most 10"),
)


async def test_a_message_with_a_wrong_attachment_uses_none_of_them(
    market: Marketplace, thread: str
) -> None:
    expired = await market.upload(BEA)
    await market.uploads.drop(BEA, expired)
    known = {
        "of bea": await market.upload(BEA),
        "of sam": await market.upload(SAM),
        "half": (await market.uploads.begin(BEA, "a", 10)).id,
        "expired": expired,
    }
    for names, wrong in WRONG_ATTACHMENTS:
        ids = tuple(known.get(name, name) for name in names)
        with pytest.raises(Invalid, match=wrong):
            await market.send(BEA, thread, attachments=ids)

    await market.send(BEA, thread, attachments=(known["of bea"],))


async def test_a_stranger_to_the_thread_uses_nothing(market: Marketplace, thread: str) -> None:
    attachment = await market.upload(EVE)

    with pytest.raises(NotFound):
        await market.send(EVE, thread, attachments=(attachment,))

    assert (await market.uploads.look(EVE, attachment)).used_as is None


async def test_what_a_message_had_goes_with_it(
    market: Marketplace, thread: str, tmp_path: Path
) -> None:
    attachment = await market.upload(BEA)
    sent = await market.send(BEA, thread, attachments=(attachment,))

    changed = await market.changes.delete(BEA, thread, sent.seq)

    assert changed["message"]["attachments"] == []
    for who in (SAM, BEA):
        with pytest.raises(NotFound):
            await market.attachments.get(who, attachment)
    assert market.ear.doorbells[-1] == "attachments"
    assert await market.attachment_sweep.sweep() == 1
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []
    with pytest.raises(Invalid, match="no such attachment"):
        await market.send(BEA, thread, attachments=(attachment,))


async def test_all_files_of_an_account_go_with_it(market: Marketplace, thread: str) -> None:
    used, unused, other = [await market.upload(who) for who in (BEA, BEA, SAM)]
    await market.send(BEA, thread, attachments=(used,))

    async def erase(tx: Transaction) -> None:
        await attachment_removal.remove_of(tx, "bea", market.clock.now())

    await market.database.transaction(erase)

    for gone in (used, unused):
        with pytest.raises(NotFound):
            await market.attachments.get(BEA, gone)
    assert (await market.attachments.get(SAM, other))["id"] == other
    assert await market.attachment_sweep.sweep() == 2


async def test_all_files_of_a_conversation_go_with_it(market: Marketplace, thread: str) -> None:
    mine, theirs = await market.upload(BEA), await market.upload(SAM)
    await market.send(BEA, thread, attachments=(mine,))
    await market.send(SAM, thread, attachments=(theirs,))

    async def erase(tx: Transaction) -> None:
        await attachment_removal.remove_in(tx, thread, market.clock.now())

    await market.database.transaction(erase)

    assert await market.attachment_sweep.sweep() == 2
    assert (await market.uploaded("bea"), await market.uploaded("sam")) == ([], [])


async def test_files_that_cannot_be_removed_now_are_removed_later(
    market: Marketplace, database: Database, tmp_path: Path
) -> None:
    bea = await market.account("bea")
    await market.uploads.drop(bea, await market.upload(bea))
    (tmp_path / "not a folder").touch()
    unable = Marketplace(
        database, market.clock, files=Directory(tmp_path / "not a folder" / "files")
    )

    await unable.attachment_sweep.start()
    await eventually_reads(["removed"], lambda: statuses(market, "bea"))
    (tmp_path / "not a folder").unlink()
    unable.attachment_sweep.unsure()

    nothing: list[str] = []
    await eventually_reads(nothing, lambda: statuses(market, "bea"))
    await unable.attachment_sweep.close()


async def statuses(market: Marketplace, owner: str) -> list[str]:
    """Say how far everything is that somebody has uploaded."""
    async with market.database.reading() as connection:
        return [row.status for row in await attachments.of_account(connection, owner)]


async def test_a_file_of_somebody_else_cannot_be_looked_at_by_guessing(
    market: Marketplace, thread: str
) -> None:
    """Who names a foreign attachment learns nothing of it: it is as if there were none."""
    secret = await market.upload(SAM)

    for attempt in (
        market.uploads.look(BEA, secret),
        market.uploads.drop(BEA, secret),
        market.uploads.receive(BEA, secret, 0, once(b"x")),
        market.attachments.get(BEA, secret),
    ):
        with pytest.raises(NotFound, match="there is no such attachment"):
            await attempt
