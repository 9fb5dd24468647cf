"""What befalls a world: each is drawn by name, and most pass by themselves after a while."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from random import Random

from tests.simulation.broker import Broker
from tests.simulation.links import Link, Network
from tests.simulation.nodes import Node
from tests.simulation.storage import Weather

LASTS = (0.05, 0.5, 2.0, 6.0, 20.0)
REBOOTS_AFTER = (0.01, 0.5, 3.0)
# To a slow reader's transport, each byte counts as so many.
HEAVY = 3_000


class Troubles:
    """Brings them about."""

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        random: Random,
        network: Network,
        broker: Broker,
        weather: Weather,
        nodes: Sequence[Node],
        trace: Callable[..., None],
    ) -> None:
        self._loop = loop
        self._random = random
        self._network = network
        self._broker = broker
        self._weather = weather
        self._nodes = nodes
        self._trace = trace
        self._retiring: list[asyncio.Task[None]] = []
        self._is_over = False

    def befall(self, name: str) -> None:
        """Have one of ``KINDS`` happen."""
        self._trace("trouble:", name)
        KINDS[name](self)

    def heal(self) -> None:
        """Have everything that went wrong pass."""
        self._is_over = True
        self._weather.heal()
        self._broker.heal()
        self._network.heal()
        for node in self._nodes:
            if not node.owner.alive:
                node.boot()

    async def over(self) -> None:
        """Wait for what takes its time to end."""
        for task in self._retiring:
            await task

    def _later(self, seconds: Sequence[float], action: Callable[[], None]) -> None:
        def act() -> None:
            if not self._is_over:
                action()

        self._loop.call_later(self._random.choice(seconds), act)

    def _some_link(self) -> Link | None:
        links = self._network.links(lambda link: not link.name.endswith(" broker"))
        return self._random.choice(links) if links else None

    def _cut(self) -> None:
        link = self._some_link()
        if link is not None:
            told = self._random.choice(((True, True), (True, False), (True, False)))
            link.cut(tell_here=told[0], tell_there=told[1])

    def _hold(self) -> None:
        link = self._some_link()
        if link is not None:
            outward, inward = self._random.choice(((True, True), (True, False), (False, True)))
            link.hold(outward=outward, inward=inward)
            self._later(LASTS, link.release)

    def _slow(self) -> None:
        link = self._some_link()
        if link is not None:
            link.there.weight = HEAVY
            link.hold(outward=False, inward=True)
            self._later(LASTS, link.release)

    def _broker_restarts(self) -> None:
        self._broker.stop()
        self._later(LASTS[:-1], self._broker.heal)

    def _broker_is_cut(self) -> None:
        for link in self._broker.links(self._random.choice(self._nodes).name):
            link.cut(tell_here=True, tell_there=True)

    def _broker_hangs(self) -> None:
        for link in self._broker.links(self._random.choice(self._nodes).name):
            outward, inward = self._random.choice(((True, True), (True, False), (False, True)))
            link.hold(outward=outward, inward=inward)
            self._later(LASTS, link.release)

    def _part(self) -> None:
        name = self._random.choice(self._nodes).name
        self._broker.part(name)

        def rejoin() -> None:
            self._broker.apart.discard(name)
            for link in self._broker.links(name):
                link.release()

        self._later(LASTS, rejoin)

    def _crash(self) -> None:
        node = self._random.choice(self._nodes)
        node.crash("trouble")

    def _retire(self) -> None:
        node = self._random.choice(self._nodes)
        if node.is_up and not node.is_leaving:
            self._retiring.append(self._loop.create_task(node.retire()))

    def reboot(self, node: Node) -> None:
        """Have somebody notice that a node is gone."""
        self._later(REBOOTS_AFTER, node.boot)

    def _storage_stalls(self) -> None:
        self._weather.stall()
        self._later(LASTS, self._weather.clear)

    def _storage_is_away(self) -> None:
        self._weather.is_down = True
        self._later(LASTS, self._weather.clear)


KINDS: Mapping[str, Callable[[Troubles], None]] = {
    "cut": Troubles._cut,
    "hold": Troubles._hold,
    "slow": Troubles._slow,
    "broker restarts": Troubles._broker_restarts,
    "broker is cut": Troubles._broker_is_cut,
    "broker hangs": Troubles._broker_hangs,
    "part": Troubles._part,
    "crash": Troubles._crash,
    "retire": Troubles._retire,
    "storage stalls": Troubles._storage_stalls,
    "storage is away": Troubles._storage_is_away,
}
# Those that leave the bus alone, and every commit its announcement.
HARMLESS = ("cut", "hold", "retire", "slow", "storage stalls")
