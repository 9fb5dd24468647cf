"""A message on its way from a device into storage."""

from dataclasses import dataclass


@dataclass(slots=True)
class Outgoing:
    """A message that its sender wants stored; ``seq`` is 0 until that is acknowledged."""

    thread: str
    sender: str
    client_id: str
    body: str
    seq: int = 0
    refused: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing more to try."""
        return bool(self.seq or self.refused)
