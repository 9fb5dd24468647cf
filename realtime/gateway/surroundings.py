"""What the clients of a node share, and what they are given to write with."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from domain.identity import Identity
from domain.publications import Changes, Position
from realtime.channels.attendance import Attendance
from realtime.channels.gazes import Gazes
from realtime.channels.hub import Hub
from realtime.clock import Clock
from realtime.gateway.admission import Admission
from realtime.gateway.calls import Calls
from realtime.gateway.refusals import Refusals
from realtime.gateway.registry import GatewayFigures, Registry
from realtime.gateway.wheel import TimingWheel
from realtime.protocol.codes import Disconnect
from realtime.protocol.limits import Limits
from realtime.services.accounts import Accounts
from realtime.services.identity import TokenVerifier


class History(Protocol):
    """Reads pages of channels."""

    async def history(
        self,
        channel: str,
        identity: Identity,
        *,
        since: Position | None,
        limit: int,
        reverse: bool,
    ) -> Changes:
        """Read a page; raises Forbidden or NotFound."""
        ...


class Outlet(Protocol):
    """A transport, as its client sees it."""

    # Sends framed bytes; never waits.
    write: Callable[[bytes], None]

    def unsent(self) -> int:
        """Return how many bytes have not left yet."""
        ...

    def end(self, disconnect: Disconnect) -> None:
        """Say the last word and close."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all clients of a node share; ``monotonic`` is the loop's time in seconds."""

    node: str
    hub: Hub
    attendance: Attendance
    gazes: Gazes
    history: History
    verifier: TokenVerifier
    accounts: Accounts
    calls: Calls
    clock: Clock
    monotonic: Callable[[], float]
    limits: Limits
    registry: Registry
    admission: Admission
    refusals: Refusals
    wheel: TimingWheel
    figures: GatewayFigures
    spawn: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
