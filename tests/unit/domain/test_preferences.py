"""Preferences: all on from the start, changed by merge patches (RFC 7396)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import FieldError
from domain.preferences import Category, Channel, QuietHours, check_said, effective, merged


def test_all_is_on_from_the_start_and_quiet_hours_are_not() -> None:
    wishes = effective({}, locale="de", timezone="Europe/Berlin")

    assert all(wishes.wants(category, channel) for category in Category for channel in Channel)
    assert (wishes.locale, wishes.timezone) == ("de", "Europe/Berlin")
    assert wishes.quiet_hours is None
    assert wishes.email_after_minutes == 10


def test_what_was_said_stands_before_the_defaults() -> None:
    said = {
        "locale": "en",
        "timezone": "UTC",
        "categories": {"new_order": {"email": False}},
        "quiet_hours": {"start": "22:00", "end": "07:00", "except": ["new_order"]},
        "email_after_minutes": 0,
    }

    wishes = effective(said, locale="de", timezone="Europe/Berlin")

    assert (wishes.locale, wishes.timezone) == ("en", "UTC")
    assert not wishes.wants(Category.NEW_ORDER, Channel.EMAIL)
    assert wishes.wants(Category.NEW_ORDER, Channel.PUSH)
    assert wishes.quiet_hours == QuietHours(
        start="22:00", end="07:00", excepted=(Category.NEW_ORDER,)
    )
    assert wishes.email_after_minutes == 0


def test_quiet_hours_may_have_no_exceptions() -> None:
    said = {"quiet_hours": {"start": "22:00", "end": "07:00"}}
    quiet = effective(said, locale="de", timezone="UTC").quiet_hours

    assert quiet == QuietHours(start="22:00", end="07:00")


# The examples of RFC 7396, appendix A, where both sides are objects.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({"a": "foo"}, {"a": {"b": "c"}}, {"a": {"b": "c"}}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_as_the_rfc_has_it(
    target: dict[str, Any], patch: dict[str, Any], result: dict[str, Any]
) -> None:
    assert merged(target, patch) == result


values = st.recursive(
    st.booleans() | st.integers(),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
documents = st.dictionaries(st.sampled_from("abc"), values, max_size=3)


@given(documents, documents)
def test_the_same_patch_twice_changes_nothing_more(
    target: dict[str, Any], patch: dict[str, Any]
) -> None:
    once = merged(target, patch)

    assert merged(once, patch) == once


@pytest.mark.parametrize(
    ("quiet", "wrong"),
    [
        ({"start": "22:00"}, [FieldError("quiet_hours.end", "is required")]),
        (
            {},
            [
                FieldError("quiet_hours.start", "is required"),
                FieldError("quiet_hours.end", "is required"),
            ],
        ),
        (
            {"start": "22:00", "end": "22:00"},
            [FieldError("quiet_hours.end", "is the same time as the start")],
        ),
        ({"start": "22:00", "end": "07:00"}, []),
    ],
)
def test_quiet_hours_are_whole(quiet: dict[str, str], wrong: list[FieldError]) -> None:
    assert check_said({"quiet_hours": quiet}) == wrong


def test_nothing_said_is_nothing_wrong() -> None:
    assert check_said({}) == []
