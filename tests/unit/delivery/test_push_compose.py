"""The words of a push, and which pushes fold."""

import json
import re
from dataclasses import replace

import pytest

from realtime.delivery.alert import Alert
from realtime.delivery.push.compose import compose_push, push_topic
from tests.unit.delivery.alerts import MESSAGE_RECEIVED, ORDER_CREATED


def test_a_push_has_all_that_the_page_shows_and_opens() -> None:
    assert json.loads(compose_push(ORDER_CREATED)) == {
        "title": "Neuer Auftrag von Anna Brandt",
        "body": "Ein Logo · 120,50\N{NO-BREAK SPACE}€",
        "link": "https://market.example/orders/o1",
        "tag": "n1",
        "category": "new_order",
        "id": "n1",
    }


def test_messages_of_one_conversation_fold() -> None:
    topic = push_topic(MESSAGE_RECEIVED)
    assert topic is not None
    assert re.fullmatch(r"[\w-]{32}", topic)
    assert json.loads(compose_push(MESSAGE_RECEIVED))["tag"] == topic
    assert push_topic(replace(MESSAGE_RECEIVED, thread="c2")) != topic
    assert push_topic(replace(MESSAGE_RECEIVED, account_id="bea")) != topic


@pytest.mark.parametrize("alert", [ORDER_CREATED, replace(MESSAGE_RECEIVED, thread=None)])
def test_what_must_arrive_by_itself_does_not_fold(alert: Alert) -> None:
    assert push_topic(alert) is None
