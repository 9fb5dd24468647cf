"""Recipient domains that are left alone for a while, for they put off one mail after the other."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason

# So many mails in a row that a domain puts off open its circuit; each further one doubles the rest.
IN_A_ROW = 5
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(hours=1)
# After its rest one mail tries, and the others wait so long for what comes of it.
TRIAL = timedelta(seconds=15)
MOST_DOMAINS = 10_000


@dataclass(slots=True)
class _Domain:
    put_off: int = 0
    rests_until: datetime | None = None


class DomainCircuits:
    """What one worker has learned of the domains that it writes to."""

    def __init__(self, most: int = MOST_DOMAINS) -> None:
        self._most = most
        self._domains: OrderedDict[str, _Domain] = OrderedDict()

    def rests_until(self, address: str, now: datetime) -> datetime | None:
        """Tell until when nothing is sent to an address; whoever asks first afterwards may try."""
        known = self._domains.get(_domain(address))
        if known is None or known.rests_until is None:
            return None
        if now < known.rests_until:
            return known.rests_until
        known.rests_until = now + TRIAL
        return None

    def learn(self, address: str, outcome: Outcome, now: datetime) -> None:
        """Open or close by what came of a mail."""
        domain = _domain(address)
        if outcome.result is Result.RETRY and outcome.reason == Reason.TRY_LATER:
            self._put_off(domain, now)
        elif outcome.result is Result.ACCEPTED:
            self._domains.pop(domain, None)

    def _put_off(self, domain: str, now: datetime) -> None:
        known = self._domains.setdefault(domain, _Domain())
        self._domains.move_to_end(domain)
        if len(self._domains) > self._most:
            self._domains.popitem(last=False)
        known.put_off += 1
        beyond = known.put_off - IN_A_ROW
        if beyond >= 0:
            known.rests_until = now + min(LONGEST, SHORTEST * int(2 ** min(beyond, 10)))


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
