"""A million messages as a marketplace has them: a file for ``orderwire import``."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

# Accounts that are looked at, by the share of all messages that they have sent or got.
SHARES = {"whale": 0.2, "shop": 0.02, "guest": 0.0002}
TO_ONE = 200  # messages of one conversation
BEGUN = datetime(2024, 1, 1, tzinfo=UTC)
COMMON = """und der die das the a and I you is for ich es nicht mit logo Entwurf Entwürfe design
blue blau größer Größe grün green draft deliver Lieferung Rechnung invoice Grüße thanks danke
bitte please Straße Bäckerei bakery schön nice Farbe color Schrift font Termin"""
SPOKEN = tuple(COMMON.split())
RARE = 20_000
WORDS = 11


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said: ``messages`` in all."""

    messages: int

    def write(self, path: Path) -> None:
        """Write it as lines of JSON."""
        encoder = msgspec.json.Encoder()
        with path.open("wb") as file:
            file.writelines(encoder.encode(line) + b"\n" for line in self._lines())

    def _pairs(self) -> list[tuple[str, str, int]]:
        """List who talk to each other, and how many messages."""
        pairs = []
        left = self.messages
        for name, share in SHARES.items():
            mine = max(1, round(self.messages * share))
            left -= mine
            pairs += [(name, f"{name}-{n}", min(TO_ONE, mine - n)) for n in range(0, mine, TO_ONE)]
        pairs += [(f"a-{n}", f"b-{n}", min(TO_ONE, left - n)) for n in range(0, left, TO_ONE)]
        return pairs

    def _lines(self) -> Iterator[dict[str, Any]]:
        pairs = self._pairs()
        for account in sorted({one for pair in pairs for one in pair[:2]}):
            yield {"type": "account", "id": account, "name": account.title()}
        chance = random.Random(7)
        at = BEGUN
        number = 0
        for turn in range(TO_ONE):
            for one, other, count in pairs:
                if turn >= count:
                    continue
                at += timedelta(seconds=30)
                number += 1
                sender, to = (one, other) if turn % 2 else (other, one)
                yield {
                    "type": "message",
                    "id": f"m{number}",
                    "sender": sender,
                    "to": to,
                    "body": _said(chance),
                    "at": at.isoformat(),
                }


def _said(chance: random.Random) -> str:
    common = chance.choices(SPOKEN, k=WORDS - 2)
    # Half of what is said is said seldom: a number has words of its own.
    rare = [f"w{int(RARE * chance.random() ** 3)}" for _ in range(2)]
    return " ".join([*common, *rare])
