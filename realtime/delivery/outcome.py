"""What came of one attempt, as the senders tell it and the worker acts on it."""

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """How an attempt ended; what the worker does about it is in ``verdict.py``."""

    ACCEPTED = "accepted"  # the push service or mail server took it
    RETRY = "retry"  # their moment of weakness: again later
    DEAD = "dead"  # never again, for the reason given
    GONE = "gone"  # this target no longer exists: retire it (404, 410, hard bounce)
    UNCERTAIN = "uncertain"  # the body went out, the answer never came
    PAUSED = "paused"  # our own fault or configuration: no attempt is spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One attempt's end: ``reason`` is a ledger code, ``detail`` a shortened, redacted reply.

    ``retry_after`` is a minimum wait in seconds asked for by the other side; with ``all_wait``
    nothing of the whole channel can go out until then. With ``of_relay`` it was the mail server
    itself that put the mail off, whoever it was for.
    """

    result: Result
    reason: str
    code: str = ""
    detail: str = ""
    retry_after: float | None = None
    all_wait: bool = False
    of_relay: bool = False
