"""What may happen between a node and storage: delays, stalls, failures, lost answers, crashes."""

import asyncio
from collections.abc import Callable
from random import Random

from domain.errors import Unavailable
from tests.simulation.storage import Weather

# Seconds that storage takes; most answers of one moment come together.
TAKES = (0.0, 0.0, 0.001, 0.001, 0.005, 0.02, 0.1)
LONG = (0.5, 3.0, 6.0, 12.0)


class RoughRoad:
    """One node's; ``crash`` is that node's end."""

    def __init__(self, *, random: Random, weather: Weather, crash: Callable[[str], None]) -> None:
        self._random = random
        self._weather = weather
        self._crash = crash

    async def there(self) -> None:
        """Go to storage."""
        await self._travel()
        if self._happens(self._weather.chances.storage_fails):
            raise Unavailable("the database does not answer")

    async def back(self) -> None:
        """Come back from a reading."""
        await self._travel()

    async def acknowledged(self) -> None:
        """Come back from a commit."""
        await self._travel()
        if self._happens(self._weather.chances.storage_forgets_to_answer):
            raise Unavailable("it was committed, but nobody hears of it")

    async def _travel(self) -> None:
        chances = self._weather.chances
        if self._happens(chances.crash_at_storage):
            self._crash("at storage")
            await asyncio.sleep(0)  # cancelled here
        if self._happens(chances.storage_stalls):
            await self._weather.hang(self._random.choice(LONG))
        await asyncio.sleep(self._random.choice(TAKES))
        await self._weather.let_through()

    def _happens(self, chance: float) -> bool:
        return bool(chance) and self._random.random() < chance
