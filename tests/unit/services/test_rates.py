"""How much an account may send: a burst at once, then at the rate, whoever else sends."""

from realtime.services import rates
from realtime.services.rates import AccountRates


class Time:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def taken(limit: AccountRates, account: str, tries: int) -> int:
    """Count how many of so many tries are allowed."""
    return sum(limit.take(account) for _ in range(tries))


def test_a_burst_of_20_at_once_and_then_5_a_second() -> None:
    time = Time()
    limit = AccountRates(rate=5, burst=20, monotonic=time)
    assert taken(limit, "anna", 100) == 20
    assert taken(limit, "sabine", 100) == 20, "each account has its own"
    time.now = 1.0
    assert taken(limit, "anna", 100) == 5
    time.now = 1_000.0
    assert taken(limit, "anna", 100) == 20


def test_a_rate_of_0_has_no_limit() -> None:
    assert taken(AccountRates(rate=0, burst=0, monotonic=Time()), "anna", 1_000) == 1_000


def test_who_has_been_quiet_is_forgotten_and_who_has_not_is_not() -> None:
    time = Time()
    limit = AccountRates(rate=5, burst=20, monotonic=time)
    for number in range(rates.MAX_KEPT - 1):
        limit.take(f"account-{number}")
    time.now = 1.0
    taken(limit, "anna", 20)
    limit.take("sabine")

    assert set(limit._buckets) == {"anna", "sabine"}
    assert taken(limit, "anna", 100) == 0
