"""Several notifications told as one."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from realtime.delivery.alert import in_two_lines, together
from realtime.delivery.email.letter import write_letter
from tests.unit.delivery.alerts import ORDER_CREATED, SERVICE_REJECTED, in_english

URL = "https://market.example"
OWN = in_english(ORDER_CREATED)


def another(**changes: Any) -> Any:
    row = {
        "id": "n2",
        "category": "service",
        "template": "service_rejected",
        "title": "Your service was not approved",
        "facts": SERVICE_REJECTED.facts,
        "link": "/orders/o1",
        "at": OWN.at,
        "order_id": "o1",
        "conversation_id": None,
    }
    return SimpleNamespace(**row | changes)


def test_alone_it_is_told_as_ever() -> None:
    assert together(OWN, (), OWN, URL) == OWN


def test_the_only_one_that_is_news_is_told_in_its_own_words() -> None:
    told = together(None, (another(link="/orders"),), OWN, URL)
    assert (told.notification_id, told.template, told.link) == (
        "n2",
        "service_rejected",
        f"{URL}/orders",
    )
    assert told.email == OWN.email


def test_several_are_counted_and_named() -> None:
    told = together(OWN, (another(),), OWN, URL)
    said = in_two_lines(told)
    assert said.title == "2 pieces of news for you"
    assert said.body == "New order from Anna Brandt · Your service was not approved"
    letter = write_letter(told)
    assert letter.quotes == ("New order from Anna Brandt", "Your service was not approved")


def test_what_is_of_one_order_leads_there_and_stands_in_its_thread() -> None:
    told = together(OWN, (another(),), OWN, URL)
    assert (told.link, told.thread, told.category) == (OWN.link, "o1", "new_order")


def test_what_is_of_many_leads_to_all_the_news() -> None:
    rows = (another(link="/orders/o2", order_id="o2"), another(id="n3", title="Third"))
    told = together(OWN, rows, OWN, URL)
    assert (told.link, told.thread) == (f"{URL}/notifications", None)
    left = together(None, rows, replace(OWN), URL)
    assert left.facts == {"titles": ["Your service was not approved", "Third"]}
    assert left.category == "service"
