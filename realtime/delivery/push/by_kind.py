"""One sender for every kind of device: a browser, Google's service, Apple's."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from realtime.delivery.outcome import Outcome, Result
from realtime.delivery.push.circuits import OriginCircuits
from realtime.delivery.push.sender import Push
from realtime.delivery.reasons import Reason


class Sends(Protocol):
    """What sends one push, once."""

    async def send(self, push: Push) -> Outcome:
        """Send it, and say what came of it."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


# Somebody has to set the key up; until then what is for such a device waits.
_NOT_SET_UP = Outcome(result=Result.PAUSED, reason=Reason.NO_VAPID_KEY)


class Careful:
    """A sender for apps that leaves its service alone while that is shut, as one for browsers does.

    ``origin`` is the service; refused credentials and a wish to slow down shut it for all.
    """

    def __init__(self, sender: Sends, *, origin: str, circuits: OriginCircuits) -> None:
        self._sender = sender
        self._origin = origin
        self._circuits = circuits

    async def send(self, push: Push) -> Outcome:
        """Send it, unless the service is shut."""
        objection = self._circuits.objection(self._origin)
        if objection is not None:
            return objection
        outcome = await self._sender.send(push)
        self._circuits.learn(self._origin, push.endpoint, outcome)
        return outcome

    async def close(self) -> None:
        """Close every connection."""
        await self._sender.close()


class SenderByKind:
    """Hands a push to the sender for its device."""

    def __init__(self, senders: Mapping[str, Sends]) -> None:
        self._senders = senders

    async def send(self, push: Push) -> Outcome:
        """Send it, if there is who can."""
        sender = self._senders.get(push.kind)
        return _NOT_SET_UP if sender is None else await sender.send(push)

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(sender.close() for sender in self._senders.values()))
