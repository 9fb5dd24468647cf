"""Erasing an account: what is its person's goes, what others have of it stays without a name."""

from pathlib import Path

import pytest
from sqlalchemy import select

from domain.errors import Conflict, Forbidden, Invalid, NotFound
from domain.lifecycle import Action
from realtime.services import erasing
from realtime.services.order_commands import Nothing, Say
from storage.tables import deliveries, ledger
from tests.support.http_api import HttpApi
from tests.support.lives import ANNA, BUYER, HERS, SELLER, ended, lived, stored
from tests.support.marketplace import BACKEND, OPERATOR, Marketplace


async def test_nothing_of_a_person_is_left_anywhere(market: Marketplace) -> None:
    await ended(market)
    before = await stored(market.database)
    assert [word for word in HERS if word not in before] == []

    await market.erasing.erase("anna")

    after = await stored(market.database)
    assert [line for line in after.splitlines() if any(word in line for word in HERS)] == []
    assert "Sam's own note" in after


async def test_the_other_side_keeps_the_thread_and_sees_nobodys_name(market: Marketplace) -> None:
    order, direct = await ended(market)

    await market.erasing.erase("anna")

    page = await market.conversations.page(SELLER, chosen="all", kind=None, after=None, limit=9)
    names = {each["with"]["name"] for each in page["items"]}
    [name] = names
    assert name.startswith("Deleted account ")
    assert [each["with"]["avatar_url"] for each in page["items"]] == [None, None]
    said = await market.conversations.messages(
        SELLER, direct, before=None, after=None, around=None, limit=9
    )
    assert [each["body"] for each in said["items"]] == ["Hello, Sam"]
    assert said["items"][0]["sender"] == "anna"
    shown = await market.orders.get(SELLER, order["id"])
    assert (shown["buyer"]["name"], shown["status"]) == (name, "completed")
    [note] = shown["notes"]
    assert note["body"] == "Sam's own note"
    answers = await market.requirements.get(SELLER, order["id"])
    assert answers["answers"] == {"logo": "A tree"}
    contacts = await market.contacts.page(SELLER, q="", sort="name", after=None, limit=9)
    assert [(each["person"]["name"], each["completed_orders"]) for each in contacts["items"]] == [
        (name, 1)
    ]


async def test_what_others_were_told_names_nobody(market: Marketplace) -> None:
    """Each in the language of whom it was told."""
    await market.account("sam", locale="de")
    await market.account("anna", **ANNA)
    await market.service("sam")
    await market.order(buyer_id="anna")
    [told] = [each for each in await titles(market) if "Auftrag" in each]
    assert "Anna" in told
    order = (await market.orders.page(SELLER, role=None, status=None, after=None, limit=1))[
        "items"
    ][0]
    await market.order_actions.act(BACKEND, order["id"], Action.CANCEL, Say())

    await market.erasing.erase("anna")

    [told] = [each for each in await titles(market) if "Neuer Auftrag" in each]
    assert "Deleted a." in told or "Deleted account" in told


async def titles(market: Marketplace) -> list[str]:
    """List what Sam was told."""
    page = await market.notifications.page(SELLER, after=None, limit=99)
    return [f"{each['title']} {each['body']}" for each in page["items"]]


