"""Search: own messages, people and orders, in German and English, on both databases."""

from datetime import timedelta

import pytest

from domain.identity import Identity
from realtime.services.search import Kind
from tests.support.http_api import HttpApi
from tests.support.marketplace import Marketplace


async def found(market: Marketplace, who: Identity, query: str) -> list[str]:
    """Return the texts of the messages that somebody finds: the same before they are indexed."""
    at_once = await market.search.find(who, query, {Kind.MESSAGES}, 10)
    await market.indexer.catch_up()
    later = await market.search.find(who, query, {Kind.MESSAGES}, 10)
    assert at_once == later
    return [hit["message"]["body"] for hit in later["messages"]]


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ("Grüße von Herrn Müller", ["grüße", "gruesse", "GRUSSE", "mueller", "Müll", "muller"]),
        ("Hier sind die Entwürfe", ["entwurf", "Entwürfen", "entwuerfe", "entw"]),
        ("Two designs, as promised", ["design", "designs", "promised", "promise as"]),
        ("See https://example.com/final-logo.png", ["final", "logo", "png", "example.com"]),
        ("Straße 5, ÄRGER & Öl", ["strasse", "Straße", "aerger", "ärger", "öl", "5"]),
        ("Im Café Größe zeigen", ["cafe", "größe", "groesse", "grosse"]),
    ],
)
async def test_words_are_found_however_they_are_written(
    market: Marketplace, text: str, queries: list[str]
) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread, "Nothing of that kind")
    await market.send(bea, thread, text)

    for query in queries:
        assert await found(market, sam, query) == [text], query


async def test_only_what_one_may_see(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    eve = await market.account("eve")
    between_two = await market.direct(bea, sam)
    await market.send(bea, between_two, "A secret logo")
    elsewhere = await market.direct(eve, sam)
    await market.send(eve, elsewhere, "Another logo")

    assert await found(market, eve, "logo") == ["Another logo"]
    assert await found(market, bea, "logo") == ["A secret logo"]
    assert sorted(await found(market, sam, "logo")) == ["A secret logo", "Another logo"]
    assert await found(market, Identity("stranger"), "logo") == []


async def test_what_was_edited_or_taken_back_is_found_as_it_is(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    first = await market.send(bea, thread, "A red logo")
    second = await market.send(bea, thread, "A green logo")

    await market.changes.edit(bea, thread, first.seq, "A blue logo")
    await market.changes.delete(bea, thread, second.seq)

    assert await found(market, sam, "logo") == ["A blue logo"]
    for gone in ("red", "green"):
        assert await found(market, sam, gone) == []


async def test_the_very_words_come_first_then_the_newest(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    for text in ("one design", "two designs", "three designer", "four design"):
        await market.send(bea, thread, text)
        market.clock.advance(timedelta(seconds=1))

    texts = await found(market, sam, "design")

    assert texts == ["four design", "one design", "three designer", "two designs"]


async def test_what_looks_like_a_question_to_the_database_is_text(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    thread = await market.direct(bea, sam)
    await market.send(bea, thread, "who body NEAR in OR NOT")

    for query in ("who:* body", "NEAR(body)", "in:* OR", "NOT \"'who", "in & who | !body"):
        assert len(await found(market, sam, query)) == 1, query


async def test_people_and_orders(api: HttpApi) -> None:
    market = api.market
    sam, bea = await market.sam_and_bea()
    await market.account("joerg", name="Jörg Müller")
    order = await market.order()
    other = await market.order(buyer_id="joerg")

    people = await api.call(sam, "GET", "/v1/search?q=mueller jorg&in=people")
    by_number = await api.call(sam, "GET", f"/v1/search?q={order['number']}&in=orders")
    by_title = await api.call(sam, "GET", "/v1/search?q=logo&in=people,orders")
    of_bea = await api.call(bea, "GET", "/v1/search?q=logo")

    assert [person["id"] for person in people.json()["people"]] == ["joerg"]
    assert [found["id"] for found in by_number.json()["orders"]] == [order["id"]]
    both = [found["id"] for found in by_title.json()["orders"]]
    assert sorted(both) == sorted([order["id"], other["id"]])
    assert [found["id"] for found in of_bea.json()["orders"]] == [order["id"]]


async def test_whom_one_has_heard_nothing_of_is_not_found(market: Marketplace) -> None:
    sam, bea = await market.sam_and_bea()
    eve = await market.account("eve")
    await market.blocks.block(eve, "sam")
    thread = await market.direct(bea, sam)

    async def people(query: str) -> list[str]:
        hits = await market.search.find(sam, query, {Kind.PEOPLE}, 10)
        return [person["id"] for person in hits["people"]]

    assert (await people("eve"), await people("bea")) == ([], [])
    await market.send(bea, thread)
    assert (await people("eve"), await people("bea")) == ([], ["bea"])


async def test_a_hit_says_where_it_is(api: HttpApi) -> None:
    sam, bea = await api.market.sam_and_bea()
    thread = await api.market.direct(bea, sam)
    sent = await api.market.send(bea, thread, "I need a  new logo")

    answer = await api.call(sam, "GET", "/v1/search?q=logos&in=messages")

    (hit,) = answer.json()["messages"]
    assert (hit["conversation_id"], hit["message"]["seq"]) == (thread, sent.seq)
    (first, last) = hit["hits"][0]
    assert (hit["snippet"], hit["snippet"][first:last]) == ("I need a new logo", "logo")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "q"),
        ("q=%20", "q"),
        ("q=" + "x" * 201, "q"),
        ("q=x&in=all", "in"),
        ("q=x&limit=0", "limit"),
        ("q=x&limit=51", "limit"),
    ],
)
async def test_what_is_wrong_is_named(api: HttpApi, query: str, field: str) -> None:
    sam, _ = await api.market.sam_and_bea()

    refused = await api.call(sam, "GET", f"/v1/search?{query}")

    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (400, field)
