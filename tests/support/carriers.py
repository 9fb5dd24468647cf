"""A carrier that does as it is told, and remembers what it carried."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from realtime.delivery.moment import Moment
from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.reasons import Reason

TAKEN = Outcome(result=Result.ACCEPTED, reason=Reason.SENT, code="201")


class ToldCarrier:
    """Carries ids of deliveries; ``open`` is the door that they leave by, and may be shut."""

    def __init__(self, *outcomes: Outcome | Exception) -> None:
        self.outcomes = deque(outcomes)
        self.began: list[str] = []
        self.carried: list[str] = []
        self.door = asyncio.Event()
        self.door.set()
        self.room: AbstractAsyncContextManager[object] = nullcontext()
        self.before_packing: Callable[[Moment], None] = lambda _moment: None

    def pack(self, moment: Moment) -> str:
        """Take an id."""
        self.before_packing(moment)
        return moment.claim.id

    def place(self) -> AbstractAsyncContextManager[object]:
        """Have room for any number, unless it was told otherwise."""
        return self.room

    async def carry(self, parcel: str) -> Outcome:
        """Wait for the door, and do what was told for this time."""
        self.began.append(parcel)
        await self.door.wait()
        told = self.outcomes.popleft() if self.outcomes else TAKEN
        if isinstance(told, Exception):
            raise told
        self.carried.append(parcel)
        return told

    async def settle(self, _moment: Moment, outcome: Outcome) -> Outcome:
        """Forget nothing."""
        return outcome

    async def close(self) -> None:
        """Close nothing."""
