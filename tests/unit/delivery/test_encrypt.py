"""What only the browser can read, and how it is made to fit."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.delivery.push.encrypt import (
    MAX_PAYLOAD,
    SubscriptionKeys,
    check_keys,
    encrypt,
    fitted,
    packed,
)
from realtime.demo.push_receiver import BrowserKeys, PushRefused

BROWSER = BrowserKeys()
KEYS = SubscriptionKeys(BROWSER.p256dh, BROWSER.auth)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=3_000)


def test_the_browser_reads_what_was_encrypted_for_it_and_nobody_else_does() -> None:
    body = encrypt(b'{"title":"Hallo"}', KEYS)
    assert BROWSER.decrypt(body) == b'{"title":"Hallo"}'
    with pytest.raises(PushRefused):
        BrowserKeys().decrypt(body)


def test_the_largest_payload_fills_what_push_services_take_exactly() -> None:
    assert len(encrypt(b"x" * MAX_PAYLOAD, KEYS)) == 4_096


def test_padded_keys_are_good_keys() -> None:
    padded = SubscriptionKeys(BROWSER.p256dh + "=", BROWSER.auth + "==")
    check_keys(padded)
    assert BROWSER.decrypt(encrypt(b"x", padded)) == b"x"


@pytest.mark.parametrize(
    "keys",
    [
        SubscriptionKeys("", ""),
        SubscriptionKeys("not base64!", BROWSER.auth),
        SubscriptionKeys("ä", BROWSER.auth),
        SubscriptionKeys(BROWSER.p256dh[:-2], BROWSER.auth),
        SubscriptionKeys(BROWSER.p256dh, BROWSER.auth[:-2]),
        SubscriptionKeys("B" + "A" * 86, BROWSER.auth),
    ],
)
def test_keys_that_are_none_are_refused(keys: SubscriptionKeys) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the libraries' words are
        check_keys(keys)
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the libraries' words are
        encrypt(b"x", keys)


@given(title=texts, body=texts)
def test_a_payload_is_cut_between_characters_and_keeps_its_ids(title: str, body: str) -> None:
    ids = {"link": "https://example.com/orders/1", "tag": "t", "category": "c", "id": "n1"}
    content = {"title": title, "body": body, **ids}
    cut = fitted(packed(content))
    assert len(cut) <= MAX_PAYLOAD
    shown = json.loads(cut)
    assert {name: shown[name] for name in ids} == ids
    assert body.startswith(shown["body"].removesuffix("…"))
    assert title.startswith(shown["title"].removesuffix("…"))


def test_the_body_goes_before_the_title_does() -> None:
    content = {"title": "t" * 100, "body": "b" * 5_000, "id": "n1"}
    assert json.loads(fitted(packed(content)))["title"] == "t" * 100
    both = {"title": "t" * 5_000, "body": "b" * 5_000, "id": "n1"}
    shown = json.loads(fitted(packed(both)))
    assert (shown["body"], shown["title"][-1]) == ("", "…")


def test_what_fits_is_left_as_it_is() -> None:
    payload = packed({"title": "t", "body": "b"})
    assert fitted(payload) is payload


def test_a_payload_without_a_title_is_cut_as_well() -> None:
    assert len(fitted(packed({"body": "b" * 5_000}))) == MAX_PAYLOAD
