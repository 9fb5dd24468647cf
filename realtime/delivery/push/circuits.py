"""Push services that are left alone for a while: they refuse our key, are too busy, or silent."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from realtime.clock import Clock
from realtime.delivery.board import Board, Kind, place
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.push.kept_by_origin import KeptByOrigin
from realtime.delivery.reasons import Reason

log = structlog.get_logger(__name__)

# After so long one push may try whether our key is taken by now.
REFUSED_FOR = timedelta(minutes=1)
WORKED_LATELY = timedelta(hours=1)
# Of an origin that works, one endpoint alone can be at odds with us: it stops nobody else's pushes.
MOST_AT_ODDS = 3
# So many pushes in a row without an answer, and it is not asked for so long.
SILENT_IN_A_ROW = 5
SILENT_FOR = timedelta(seconds=30)
_SILENCE = frozenset({Reason.TIMEOUT, Reason.CONNECTION_FAILED})


@dataclass(slots=True)
class _Origin:
    worked_at: datetime | None = None
    refused: set[str] = field(default_factory=set)  # endpoints, since it last worked
    silent: int = 0  # times in a row


class OriginCircuits:
    """What one worker has learned of each push service; who is left alone is on the board."""

    def __init__(self, clock: Clock, board: Board | None = None) -> None:
        self._clock = clock
        self._board = board or Board()
        self._origins = KeptByOrigin[_Origin]()

    def works(self, origin: str) -> bool:
        """Tell whether it took a push of ours lately."""
        known = self._origins.get(origin)
        if known is None or known.worked_at is None:
            return False
        return self._clock.now() - known.worked_at < WORKED_LATELY

    def objection(self, origin: str) -> Outcome | None:
        """Return why nothing is sent there just now; no attempt is spent on it."""
        now = self._clock.now()
        shut = self._board.look(place(Kind.PUSH, origin), now)
        if shut is None:
            return None
        return Outcome(
            result=Result.PAUSED,
            reason=shut.reason,
            detail="the push service is left alone for a while",
            retry_after=(shut.until - now).total_seconds(),
        )

    def learn(self, origin: str, endpoint: str, outcome: Outcome) -> None:
        """Open or close by what a push service answered, or that it did not."""
        self._count_silence(origin, Reason(outcome.reason))
        if outcome.result is Result.ACCEPTED:
            known = self._known(origin)
            known.worked_at = self._clock.now()
            known.refused.clear()
        elif outcome.reason == Reason.VAPID_REFUSED:
            known = self._known(origin)
            known.refused.add(endpoint)
            if not self.works(origin) or len(known.refused) >= MOST_AT_ODDS:
                log.error("push_service_refuses_our_key", origin=origin, status=outcome.code)
                known.refused.clear()
                self._shut(origin, REFUSED_FOR, Reason.VAPID_REFUSED)
        elif outcome.reason == Reason.RATE_LIMITED and outcome.retry_after is not None:
            asked = timedelta(seconds=outcome.retry_after)
            self._known(origin).refused.clear()
            self._shut(origin, asked, Reason.RATE_LIMITED)

    def _count_silence(self, origin: str, reason: Reason) -> None:
        known = self._known(origin)
        known.silent = known.silent + 1 if reason in _SILENCE else 0
        if known.silent >= SILENT_IN_A_ROW:
            self._shut(origin, SILENT_FOR, reason)

    def _known(self, origin: str) -> _Origin:
        known = self._origins.get(origin)
        if known is None:
            known = _Origin()
            self._origins.put(origin, known)
        return known

    def _shut(self, origin: str, period: timedelta, reason: Reason) -> None:
        self._board.shut(place(Kind.PUSH, origin), self._clock.now() + period, reason)
