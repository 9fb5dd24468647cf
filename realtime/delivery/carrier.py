"""What takes alerts out of the house: one carrier a channel, the same four steps for each."""

from typing import Any, Protocol

from realtime.delivery.moment import Moment
from realtime.delivery.outcome import Outcome
from realtime.delivery.reasons import Reason


class Carrier(Protocol):
    """Packs what is to be said, carries it, and forgets targets that are gone.

    What ``pack`` returns is the carrier's own; nobody else looks into it.
    """

    def pack(self, moment: Moment) -> Any:
        """Put the alert into words and form, from the data as it is now."""
        ...

    async def carry(self, parcel: Any) -> Outcome:
        """Hand it over, once; never raises for what the other side does."""
        ...

    async def retire(self, moment: Moment, outcome: Outcome) -> Reason:
        """Forget the target that ``outcome`` tells is gone; return what the ledger says of it."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