async def test_files_go_with_whoever_has_uploaded_them(market: Marketplace, tmp_path: Path) -> None:
    """Sent or not; what the other side has sent stays."""
    order, direct = await lived(market)
    thread = order["conversation_id"]
    await market.order_actions.act(BUYER, order["id"], Action.ACCEPT, Nothing())
    await market.blocks.unblock(BUYER, "sam")
    await market.send(BUYER, direct, attachments=(await market.upload(BUYER),))
    await market.upload(BUYER, content=b"not sent yet")
    his = await market.upload(SELLER, content=b"what was asked for")
    await market.send(SELLER, thread, attachments=(his,))
    market.ear.doorbells.clear()

    await market.erasing.erase("anna")
    await market.attachment_sweep.sweep()

    assert "attachments" in market.ear.doorbells
    assert await market.uploaded("anna") == []
    assert await market.uploaded("sam") == [his]
    kept = [path.read_bytes() for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert kept == [b"what was asked for"]


async def test_the_name_that_stays_is_always_the_same(market: Marketplace) -> None:
    await ended(market)
    await market.erasing.erase("anna")
    before = await market.orders.page(SELLER, role=None, status=None, after=None, limit=1)

    market.people.forget("anna")
    await market.erasing.erase("anna")

    after = await market.orders.page(SELLER, role=None, status=None, after=None, limit=1)
    assert before["items"][0]["buyer"] == after["items"][0]["buyer"]


def test_names_that_stand_for_nobody_differ() -> None:
    assert len({erasing.nobodys_name() for _ in range(200)}) == 200


async def test_who_has_heard_nothing_of_somebody_is_not_told_of_their_end(
    market: Marketplace,
) -> None:
    await market.sam_and_bea()
    await market.blocks.block(await market.account("eve"), "sam")

    await market.erasing.erase("eve")

    assert market.ear.on("inbox:sam") == []


async def test_an_open_page_of_the_other_side_is_told(market: Marketplace) -> None:
    order, direct = await ended(market)

    await market.erasing.erase("anna")

    told = market.ear.on("inbox:sam")
    conversations = {
        each["conversation"]["id"]: each["conversation"]
        for each in told
        if each["type"] == "conversation"
    }
    assert set(conversations) == {order["conversation_id"], direct}
    for each in conversations.values():
        assert each["with"]["name"].startswith("Deleted account ")
        assert (each["can_send"], each["can_send_reason"]) == (False, "conversation_closed")
    [shown] = [each["order"] for each in told if each["type"] == "order"]
    assert shown["buyer"]["name"].startswith("Deleted account ")
    renamed = [each["notification"] for each in told if each["type"] == "notification"]
    assert not [each for each in renamed if "Anna" in each["title"] + each["body"]]
    caught_up = await market.reads.changes_since("inbox:sam", 0)
    assert caught_up.complete
    assert b"Anna" not in b"".join(each.data for each in caught_up.publications)


async def test_who_has_not_written_there_is_told_the_same(
    market: Marketplace, other_node: Marketplace
) -> None:
    """Nothing of them is remembered, but that the conversation was open."""
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await other_node.send(bea, thread, "Hello")

    await market.erasing.erase("bea")

    for _ in range(2):
        with pytest.raises(Forbidden) as refused:
            await other_node.send(sam, thread, "Anybody?")
        assert refused.value.code == "conversation_closed"
    assert (await market.conversations.get(sam, thread))["can_send_reason"] == refused.value.code


async def test_nobody_writes_where_nobody_reads(
    market: Marketplace, other_node: Marketplace
) -> None:
    """Whoever has written there before is not let in by what a node remembers of it."""
    order, direct = await lived(market)
    await other_node.order_actions.act(BUYER, order["id"], Action.ACCEPT, Nothing())
    await market.blocks.unblock(BUYER, "sam")
    for thread in (order["conversation_id"], direct):
        await other_node.send(SELLER, thread, "Still there?")
    sent = await other_node.send(SELLER, direct, "Hello?")

    await market.erasing.erase("anna")

    for thread in (order["conversation_id"], direct):
        with pytest.raises(Forbidden) as refused:
            await other_node.send(SELLER, thread, "Anybody?")
        assert refused.value.code == "conversation_closed"
    with pytest.raises(Forbidden) as refused:
        await market.changes.edit(SELLER, direct, sent.seq, "Anybody?")
    assert refused.value.code == "conversation_closed"
    deleted = await market.changes.delete(SELLER, direct, sent.seq)
    assert deleted["message"]["body"] == ""
    with pytest.raises(NotFound):
        await market.conversations.can_message(SELLER, "anna")
    with pytest.raises(Invalid):
        await market.direct(SELLER, BUYER)
    with pytest.raises(NotFound):
        await market.blocks.block(SELLER, "anna")


async def test_who_waits_for_an_order_is_named_and_nothing_changes(api: HttpApi) -> None:
    order, _ = await lived(api.market)
    before = await stored(api.market.database)

    of_buyer = await api.call(BACKEND, "DELETE", "/v1/accounts/anna")
    of_seller = await api.call(BACKEND, "DELETE", "/v1/accounts/sam")

    for refused in (of_buyer, of_seller):
        assert (refused.status_code, refused.json()["code"]) == (409, "open_orders")
        assert refused.json()["errors"][0]["path"] == "account_id"
        assert f"{order['number']} ({order['id']})" in refused.json()["detail"]
    assert await stored(api.market.database) == before


async def test_of_many_open_orders_the_first_are_named(market: Marketplace) -> None:
    await market.sam_and_bea()
    for _ in range(erasing.MOST_NAMED + 1):
        await market.order()

    with pytest.raises(Conflict) as refused:
        await market.erasing.erase("sam")

    assert refused.value.detail.endswith(", and more")
    assert refused.value.detail.count("FO-") == erasing.MOST_NAMED


async def test_the_marketplace_erases_and_doing_it_again_changes_nothing(api: HttpApi) -> None:
    await ended(api.market)

    answers = [await api.call(BACKEND, "DELETE", "/v1/accounts/anna") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert (await api.call(BACKEND, "DELETE", "/v1/accounts/nobody")).status_code == 404
    assert (await api.call(BACKEND, "DELETE", "/v1/accounts/a%20b")).status_code == 400
    for caller, status in ((SELLER, 403), (BUYER, 401), (OPERATOR, 403), (None, 401)):
        refused = await api.call(caller, "DELETE", "/v1/accounts/sam")
        assert refused.status_code == status, caller


async def test_an_id_is_never_given_again(api: HttpApi) -> None:
    await ended(api.market)
    await api.call(BACKEND, "DELETE", "/v1/accounts/anna")

    answer = await api.call(BACKEND, "PUT", "/v1/accounts/anna", json={"name": "Anna"})

    assert (answer.status_code, answer.json()["code"]) == (409, "id_retired")
    assert answer.json()["errors"][0]["path"] == "account_id"
    order = {
        "service_id": "sam-logo",
        "buyer_id": "anna",
        "price": {"amount": 1, "currency": "EUR"},
    }
    placed = await api.call(BACKEND, "POST", "/v1/orders", json=order)
    assert (placed.status_code, placed.json()["errors"][0]["path"]) == (400, "buyer_id")
    from_her = await api.call(
        BACKEND, "POST", "/v1/orders", json=order | {"service_id": "annas-own", "buyer_id": "sam"}
    )
    assert from_her.status_code in (400, 409)
    offer = {"seller_id": "anna", "title": "A", "status": "approved", "delivery_days": 1}
    told = await api.call(BACKEND, "PUT", "/v1/services/annas-own", json=offer)
    assert told.json()["errors"][0]["path"] == "seller_id"
    service = await api.call(BACKEND, "GET", "/v1/services/annas-own")
    assert service.json()["status"] == "paused"


async def test_a_token_is_good_for_nothing_any_more(api: HttpApi) -> None:
    await ended(api.market)
    assert (await api.call(BUYER, "GET", "/v1/me")).status_code == 200

    await api.call(BACKEND, "DELETE", "/v1/accounts/anna")

    for method, path in (("GET", "/v1/me"), ("GET", "/v1/conversations"), ("GET", "/v1/orders")):
        answer = await api.call(BUYER, method, path)
        assert (answer.status_code, answer.json()["code"]) == (401, "account_erased")


async def test_what_was_on_its_way_is_cancelled_and_says_why(market: Marketplace) -> None:
    await ended(market)

    await market.erasing.erase("anna")

    async with market.database.reading() as connection:
        mine = deliveries.c.account_id == "anna"
        rows = (await connection.execute(select(deliveries).where(mine))).all()
        lines = (
            await connection.execute(select(ledger).where(ledger.c.account_id == "anna"))
        ).all()
    cancelled = [row for row in rows if row.reason == "account_erased"]
    assert len(cancelled) >= 2
    assert {(row.status, row.ready_at, row.lease_token) for row in cancelled} == {
        ("cancelled", None, None)
    }
    decided = {
        line.delivery_id: (line.decision, line.reason) for line in lines if "erased" in line.reason
    }
    assert decided == {row.id: ("cancelled", "account_erased") for row in cancelled}
    assert {(line.target, line.detail) for line in lines} == {("", "")}
