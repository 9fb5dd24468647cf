"""Signed addresses: what we made is read, and nothing else."""

import pytest

from realtime.delivery.email.headers import envelope_address
from realtime.delivery.email.reply_address import ReplyAddresses
from realtime.ids import new_id

NEW, OLD = b"the secret of today", b"the secret of yesterday"


def addresses(*secrets: bytes) -> ReplyAddresses:
    return ReplyAddresses(secrets, domain="Reply.market.example")


def test_an_address_names_its_delivery_in_any_case() -> None:
    delivery_id = new_id()
    address = addresses(NEW).make(delivery_id)
    assert address is not None
    assert envelope_address(address) == address
    assert len(address.partition("@")[0]) <= 64
    assert addresses(NEW).read(address) == delivery_id
    assert addresses(NEW).read(address.upper()) == delivery_id


def test_secrets_are_rotated() -> None:
    delivery_id = new_id()
    address = addresses(OLD).make(delivery_id) or ""
    assert addresses(NEW, OLD).read(address) == delivery_id
    assert addresses(NEW).read(address) is None
    with pytest.raises(ValueError, match="secret"):
        addresses()


def test_what_we_did_not_make_is_nobodys() -> None:
    address = addresses(NEW).make(new_id()) or ""
    local, _, domain = address.partition("@")
    forged = [
        f"{local}@elsewhere.example",
        f"{local[:-1]}@{domain}",
        f"{local[:8]}{'a' if local[8] != 'a' else 'b'}{local[9:]}@{domain}",
        f"reply+@{domain}",
        f"reply+1@{domain}",
        f"reply+\u00e4@{domain}",
        f"sam@{domain}",
        "",
    ]
    assert [addresses(NEW).read(each) for each in forged] == [None] * len(forged)


def test_an_id_from_elsewhere_has_no_address() -> None:
    assert addresses(NEW).make("d1") is None


def test_reports_have_an_address_of_their_own() -> None:
    assert addresses(NEW).bounces == "bounces@reply.market.example"
    assert addresses(NEW).is_for_bounces("Bounces@Reply.Market.Example")
    assert not addresses(NEW).is_for_bounces("sam@reply.market.example")
