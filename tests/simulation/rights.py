"""Who was shut out of which thread, and when: what may be refused, and what must be."""

from collections.abc import Callable


class Rights:
    """By (thread, account), the stretches of time in which somebody was shut out."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._changes: dict[str, int] = {}
        self._shut: dict[tuple[str, str], list[tuple[float, float]]] = {}

    def tried(self, thread: str) -> None:
        """Hear that somebody will be shut out, or let in again: here ``change`` tells when."""

    def changes(self, thread: str) -> int:
        """Count how often it has changed who may listen."""
        return self._changes.get(thread, 0)

    def change(self, thread: str, account: str, *, shut: bool) -> None:
        """Shut somebody out, or let them in again."""
        if shut == self.is_shut(thread, account):
            return
        self._changes[thread] = self.changes(thread) + 1
        stretches = self._shut.setdefault((thread, account), [])
        if shut:
            stretches.append((self._now(), float("inf")))
        else:
            stretches[-1] = (stretches[-1][0], self._now())

    def is_shut(self, thread: str, account: str) -> bool:
        """Tell whether somebody is shut out now."""
        stretches = self._shut.get((thread, account), [])
        return bool(stretches) and stretches[-1][1] == float("inf")

    def was_shut(self, thread: str, account: str, since: float) -> bool:
        """Tell whether somebody was shut out at any time since then."""
        return any(end >= since for _, end in self._shut.get((thread, account), ()))

    def was_always_shut(self, thread: str, account: str, since: float) -> bool:
        """Tell whether somebody was shut out all the time since then."""
        stretches = self._shut.get((thread, account), [])
        return self.is_shut(thread, account) and stretches[-1][0] <= since
