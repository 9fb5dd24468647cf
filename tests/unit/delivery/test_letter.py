"""What a mail says, in German and English."""

from dataclasses import replace

import msgspec
import pytest

from domain.suppression import SuppressionReason
from realtime.delivery.alert import in_two_lines
from realtime.delivery.email.letter import Row, write_letter
from tests.unit.delivery.alerts import (
    ADDRESS_SUSPENDED,
    MESSAGE_RECEIVED,
    ORDER_CREATED,
    SERVICE_REJECTED,
    in_english,
    with_facts,
)

NBSP = "\N{NO-BREAK SPACE}"


def test_a_new_order_is_told_in_german() -> None:
    letter = write_letter(ORDER_CREATED)
    assert letter.subject == "Neuer Auftrag FO-123 von Anna B."
    assert letter.headline == "Anna Brandt hat „Ein Logo“ bestellt"
    assert letter.greeting == "Hallo Sabine!"
    assert letter.rows == (
        Row("Auftrag", "FO-123"),
        Row("Preis", f"120,50{NBSP}€"),
        Row("Lieferung bis", "Di., 1. Dezember 2026, 17:30 Uhr"),
    )
    assert "„Neuer Auftrag“" in letter.reason


def test_a_new_order_is_told_in_english() -> None:
    letter = write_letter(in_english(ORDER_CREATED))
    assert letter.subject == "New order FO-123 from Anna B."
    assert letter.rows[1:] == (
        Row("Price", "€120.50"),
        Row("Deliver by", "Tue, 1 December 2026, 16:30"),
    )


@pytest.mark.parametrize(
    ("facts", "lead"),
    [
        ({}, "Die Lieferzeit läuft."),
        ({"due_at": None, "questions": 2}, "sobald Anna deine Fragen beantwortet hat."),
        ({"questions": 1, "answered": 1}, "Anna hat deine Frage beantwortet"),
        ({"questions": 3, "answered": 3}, "Anna hat alle 3 Fragen beantwortet"),
        ({"questions": 3, "answered": 1}, "Anna hat 1 von 3 Fragen beantwortet"),
    ],
)
def test_the_lead_says_how_the_requirements_stand(facts: dict[str, object], lead: str) -> None:
    assert lead in write_letter(with_facts(ORDER_CREATED, **facts)).lead


def test_an_order_with_questions_has_a_row_for_them() -> None:
    letter = write_letter(with_facts(ORDER_CREATED, questions=3, answered=1, due_at=None))
    assert letter.rows[2:] == (
        Row("Lieferung bis", "beginnt mit den Anforderungen"),
        Row("Anforderungen", "1 von 3 beantwortet"),
    )


def test_a_service_is_refused_with_its_reason() -> None:
    letter = write_letter(SERVICE_REJECTED)
    assert letter.subject == "„Ein Logo“ wurde nicht freigegeben"
    assert letter.rows == (Row("Grund", "Das Bild fehlt."),)
    assert write_letter(with_facts(SERVICE_REJECTED, reason=None)).rows == ()


def test_one_message_is_quoted() -> None:
    letter = write_letter(MESSAGE_RECEIVED)
    assert letter.subject == "Neue Nachricht von Anna B."
    assert letter.quotes == ("Hallo, ist das Logo fertig?",)


def test_several_messages_are_counted_and_quoted_line_by_line() -> None:
    alert = with_facts(
        MESSAGE_RECEIVED, count=2, messages=("Eins\n  \u202eeins", "Zwei"), order_number="FO-123"
    )
    letter = write_letter(alert)
    assert letter.subject == "2 neue Nachrichten von Anna B. zu Auftrag FO-123"
    assert letter.quotes == ("Eins\neins", "Zwei")


def test_a_flood_of_messages_is_quoted_in_part() -> None:
    letter = write_letter(
        with_facts(MESSAGE_RECEIVED, count=50, messages=tuple(f"{n}" for n in range(50)))
    )
    assert letter.quotes == tuple(f"{n}" for n in range(30, 50))
    long = write_letter(with_facts(MESSAGE_RECEIVED, preview="x" * 5_000))
    assert long.quotes == ("x" * 1_000 + "…",)


def test_who_may_answer_is_told_so() -> None:
    assert write_letter(ORDER_CREATED).hint == ""
    answerable = replace(ORDER_CREATED, reply_to="reply@market.example")
    assert "antworte einfach" in write_letter(answerable).hint


def test_an_alert_is_two_lines_on_a_lock_screen() -> None:
    said = in_two_lines(in_english(ORDER_CREATED))
    assert (said.title, said.body) == ("New order from Anna Brandt", "Ein Logo · €120.50")


def test_facts_of_another_shape_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        write_letter(replace(ORDER_CREATED, facts={"number": 1}))


@pytest.mark.parametrize("reason", SuppressionReason)
def test_an_address_that_is_written_to_no_more_is_told_of_masked(reason: str) -> None:
    letter = write_letter(with_facts(ADDRESS_SUSPENDED, reason=reason))
    assert "s\u2026@example.com" in letter.lead
    assert letter.subject == letter.headline != ""
