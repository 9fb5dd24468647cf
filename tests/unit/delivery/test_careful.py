"""Services for apps are left alone while they are shut, like push services for browsers."""

from datetime import timedelta

from realtime.delivery.board import Board, Kind, place
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.push.by_kind import Careful
from realtime.delivery.push.circuits import OriginCircuits
from realtime.delivery.push.sender import Push
from realtime.delivery.reasons import Reason
from tests.support.clock import NOON, StillClock

ORIGIN = "https://fcm.googleapis.com"
PUSH = Push(endpoint="token", p256dh="", auth="", payload=b"{}", ttl=60, urgency="high", kind="fcm")
TAKEN = Outcome(result=Result.ACCEPTED, reason=Reason.SENT)
SLOWER = Outcome(result=Result.RETRY, reason=Reason.RATE_LIMITED, retry_after=90.0)


class Scripted:
    """Answers as it is told."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.is_open = True

    async def send(self, _push: Push) -> Outcome:
        """Answer the next."""
        return self.outcomes.pop(0)

    async def close(self) -> None:
        """Close."""
        self.is_open = False


async def test_a_service_that_asks_to_slow_down_is_asked_nothing_until_then() -> None:
    clock, board = StillClock(), Board()
    service = Scripted(SLOWER, TAKEN)
    sender = Careful(service, origin=ORIGIN, circuits=OriginCircuits(clock, board))
    assert await sender.send(PUSH) == SLOWER
    clock.advance(timedelta(seconds=60))
    waits = await sender.send(PUSH)
    assert (waits.result, waits.reason, waits.retry_after) == (
        Result.PAUSED,
        Reason.RATE_LIMITED,
        30.0,
    )
    shut = board.look(place(Kind.PUSH, ORIGIN), clock.now())
    assert shut is not None
    assert shut.until == NOON + timedelta(seconds=90)
    clock.advance(timedelta(seconds=30))
    assert await sender.send(PUSH) == TAKEN
    await sender.close()
    assert (service.outcomes, service.is_open) == ([], False)
