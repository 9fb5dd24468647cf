"""What is remembered for each push origin: endpoints come from users, so it is bounded."""

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_ORIGINS = 1_024


class KeptByOrigin(Generic[T]):
    """A map from origin to value that forgets what was put in longest ago."""

    def __init__(self, most: int = MOST_ORIGINS) -> None:
        self._most = most
        self._values: OrderedDict[str, T] = OrderedDict()

    def get(self, origin: str) -> T | None:
        """Return what is kept, if it still is."""
        return self._values.get(origin)

    def put(self, origin: str, value: T) -> None:
        """Keep a value; beyond the bound the oldest goes."""
        self._values[origin] = value
        self._values.move_to_end(origin)
        if len(self._values) > self._most:
            self._values.popitem(last=False)
