"""The delivery queue as a terminal shows it."""

from collections.abc import Mapping, Sequence
from typing import Any

from realtime.services.queue_shapes import (
    Delivery,
    FrozenSet,
    PausedChannel,
    Queues,
    WholeDelivery,
)
from realtime.services.shapes import Page
from realtime.tables import Cell, table, text

FIGURES: Mapping[str, str] = {
    "channel": "channel",
    "category": "category",
    "scheduled": "scheduled",
    "due": "due",
    "retrying": "retrying",
    "sending": "sending",
    "dead": "dead",
    "uncertain": "uncertain",
    "oldest_due_seconds": "oldest due (s)",
    "rate_in": "in/s",
    "rate_out": "out/s",
}
SHUT: Mapping[str, str] = {
    "kind": "left alone",
    "name": "name",
    "until": "until",
    "reason": "reason",
}
LISTED: Mapping[str, str] = {
    "id": "id",
    "status": "status",
    "channel": "channel",
    "category": "category",
    "account": "account",
    "order_id": "order",
    "next_attempt_at": "next",
    "reason": "reason",
}
TRIED: Mapping[str, str] = {
    "n": "attempt",
    "started_at": "began",
    "finished_at": "ended",
    "result": "result",
    "reason": "reason",
    "code": "code",
    "detail": "detail",
}
DECIDED: Mapping[str, str] = {
    "at": "at",
    "decision": "decision",
    "reason": "reason",
    "target": "target",
    "detail": "detail",
}


def figures(found: Queues) -> str:
    """Show how each queue stands, what workers hold, and what is paused."""
    leases = found["leases"]
    parts = [
        _rows(FIGURES, found["items"]) if found["items"] else "nothing waits, and nothing is dead",
        f"workers hold {leases['held']:,}; left by workers that ended: {leases['abandoned']:,}",
        *(pause(each) for each in found["channels"] if each["paused"]),
    ]
    if found["circuits"]:
        parts += ["", _rows(SHUT, found["circuits"])]
    return "\n".join(parts)


def deliveries(found: Page[Delivery] | Mapping[str, Any]) -> str:
    """Show a page of the list."""
    lines = [{**each, "tries": len(each["attempts"])} for each in found["items"]]
    if not lines:
        return "there is none"
    shown = _rows({**LISTED, "tries": "tries"}, lines)
    cursor = found["next_cursor"]
    return f"{shown}\nmore: --cursor {cursor}" if cursor else shown


def delivery(found: WholeDelivery) -> str:
    """Show one with its attempts and decisions."""
    named: Mapping[str, Any] = found
    names = [name for name in named if name not in ("attempts", "ledger")]
    width = max(map(len, names))
    parts = [f"{name.ljust(width)}  {text(named[name])}" for name in names]
    if found["attempts"]:
        parts += ["", _rows(TRIED, found["attempts"])]
    if found["ledger"]:
        parts += ["", _rows(DECIDED, found["ledger"])]
    return "\n".join(parts)


def frozen_set(found: FrozenSet) -> str:
    """Show what was counted, or done."""
    done = "sent again" if found["action"] == "retry" else "thrown away"
    chosen = ", ".join(f"{name} {value}" for name, value in sorted(found["filter"].items()))
    more = "; others match, too: a set has no more" if found["more"] else ""
    if found["state"] == "counted":
        return (
            f"{found['count']:,} would be {done} ({chosen}){more}\n"
            f"nothing was done: --set {found['id']} --yes does it to exactly these"
        )
    pace = f", {found['per_second']} a second" if found["per_second"] else ""
    return f"{found['done']:,} of {found['count']:,} are {done}{pace} ({chosen}){more}"


def pause(found: PausedChannel) -> str:
    """Show whether a channel is paused."""
    if not found["paused"]:
        return f"{found['channel']} goes on"
    why = f": {found['why']}" if found["why"] else ""
    return f"{found['channel']} is paused since {found['paused_at']} by {found['paused_by']}{why}"


def _rows(columns: Mapping[str, str], found: Sequence[Mapping[str, Any]]) -> str:
    rows: list[list[Cell]] = [[each[name] for name in columns] for each in found]
    return table(list(columns.values()), rows)
