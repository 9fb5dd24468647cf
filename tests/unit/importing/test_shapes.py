"""What a line can say: whatever is wrong with it is told by the name of its field."""

import json
from typing import Any

import pytest

from domain.errors import OrderwireError
from realtime.importing.shapes import MessageLine, OrderLine, read_line

ACCOUNT = {"type": "account", "id": "anna", "name": "Anna"}
SERVICE = {
    "type": "service",
    "id": "logo",
    "seller_id": "sam",
    "title": "A logo",
    "delivery_days": 3,
}
ORDER = {
    "type": "order",
    "id": "o1",
    "service_id": "logo",
    "buyer_id": "anna",
    "price": {"amount": 100, "currency": "EUR"},
    "status": "completed",
    "created_at": "2024-01-02T00:00:00Z",
    "closed_at": "2024-01-03T00:00:00Z",
}
MESSAGE = {
    "type": "message",
    "id": "m1",
    "sender": "anna",
    "order_id": "o1",
    "body": "Grüße 🥐",
    "at": "2024-01-02T10:00:00+02:00",
}


def changed(line: dict[str, Any], **change: Any) -> bytes:
    """Change a line; ... takes a field away."""
    fields = {name: value for name, value in {**line, **change}.items() if value is not ...}
    return json.dumps(fields, ensure_ascii=False).encode()


@pytest.mark.parametrize("line", [ACCOUNT, SERVICE, ORDER, MESSAGE])
def test_a_good_line_is_read(line: dict[str, Any]) -> None:
    assert read_line(changed(line)).id == line["id"]


def test_texts_and_times_are_what_they_were() -> None:
    message = read_line(changed(MESSAGE))

    assert isinstance(message, MessageLine)
    assert message.body == "Grüße 🥐"
    assert message.at.isoformat() == "2024-01-02T10:00:00+02:00"
    assert (message.read, message.to) == (True, None)


def test_an_open_order_needs_no_end() -> None:
    order = read_line(changed(ORDER, status="in_progress", closed_at=...))

    assert isinstance(order, OrderLine)
    assert order.closed_at is None


WRONG = [
    (b"{", "line: is no JSON"),
    (b"[]", "line: "),
    (b"null", "line: "),
    (b"\xff\xfe", "line: is no JSON"),
    (b'{"type": "message", "body": "\xe4"}', "line: "),
    (b"[" * 100_000, "line: "),
    (changed(ACCOUNT, type=...), "type: is required"),
    (changed(ACCOUNT, type="person"), "type: is one of account, service, order, message"),
    (changed(ACCOUNT, type=7), "type: is one of"),
    (changed(ACCOUNT, id=...), "id: is required"),
    (changed(ACCOUNT, id="an na"), "id: has 1 to 64"),
    (changed(ACCOUNT, id="system"), "id: stands for nobody"),
    (changed(ACCOUNT, name="a\0b"), "name: contains the character U+0000"),
    (changed(ACCOUNT, role="king"), "role: is not known here"),
    (changed(ACCOUNT, locale="deutsch"), "locale: is no language tag"),
    (changed(ACCOUNT, timezone="Berlin"), "timezone: is no time zone"),
    (changed(ACCOUNT, email="anna"), "email: is no e-mail address"),
    (changed(ACCOUNT, created_at="yesterday"), "created_at: "),
    (changed(ACCOUNT, created_at="2024-01-01T00:00:00"), "created_at: "),
    (changed(SERVICE, delivery_days=0), "delivery_days: "),
    (changed(SERVICE, status="open"), "status: "),
    (
        changed(SERVICE, requirements=[{"id": "a", "kind": "choice", "prompt": "?"}]),
        "requirements[0].options: needs two different options",
    ),
    (changed(ORDER, price={"amount": 1, "currency": "XXX"}), "price.currency: "),
    (changed(ORDER, price={"amount": -1, "currency": "EUR"}), "price.amount: "),
    (changed(ORDER, status="done"), "status: "),
    (changed(ORDER, created_at=...), "created_at: is required"),
    (changed(ORDER, closed_at=...), "closed_at: belongs to an order that is completed"),
    (changed(ORDER, status="in_progress"), "closed_at: belongs to an order that is completed"),
    (changed(ORDER, closed_at="2024-01-01T00:00:00Z"), "closed_at: is before created_at"),
    (changed(ORDER, delivered_at="2024-01-04T00:00:00Z"), "closed_at: is before delivered_at"),
    (changed(ORDER, review_ends_at="2024-01-04T00:00:00Z"), "review_ends_at: belongs to"),
    (changed(ORDER, number="FO-7"), "number: begins with FO-"),
    (changed(ORDER, number="\u0007"), "number: has printable characters alone"),
    (
        changed(ORDER, requirements=[{"id": "a", "kind": "text", "prompt": "?", "options": ["a"]}]),
        "requirements[0].options: belongs to a choice",
    ),
    (changed(MESSAGE, body=""), "body: "),
    (changed(MESSAGE, body=" \n"), "body: has something to see in it"),
    (changed(MESSAGE, body="x" * 10_001), "body: "),
    (changed(MESSAGE, order_id=...), "order_id: is given, or to: one of them"),
    (changed(MESSAGE, to="sam"), "order_id: is given, or to: one of them"),
    (changed(MESSAGE, order_id=..., to="anna"), "to: is the sender"),
    (changed(MESSAGE, edited_at="2024-01-01T00:00:00Z"), "edited_at: is before at"),
    (changed(MESSAGE, read="yes"), "read: "),
    (changed(MESSAGE, at="0001-01-01T00:00:00+14:00"), "at: is a time between"),
    (changed(ORDER, due_at="9999-12-31T23:00:00Z"), "due_at: is a time between"),
    (changed(ORDER, due_at="0001-01-01T00:00:00Z"), "due_at: is a time between"),
]


@pytest.mark.parametrize(("line", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_bad_line_names_what_is_wrong(line: bytes, said: str) -> None:
    with pytest.raises(OrderwireError) as refused:
        read_line(line)
    assert refused.value.detail.startswith(said), refused.value.detail
