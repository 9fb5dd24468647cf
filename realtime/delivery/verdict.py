"""What becomes of a delivery: from a ruling or an outcome to the rows that say so. Pure.

Every function returns one ``Change``; nothing here reads or writes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from domain.preferences import Category, Channel
from realtime.delivery import backoff
from realtime.delivery.gate import Do, Ruling, may_repeat
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Decision, Reason
from storage.deliveries import WEBHOOK, Claim, Status
from storage.ledger import Attempt, Change, Line

# Our own fault is mended by people: look again after about so long.
PAUSE = timedelta(minutes=1)
UNCONFIGURED = timedelta(minutes=5)

LONGEST_DETAIL = 500
LONGEST_CODE = 16

End = tuple[Status, Decision]

# What ends a delivery before it is sent, and what the ledger calls it.
_ENDS: Mapping[Do, End] = {
    Do.SKIP: (Status.SKIPPED, Decision.SKIPPED),
    Do.CANCEL: (Status.CANCELLED, Decision.CANCELLED),
    Do.EXPIRE: (Status.EXPIRED, Decision.DEAD),
    Do.KILL: (Status.DEAD, Decision.DEAD),
    Do.LEAVE: (Status.UNCERTAIN, Decision.UNCERTAIN),
}
_ACCEPTED: End = (Status.ACCEPTED, Decision.ACCEPTED)
_DEAD: End = (Status.DEAD, Decision.DEAD)
_UNCERTAIN: End = (Status.UNCERTAIN, Decision.UNCERTAIN)
# A device that is gone is no alarm: the others go on. An address that is gone is one.
_GONE: Mapping[str, End] = {
    Channel.PUSH: (Status.SKIPPED, Decision.SKIPPED),
    Channel.EMAIL: _DEAD,
    WEBHOOK: _DEAD,
}

# What was held back for so long that it is no news any more: it goes out as a digest.
_GATHERS = frozenset({Reason.QUIET_HOURS, Reason.CAPPED})


@dataclass(frozen=True, slots=True)
class Why:
    """What the ledger says beside the decision: the reason, where it went, and more of it."""

    reason: Reason
    target: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt that is over: when it began, what came of it, and where it went."""

    began: datetime
    outcome: Outcome
    target: str

    @property
    def words(self) -> str:
        """What the other side said beside its code: SMTP repeats the enhanced one."""
        enhanced = self.outcome.code.partition(" ")[2]
        return self.outcome.detail.removeprefix(enhanced).strip()

    @property
    def why(self) -> Why:
        """What the ledger says of it."""
        answer = f"{self.outcome.code} {self.words}".strip()
        return Why(Reason(self.outcome.reason), self.target, answer)


