"""What dials, and dials again: one connection after the other, with commands and their answers."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.simulation.followed import Message
from tests.simulation.links import Link
from tests.simulation.wire import SWITCHED, Speaker

# What the server promises, and what an answer may take on its way besides.
ANSWERED_WITHIN = 4.0
ON_THE_WAY = 0.5
REDIALS_AFTER = (0.05, 0.2, 1.0)


@dataclass(slots=True)
class Command:
    """A command that is not answered yet."""

    kind: str
    about: Any
    sent_at: float


class Dialler(ABC):
    """Keeps account of what waits for an answer; what it finds wrong it tells ``fault``."""

    def __init__(
        self,
        *,
        name: str,
        loop: asyncio.AbstractEventLoop,
        random: Random,
        dial: Callable[[Callable[[], Speaker]], Link | None],
        fault: Callable[[str], None],
        trace: Callable[..., None],
    ) -> None:
        self.name = name
        self.stays_away = False
        self._loop = loop
        self._random = random
        self._dial = dial
        self._told_fault = fault
        self._tell = trace
        self._link: Link | None = None
        self._speaker: Speaker | None = None
        self._commands: dict[int, Command] = {}
        self._last_id = 0
        self._redialling: asyncio.TimerHandle | None = None

    # --- what to do with a connection -------------------------------------------------------------

    @abstractmethod
    def _begin(self) -> None:
        """Say what is said first."""

    @abstractmethod
    def _hear(self, message: Message, command: Command) -> None:
        """Take an answer."""

    @abstractmethod
    def _pushed(self, push: Message) -> None:
        """Take what nobody asked for."""

    @abstractmethod
    def _forget(self) -> None:
        """Nothing of a connection is left."""

    # --- connections ------------------------------------------------------------------------------

    def dial(self) -> None:
        """Connect, unless it is."""
        self._redialling = None
        if self._link is not None or self.stays_away:
            return
        self._link = self._dial(self._new_speaker)
        if self._link is None:
            self.dial_soon()

    def dial_soon(self) -> None:
        """Connect after a little while."""
        if self._redialling is None:
            wait = self._random.choice(REDIALS_AFTER) * (0.5 + self._random.random())
            self._redialling = self._loop.call_later(wait, self.dial)

    def hang_up(self) -> None:
        """Lose the connection on purpose."""
        if self._speaker is not None:
            self._trace("hangs up")
            self._speaker.hang_up()

    def check_waiting(self) -> None:
        """See that no command waits for too long."""
        for command in self._commands.values():
            self._check_time(command)

    def _new_speaker(self) -> Speaker:
        self._speaker = Speaker(
            answered=self._answered, heard=self._take, closed=self._closed, lost=self._lost
        )
        return self._speaker

    def _answered(self, status: int) -> None:
        if status == SWITCHED:
            self._last_id = 0
            self._begin()
        elif status != 503:
            self._fault(f"the upgrade was answered with {status}")

    def _closed(self, code: int) -> None:
        self._trace("was closed with", code)
        if code >= 3500 and code != 4000:
            self._fault(f"it was sent away with {code}")
        self.hang_up()

    def _lost(self) -> None:
        self.check_waiting()
        self._trace("lost its connection")
        self._speaker = self._link = None
        self._commands.clear()
        self._forget()
        self.dial_soon()

    # --- commands and answers ---------------------------------------------------------------------

    def _command(self, kind: str, about: Any, **method: Any) -> bytes:
        """Write a command, and expect its answer."""
        self._last_id += 1
        self._commands[self._last_id] = Command(kind, about, self._loop.time())
        return json.dumps({"id": self._last_id, **method}).encode()

    def _say(self, commands: Sequence[bytes]) -> None:
        if self._speaker is not None and commands:
            self._speaker.say(b"\n".join(commands))

    def _take(self, message: Message) -> None:
        if not message:
            self._say((b"{}",))
        elif "push" in message:
            self._pushed(message["push"])
        elif (command := self._commands.pop(message["id"], None)) is not None:
            self._check_time(command)
            self._hear(message, command)
        else:
            self._fault(f"an answer to nothing: {message}")

    def _check_time(self, command: Command) -> None:
        waited = self._loop.time() - command.sent_at
        if waited > ANSWERED_WITHIN + ON_THE_WAY:
            link = self._link
            if link is not None and link.troubled_at < command.sent_at:
                self._fault(f"{command.kind} waited for {waited:.2f} s")

    # --- telling ----------------------------------------------------------------------------------

    def _trace(self, *event: Any) -> None:
        self._tell(self.name, *event)

    def _fault(self, what: str) -> None:
        self._told_fault(f"{self.name}: {what}")
