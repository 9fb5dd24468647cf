"""``/healthz`` says that the process lives, ``/readyz`` whether it should be given work."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Literal, TypedDict

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from domain.errors import OrderwireError
from realtime.api.endpoint import ANYBODY, Content, Resource, get

PATIENCE = 2.0
KEPT_SECONDS = 1.0
# Past it operators are alarmed. Other nodes would not be faster: the node stays ready.
QUEUE_IS_LATE = 60.0


class State(StrEnum):
    """What a node, or one of its parts, is fit for."""

    READY = "ready"
    DEGRADED = "degraded"
    UNREADY = "unready"


_WORST_LAST = list(State)


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one part."""

    status: State
    detail: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """The worst that was found, and all of it."""

    status: State
    checks: dict[str, Check]


READINESS = Content("application/json", Readiness, (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE))


class Health:
    """Looks at what the node depends on; ``drain`` makes it unready for good."""

    def __init__(
        self,
        *,
        ping: Callable[[], Awaitable[None]],
        bus_is_healthy: Callable[[], bool],
        deliveries_run: Callable[[], bool],
        oldest_due: Callable[[], Awaitable[float]],
        monotonic: Callable[[], float],
    ) -> None:
        self._ping = ping
        self._bus_is_healthy = bus_is_healthy
        self._deliveries_run = deliveries_run
        self._oldest_due = oldest_due
        self._monotonic = monotonic
        self._draining = False
        self._turn = asyncio.Lock()
        self._kept: dict[str, Check] = {}
        self._kept_until = -1.0

    def drain(self) -> None:
        """Say from now on that this node wants no more work."""
        self._draining = True

    async def readiness(self) -> Readiness:
        """Look at everything; what was found of the database is kept for a second."""
        checks = {"bus": self._bus(), "deliveries": self._deliveries(), **await self._storage()}
        if self._draining:
            checks["node"] = Check(State.UNREADY, "this node is shutting down")
        worst = max((check.status for check in checks.values()), key=_WORST_LAST.index)
        return Readiness(worst, checks)

    def _bus(self) -> Check:
        if self._bus_is_healthy():
            return Check(State.READY, "news travel")
        return Check(State.DEGRADED, "other nodes may not be heard; the database fills the gaps")

    def _deliveries(self) -> Check:
        if self._deliveries_run():
            return Check(State.READY, "go out")
        return Check(State.DEGRADED, "this node sends none any more; see its log")

    async def _storage(self) -> dict[str, Check]:
        async with self._turn:
            if self._monotonic() >= self._kept_until:
                self._kept = await self._look()
                self._kept_until = self._monotonic() + KEPT_SECONDS
            return self._kept

    async def _look(self) -> dict[str, Check]:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._ping()
                age = await self._oldest_due()
        except (OrderwireError, SQLAlchemyError, OSError):
            # Asked by anybody: no address, no name, no error's text.
            return {"database": Check(State.UNREADY, "does not answer")}
        late = age > QUEUE_IS_LATE
        return {
            "database": Check(State.READY, "answers"),
            "queue": Check(
                State.DEGRADED if late else State.READY,
                f"the oldest delivery has been due for {age:.0f} s",
            ),
        }


class Alive(TypedDict):
    """The process lives."""

    status: Literal["alive"]


class HealthRoutes(Resource):
    """The two of them over HTTP."""

    def __init__(self, health: Health) -> None:
        self._health = health

    async def alive(self) -> Annotated[Response, Content("application/json", Alive)]:
        """Say that the event loop turns."""
        return _answer({"status": "alive"})

    async def ready(self) -> Annotated[Response, READINESS]:
        """Say what this node is fit for: 503 when it should get no work."""
        found = await self._health.readiness()
        unready = found.status is State.UNREADY
        return _answer(found, HTTPStatus.SERVICE_UNAVAILABLE if unready else HTTPStatus.OK)

    title = "Operation"
    endpoints = (
        get("/healthz", alive, by=ANYBODY),
        get("/readyz", ready, by=ANYBODY),
    )


def _answer(content: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(
        msgspec.json.encode(content),
        status,
        headers={"Cache-Control": "no-store"},
        media_type="application/json",
    )
