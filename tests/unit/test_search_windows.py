"""Stretches of time in which PostgreSQL looks for words: what was said is in one of them."""

from hypothesis import given
from hypothesis import strategies as st

from storage.search_windows import AHEAD, LONG, SHORT, before, marks

TIMES = st.integers(min_value=-(10**13), max_value=10**13)


@given(latest=TIMES, ago=st.integers(min_value=-AHEAD, max_value=2 * LONG))
def test_a_time_has_a_mark_of_each_window_that_it_is_in(latest: int, ago: int) -> None:
    at = latest - ago

    for window in before(latest):
        is_in = window.since <= at < window.until
        assert is_in == bool(set(marks(at)) & set(window.marks))


@given(latest=TIMES)
def test_a_window_reaches_back_for_its_length_at_least(latest: int) -> None:
    newest, older = before(latest)

    assert newest.since <= latest - SHORT + AHEAD
    assert older.since <= latest - LONG + AHEAD
    assert max(latest, latest + AHEAD) < min(newest.until, older.until)
    assert older.since <= newest.since
