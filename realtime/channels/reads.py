"""What the hub needs of storage; who has it hands it in."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.errors import OrderwireError
from domain.publications import Changes, Opening, OpenRequest, Position


class Reads(Protocol):
    """Each is read from one consistent state; Unavailable while there is no answer."""

    async def open_many(
        self, requests: Sequence[OpenRequest]
    ) -> Sequence[Opening | OrderwireError]:
        """Read rights, positions, snapshots and what was missed, an outcome for each request."""
        ...

    async def changes_since(self, channel: str, offset: int) -> Changes:
        """Read what a channel carried after ``offset``."""
        ...

    async def positions(self, channels: Sequence[str]) -> Mapping[str, Position]:
        """Read where channels stand; one that does not exist is missing."""
        ...
