"""Recipient domains that are left alone for a while, for they put off one mail after the other."""

from collections import OrderedDict
from datetime import datetime, timedelta

from realtime.delivery.board import Board, Kind, place
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason

# So many mails in a row that a domain puts off open its circuit; each further one doubles the rest.
IN_A_ROW = 5
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(hours=1)
# After its rest one mail tries, and the others wait so long for what comes of it.
TRIAL = timedelta(seconds=15)
MOST_DOMAINS = 10_000


class DomainCircuits:
    """What one worker has learned of the domains that it writes to; who rests is on the board."""

    def __init__(self, board: Board | None = None, most: int = MOST_DOMAINS) -> None:
        self._board = board or Board()
        self._most = most
        # How many mails in a row each has put off.
        self._put_off: OrderedDict[str, int] = OrderedDict()

    def rests_until(self, address: str, now: datetime) -> datetime | None:
        """Tell until when nothing is sent to an address; whoever asks first afterwards may try."""
        domain = _domain(address)
        where = place(Kind.DOMAIN, domain)
        shut = self._board.look(where, now)
        if shut is not None:
            return shut.until
        if self._board.was_shut(where):
            self._board.shut(where, now + TRIAL, Reason.DOMAIN_RESTING)
        return None

    def learn(self, address: str, outcome: Outcome, now: datetime) -> None:
        """Open or close by what came of a mail."""
        domain = _domain(address)
        put_off = outcome.result is Result.RETRY and outcome.reason == Reason.TRY_LATER
        if put_off and not outcome.of_relay:
            self._count(domain, now)
        elif outcome.result is Result.ACCEPTED:
            self._put_off.pop(domain, None)
            self._board.reopen(place(Kind.DOMAIN, domain))

    def _count(self, domain: str, now: datetime) -> None:
        put_off = self._put_off.get(domain, 0) + 1
        self._put_off[domain] = put_off
        self._put_off.move_to_end(domain)
        if len(self._put_off) > self._most:
            self._put_off.popitem(last=False)
        beyond = put_off - IN_A_ROW
        if beyond >= 0:
            rest = min(LONGEST, SHORTEST * int(2 ** min(beyond, 10)))
            self._board.shut(place(Kind.DOMAIN, domain), now + rest, Reason.DOMAIN_RESTING)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
