"""Who is on a channel: the seam, and its twin for a server that is one process."""

from collections.abc import Iterator
from typing import Protocol


class Presence(Protocol):
    """Entries by (channel, client). Nothing raises: the broker's absence shortens the view."""

    async def start(self) -> None:
        """Begin to keep this node's entries alive."""
        ...

    async def close(self) -> None:
        """Take this node's entries away."""
        ...

    def enter(self, channel: str, client: str, account_id: str) -> bool:
        """Note that ``client``, of ``account_id``, is on ``channel``; tell whether that is news."""
        ...

    def leave(self, channel: str, client: str) -> str | None:
        """Note that ``client`` is gone from ``channel``; return whose it was, if it was there."""
        ...

    async def present(self, channel: str) -> dict[str, str]:
        """Return client -> account id of all nodes, of this one while the rest is unknown."""
        ...

    async def surely_present(self, channel: str) -> dict[str, str] | None:
        """Return client -> account id of all nodes; None while that is unknown."""
        ...


class LocalEntries:
    """Entries of one node."""

    __slots__ = ("_by_channel",)

    def __init__(self) -> None:
        self._by_channel: dict[str, dict[str, str]] = {}

    def add(self, channel: str, client: str, account_id: str) -> bool:
        """Note ``client`` on ``channel``; say whether that is news."""
        entries = self._by_channel.setdefault(channel, {})
        known = client in entries
        entries[client] = account_id
        return not known

    def remove(self, channel: str, client: str) -> str | None:
        """Forget ``client`` on ``channel``; return whose it was, if it was there."""
        entries = self._by_channel.get(channel, {})
        account_id = entries.pop(client, None)
        if account_id is not None and not entries:
            del self._by_channel[channel]
        return account_id

    def clear(self) -> None:
        """Forget everybody."""
        self._by_channel.clear()

    def of(self, channel: str) -> dict[str, str]:
        """Return a copy of client -> account id."""
        return dict(self._by_channel.get(channel, ()))

    def __contains__(self, channel: str) -> bool:
        """Say whether anybody is on ``channel``."""
        return channel in self._by_channel

    def account(self, channel: str, client: str) -> str | None:
        """Return whose connection ``client`` is, if it is on ``channel``."""
        return self._by_channel.get(channel, {}).get(client)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Go over all (channel, client)."""
        for channel, entries in self._by_channel.items():
            for client in entries:
                yield channel, client


class LocalPresence:
    """The presence of a server that is one process."""

    def __init__(self) -> None:
        self._entries = LocalEntries()

    async def start(self) -> None:
        """Nothing has to be kept alive."""

    async def close(self) -> None:
        """Forget everybody."""
        self._entries.clear()

    def enter(self, channel: str, client: str, account_id: str) -> bool:
        """Note that ``client`` is on ``channel``; tell whether that is news."""
        return self._entries.add(channel, client, account_id)

    def leave(self, channel: str, client: str) -> str | None:
        """Note that ``client`` is gone from ``channel``; return whose it was, if it was there."""
        return self._entries.remove(channel, client)

    async def present(self, channel: str) -> dict[str, str]:
        """Return client -> account id."""
        return self._entries.of(channel)

    async def surely_present(self, channel: str) -> dict[str, str] | None:
        """Return client -> account id."""
        return self._entries.of(channel)
