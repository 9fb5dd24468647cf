"""How rough a world is: drawn once from its seed, and calm in the end."""

from dataclasses import dataclass, fields
from random import Random


@dataclass(slots=True, kw_only=True)
class Chances:
    """Probabilities of what may go wrong each time; a world has some of them, and not others."""

    bus_loses: float = 0.0
    bus_doubles: float = 0.0
    bus_delays: float = 0.0
    storage_fails: float = 0.0
    storage_forgets_to_answer: float = 0.0
    storage_stalls: float = 0.0
    crash_at_storage: float = 0.0
    connects_fail: float = 0.0
    cuts_in_two: float = 0.0

    @classmethod
    def drawn(cls, random: Random) -> "Chances":
        """Draw a world's own: many things go wrong somewhere, everything nowhere."""
        common = {
            each.name: random.choice((0.0, 0.0, 0.02, 0.1, 0.3))
            for each in fields(cls)
            if not each.name.startswith(("crash", "storage_stalls"))
        }
        return cls(
            **common,
            crash_at_storage=random.choice((0.0, 0.0, 0.01, 0.03)),
            storage_stalls=random.choice((0.0, 0.0, 0.03, 0.1)),
        )

    def keep_the_bus_whole(self) -> None:
        """Have whatever is committed be told to everybody."""
        self.bus_loses = self.connects_fail = 0.0
        self.storage_forgets_to_answer = self.crash_at_storage = 0.0

    def calm(self) -> None:
        """Have nothing go wrong any more."""
        for each in fields(self):
            setattr(self, each.name, 0.0)
