"""Who is connected to this node, and which of an account's connections has to make room."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from realtime.histograms import Histogram
from realtime.protocol import codes
from realtime.protocol.codes import Disconnect


class Connected(Protocol):
    """A connection as the registry sees it."""

    @property
    def awaits_pong(self) -> bool:
        """Whether it may be dead already."""
        ...

    def unsent(self) -> int:
        """Return how many bytes have not left yet."""
        ...

    def end(self, disconnect: Disconnect) -> None:
        """Close it."""
        ...


@dataclass(slots=True)
class GatewayFigures:
    """What the gateway counts; read by the metrics."""

    handshakes: int = 0
    refused_handshakes: int = 0
    connects: int = 0
    frames: int = 0
    calls: int = 0
    # Connects and subscribes that were told to come again later.
    turned_away: int = 0
    disconnects: Counter[int] = field(default_factory=Counter)
    unsubscribes: Counter[int] = field(default_factory=Counter)
    # From the opening of a connection to the last reply of those channels that it opened first.
    until_subscribed: Histogram = field(default_factory=Histogram)


class Registry:
    """All open connections, and those of each account; ``most`` an account (0: any number).

    Both are kept in the order in which they came.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._all: dict[Connected, None] = {}
        self._by_account: dict[str, dict[Connected, None]] = {}

    def __len__(self) -> int:
        """Count the open connections."""
        return len(self._all)

    def __iter__(self) -> Iterator[Connected]:
        """Go through a copy of them."""
        return iter(tuple(self._all))

    def of_account(self, account_id: str) -> Sequence[Connected]:
        """Return a copy of an account's connections."""
        return tuple(self._by_account.get(account_id, ()))

    def add(self, client: Connected) -> None:
        """Note a connection that nobody has spoken on yet."""
        self._all[client] = None

    def admit(self, client: Connected, account_id: str) -> bool:
        """Note whose connection it is; False when the account has too many that are alive."""
        theirs = self._by_account.setdefault(account_id, {})
        if self._most and len(theirs) >= self._most:
            for other in [each for each in theirs if each.awaits_pong]:
                other.end(codes.CLOSED_NORMALLY)
        theirs = self._by_account.setdefault(account_id, theirs)
        if self._most and len(theirs) >= self._most:
            return False
        theirs[client] = None
        return True

    def remove(self, client: Connected, account_id: str | None) -> None:
        """Forget a connection."""
        self._all.pop(client, None)
        theirs = self._by_account.get(account_id) if account_id else None
        if account_id and theirs is not None:
            theirs.pop(client, None)
            if not theirs:
                del self._by_account[account_id]
