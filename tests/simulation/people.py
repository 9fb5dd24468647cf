"""The people of a world: who they are, what devices they have, and what they do with them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random

from tests.simulation.devices import Device
from tests.simulation.grounds import MEMBERS, OUTSIDER
from tests.simulation.links import Link
from tests.simulation.nodes import Backend, Node
from tests.simulation.outgoing import Outgoing
from tests.simulation.rights import Rights
from tests.simulation.wire import Speaker

SETS = (("ann", "bob"), ("ann", "bob", "ann"), ("ann", "bob", "cyd"), ("ann", "ann", "bob"))
OUTSIDERS = 0.2


class People:
    """Make up their minds at random."""

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        random: Random,
        rights: Rights,
        nodes: Sequence[Node],
        dial: Callable[[str, Callable[[], Speaker]], Link | None],
        fault: Callable[[str], None],
        trace: Callable[..., None],
        may_be_too_much: Callable[[int], bool],
    ) -> None:
        self.sent: list[Outgoing] = []
        self._loop = loop
        self._random = random
        self._nodes = nodes
        self._rights = rights
        self._dial = dial
        self._fault = fault
        self._trace = trace
        self._may_be_too_much = may_be_too_much
        accounts = list(random.choice(SETS))
        if random.random() < OUTSIDERS:
            accounts.append(OUTSIDER)
        self.devices = [
            self._device(f"{account}{number}", account) for number, account in enumerate(accounts)
        ]

    def do_something(self) -> None:
        """Have somebody do something."""
        device = self._random.choice(self.devices)
        channel = self._random.choice(list(device.channels))
        if device.account == OUTSIDER:
            device.join(channel)
            return
        (deed,) = self._random.choices(list(DEEDS), list(DEEDS.values()))
        deed(self, device, channel)

    def _device(self, name: str, account: str) -> Device:
        threads = [f"thread:{each}" for each, who in MEMBERS.items() if account in who]
        others = [f"thread:{each}" for each, who in MEMBERS.items() if account not in who]
        return Device(
            name=name,
            account=account,
            channels=threads,
            forbidden=[*others, "inbox:ann"] if account == OUTSIDER else [],
            loop=self._loop,
            random=self._random,
            dial=partial(self._dial, name),
            fault=self._fault,
            trace=self._trace,
            may_be_too_much=self._may_be_too_much,
            rights=self._rights,
        )

    # --- deeds ------------------------------------------------------------------------------------

    def _send(self, device: Device, channel: str) -> None:
        number = len(self.sent) + 1
        outgoing = Outgoing(_thread(channel), device.account, f"m{number}", f"message {number}")
        self.sent.append(outgoing)
        device.send(outgoing)

    def _send_twice(self, device: Device, channel: str) -> None:
        """Send again what was sent, perhaps on another device of the account."""
        own = [each for each in self.sent if each.sender == device.account]
        if not own:
            self._send(device, channel)
            own = self.sent[-1:]
        device.send(self._random.choice(own))

    def _read(self, device: Device, channel: str) -> None:
        device.mark(_thread(channel), back=False)

    def _unread(self, device: Device, channel: str) -> None:
        device.mark(_thread(channel), back=True)

    def _leave(self, device: Device, channel: str) -> None:
        device.leave(channel)

    def _join(self, device: Device, channel: str) -> None:
        device.join(channel)

    def _join_twice(self, device: Device, channel: str) -> None:
        device.join(channel, 2)

    def _flicker(self, device: Device, channel: str) -> None:
        device.flicker(channel)

    def _look_back(self, device: Device, channel: str) -> None:
        device.look_back(channel)

    def _shut_out(self, _device: Device, channel: str) -> None:
        """Shut the other one out, or let them in again, by way of any node."""
        thread = _thread(channel)
        shut = self._random.random() < 0.7
        self._trace("ann", "shuts out of" if shut else "lets into", thread)
        account = next(each for each in MEMBERS[thread] if each != "ann")
        node = self._random.choice(self._nodes)
        self._rights.tried(thread)
        node.ask(lambda backend: _changes(backend, thread, account, shut=shut))

    def _hang_up(self, device: Device, _channel: str) -> None:
        device.hang_up()


# And how often compared to each other.
DEEDS: Mapping[Callable[[People, Device, str], None], int] = {
    People._send: 10,
    People._send_twice: 3,
    People._read: 3,
    People._unread: 1,
    People._leave: 1,
    People._join: 2,
    People._join_twice: 1,
    People._flicker: 1,
    People._look_back: 1,
    People._hang_up: 1,
    People._shut_out: 2,
}


async def _changes(backend: Backend, thread: str, account: str, *, shut: bool) -> None:
    await backend.blocks.change(thread, account, shut=shut)


def _thread(channel: str) -> str:
    return channel.partition(":")[2]
