"""Targets as they may be shown: enough to tell them apart, too little to use them."""

from realtime.delivery.targets import shown_address, shown_endpoint

ENDPOINT = "https://fcm.googleapis.com/fcm/send/very-secret"


def test_an_endpoint_is_named_by_its_service() -> None:
    shown = shown_endpoint(ENDPOINT)
    assert shown.startswith("fcm.googleapis.com #")
    assert "secret" not in shown


def test_two_devices_of_one_service_can_be_told_apart() -> None:
    assert shown_endpoint(ENDPOINT) == shown_endpoint(ENDPOINT)
    assert shown_endpoint(ENDPOINT) != shown_endpoint(ENDPOINT + "2")


def test_an_address_is_masked() -> None:
    assert shown_address("sabine@example.com") == "s…@example.com"


def test_what_is_shown_fits_its_column() -> None:
    assert len(shown_endpoint(f"https://{'x' * 300}/y")) == 64
    assert len(shown_address(f"s@{'x' * 300}.example")) == 64
