"""Mails that are due at once: how many a second one worker hands over, and what two do."""

from benchmarks.alerts import contenders_for
from benchmarks.bench import Scenario
from domain.preferences import Channel

MAIL = Scenario(
    name="mail",
    title="Mail: alerts that are due at once, composed, handed over and written down, a second",
    counted="delivered",
    contenders=contenders_for(Channel.EMAIL, "a connection each", a_second=1_000),
    phases=lambda _bench: [],
)
