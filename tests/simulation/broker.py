"""A Redis of the simulated world: greets, subscribes and publishes, and may treat news badly."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import hiredis

from tests.simulation.chances import Chances
from tests.simulation.links import End, Link, Network
from tests.simulation.loop import Owner

_MORE = object()
WELCOME = b"%1\r\n$4\r\nrole\r\n$6\r\nmaster\r\n"
# How late news may come: behind others, or behind a reading that has seen them.
DELAYS = (0.0, 0.001, 0.01, 0.1, 0.5)


class Broker:
    """Knows who listens to what, and nothing else; a restart forgets even that."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        network: Network,
        random: Random,
        chances: Chances,
    ) -> None:
        self.loop = loop
        self.random = random
        self.chances = chances
        self.is_up = True
        # Names of nodes that cannot reach it, nor be reached.
        self.apart: set[str] = set()
        self.listeners: dict[bytes, dict[Connection, None]] = {}
        self._network = network
        self._owner = Owner("broker")

    def reached_by(self, owner: Owner) -> "Address":
        """Return what a node connects with."""
        return Address(self, owner)

    async def connect(self, owner: Owner, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Open a connection for a node's protocol."""
        await asyncio.sleep(self.random.random() * 0.01)
        if owner.name in self.apart:
            await asyncio.sleep(30.0)
            raise TimeoutError("nobody answers")
        if not self.is_up or self.random.random() < self.chances.connects_fail:
            raise ConnectionRefusedError("nobody is there")
        self._network.link(
            f"{owner.name} broker", (protocol(), owner), (Connection(self), self._owner)
        )

    def links(self, node: str = "") -> list[Link]:
        """Return the connections that it has with a node, or with all."""
        return self._network.links(
            lambda link: link.name.endswith(" broker") and link.name.startswith(node)
        )

    def stop(self) -> None:
        """Be gone; all connections are."""
        self.is_up = False
        for link in self.links():
            link.cut(tell_here=True, tell_there=True)
        self.listeners.clear()

    def part(self, node: str) -> None:
        """Let nothing through between it and a node, and tell neither."""
        self.apart.add(node)
        for link in self.links(node):
            link.hold(outward=True, inward=True)

    def heal(self) -> None:
        """Be there, for everybody."""
        self.is_up = True
        self.apart.clear()

    def publish(self, key: bytes, payload: bytes) -> int:
        """Hand a message to who listens, in the way of this world."""
        listeners = self.listeners.get(key, {})
        push = b">3\r\n$7\r\nmessage\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (
            len(key),
            key,
            len(payload),
            payload,
        )
        for listener in listeners:
            self._hand_over(listener, push)
        return len(listeners)

    def _hand_over(self, listener: "Connection", push: bytes) -> None:
        chances, chance = self.chances, self.random.random
        if chances.bus_loses and chance() < chances.bus_loses:
            return
        times = 2 if chances.bus_doubles and chance() < chances.bus_doubles else 1
        for _ in range(times):
            if chances.bus_delays and chance() < chances.bus_delays:
                self.loop.call_later(self.random.choice(DELAYS), listener.write, push)
            else:
                listener.write(push)


class Address:
    """Where a node finds the broker (realtime.channels.redis_address.Reachable)."""

    database = 0
    greeting = ("HELLO", "3")

    def __init__(self, broker: Broker, owner: Owner) -> None:
        self._broker = broker
        self._owner = owner

    async def connect(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Open a connection; raises ``OSError``."""
        await self._broker.connect(self._owner, protocol)


class Connection(asyncio.Protocol):
    """The broker's side of a connection."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._reader = hiredis.Reader(notEnoughData=_MORE)
        self._keys: dict[bytes, None] = {}
        self._end: End | None = None

    def write(self, data: bytes) -> None:
        """Send, while there is somebody to send to."""
        if self._end is not None:
            self._end.write(data)

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._end = transport

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget it."""
        self._end = None
        for key in self._keys:
            self._broker.listeners.get(key, {}).pop(self, None)

    def data_received(self, data: bytes) -> None:
        """Answer commands."""
        self._reader.feed(data)
        while (command := self._reader.gets()) is not _MORE:
            self.write(self._answer(command[0], command[1:]))

    def _answer(self, name: bytes, words: list[bytes]) -> bytes:
        match name:
            case b"HELLO":
                return WELCOME
            case b"PUBLISH":
                return b":%d\r\n" % self._broker.publish(*words)
            case b"SUBSCRIBE":
                return b"".join(map(self._subscribe, words))
            case b"UNSUBSCRIBE":
                return b"".join(map(self._unsubscribe, words))
        raise AssertionError(f"nobody needs {name!r}")

    def _subscribe(self, key: bytes) -> bytes:
        self._keys[key] = None
        self._broker.listeners.setdefault(key, {})[self] = None
        return b">3\r\n$9\r\nsubscribe\r\n$%d\r\n%b\r\n:1\r\n" % (len(key), key)

    def _unsubscribe(self, key: bytes) -> bytes:
        self._keys.pop(key, None)
        self._broker.listeners.get(key, {}).pop(self, None)
        return b">3\r\n$11\r\nunsubscribe\r\n$%d\r\n%b\r\n:1\r\n" % (len(key), key)
