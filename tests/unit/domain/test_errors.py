"""Errors speak for themselves: a code for programs, a sentence for people."""

from domain.errors import Conflict, FieldError, Invalid, NotFound, NotParticipant, OrderwireError


def test_invalid_names_each_field() -> None:
    error = Invalid(FieldError("id", "is taken"), FieldError("price.amount", "is negative"))

    assert error.detail == "id: is taken; price.amount: is negative"
    assert [field.path for field in error.errors] == ["id", "price.amount"]
    assert error.code == "invalid"


def test_one_field_is_refused_in_short() -> None:
    assert Invalid.field("id", "is taken").errors == (FieldError("id", "is taken"),)


def test_an_error_may_say_more_precisely_what_it_is() -> None:
    assert Conflict("not now").code == "conflict"
    assert Conflict("not now", code="order_exists").code == "order_exists"
    assert Conflict("again").code == "conflict", "the code of one is not that of all"


def test_who_has_no_part_is_told_no_more_than_that_it_is_not_there() -> None:
    assert isinstance(NotParticipant("there is no such conversation"), NotFound)
    assert OrderwireError("something").code == "internal"
