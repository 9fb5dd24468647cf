"""Lives through one seed: a loop, a world in it, and what came of it."""

import hashlib
import logging
import random as common_random
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import structlog

from tests.simulation.embedded import EmbeddedGround
from tests.simulation.grounds import PlainGround
from tests.simulation.loop import NothingLeft, SimulatedLoop
from tests.simulation.nodes import Parts
from tests.simulation.world import Diary, World

STEPS = 16
# The real storage takes twenty times as long.
EMBEDDED_EVERY = 100
# What is logged as an error, and is to be expected in a world where storage fails.
EXPECTED = frozenset({"group_not_stored"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was wrong, what happened, and how long it took by the clock of the world."""

    seed: int
    faults: list[str]
    events: list[tuple[Any, ...]]
    seconds: float

    def lines(self) -> list[str]:
        """Write what happened, a line each."""
        return [f"{at:10.4f}  {' '.join(map(str, what))}" for at, *what in self.events]

    def digest(self) -> str:
        """Return a short name of all that happened."""
        return hashlib.sha256("\n".join(self.lines()).encode()).hexdigest()[:16]


def live_through(
    seed: int, *, parts: Parts | None = None, steps: int = STEPS, embedded: bool | None = None
) -> Outcome:
    """Make a world from a seed, and let it live; some of them stand on the real storage."""
    if embedded is None:
        embedded = seed % EMBEDDED_EVERY == 0
    ground: type[EmbeddedGround | PlainGround] = EmbeddedGround if embedded else PlainGround
    ground.prepare()
    common_random.seed(seed)
    diary = Diary()
    loop = SimulatedLoop()
    loop.set_exception_handler(lambda _loop, context: _unheard(diary, context))
    _log_to(diary, loop)
    world = partial(
        World,
        loop=loop,
        random=Random(seed),
        parts=parts or Parts(),
        diary=diary,
        steps=steps,
        ground=ground,
    )
    try:
        loop.run_until_complete(_live(world))
    except (NothingLeft, TimeoutError) as error:
        diary.faults.append(f"the world stood still: {error!r}")
    finally:
        seconds = loop.time()
        loop.wind_up()
    return Outcome(seed=seed, faults=diary.faults, events=diary.events, seconds=seconds)


async def _live(make: Callable[[], World]) -> None:
    world = make()
    try:
        await world.live()
    finally:
        await world.end()


def _unheard(diary: Diary, context: dict[str, Any]) -> None:
    diary.faults.append(f"nobody heard of {context.get('exception')!r}: {context['message']}")


def _log_to(diary: Diary, loop: SimulatedLoop) -> None:
    """Errors in the log are faults: nothing in a world explains them."""

    def note(_logger: Any, method: str, event: MutableMapping[str, Any]) -> Any:
        if event["event"] not in EXPECTED:
            diary.events.append((loop.time(), "logged:", event["event"], method))
            if method in ("error", "exception", "critical"):
                diary.faults.append(f"logged: {event['event']}: {event.get('exc_info')!r}")
        raise structlog.DropEvent

    structlog.configure(
        processors=[note], wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING)
    )
