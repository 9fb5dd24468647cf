"""A histogram counts values up to each bound, and those beyond."""

from realtime.histograms import SECONDS, Histogram


def test_a_value_is_counted_at_the_first_bound_that_it_does_not_exceed() -> None:
    seen = Histogram((1, 2))
    for value in (0, 1, 1.5, 2, 2.1):
        seen.add(value)

    assert seen.counts == [2, 2, 1]
    assert seen.total == 6.6


def test_histograms_do_not_share_what_they_count() -> None:
    one, other = Histogram(), Histogram()
    one.add(1.0)

    assert (one.bounds, other.counts) == (SECONDS, [0] * (len(SECONDS) + 1))
