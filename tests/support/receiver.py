"""A hub that only remembers what it was handed."""

from collections.abc import Callable

from domain.publications import Publication


class RecordingReceiver:
    """Remembers everything in order."""

    def __init__(self) -> None:
        self.publications: list[Publication] = []
        self.doorbells: list[str] = []
        self.doubts = 0
        self._check: Callable[[], object] = list

    def deliver(self, publication: Publication) -> None:
        """Remember a publication."""
        self.publications.append(publication)

    def ring(self, doorbell: str) -> None:
        """Remember a doorbell."""
        self.doorbells.append(doorbell)

    def unsure(self) -> None:
        """Count a doubt."""
        self.doubts += 1
        self._check()

    def when_unsure(self, check: Callable[[], object]) -> None:
        """Do this at each doubt."""
        self._check = check

    def of(self, channel: str) -> list[bytes]:
        """Return what ``channel`` carried."""
        return [each.data for each in self.publications if each.channel == channel]
