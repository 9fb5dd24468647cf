"""What takes alerts out of the house: one carrier a channel, the same steps for each."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from realtime.delivery.moment import Moment
from realtime.delivery.outcome import Outcome


class Carrier(Protocol):
    """Packs what is to be said, carries it, and forgets targets that are gone.

    What ``pack`` returns is the carrier's own; nobody else looks into it.
    """

    def pack(self, moment: Moment) -> Any:
        """Put the alert into words and form, from the data as it is now."""
        ...

    def place(self) -> AbstractAsyncContextManager[object]:
        """Wait until there is room to hand one over: what waits here has not been begun."""
        ...

    async def carry(self, parcel: Any) -> Outcome:
        """Hand it over, once; never raises for what the other side does."""
        ...

    async def settle(self, moment: Moment, outcome: Outcome) -> Outcome:
        """Forget a target that is gone, count what came back; return what the ledger says."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
