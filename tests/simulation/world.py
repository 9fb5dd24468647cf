"""A world: three nodes, a broker, storage, people with devices, and what befalls them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random
from typing import Any

from realtime.channels.redis_line import LineTimings
from tests.simulation.broker import Broker
from tests.simulation.chances import Chances
from tests.simulation.checks import check_all
from tests.simulation.grounds import Ground
from tests.simulation.links import NOTICED_WITHIN, Link, Network
from tests.simulation.loop import Owner, SimulatedLoop
from tests.simulation.nodes import Node, Pace, Parts
from tests.simulation.people import People
from tests.simulation.storage import Weather
from tests.simulation.troubles import HARMLESS, KINDS, Troubles
from tests.simulation.wire import Speaker

MakeGround = Callable[..., Ground]

NODES = ("n1", "n2", "n3")
PAUSES = (0.0, 0.0, 0.0, 0.001, 0.001, 0.01, 0.01, 0.05, 0.05, 0.3, 0.3, 1.0, 5.0)
# Seconds of a clock that jumps: what has not come by then never comes.
QUIET_WITHIN = 90.0
CAUGHT_UP_WITHIN = 5.0
NEVER = 1e6
FAREWELL = 2.0
LOOK_EVERY = 0.25


class Kind(Enum):
    """What alone has to tell the nodes of a world what they missed."""

    COMPARING = auto()
    """Positions, compared as in production."""
    JOLTED = auto()
    """Reconnects: positions are never compared, but in the end all lines break."""
    TRUSTING = auto()
    """Nothing has to: the bus carries everything."""


@dataclass(slots=True)
class Diary:
    """What happened, and what was wrong."""

    events: list[tuple[Any, ...]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class World:
    """Made inside its loop; everything in it comes from ``random``."""

    def __init__(
        self,
        *,
        loop: SimulatedLoop,
        random: Random,
        parts: Parts,
        diary: Diary,
        steps: int,
        ground: MakeGround,
    ) -> None:
        self.loop = loop
        self.random = random
        self.diary = diary
        self._steps = steps
        self._parts = parts
        self._chances = Chances.drawn(random)
        self._network = Network(loop, random, self._chances)
        self._broker = Broker(loop, self._network, random, self._chances)
        self._weather = Weather(self._chances)
        self._ground = ground(loop=loop, random=random, weather=self._weather)
        self._kind = random.choice((*Kind, Kind.JOLTED))
        if self._kind is Kind.TRUSTING:
            self._chances.keep_the_bus_whole()
        self._outside = Owner("outside")
        self._nodes = self._make_nodes()
        self._troubles = Troubles(
            loop=loop,
            random=random,
            network=self._network,
            broker=self._broker,
            weather=self._weather,
            nodes=self._nodes,
            trace=self.trace,
        )
        self._people = People(
            loop=loop,
            random=random,
            rights=self._ground.rights,
            nodes=self._nodes,
            dial=self._dial,
            fault=self.fault,
            trace=self.trace,
            may_be_too_much=lambda missed: missed > self._ground.most,
        )

    def trace(self, *event: Any) -> None:
        """Note something that happened."""
        self.diary.events.append((self.loop.time(), *event))

    def fault(self, what: str) -> None:
        """Note something that must not be."""
        self.trace("FAULT:", what)
        self.diary.faults.append(what)

    # --- making -----------------------------------------------------------------------------------

    def _make_nodes(self) -> list[Node]:
        echo = self.random.choice((1.0, 5.0))
        pace = Pace(
            positions=25.0 if self._kind is Kind.COMPARING else NEVER,
            line=LineTimings(echo=echo, misses=3),
        )
        return [
            Node(
                name=name,
                loop=self.loop,
                network=self._network,
                broker=self._broker,
                make_backend=self._ground.backend,
                parts=self._parts,
                pace=pace,
                trace=self.trace,
                gone=self._reboot,
            )
            for name in NODES
        ]

    def _reboot(self, node: Node) -> None:
        self._troubles.reboot(node)

    def _dial(self, name: str, speaker: Callable[[], Speaker]) -> Link | None:
        node = self.random.choice(self._nodes)
        protocol = node.accept()
        if protocol is None or self.random.random() < self._chances.connects_fail:
            return None
        self.trace(name, "dials", node.name)
        here, there = (speaker(), self._outside), (protocol, node.owner)
        return self._network.link(f"{name} {node.name}", here, there)

    async def end(self) -> None:
        """Let every process die, and what they had under way come to its end."""
        for device in self._people.devices:
            device.stays_away = True
        for node in self._nodes:
            node.crash("the end")
        await asyncio.sleep(FAREWELL)
        self._ground.close()

    # --- living -----------------------------------------------------------------------------------

    async def live(self) -> None:
        """Go through a rough time, heal, become quiet, and be held to what was promised."""
        for node in self._nodes:
            node.boot()
        for device in self._people.devices:
            device.dial_soon()
        await self._rough_time()
        self.trace("everything heals")
        self._troubles.heal()
        await self._troubles.over()
        self._troubles.heal()
        for device in self._people.devices:
            device.join_all()
        await self._become_quiet()
        for device in self._people.devices:
            device.check_waiting()
        check_all(self._ground.truth(), self._people.devices, self._people.sent, self.fault)

    async def _rough_time(self) -> None:
        kinds = HARMLESS if self._kind is Kind.TRUSTING else sorted(KINDS)
        troubles = self.random.sample(kinds, self.random.randint(0, 4))
        roughness = self.random.choice((0.1, 0.3, 0.5))
        for _ in range(self.random.randint(self._steps // 3, self._steps)):
            if troubles and self.random.random() < roughness:
                self._troubles.befall(self.random.choice(troubles))
            else:
                self._people.do_something()
            await asyncio.sleep(self.random.choice(PAUSES) * (0.5 + self.random.random()))

    async def _become_quiet(self) -> None:
        """Wait until everybody has everything: nothing but time may be needed for that."""
        within = QUIET_WITHIN
        if self._kind is not Kind.COMPARING:
            await self._until(self._is_calm, within)
            if self._kind is Kind.JOLTED:
                await self._jolt()
            within = CAUGHT_UP_WITHIN
        await self._until(self._has_everybody_everything, within)
        if not self._has_everybody_everything():
            self._complain()

    async def _jolt(self) -> None:
        self.trace("all lines to the broker are cut")
        for link in self._broker.links():
            link.cut(tell_here=True, tell_there=True)
        await asyncio.sleep(NOTICED_WITHIN)
        await self._until(self._is_calm, QUIET_WITHIN)

    def _is_calm(self) -> bool:
        """Tell whether all are connected, and all that was sent is stored."""
        return all(node.bus_is_healthy for node in self._nodes) and all(
            each.is_at_home for each in self._people.devices
        )

    def _has_everybody_everything(self) -> bool:
        return all(each.is_settled(self._ground.top) for each in self._people.devices)

    async def _until(self, true: Callable[[], bool], within: float) -> None:
        for _ in range(int(within / LOOK_EVERY)):
            if true():
                return
            await asyncio.sleep(LOOK_EVERY)

    def _complain(self) -> None:
        for device in self._people.devices:
            if not device.is_settled(self._ground.top):
                self.fault(f"{device.name} waits in vain: {device.describe(self._ground.top)}")
