"""Clients that keep bringing expired tokens: after some in a row they are told to stop."""

from realtime.services.identity import claimed_subject

IN_A_ROW = 5
MAX_KEPT = 10_000


class Refusals:
    """Counts by address and claimed subject, for many people may share a proxy's address."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    def is_last(self, address: str, token: str) -> bool:
        """Note a refused token; tell whether it is the one after which there is no more asking."""
        key = (address, claimed_subject(token))
        if len(self._counts) >= MAX_KEPT and key not in self._counts:
            del self._counts[next(iter(self._counts))]
        count = self._counts.get(key, 0) + 1
        self._counts[key] = count
        return count > IN_A_ROW

    def forget(self, address: str, token: str) -> None:
        """Start over: a good token came."""
        if self._counts:
            self._counts.pop((address, claimed_subject(token)), None)
