"""Currencies of ISO 4217."""

import pytest

from domain.money import CURRENCIES


def test_the_list_is_made_of_codes() -> None:
    assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in CURRENCIES)


@pytest.mark.parametrize("code", ["EUR", "USD", "CHF", "GBP", "JPY", "XOF", "XCG"])
def test_money_is_paid_in_these(code: str) -> None:
    assert code in CURRENCIES


@pytest.mark.parametrize("code", ["eur", "EURO", "€", "XXX", "XTS", "XAU", "DEM", "BTC", ""])
def test_nobody_pays_in_these(code: str) -> None:
    assert code not in CURRENCIES
