"""Contact details before an order: warned about, masked, or held back until somebody has looked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from domain.contact_details import DetailMode
from domain.errors import Conflict, NotFound, NotParticipant
from domain.identity import Identity
from domain.publications import thread_channel
from realtime.files.directory import Directory
from realtime.services.contact_details import HELD
from realtime.services.messages import SendMessage, Sent
from storage.engine import Database
from storage.rows import Record, fetch_all
from storage.tables import audit_log
from tests.support.http_api import HttpApi
from tests.support.marketplace import OPERATOR, Marketplace

TOLD = "Write to bea@example.com"
FOUND = [{"kind": "email", "start": 9, "end": 24, "text": "bea@example.com"}]
MASKED = "Write to •••"


def a_market(database: Database, mode: DetailMode) -> Marketplace:
    return Marketplace(database, details_mode=mode)


async def a_thread(market: Marketplace) -> tuple[Identity, Identity, str]:
    """Return Sam, Bea, and the conversation that Bea has opened."""
    sam, bea = await market.sam_and_bea()
    return sam, bea, await market.direct(bea, sam)


def details_of(sent: Sent) -> object:
    return msgspec.json.decode(sent.contact_details) if sent.contact_details else None


async def bodies(market: Marketplace, reader: Identity, thread: str) -> list[object]:
    page = await market.conversations.messages(
        reader, thread, before=None, after=None, around=None, limit=50
    )
    return [each["body"] for each in page["items"] if each["type"] == "message"]


async def test_a_sender_is_told_and_the_message_goes_out_as_it_is(market: Marketplace) -> None:
    sam, bea, thread = await a_thread(market)

    sent = await market.send(bea, thread, TOLD)
    plain = await market.send(bea, thread, "Hello")

    assert details_of(sent) == {"mode": "warn", "found": FOUND}
    assert details_of(plain) is None
    assert await bodies(market, sam, thread) == [TOLD, "Hello"]
    assert "contact" not in str(market.ear.on(thread_channel(thread)))


async def test_between_two_who_have_an_order_nothing_is_a_detail(database: Database) -> None:
    market = a_market(database, DetailMode.HOLD)
    sam, bea, thread = await a_thread(market)
    order = await market.order()

    direct = await market.send(bea, thread, TOLD)
    of_order = await market.send(sam, order["conversation_id"], "Call 0170 1234567")

    assert (details_of(direct), details_of(of_order)) == (None, None)
    assert await bodies(market, sam, thread) == [TOLD]


async def test_a_text_is_checked_before_it_is_sent(api: HttpApi) -> None:
    sam, bea, thread = await a_thread(api.market)
    path = f"/v1/conversations/{thread}/messages/check"

    found = await api.call(bea, "POST", path, json={"body": TOLD})
    nothing = await api.call(bea, "POST", path, json={"body": "Do not write to bea@example.com"})
    own = await api.call(bea, "POST", path, json={"body": "help@market.example"})
    order = await api.market.order()
    in_order = f"/v1/conversations/{order['conversation_id']}/messages/check"
    later = await api.call(bea, "POST", path, json={"body": TOLD})
    of_order = await api.call(sam, "POST", in_order, json={"body": TOLD})

    assert found.json() == {"contact_details": {"mode": "warn", "found": FOUND}}
    for answer in (nothing, own, later, of_order):
        assert answer.json() == {"contact_details": None}
    assert await bodies(api.market, sam, thread) == []


async def test_who_has_no_part_in_a_conversation_checks_nothing_there(api: HttpApi) -> None:
    _, bea, thread = await a_thread(api.market)
    eve = await api.market.account("eve")
    path = f"/v1/conversations/{thread}/messages/check"

    refused = await api.call(eve, "POST", path, json={"body": TOLD})
    too_long = await api.call(bea, "POST", path, json={"body": "a" * 10_001})

    assert (refused.status_code, too_long.status_code) == (404, 413)
    with pytest.raises(NotParticipant):
        await api.market.details.check(eve, thread, TOLD)


async def test_over_http_a_sender_is_told_too(api: HttpApi) -> None:
    _, bea, thread = await a_thread(api.market)
    path = f"/v1/conversations/{thread}/messages"

    sent = await api.call(bea, "POST", path, json={"client_id": "1", "body": TOLD})

    assert sent.json()["contact_details"] == {"mode": "warn", "found": FOUND}
    assert sent.json()["message"]["body"] == TOLD


async def test_details_are_masked_in_what_is_stored(database: Database) -> None:
    market = a_market(database, DetailMode.MASK)
    sam, bea, thread = await a_thread(market)

    sent = await market.send(bea, thread, TOLD)
    changed = await market.changes.edit(bea, thread, sent.seq, "Call 0170 1234567")

    assert await bodies(market, sam, thread) == ["Call •••"]
    assert [each.get("body") for each in market.ear.on(thread_channel(thread))] == [
        MASKED,
        "Call •••",
    ]
    assert changed["contact_details"]["mode"] == "mask"


async def test_what_was_found_belongs_to_the_text_that_is_stored(database: Database) -> None:
    market = a_market(database, DetailMode.MASK)
    sam, bea, thread = await a_thread(market)
    texts = (TOLD, "Hello", "Call 0170 1234567")

    # In one group: the same message three times, with other texts.
    commands = [SendMessage(thread, bea.account_id, "1", text) for text in texts]
    told = await asyncio.gather(*map(market.messages.send_and_wait, commands))

    assert [details_of(each) for each in told] == [{"mode": "mask", "found": FOUND}] * 3
    assert await bodies(market, sam, thread) == [MASKED]


async def test_the_same_edit_again_changes_nothing(database: Database) -> None:
    market = a_market(database, DetailMode.MASK)
    _, bea, thread = await a_thread(market)
    sent = await market.send(bea, thread, "Hello")

    first = await market.changes.edit(bea, thread, sent.seq, TOLD)
    again = await market.changes.edit(bea, thread, sent.seq, TOLD)

    assert first == again
    assert len(market.ear.on(thread_channel(thread))) == 2


@pytest.fixture
async def holding(database: Database) -> AsyncIterator[HttpApi]:
    """Give a server that holds messages back."""
    api = HttpApi(a_market(database, DetailMode.HOLD))
    yield api
    await api.close()


async def deeds(market: Marketplace) -> list[Record]:
    async with market.database.reading() as connection:
        return list(await fetch_all(connection, audit_log.select().order_by(audit_log.c.at)))


async def test_a_text_that_is_held_back_is_shown_when_an_operator_lets_it_through(
    holding: HttpApi,
) -> None:
    market = holding.market
    sam, bea, thread = await a_thread(market)
    channel = thread_channel(thread)

    sent = await market.send(bea, thread, TOLD)
    before = await bodies(market, sam, thread)
    listed = (await holding.call(OPERATOR, "GET", "/v1/ops/held-messages")).json()["items"]
    path = f"/v1/ops/held-messages/{thread}/{sent.seq}/release"
    released = await holding.call(OPERATOR, "POST", path)
    again = await holding.call(OPERATOR, "POST", path)

    assert details_of(sent) == {"mode": "hold", "found": FOUND}
    assert before == [HELD]
    [held] = listed
    assert (held["body"], held["sender"]["id"], held["found"]) == (TOLD, "bea", FOUND)
    assert released.json()["message"]["body"] == TOLD
    assert again.status_code == 404
    assert await bodies(market, sam, thread) == [TOLD]
    first, edit = market.ear.on(channel)
    assert (first["body"], first["held"]) == (HELD, True)
    assert (edit["type"], edit["of"], edit["body"]) == ("edit", sent.seq, TOLD)
    assert "held" not in released.json()["message"]
    assert market.ear.offsets(channel) == [1, 2]
    item = (await market.conversations.get(sam, thread))["last_message"]
    assert item is not None
    assert item["preview"] == TOLD
    [deed] = await deeds(market)
    assert (deed.actor, deed.action) == ("olga", "message.release")
    assert (await holding.call(OPERATOR, "GET", "/v1/ops/held-messages")).json()["items"] == []


async def test_an_operator_may_take_a_message_away(holding: HttpApi) -> None:
    market = holding.market
    sam, bea, thread = await a_thread(market)
    sent = await market.send(bea, thread, TOLD)

    path = f"/v1/ops/held-messages/{thread}/{sent.seq}/reject"
    rejected = await holding.call(OPERATOR, "POST", path)

    assert rejected.json()["message"]["deleted_at"]
    assert await bodies(market, sam, thread) == [""]
    assert [deed.action for deed in await deeds(market)] == ["message.reject"]
    with pytest.raises(NotFound):
        await market.held_messages.release(OPERATOR, thread, sent.seq)


async def test_what_is_held_back_is_listed_in_pages_the_oldest_first(holding: HttpApi) -> None:
    market = holding.market
    _, bea, thread = await a_thread(market)
    for number in range(3):
        await market.send(bea, thread, f"Call 0170 123456{number}")

    first = (await holding.call(OPERATOR, "GET", "/v1/ops/held-messages?limit=2")).json()
    rest = f"/v1/ops/held-messages?cursor={first['next_cursor']}"
    second = (await holding.call(OPERATOR, "GET", rest)).json()

    assert [each["seq"] for each in [*first["items"], *second["items"]]] == [1, 2, 3]


async def test_a_sender_who_thinks_better_of_it_leaves_nothing_to_look_at(
    holding: HttpApi,
) -> None:
    market = holding.market
    sam, bea, thread = await a_thread(market)
    one = await market.send(bea, thread, TOLD)
    other = await market.send(bea, thread, TOLD)

    with pytest.raises(Conflict, match="once there is an order") as refused:
        await market.changes.edit(bea, thread, one.seq, "Or call 0170 1234567")
    await market.changes.edit(bea, thread, one.seq, "Let us talk here")
    await market.changes.delete(bea, thread, other.seq)

    assert refused.value.code == "contact_details"
    assert await bodies(market, sam, thread) == ["Let us talk here", ""]
    page = await market.held_messages.page(after=None, limit=50)
    assert page["items"] == []


async def test_sent_again_a_message_is_held_back_once(holding: HttpApi) -> None:
    market = holding.market
    _, bea, thread = await a_thread(market)

    one = await market.send(bea, thread, TOLD, client_id="again")
    other = await market.send(bea, thread, TOLD, client_id="again")

    assert (one.seq, other.created) == (other.seq, False)
    page = await market.held_messages.page(after=None, limit=50)
    assert len(page["items"]) == 1


async def test_with_an_account_goes_what_is_held_back_of_it(holding: HttpApi) -> None:
    market = holding.market
    _, bea, thread = await a_thread(market)
    await market.send(bea, thread, TOLD)

    await market.erasing.erase("bea")

    page = await market.held_messages.page(after=None, limit=50)
    assert page["items"] == []


@pytest.fixture
def keeping(database: Database, tmp_path: Path) -> Marketplace:
    """Give a marketplace that holds messages back, and has a place for files."""
    files = Directory(tmp_path / "files")
    return Marketplace(database, files=files, details_mode=DetailMode.HOLD)


async def readers(market: Marketplace, attachment_id: str) -> list[str]:
    """Name those who may read a file."""
    found = []
    for who in (Identity("sam"), Identity("bea"), OPERATOR):
        with suppress(NotFound):
            await market.attachments.get(who, attachment_id)
            found.append(who.account_id)
    return found


async def test_files_of_a_message_that_is_held_back_are_held_back_with_it(
    keeping: Marketplace,
) -> None:
    sam, bea, thread = await a_thread(keeping)
    file = await keeping.upload(bea)

    sent = await keeping.send(bea, thread, TOLD, attachments=(file,))
    before = await keeping.conversations.messages(
        sam, thread, before=None, after=None, around=None, limit=1
    )
    readers_before = await readers(keeping, file)
    released = await keeping.held_messages.release(OPERATOR, thread, sent.seq)

    assert before["items"][0]["attachments"] == []
    assert readers_before == ["bea", "olga"]
    assert [each["id"] for each in released["message"]["attachments"]] == [file]
    assert await readers(keeping, file) == ["sam", "bea", "olga"]


@pytest.mark.parametrize("by", ["sender", "operator"])
async def test_with_a_message_that_is_held_back_go_its_files(keeping: Marketplace, by: str) -> None:
    _, bea, thread = await a_thread(keeping)
    file = await keeping.upload(bea)
    sent = await keeping.send(bea, thread, TOLD, attachments=(file,))

    if by == "sender":
        await keeping.changes.delete(bea, thread, sent.seq)
    else:
        await keeping.held_messages.reject(OPERATOR, thread, sent.seq)

    assert await readers(keeping, file) == []
    await keeping.attachment_sweep.sweep()
    assert await keeping.uploaded("bea") == []


async def test_with_other_words_files_that_were_held_back_are_shown(keeping: Marketplace) -> None:
    sam, bea, thread = await a_thread(keeping)
    file = await keeping.upload(bea)
    sent = await keeping.send(bea, thread, TOLD, attachments=(file,))

    edited = await keeping.changes.edit(bea, thread, sent.seq, "Let us talk here")
    page = await keeping.conversations.messages(
        sam, thread, before=None, after=None, around=None, limit=1
    )

    assert page["items"] == [edited["message"]]
    assert [each["id"] for each in edited["message"]["attachments"]] == [file]
    assert "held" not in edited["message"]
    assert await readers(keeping, file) == ["sam", "bea", "olga"]
    await keeping.changes.delete(bea, thread, sent.seq)
    assert await readers(keeping, file) == []
