"""Drafts: what somebody has begun to write is on all of their devices, and ends when it is sent."""

import pytest

from domain.errors import Invalid, NotParticipant, TooLarge
from domain.publications import inbox_channel
from tests.support.http_api import HttpApi
from tests.support.marketplace import Marketplace


async def test_a_draft_is_told_to_ones_own_devices_and_moves_no_position(
    market: Marketplace,
) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    before = market.ear.offsets(inbox_channel("bea"))

    first = await market.drafts.save(bea, thread, "Hello, I")
    second = await market.drafts.save(bea, thread, "Hello, I need")

    told = [each for each in market.ear.on(inbox_channel("bea")) if each["type"] == "draft"]
    assert told == [{"type": "draft", **first}, {"type": "draft", **second}]
    assert (first["draft"]["version"], second["draft"]["version"]) == (1, 2)
    assert market.ear.offsets(inbox_channel("bea")) == before
    assert not [each for each in market.ear.on(inbox_channel("sam")) if each["type"] == "draft"]


async def test_the_last_one_wins_and_its_version_is_the_highest(
    market: Marketplace, other_node: Marketplace
) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)

    await market.drafts.save(bea, thread, "on the laptop")
    await other_node.drafts.save(bea, thread, "on the phone")

    draft = (await market.drafts.get(bea, thread))["draft"]
    assert (draft["body"], draft["version"]) == ("on the phone", 2)


async def test_sending_ends_a_draft_and_an_answer_does_not(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread)
    await market.drafts.save(bea, thread, "And one more")

    await market.send(sam, thread, "Hello Bea")
    kept = await market.drafts.get(bea, thread)
    await market.send(bea, thread, "And one more")
    ended = await market.drafts.get(bea, thread)
    listed = await market.drafts.page(bea, after="", limit=50)
    begun = await market.drafts.save(bea, thread, "Another")

    assert kept["draft"]["body"] == "And one more"
    assert ended["draft"] == {**kept["draft"], "body": ""}
    assert listed["items"] == []
    assert begun["draft"]["version"] == 2
    assert (await market.drafts.get(bea, thread)) == begun


async def test_drafts_are_read_and_kept_over_http(api: HttpApi) -> None:
    sam, bea = await api.market.sam_and_bea()
    eve = await api.market.account("eve")
    await api.market.service("eve")
    threads = sorted([await api.market.direct(bea, sam), await api.market.direct(bea, eve)])
    path = f"/v1/conversations/{threads[0]}/draft"

    nothing = await api.call(bea, "GET", path)
    for thread in threads:
        await api.call(bea, "PUT", f"/v1/conversations/{thread}/draft", json={"body": thread})
    one = await api.call(bea, "GET", path)
    first = (await api.call(bea, "GET", "/v1/drafts?limit=1")).json()
    rest = (await api.call(bea, "GET", f"/v1/drafts?cursor={first['next_cursor']}")).json()

    assert nothing.json()["draft"] == {
        "conversation_id": threads[0],
        "body": "",
        "version": 0,
        "updated_at": None,
    }
    assert one.json()["draft"]["body"] == threads[0]
    assert [each["body"] for each in (*first["items"], *rest["items"])] == threads
    assert (await api.call(sam, "GET", "/v1/drafts")).json()["items"] == []


async def test_a_text_that_could_not_be_sent_is_no_draft(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    eve = await market.account("eve")
    thread = await market.direct(bea, sam)

    with pytest.raises(TooLarge, match="body"):
        await market.drafts.save(bea, thread, "a" * 10_001)
    with pytest.raises(Invalid, match="body"):
        await market.drafts.save(bea, thread, "a\0")
    with pytest.raises(NotParticipant):
        await market.drafts.save(eve, thread, "Hello")
    with pytest.raises(NotParticipant):
        await market.drafts.get(eve, thread)


async def test_with_an_account_go_its_drafts(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.drafts.save(bea, thread, "Hello, I")

    await market.erasing.erase("bea")

    assert (await market.drafts.page(bea, after="", limit=50))["items"] == []
