"""Doorbells wake whoever listens in this process."""

from domain.publications import Publication
from realtime.ops.bells import Bells


class Ear:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def ring(self, doorbell: str) -> None:
        """Hear a doorbell."""
        self.heard.append(doorbell)

    def unsure(self) -> None:
        """Hear that some may have been missed."""
        self.heard.append("?")


def test_everybody_hears_each_doorbell() -> None:
    one, other = Ear(), Ear()
    bells = Bells((one, other))
    bells.ring("delivery")
    bells.unsure()
    bells.deliver(Publication("thread:1", b"{}", 1))
    assert one.heard == other.heard == ["delivery", "?"]
