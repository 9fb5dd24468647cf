"""When a mail server of ours is left alone: as long as it fails everyone, not just one mail."""

from collections.abc import Mapping
from datetime import timedelta

from realtime.clock import Clock
from realtime.delivery.board import Board, Place
from realtime.delivery.classify import Phase
from realtime.delivery.domains import IN_A_ROW
from realtime.delivery.outcome import Outcome
from realtime.delivery.reasons import Reason

# How long it rests after one failure.
_RESTS: Mapping[Reason, timedelta] = {
    Reason.RELAY_REFUSED_LOGIN: timedelta(minutes=1),
    Reason.RELAY_NOT_TRUSTED: timedelta(minutes=1),
    Reason.CONNECTION_FAILED: timedelta(seconds=5),
    Reason.TIMEOUT: timedelta(seconds=5),
    Reason.ANSWER_LOST: timedelta(seconds=5),
}
# How long after ``IN_A_ROW`` mails that it put off, whoever they were for.
PUT_OFF_REST = timedelta(minutes=1)
# After its rest one mail tries, and the others wait so long for what comes of it.
TRIAL = timedelta(minutes=1)
# Those that have nowhere else to go ask again after so many seconds.
_ASK_AGAIN = 2.0


class RelayRests(Exception):
    """It is left alone just now."""


class RelayCircuit:
    """What one worker has learned of one relay; that it is left alone is on the board."""

    def __init__(self, place: Place, *, board: Board, clock: Clock) -> None:
        self._place = place
        self._board = board
        self._clock = clock
        self._put_off = 0  # so many mails in a row
        self._trial_until = clock.now()

    def rest_left(self) -> float:
        """Return the seconds for which the relay is left alone; 0 when it is not."""
        now = self._clock.now()
        shut = self._board.look(self._place, now)
        if shut is not None:
            return (shut.until - now).total_seconds()
        on_trial = self._board.was_shut(self._place) and now < self._trial_until
        return _ASK_AGAIN if on_trial else 0.0

    def ask(self) -> None:
        """Raise ``RelayRests`` if the relay is left alone."""
        if self.rest_left():
            raise RelayRests

    def enter(self) -> None:
        """Send something there, which is the trial if the relay has just rested."""
        self.ask()
        if self._board.was_shut(self._place):
            self._trial_until = self._clock.now() + TRIAL

    def learn(self, phase: Phase, outcome: Outcome) -> None:
        """Open or close by what came of a mail, which came as far as ``phase``."""
        reason = Reason(outcome.reason)
        if reason in _RESTS:
            self._rest(_RESTS[reason], reason)
        elif outcome.of_relay:
            self._put_off += 1
            if self._put_off >= IN_A_ROW:
                self._rest(PUT_OFF_REST, reason)
        elif phase > Phase.MAIL:
            self._put_off = 0
            self._board.reopen(self._place)

    def _rest(self, period: timedelta, reason: Reason) -> None:
        self._trial_until = now = self._clock.now()
        self._board.shut(self._place, now + period, reason)
