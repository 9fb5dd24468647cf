"""Who is woken by doorbells; without connections, also what the bus hands things to."""

from collections.abc import Sequence
from typing import Protocol

from domain.publications import Publication


class Listens(Protocol):
    """Something that works when it is woken."""

    def ring(self, doorbell: str) -> None:
        """Hear a doorbell, which may be somebody else's."""
        ...

    def unsure(self) -> None:
        """Look: doorbells may have been missed."""
        ...


class Bells:
    """Hands each doorbell to all who listen."""

    def __init__(self, listeners: Sequence[Listens]) -> None:
        self._listeners = listeners

    def deliver(self, _publication: Publication) -> None:
        """Nobody is connected here."""

    def ring(self, doorbell: str) -> None:
        """Wake whoever listens to it."""
        for listener in self._listeners:
            listener.ring(doorbell)

    def unsure(self) -> None:
        """Have everybody look."""
        for listener in self._listeners:
            listener.unsure()
