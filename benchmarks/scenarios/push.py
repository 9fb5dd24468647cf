"""Pushes that are due at once: how many a second one worker hands over, and what two do."""

from benchmarks.alerts import contenders_for
from benchmarks.bench import Scenario
from domain.preferences import Channel

PUSH = Scenario(
    name="push",
    title="Push: alerts that are due at once, encrypted, handed over and written down, a second",
    counted="delivered",
    contenders=contenders_for(Channel.PUSH, "webpush() each", a_second=1_500),
    phases=lambda _bench: [],
)
