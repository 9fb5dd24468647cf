"""A session, and somebody who talks to it in JSON at moments of their choice."""

import json
from collections.abc import Iterable
from typing import Any

from realtime.protocol.codec_json import JSON
from realtime.protocol.codes import ErrorCode
from realtime.protocol.commands import METHODS
from realtime.protocol.effects import Answer, Effect, End, Ping
from realtime.protocol.limits import Limits
from realtime.protocol.replies import ConnectResult
from realtime.protocol.session import Session, State

# A valid request of each method.
REQUESTS: dict[str, dict[str, Any]] = {
    "connect": {"token": "t"},
    "subscribe": {"channel": "thread:1"},
    "unsubscribe": {"channel": "thread:1"},
    "history": {"channel": "thread:1"},
    "presence": {"channel": "thread:1"},
    "presence_stats": {"channel": "thread:1"},
    "rpc": {"method": "typing", "data": {}},
    "send": {"data": {"method": "typing", "data": {}}},
    "refresh": {"token": "t"},
    "ping": {},
    "publish": {"channel": "thread:1", "data": {}},
    "sub_refresh": {"channel": "thread:1", "token": "t"},
}
assert set(REQUESTS) == set(METHODS)

RESULT = ConnectResult(client="c1", version="Orderwire", expires=True, ttl=300, ping=25, pong=True)


class Talk:
    """Remembers the time, and returns what each word has for effect."""

    def __init__(self, **limits: float) -> None:
        self.begun = self.now = 1_000.0
        self.session = Session(
            client_id="c1",
            codec=JSON,
            limits=Limits(**limits),  # type: ignore[arg-type] # counts are given as counts
            now=self.now,
        )
        self.last_id = 0

    @classmethod
    def connected(cls, *, ttl: float = 300.0, first_ping: float = 10.0, **limits: float) -> "Talk":
        """Begin where a client is let in."""
        talk = cls(**limits)
        talk.say(connect={"token": "t"})
        talk.let_in(ttl=ttl, first_ping=first_ping)
        return talk

    def let_in(
        self, *, ttl: float = 300.0, first_ping: float = 10.0, command_id: int = 1
    ) -> list[Effect]:
        """Let the client in whose connect was the first command."""
        effects = self.session.connected(
            command_id, result=RESULT, ttl=ttl, first_ping=first_ping, now=self.now
        )
        return list(effects)

    def send(self, frame: bytes) -> list[Effect]:
        """Send a frame as it is."""
        return list(self.session.receive(frame, self.now))

    def say(self, **method: Any) -> list[Effect]:
        """Send one command, with the next id unless it brings one."""
        return self.send(self.written(**method))

    def written(self, **method: Any) -> bytes:
        """Write one command."""
        self.last_id += 1
        return json.dumps({"id": self.last_id, **method}).encode()

    def says_at(self, later: float, **method: Any) -> list[Effect]:
        """Send one command some seconds later."""
        self.now += later
        return self.say(**method)

    def wait(self, seconds: float) -> list[Effect]:
        """Let time pass, and have the session do what is due whenever it says that something is."""
        return [effect for effect, _ in self.wait_by_steps(seconds)]

    def wait_by_steps(self, seconds: float) -> list[tuple[Effect, float]]:
        """Do the same, and tell when each effect came."""
        until = self.now + seconds
        effects: list[tuple[Effect, float]] = []
        while self.session.state is not State.ENDED:
            due = self.session.next_due()
            if due > until:
                break
            self.now = max(self.now, due)
            effects += [(effect, self.now) for effect in self.session.tick(self.now)]
        self.now = until
        return effects


def ended(effects: Iterable[Effect]) -> int:
    """Return the code of the end that these effects bring; 0 if they bring none."""
    return next((each.disconnect.code for each in effects if isinstance(each, End)), 0)


def refused(effects: Iterable[Effect]) -> int:
    """Return the code of the only error that is answered; 0 if it is none."""
    codes = [
        each.reply.error.code for each in effects if isinstance(each, Answer) and each.reply.error
    ]
    return codes[0] if len(codes) == 1 else 0


def error(effects: Iterable[Effect]) -> ErrorCode:
    """Return the error that is answered."""
    (answer,) = effects
    assert isinstance(answer, Answer)
    assert answer.reply.error is not None
    told = answer.reply.error
    return ErrorCode(told.code, told.message, told.temporary)


def pings(effects: Iterable[Effect]) -> int:
    """Count the pings."""
    return sum(isinstance(each, Ping) for each in effects)
