"""Accounts, services and preferences over HTTP."""

import asyncio
from collections.abc import Mapping
from typing import Any

from domain.identity import Identity
from domain.preferences import Category, Channel
from storage import accounts
from tests.support.http_api import HttpApi
from tests.support.marketplace import BACKEND, OPERATOR, QUESTION, Marketplace

ALL_ON = {category: {"push": True, "email": True} for category in Category}


def changed(document: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Change a document; ... takes a field away."""
    return {name: value for name, value in {**document, **change}.items() if value is not ...}


# --- accounts -------------------------------------------------------------------------------------

SAM = {
    "name": "Sam",
    "email": "sam@example.com",
    "locale": "de",
    "timezone": "Europe/Berlin",
    "avatar_url": "https://example.com/sam.png",
}


async def test_an_account_is_told_and_told_again(api: HttpApi) -> None:
    created = await api.call(BACKEND, "PUT", "/v1/accounts/sam", json=SAM)
    again = await api.call(BACKEND, "PUT", "/v1/accounts/sam", json={"name": "Samuel"})

    assert (created.status_code, again.status_code) == (201, 200)
    assert created.json() == SAM | {
        "id": "sam",
        "created_at": "2026-11-24T12:00:00.000Z",
        "updated_at": "2026-11-24T12:00:00.000Z",
    }
    shown = again.json()
    assert (shown["name"], shown["email"], shown["locale"], shown["timezone"]) == (
        "Samuel",
        None,
        "en",
        "UTC",
    )


async def test_a_new_name_is_seen_at_once(api: HttpApi) -> None:
    market = api.market
    _, bea = await market.sam_and_bea()
    order = await market.order()

    await api.call(BACKEND, "PUT", "/v1/accounts/sam", json=SAM | {"name": "Samuel"})

    shown = await market.conversations.get(bea, order["conversation_id"])
    assert shown["with"]["name"] == "Samuel"


async def test_a_wrong_account_is_refused_by_the_name_of_its_field(api: HttpApi) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"name": ...}, "name"),
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": ["Sam"]}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"email": ""}, "email"),
        ({"email": "sam"}, "email"),
        ({"email": "sam@example.com\r\nBcc: all@example.com"}, "email"),
        ({"email": "Sam <sam@example.com>"}, "email"),
        ({"email": "a@b, c@d"}, "email"),
        ({"email": "x" * 250 + "@b.de"}, "email"),
        ({"locale": "deutsch!"}, "locale"),
        ({"locale": "german"}, "locale"),
        ({"locale": "de-"}, "locale"),
        ({"locale": "de--DE"}, "locale"),
        ({"locale": "de-DE-AT"}, "locale"),
        ({"locale": "de-u"}, "locale"),
        ({"locale": "de-x-" + "-".join(["abcdefgh"] * 4)}, "locale"),
        ({"locale": ""}, "locale"),
        ({"locale": None}, "locale"),
        ({"timezone": "Berlin"}, "timezone"),
        ({"timezone": "localtime"}, "timezone"),
        ({"timezone": "Factory"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"avatar_url": "javascript:alert(1)"}, "avatar_url"),
        ({"role": "operator"}, "role"),
    ]

    for change, path in wrong:
        answer = await api.call(BACKEND, "PUT", "/v1/accounts/sam", json=changed(SAM, change))

        named = [error["path"] for error in answer.json()["errors"]]
        assert (answer.status_code, named) == (400, [path]), change
    for bad_id in ("a%20b", "x" * 65, "%00", "a%2Fb"):
        answer = await api.call(BACKEND, "PUT", f"/v1/accounts/{bad_id}", json=SAM)
        assert answer.status_code in (400, 404), bad_id
    async with api.market.database.reading() as connection:
        assert await accounts.get(connection, "sam") is None


async def test_a_language_that_nobody_here_speaks_is_kept_and_answered_in_english(
    api: HttpApi,
) -> None:
    """What is written like a language tag is one: there are more of them every year."""
    for tag in ("tlh", "pt-BR", "zh-Hant-TW", "sl-rozaj-biske-1994", "de-u-co-phonebk", "en_x_us"):
        answer = await api.call(BACKEND, "PUT", "/v1/accounts/sam", json=SAM | {"locale": tag})
        assert (answer.status_code, answer.json()["locale"]) == (200 if tag != "tlh" else 201, tag)
    await api.call(BACKEND, "PUT", "/v1/accounts/sam", json=SAM | {"locale": "tlh"})
    await api.call(BACKEND, "PUT", "/v1/services/logo", json=LOGO | {"status": "approved"})

    feed = await api.call(Identity("sam"), "GET", "/v1/notifications")

    assert feed.json()["items"][0]["title"] == "Your service is approved"


async def test_two_nodes_are_told_of_an_account_at_once(
    market: Marketplace, other_node: Marketplace
) -> None:
    profile = SAM
    told = await asyncio.gather(
        *(node.accounts.put("sam", profile) for node in (market, other_node) for _ in range(4))
    )

    assert [created for _, created in told].count(True) == 1


async def test_me(api: HttpApi) -> None:
    market = api.market
    sam, bea = await market.sam_and_bea()
    order = await market.order()
    await market.send(bea, order["conversation_id"])

    of_sam = (await api.call(sam, "GET", "/v1/me")).json()
    of_bea = (await api.call(bea, "GET", "/v1/me")).json()
    of_operator = (await api.call(OPERATOR, "GET", "/v1/me")).json()

    names = ("unread_conversations", "unread_notifications", "active_orders", "is_seller", "role")
    assert [of_sam[name] for name in names] == [1, 2, 1, True, "account"]
    assert [of_bea[name] for name in names] == [0, 0, 1, False, "account"]
    assert [of_operator[name] for name in names] == [0, 0, 0, False, "operator"]
    assert of_sam["account"]["email"] == "sam@example.com"


# --- services -------------------------------------------------------------------------------------

LOGO = {
    "seller_id": "sam",
    "title": "A logo",
    "status": "pending",
    "delivery_days": 3,
    "requirements": [QUESTION],
}


async def test_a_seller_is_told_of_what_becomes_of_a_service(api: HttpApi) -> None:
    sam = await api.market.account("sam")
    path = "/v1/services/logo"

    created = await api.call(BACKEND, "PUT", path, json=LOGO)
    for status in ("approved", "approved", "paused", "approved", "rejected"):
        answer = await api.call(BACKEND, "PUT", path, json=LOGO | {"status": status})
        assert answer.json()["status"] == status

    assert created.status_code == 201
    assert created.json()["requirements"] == [QUESTION]
    feed = await api.call(sam, "GET", "/v1/notifications")
    causes = [item["cause"] for item in feed.json()["items"]]
    assert causes == [
        "service:logo:rejected:6",
        "service:logo:approved:5",
        "service:logo:paused:4",
        "service:logo:approved:2",
    ]


async def test_a_wrong_service_is_refused_by_the_name_of_its_field(api: HttpApi) -> None:
    await api.market.account("sam")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"seller_id": "nobody"}, "seller_id"),
        ({"seller_id": ...}, "seller_id"),
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"status": "open"}, "status"),
        ({"delivery_days": 0}, "delivery_days"),
        ({"delivery_days": 1.5}, "delivery_days"),
        ({"price": 100}, "price"),
        ({"requirements": None}, "requirements"),
        ({"requirements": [changed(QUESTION, {"prompt": ...})]}, "requirements[0].prompt"),
        ({"requirements": [QUESTION | {"kind": "number"}]}, "requirements[0].kind"),
        ({"requirements": [QUESTION | {"id": "a b"}]}, "requirements[0].id"),
        ({"requirements": [QUESTION, QUESTION]}, "requirements[1].id"),
        ({"requirements": [QUESTION | {"kind": "choice"}]}, "requirements[0].options"),
        ({"requirements": [QUESTION | {"multiple": True}]}, "requirements[0].multiple"),
        ({"requirements": [QUESTION | {"hint": "x"}]}, "requirements[0].hint"),
    ]

    for change, path in wrong:
        answer = await api.call(BACKEND, "PUT", "/v1/services/logo", json=changed(LOGO, change))

        named = [error["path"] for error in answer.json()["errors"]]
        assert (answer.status_code, named) == (400, [path]), change
    assert (await api.call(BACKEND, "GET", "/v1/services/logo")).status_code == 404


async def test_a_service_stays_with_its_seller(api: HttpApi) -> None:
    await api.market.account("sam")
    await api.market.account("eve")
    await api.call(BACKEND, "PUT", "/v1/services/logo", json=LOGO)

    answer = await api.call(BACKEND, "PUT", "/v1/services/logo", json=LOGO | {"seller_id": "eve"})

    assert (answer.status_code, answer.json()["code"]) == (409, "seller_changed")
    assert (await api.call(BACKEND, "GET", "/v1/services/logo")).json()["seller_id"] == "sam"


# --- preferences ----------------------------------------------------------------------------------


async def test_all_is_on_from_the_start(api: HttpApi) -> None:
    sam = await api.market.account("sam", locale="de", timezone="Europe/Berlin")

    assert (await api.call(sam, "GET", "/v1/me/preferences")).json() == {
        "locale": "de",
        "timezone": "Europe/Berlin",
        "quiet_hours": None,
        "categories": ALL_ON,
        "email_after_minutes": 10,
    }


async def test_what_is_not_named_stays_and_null_goes_back_to_the_default(api: HttpApi) -> None:
    sam = await api.market.account("sam", locale="de")
    path = "/v1/me/preferences"
    quiet = {"start": "22:00", "end": "07:00", "except": ["new_order"]}

    for patch in (
        {"categories": {"new_order": {"email": False}, "reminder": {"push": False}}},
        {"quiet_hours": quiet, "locale": "en", "email_after_minutes": 0},
        {"categories": {"reminder": None}},
        {"quiet_hours": {"end": "06:30"}, "locale": None},
    ):
        shown = (await api.call(sam, "PATCH", path, json=patch)).json()

    assert shown == (await api.call(sam, "GET", path)).json()
    assert shown["categories"] == ALL_ON | {"new_order": {"push": True, "email": False}}
    assert shown["quiet_hours"] == quiet | {"end": "06:30"}
    assert (shown["locale"], shown["email_after_minutes"]) == ("de", 0)
    off = await api.call(sam, "PATCH", path, json={"quiet_hours": None, "categories": None})
    assert (off.json()["quiet_hours"], off.json()["categories"]) == (None, ALL_ON)


async def test_wrong_preferences_are_refused_by_the_name_of_their_field(api: HttpApi) -> None:
    sam = await api.market.account("sam")
    path = "/v1/me/preferences"
    wrong: list[tuple[Any, str]] = [
        ({"categories": {"gossip": {"push": False}}}, "categories.gossip"),
        ({"categories": {"reminder": {"sms": True}}}, "categories.reminder.sms"),
        ({"categories": {"reminder": {"push": "no"}}}, "categories.reminder.push"),
        ({"categories": ["reminder"]}, "categories"),
        ({"quiet_hours": {"start": "22:00"}}, "quiet_hours.end"),
        ({"quiet_hours": {"start": "22:00", "end": "22:00"}}, "quiet_hours.end"),
        ({"quiet_hours": {"start": "24:00", "end": "07:00"}}, "quiet_hours.start"),
        ({"quiet_hours": {"start": "22:00", "end": None}}, "quiet_hours.end"),
        (
            {"quiet_hours": {"start": "22:00", "end": "07:00", "except": ["gossip"]}},
            "quiet_hours.except[0]",
        ),
        ({"locale": "deutsch!"}, "locale"),
        ({"timezone": "Berlin"}, "timezone"),
        ({"email_after_minutes": -1}, "email_after_minutes"),
        ({"email_after_minutes": 1_441}, "email_after_minutes"),
        ({"sound": True}, "sound"),
        (None, "body"),
        ([], "body"),
    ]
    before = (await api.call(sam, "GET", path)).json()

    for patch, field in wrong:
        answer = await api.call(sam, "PATCH", path, json=patch)

        named = [error["path"] for error in answer.json()["errors"]]
        assert (answer.status_code, named) == (400, [field]), patch
    assert (await api.call(sam, "GET", path)).json() == before


async def test_two_first_wishes_at_once_are_both_kept(
    market: Marketplace, other_node: Marketplace
) -> None:
    sam = await market.account("sam")

    await asyncio.gather(
        market.accounts.change_preferences(sam, {"categories": {"reminder": {"push": False}}}),
        other_node.accounts.change_preferences(sam, {"email_after_minutes": 60}),
    )

    shown = await market.accounts.preferences(sam)
    assert shown["email_after_minutes"] == 60
    assert shown["categories"][Category.REMINDER][Channel.PUSH] is False
