"""What left the house, in the order in which it left: pushes and mails, each with its why."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.instants import rfc3339
from domain.preferences import Channel
from realtime.clock import Clock
from realtime.delivery.locales.voice import voice_for
from realtime.demo.people import Person

KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One push or mail; ``n`` counts them all."""

    n: int
    kind: Channel
    at: datetime
    account: str
    title: str
    body: str
    why: str

    def shown(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "n": self.n,
            "kind": self.kind,
            "at": rfc3339(self.at),
            "account": self.account,
            "title": self.title,
            "body": self.body,
            "why": self.why,
        }


class Outbox:
    """Remembers the last of them."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._count = 0
        self._sent: deque[Sent] = deque(maxlen=KEPT)

    def add(self, kind: Channel, person: Person, *, title: str, body: str, category: str) -> None:
        """Remember one that just arrived on the other side."""
        voice = voice_for(person.locale, person.timezone)
        category_name = voice.say(f"category.{category}")
        self._count += 1
        self._sent.append(
            Sent(
                n=self._count,
                kind=kind,
                at=self._clock.now(),
                account=person.account,
                title=title,
                body=body,
                why=voice.say(f"why.{kind}", {"category": category_name}),
            )
        )

    def after(self, n: int) -> list[Sent]:
        """Return what came after the ``n``-th, oldest first."""
        return [sent for sent in self._sent if sent.n > n]
