"""One channel as a client follows it, held against what the server promises with each word."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]
Since = tuple[int, str]


@dataclass(slots=True)
class Followed:
    """Over all connections; ``position`` is None until the first reply."""

    name: str
    fault: Callable[[str], None]
    # Whether there can be more than is replayed.
    may_be_too_much: Callable[[int], bool]
    is_forbidden: bool = False
    wanted: bool = True
    position: int | None = None
    epoch: str = ""
    is_live: bool = False
    # When it was first heard that it is.
    live_since: float = 0.0
    # The id of the subscribe that was sent last, and what it asked to go on from.
    asked: int = 0
    # By offset, and what was passed over for it was too much.
    heard: dict[int, Any] = field(default_factory=dict)
    # Offsets of each subscription, as they came.
    runs: list[list[int]] = field(default_factory=list)
    ephemeral: int = 0
    # Where it stood at first.
    first: int = 0

    @property
    def is_inbox(self) -> bool:
        """Whether it tells the latest state of things, and may leave steps out."""
        return self.name.startswith("inbox:")

    @property
    def since(self) -> Since | None:
        """From where it would go on; None at first."""
        return None if self.position is None else (self.position, self.epoch)

    def begin(self, result: Message, since: Since | None) -> None:
        """Take the reply to a subscribe."""
        top = result.get("offset", 0)
        if self.is_forbidden:
            self.fault(f"{self.name}: it was let in")
        if not (result.get("recoverable") and result.get("positioned")):
            self.fault(f"{self.name} is neither recoverable nor positioned")
        self.is_live = True
        self.epoch = result["epoch"]
        self.runs.append([])
        if since is None:
            self._begin_at_top(result, top)
        else:
            self._go_on(result, since, top)

    def _begin_at_top(self, result: Message, top: int) -> None:
        if result.get("publications") or result.get("recovered"):
            self.fault(f"{self.name}: recovered what nobody asked for")
        self.position = self.first = top

    def _go_on(self, result: Message, since: Since, top: int) -> None:
        missed = result.get("publications", [])
        if not result.get("was_recovering"):
            self.fault(f"{self.name}: it does not know that it recovers")
        if not result.get("recovered"):
            if missed or not self.may_be_too_much(top - since[0]):
                self.fault(f"{self.name}: not recovered from {since[0]} at {top}")
            self.position = top
            return
        if top != since[0]:
            self.fault(f"{self.name}: it begins at {top}, and was asked for {since[0]}")
        self.position = since[0]
        for publication in missed:
            self.take(publication)

    def take(self, publication: Message) -> None:
        """Take a publication: it must be the next one."""
        offset = publication.get("offset", 0)
        if not offset:
            self.ephemeral += 1
            return
        position = self.position or 0
        if offset <= position or (offset > position + 1 and not self.is_inbox):
            self.fault(f"{self.name}: {offset} came after {position}")
        said = self.heard.setdefault(offset, publication["data"])
        if said != publication["data"] and not self.is_inbox:
            self.fault(f"{self.name}: {offset} was {said}, and is {publication['data']}")
        self.heard[offset] = publication["data"]
        self.runs[-1].append(offset)
        self.position = offset

    def give_up(self) -> None:
        """Ask for it no more."""
        self.wanted = False
        self.lose()

    def lose(self) -> None:
        """It is not served any more."""
        self.is_live = False
        self.asked = 0
