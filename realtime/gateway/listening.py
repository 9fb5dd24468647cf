"""What a client does with channels: listen, stop, look back, and see who else is there."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from domain.errors import Forbidden, Unavailable
from domain.identity import Role
from domain.publications import Opening, OpenRequest, may_exist, thread_channel
from realtime.gateway.errors import PositionLost
from realtime.protocol.effects import Open, ReadHistory, ReadPresence
from realtime.protocol.replies import (
    ClientInfo,
    HistoryResult,
    PresenceResult,
    PresenceStatsResult,
    Reply,
    published,
    subscribe_result,
)

if TYPE_CHECKING:
    from realtime.gateway.client import Client

SHOWS_PRESENCE = "thread:"


async def listen(client: "Client", effect: Open, before: "asyncio.Task[None] | None") -> None:
    """Open a channel for a client, behind an opening of the same one that is under way."""
    _require_possible(effect.channel)
    if before is not None:
        await asyncio.wait([before])
    if client.session.channels.get(effect.channel) != effect.id:
        raise Unavailable("the channel was left, or asked for again, before it was opened")
    client.shared.attendance.unwatch(effect.channel, client)
    request = OpenRequest(effect.channel, client.identity, effect.since)
    await client.shared.hub.subscribe(client, request, partial(_opened, client, effect))


def _require_possible(channel: str) -> None:
    if not may_exist(channel):
        raise Forbidden("you may not listen here")


def _opened(client: "Client", effect: Open, opening: Opening) -> None:
    if effect.strict and effect.since is not None and not opening.recovered:
        raise PositionLost("the position cannot be recovered")
    result = subscribe_result(opening, effect.since)
    client.perform(client.session.opened(effect.id, result))
    if client.listens(effect.channel) and effect.channel.startswith(SHOWS_PRESENCE):
        _enter(client, effect)


def _enter(client: "Client", effect: Open) -> None:
    """Be seen on a channel, but for an operator, who looks on; and see who else comes."""
    attendance = client.shared.attendance
    if effect.join_leave:
        attendance.watch(effect.channel, client)
    if client.identity.role is Role.ACCOUNT:
        attendance.enter(effect.channel, client.id, client.identity.account_id)


def leave(client: "Client", channel: str) -> None:
    """Stop for good, and look at it no more."""
    stop(client, channel)
    if client.focus is not None and channel == thread_channel(client.focus):
        client.focus = None


def stop(client: "Client", channel: str) -> None:
    """Hear no more of a channel; the client may be about to come back."""
    client.shared.hub.unsubscribe(client, channel)
    client.shared.attendance.unwatch(channel, client)
    client.shared.attendance.leave(channel, client.id)


async def read_history(client: "Client", effect: ReadHistory) -> None:
    """Send a page of a channel."""
    _require_possible(effect.channel)
    changes = await client.shared.history.history(
        effect.channel,
        client.identity,
        since=effect.since,
        limit=effect.limit,
        reverse=effect.reverse,
    )
    if effect.since is not None and effect.since.epoch not in ("", changes.position.epoch):
        raise PositionLost("the position is of another numbering")
    result = HistoryResult(
        publications=[published(each) for each in changes.publications],
        epoch=changes.position.epoch,
        offset=changes.position.offset,
    )
    client.send(Reply(id=effect.id, history=result))
    client.session.weigh(sum(len(each.data) for each in changes.publications))


async def read_presence(client: "Client", effect: ReadPresence) -> None:
    """Send who is in a channel, or how many."""
    present = await client.shared.attendance.present(effect.channel)
    if effect.stats:
        users = len(set(present.values()))
        stats = PresenceStatsResult(num_clients=len(present), num_users=users)
        client.send(Reply(id=effect.id, presence_stats=stats))
    else:
        infos = {each: ClientInfo(user=user, client=each) for each, user in present.items()}
        client.send(Reply(id=effect.id, presence=PresenceResult(presence=infos)))
