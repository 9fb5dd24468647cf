"""What must be true once everything has healed: the guarantees, against what is stored."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from tests.simulation.devices import Device
from tests.simulation.followed import Followed
from tests.simulation.outgoing import Outgoing
from tests.simulation.storage import BADGE, Entry, PlainStorage

Fault = Callable[[str], None]


def check_all(
    storage: PlainStorage, devices: Sequence[Device], sent: Sequence[Outgoing], fault: Fault
) -> None:
    """Find all that is wrong."""
    for thread, entries in storage.threads.items():
        _check_entries(thread, entries, sent, fault)
    for account, inbox in storage.inboxes.items():
        for thread, item in inbox.items.items():
            counted = storage.unread(thread, account, item.read_seq)
            if item.unread != counted:
                fault(f"{account} has {item.unread} unread in {thread}, not {counted}")
    for device in devices:
        for followed in device.channels.values():
            _check_heard(storage, device, followed, fault)
        _check_inbox(storage, device, fault)


def _check_entries(
    thread: str, entries: Sequence[Entry], sent: Sequence[Outgoing], fault: Fault
) -> None:
    """Each message that was acknowledged is stored once, where it was said to be."""
    if [entry.seq for entry in entries] != list(range(1, len(entries) + 1)):
        fault(f"{thread} has a gap: {entries}")
    keys = [(entry.sender, entry.client_id) for entry in entries]
    if len(set(keys)) != len(keys):
        fault(f"{thread} has an entry twice: {keys}")
    stored = {(entry.sender, entry.client_id): entry for entry in entries}
    for each in sent:
        if each.thread != thread:
            continue
        entry = stored.get((each.sender, each.client_id))
        if each.seq and (entry is None or (entry.seq, entry.body) != (each.seq, each.body)):
            fault(f"{each} was acknowledged, and {entry} is stored")


def _check_heard(storage: PlainStorage, device: Device, followed: Followed, fault: Fault) -> None:
    if followed.is_forbidden:
        if followed.heard or followed.runs:
            fault(f"{device.name} heard {followed.heard} of {followed.name}")
        return
    thread = followed.name.partition(":")[2]
    if followed.is_live and storage.rights.is_shut(thread, device.account):
        fault(f"{device.name} goes on listening to {thread}, and is shut out")
    entries = storage.threads[thread]
    for offset, said in followed.heard.items():
        entry = entries[offset - 1] if offset <= len(entries) else None
        if entry is None or (said["sender"], said["client_id"], said["body"]) != (
            entry.sender,
            entry.client_id,
            entry.body,
        ):
            fault(f"{device.name} heard {said} at {offset} of {followed.name}, not {entry}")


def _check_inbox(storage: PlainStorage, device: Device, fault: Fault) -> None:
    """What an inbox told last of each thing is how it is, and nothing was left out for good."""
    inbox = storage.inboxes[device.account]
    told: dict[str, Any] = {}
    for offset in sorted(device.inbox.heard):
        data = device.inbox.heard[offset]
        told[_thing(data)] = data
    for thing, position in inbox.latest().items():
        if thing in told and not _shows(told[thing], inbox.state(thing)):
            fault(f"{device.name} was told {told[thing]}, and it is {inbox.state(thing)}")
        elif thing not in told and position > device.inbox.first:
            fault(f"{device.name} was never told of {thing}")
    for run in device.inbox.runs:
        _check_skips(device, inbox.things, run, fault)


def _check_skips(device: Device, things: Sequence[str], run: Sequence[int], fault: Fault) -> None:
    """A position is passed over only where a later one is about the same thing."""
    for before, after in pairwise(run):
        for skipped in range(before + 1, after):
            thing = things[skipped - 1]
            if thing and thing not in things[after - 1 :]:
                fault(f"{device.name} was not told {skipped} of its inbox, before {after}")


def _shows(told: Any, state: Any) -> bool:
    """Tell whether what was told is the state; there may be more in it."""
    return all(
        _shows(told.get(name), value) if isinstance(value, dict) else told.get(name) == value
        for name, value in state.items()
    )


def _thing(data: Any) -> str:
    return BADGE if data["type"] == BADGE else str(data["conversation"]["id"])