class Verdicts:
    """Makes changes; ``random`` gives numbers in [0, 1)."""

    def __init__(self, *, new_id: Callable[[], str], random: Callable[[], float]) -> None:
        self._new_id = new_id
        self._random = random

    def suspected(self, claim: Claim, lease_until: datetime) -> Change:
        """Record that a delivery is being handled on which a worker crashed before."""
        return _changed(
            claim,
            claim.updated_at,
            status=Status.LEASED,
            ready_at=lease_until,
            crashes=claim.crashes + 1,
            sending=claim.sending,
            uncertain=claim.uncertain,
            keeps_lease=True,
        )

    def begun(self, claim: Claim, now: datetime, lease_until: datetime) -> Change:
        """Record that the bytes are about to go out."""
        change = _changed(
            claim,
            now,
            status=Status.LEASED,
            ready_at=lease_until,
            attempts=claim.attempts + 1,
            crashes=claim.crashes + 1 if claim.crashes else 0,
            sending=True,
            keeps_lease=True,
        )
        return _with_lost_attempt(change)

    def ruled(self, claim: Claim, ruling: Ruling, now: datetime, target: str) -> Change:
        """End a delivery that the gate stopped, or let it wait."""
        why = Why(ruling.reason, target, ruling.detail)
        if ruling.do is Do.WAIT:
            return _with_lost_attempt(self._held_back(claim, ruling, now, why))
        return _with_lost_attempt(self._ended(claim, now, _ENDS[ruling.do], why))

    def tried(self, claim: Claim, tried: Try, now: datetime) -> Change:
        """Act on what came of an attempt."""
        change = _BY_RESULT[tried.outcome.result](self, claim, tried, now)
        if tried.outcome.result is Result.PAUSED:
            return change
        n = claim.attempts + 1
        return replace(change, attempts=n, attempt=_attempt(n, tried, now))

    def returned(self, claim: Claim, now: datetime) -> Change:
        """Give back what was claimed and not begun: as if it had never been taken."""
        return _changed(
            claim, claim.updated_at, ready_at=now, crashes=claim.crashes, sending=claim.sending
        )

    def _accepted(self, claim: Claim, tried: Try, now: datetime) -> Change:
        return self._ended(claim, now, _ACCEPTED, tried.why)

    def _dead(self, claim: Claim, tried: Try, now: datetime) -> Change:
        return self._ended(claim, now, _DEAD, tried.why)

    def _gone(self, claim: Claim, tried: Try, now: datetime) -> Change:
        return self._ended(claim, now, _GONE[claim.channel], tried.why)

    def _again(self, claim: Claim, tried: Try, now: datetime) -> Change:
        due = backoff.next_attempt(
            claim.attempts + 1,
            now=now,
            expires_at=claim.expires_at,
            random=self._random,
            at_least=tried.outcome.retry_after,
        )
        if due is None:
            end = _UNCERTAIN if _may_have_arrived(claim) else _DEAD
            return self._ended(claim, now, end, tried.why)
        change = self._later(claim, now, due, tried.why)
        return replace(change, priority=claim.priority.again())

    def _unknown(self, claim: Claim, tried: Try, now: datetime) -> Change:
        """Send a mail once more if its category is worth a second copy; else leave it at that."""
        left = self._ended(claim, now, _UNCERTAIN, tried.why)
        if not may_repeat(Category(claim.category), uncertain=_may_have_arrived(claim)):
            return left
        again = self._again(claim, tried, now)
        if again.status is not Status.SCHEDULED:
            return left
        return replace(again, uncertain=True, line=left.line)

    def _paused(self, claim: Claim, tried: Try, now: datetime) -> Change:
        asked = tried.outcome.retry_after
        pause = PAUSE if asked is None else timedelta(seconds=asked)
        return self._waits(claim, now, pause, tried.why)

    def _waits(self, claim: Claim, now: datetime, pause: timedelta, why: Why) -> Change:
        """Let it wait without an attempt spent; the ledger is told when the reason is a new one."""
        due = min(now + pause * (1 + self._random() / 2), claim.expires_at)
        change = self._later(claim, now, due, why)
        return replace(change, line=None) if claim.reason == why.reason else change

    def _held_back(self, claim: Claim, ruling: Ruling, now: datetime, why: Why) -> Change:
        if ruling.until is None:
            return self._waits(claim, now, UNCONFIGURED, why)
        held = self._later(claim, now, min(ruling.until, claim.expires_at), why)
        priority = claim.priority
        if ruling.reason in _GATHERS:
            priority = priority.gathering()
        return replace(held, goes_with=ruling.goes_with, priority=priority)

    def _ended(self, claim: Claim, now: datetime, end: End, why: Why) -> Change:
        status, decision = end
        line = self._line(now, decision, why)
        return _changed(claim, now, status=status, reason=why.reason, line=line)

    def _later(self, claim: Claim, now: datetime, due: datetime, why: Why) -> Change:
        line = self._line(now, Decision.RETRIED, why)
        return _changed(claim, now, due_at=due, ready_at=due, reason=why.reason, line=line)

    def _line(self, now: datetime, decision: Decision, why: Why) -> Line:
        return Line(
            id=self._new_id(),
            at=now,
            target=why.target,
            decision=decision,
            reason=why.reason,
            detail=why.detail[:LONGEST_DETAIL],
        )


_BY_RESULT: Mapping[Result, Callable[[Verdicts, Claim, Try, datetime], Change]] = {
    Result.ACCEPTED: Verdicts._accepted,
    Result.RETRY: Verdicts._again,
    Result.DEAD: Verdicts._dead,
    Result.GONE: Verdicts._gone,
    Result.UNCERTAIN: Verdicts._unknown,
    Result.PAUSED: Verdicts._paused,
}


def _changed(claim: Claim, at: datetime, **changes: Any) -> Change:
    """Begin from how it was claimed: waiting, nothing sent, no crash."""
    fields: dict[str, Any] = {
        "claim": claim,
        "status": Status.SCHEDULED,
        "reason": claim.reason,
        "priority": claim.priority,
        "due_at": claim.due_at,
        "ready_at": None,
        "attempts": claim.attempts,
        "crashes": 0,
        "uncertain": _may_have_arrived(claim),
        "at": at,
    }
    return Change(**fields | changes)


def _may_have_arrived(claim: Claim) -> bool:
    """Tell whether somebody may have this mail already; of pushes nobody minds a second one."""
    return claim.uncertain or (claim.sending and claim.channel == Channel.EMAIL)


def _with_lost_attempt(change: Change) -> Change:
    """Note the attempt in which the last worker ended, if it did."""
    claim = change.claim
    if not claim.sending:
        return change
    lost = Outcome(result=Result.UNCERTAIN, reason=Reason.WORKER_LOST)
    tried = Try(began=claim.updated_at, outcome=lost, target="")
    return replace(change, attempt=_attempt(claim.attempts, tried, change.at))


def _attempt(n: int, tried: Try, now: datetime) -> Attempt:
    outcome = tried.outcome
    return Attempt(
        n=n,
        started_at=tried.began,
        finished_at=now,
        result=outcome.result,
        reason=outcome.reason,
        code=outcome.code[:LONGEST_CODE],
        detail=tried.words[:LONGEST_DETAIL],
    )
