"""Which channels are wanted, asked for and confirmed on one Redis connection after another."""

import asyncio
from collections.abc import Iterator

from realtime.channels.redis_link import packed

BATCH = 512


class Subscriptions:
    """The wanted set outlives connections; asked and confirmed are those of the present one."""

    def __init__(self, *, patience: float) -> None:
        self.confirmations = 0
        """How many came on this connection."""
        self._patience = patience
        self._connected = False
        self._wanted: set[bytes] = set()
        self._to_ask: list[bytes] = []
        self._asked: dict[bytes, asyncio.Future[None]] = {}
        self._confirmed: set[bytes] = set()
        self._restoring: set[bytes] = set()
        self._leaving: dict[bytes, float] = {}

    @property
    def waiting(self) -> bool:
        """Whether a confirmation is still to come."""
        return bool(self._asked)

    @property
    def lingering(self) -> bool:
        """Whether a channel is kept that nobody wants."""
        return bool(self._leaving)

    def connected(self) -> None:
        """Ask for everything that is wanted, on a new connection."""
        self._connected = True
        self._restoring = set(self._wanted)
        for key in self._restoring:
            self._ask(key)

    def disconnected(self) -> None:
        """Forget what was asked and confirmed; nobody waits for it any longer."""
        self._connected = False
        self.confirmations = 0
        asked, self._asked = self._asked, {}
        for confirmation in asked.values():
            confirmation.set_result(None)
        self._to_ask.clear()
        self._confirmed.clear()
        self._restoring.clear()
        self._leaving.clear()

    def want(self, key: bytes) -> asyncio.Future[None] | None:
        """Want a channel; returns what to wait for, or None where there is nothing to wait for."""
        self._wanted.add(key)
        self._leaving.pop(key, None)
        if not self._connected or key in self._confirmed:
            return None
        return self._ask(key)

    def forget(self, key: bytes, now: float) -> None:
        """Want a channel no more; Redis is told when the patience is over."""
        if key in self._wanted:
            self._wanted.remove(key)
            if self._connected:
                self._leaving[key] = now + self._patience

    def confirm(self, key: bytes) -> bool:
        """Note that Redis has confirmed ``key``; True if that restores all that was wanted."""
        confirmation = self._asked.pop(key, None)
        if confirmation is None:
            return False
        self.confirmations += 1
        self._confirmed.add(key)
        confirmation.set_result(None)
        if key not in self._restoring:
            return False
        self._restoring.remove(key)
        return not self._restoring

    def questions(self) -> Iterator[bytes]:
        """Give the commands that ask for what was not asked for yet."""
        keys, self._to_ask = self._to_ask, []
        return _in_batches(b"SUBSCRIBE", keys)

    def farewells(self, now: float) -> Iterator[bytes]:
        """Give the commands that let go of channels whose patience is over.

        One that is still being asked for stays until it is confirmed: its confirmation, come late,
        could be taken for that of a later question.
        """
        over = [key for key, due in self._leaving.items() if due <= now and key in self._confirmed]
        for key in over:
            del self._leaving[key]
            self._confirmed.remove(key)
        return _in_batches(b"UNSUBSCRIBE", over)

    def _ask(self, key: bytes) -> asyncio.Future[None]:
        confirmation = self._asked.get(key)
        if confirmation is None:
            confirmation = self._asked[key] = asyncio.get_running_loop().create_future()
            self._to_ask.append(key)
        return confirmation


def _in_batches(command: bytes, keys: list[bytes]) -> Iterator[bytes]:
    for start in range(0, len(keys), BATCH):
        yield packed(command, *keys[start : start + BATCH])
