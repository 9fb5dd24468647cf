"""A caller may make so many requests a second, and four times as many at once."""

from realtime.api.request_rate import MAX_CALLERS, RequestRate


class Rate:
    """A rate of ten a second on a clock that stands still."""

    def __init__(self) -> None:
        self.now = 100.0
        self.rate = RequestRate(per_second=10, monotonic=lambda: self.now)

    def admitted(self, number: int, caller: str = "anna") -> int:
        """Make requests; return how many were let in."""
        let_in = 0
        for _ in range(number):
            if self.rate.admits(caller):
                self.rate.count(caller)
                let_in += 1
        return let_in


def test_a_burst_is_four_seconds_of_the_rate() -> None:
    assert Rate().admitted(100) == 40


def test_after_a_burst_the_rate_goes_on() -> None:
    rate = Rate()
    rate.admitted(40)
    rate.now += 1.0
    assert rate.admitted(100) == 10
    rate.now += 0.5
    assert rate.admitted(100) == 5


def test_who_was_quiet_for_long_has_a_burst_again_and_no_more() -> None:
    rate = Rate()
    rate.admitted(40)
    rate.now += 3600.0
    assert rate.admitted(100) == 40


def test_callers_do_not_take_from_each_other() -> None:
    rate = Rate()
    rate.admitted(40, "anna")
    assert rate.admitted(1, "anna") == 0
    assert rate.admitted(1, "sabine") == 1


def test_what_is_remembered_is_bounded() -> None:
    rate = Rate()
    rate.admitted(40, "flood")
    for number in range(MAX_CALLERS + 10):
        rate.rate.count(f"caller-{number}")
    assert len(rate.rate) <= MAX_CALLERS
    # Whoever was quiet longest is forgotten first, the newest are known.
    assert rate.admitted(100, f"caller-{MAX_CALLERS + 9}") == 39
