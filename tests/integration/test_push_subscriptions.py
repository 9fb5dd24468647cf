"""Browsers that take pushes: they come, go, and belong to whoever subscribed last."""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from storage import accounts
from tests.support.http_api import FORBIDDEN_ENDPOINT, FORMER_KEY, PUBLIC_KEY, HttpApi


def a_subscription(endpoint: str = "https://push.example.com/1", **keys: str) -> dict[str, Any]:
    """Write a subscription as a browser does."""
    point = generate_private_key(SECP256R1()).public_key()
    public = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "endpoint": endpoint,
        "expirationTime": None,
        "keys": {"p256dh": spelled(public), "auth": spelled(b"a" * 16)} | keys,
    }


def spelled(data: bytes) -> str:
    """Write bytes as a browser does."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


PUSH = "/v1/me/push-subscriptions"


async def test_a_browser_subscribes_and_goes(api: HttpApi) -> None:
    sam = await api.market.account("sam")
    browser = a_subscription()
    agent = {"User-Agent": "A browser"}

    stored = await api.call(sam, "POST", PUSH, json=browser, headers=agent)
    again = await api.call(sam, "POST", PUSH, json=browser | {"label": "Laptop"})
    listed = (await api.call(sam, "GET", PUSH)).json()["items"]
    gone = await api.call(sam, "DELETE", PUSH, json={"endpoint": browser["endpoint"]})
    missing = await api.call(sam, "DELETE", f"{PUSH}/{listed[0]['id']}")

    assert (stored.status_code, stored.json()["label"]) == (201, "A browser")
    assert again.json() == {"id": stored.json()["id"], "label": "Laptop"}
    assert [item["label"] for item in listed] == ["Laptop"]
    assert (gone.status_code, missing.status_code) == (204, 404)
    assert (await api.call(sam, "GET", PUSH)).json()["items"] == []


async def test_a_subscription_is_forgotten_by_its_id(api: HttpApi) -> None:
    sam = await api.market.account("sam")
    eve = await api.market.account("eve")
    stored = (await api.call(sam, "POST", PUSH, json=a_subscription())).json()

    by_eve = await api.call(eve, "DELETE", f"{PUSH}/{stored['id']}")
    by_sam = await api.call(sam, "DELETE", f"{PUSH}/{stored['id']}")

    assert (by_eve.status_code, by_sam.status_code) == (404, 204)


async def test_an_endpoint_belongs_to_whoever_subscribed_last(api: HttpApi) -> None:
    """Two people at one browser: the pushes are for the one who is signed in."""
    sam = await api.market.account("sam")
    bea = await api.market.account("bea")
    browser = a_subscription()

    await api.call(sam, "POST", PUSH, json=browser)
    await api.call(bea, "POST", PUSH, json=browser)

    assert (await api.call(sam, "GET", PUSH)).json()["items"] == []
    assert len((await api.call(bea, "GET", PUSH)).json()["items"]) == 1


async def test_keys_are_kept_in_one_spelling(api: HttpApi) -> None:
    sam = await api.market.account("sam")
    auth = b"\xfb\xff" * 8
    browser = a_subscription(auth=base64.b64encode(auth).decode())

    stored = await api.call(sam, "POST", PUSH, json=browser)

    assert stored.status_code == 201
    async with api.market.database.reading() as connection:
        rows = await accounts.push_subscriptions_of(connection, "sam")
    assert rows[0].auth == spelled(auth)


async def test_the_oldest_of_too_many_devices_makes_room(api: HttpApi) -> None:
    sam = await api.market.account("sam")
    for number in range(22):
        browser = a_subscription(f"https://push.example.com/{number}")
        await api.call(sam, "POST", PUSH, json=browser | {"label": f"{number}"})
    await api.call(sam, "POST", PUSH, json=a_subscription("https://push.example.com/5"))

    labels = [item["label"] for item in (await api.call(sam, "GET", PUSH)).json()["items"]]

    assert len(labels) == 20
    assert not {"0", "1"} & set(labels)


async def test_a_wrong_subscription_is_refused_by_the_name_of_its_field(api: HttpApi) -> None:
    sam = await api.market.account("sam")
    point = spelled(b"\x04" + b"x" * 64)
    compressed = generate_private_key(SECP256R1()).public_key()
    short = spelled(compressed.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))
    wrong: list[tuple[dict[str, Any], str]] = [
        (a_subscription(FORBIDDEN_ENDPOINT), "endpoint"),
        (a_subscription(""), "endpoint"),
        (a_subscription("https://push.example.com/" + "x" * 2_000), "endpoint"),
        (a_subscription(p256dh=point), "keys.p256dh"),
        (a_subscription(p256dh=short), "keys.p256dh"),
        (a_subscription(p256dh="ä"), "keys.p256dh"),
        (a_subscription(p256dh=""), "keys.p256dh"),
        (a_subscription(auth=""), "keys.auth"),
        (a_subscription(auth="!!"), "keys.auth"),
        (a_subscription(auth=spelled(b"a" * 15)), "keys.auth"),
        (a_subscription(other="x"), "keys.other"),
        (a_subscription() | {"keys": None}, "keys"),
        (a_subscription() | {"expirationTime": "soon"}, "expirationTime"),
        (a_subscription() | {"label": "x" * 201}, "label"),
        (a_subscription() | {"account_id": "bea"}, "account_id"),
    ]

    for body, path in wrong:
        answer = await api.call(sam, "POST", PUSH, json=body)

        named = [error["path"] for error in answer.json()["errors"]]
        assert (answer.status_code, named) == (400, [path]), body
    assert (await api.call(sam, "GET", PUSH)).json()["items"] == []


async def test_each_browser_keeps_the_key_that_it_subscribed_with(api: HttpApi) -> None:
    """A browser that comes again after a rotation says so, or is what it was."""
    sam = await api.market.account("sam")
    browser, another = a_subscription(), a_subscription("https://push.example.com/2")

    async def keys() -> list[str | None]:
        async with api.market.database.reading() as connection:
            rows = await accounts.push_subscriptions_of(connection, "sam")
        return [row.vapid_key for row in rows]

    await api.call(sam, "POST", PUSH, json=browser | {"key": FORMER_KEY})
    await api.call(sam, "POST", PUSH, json=another)
    assert await keys() == [FORMER_KEY, PUBLIC_KEY]
    await api.call(sam, "POST", PUSH, json=browser)
    assert await keys() == [FORMER_KEY, PUBLIC_KEY]
    await api.call(sam, "POST", PUSH, json=browser | {"key": PUBLIC_KEY})
    assert await keys() == [PUBLIC_KEY, PUBLIC_KEY]
    wrong = await api.call(sam, "POST", PUSH, json=browser | {"key": "BSomebodyElses"})
    assert [error["path"] for error in wrong.json()["errors"]] == ["key"]


async def test_the_key_to_subscribe_with_is_public(api: HttpApi) -> None:
    assert (await api.call(None, "GET", "/v1/push/public-key")).json() == {"public_key": PUBLIC_KEY}
