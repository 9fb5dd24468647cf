"""Who comes in: tokens on connect and refresh, and the own inbox that comes along."""

import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from msgspec import Raw

from domain.errors import Forbidden, NotFound, TokenExpired, TokenInvalid
from domain.identity import Identity
from domain.publications import Opening, OpenRequest, Position, inbox_channel
from realtime.protocol import codes
from realtime.protocol.commands import SubscribeRequest
from realtime.protocol.effects import Authenticate, Renew
from realtime.protocol.replies import (
    ConnectResult,
    SubscribeResult,
    subscribe_result,
    whole_seconds,
)
from realtime.protocol.session import VERSION

if TYPE_CHECKING:
    from realtime.gateway.client import Client

Subs = Mapping[str, SubscribeResult]

log = structlog.get_logger(__name__)


async def connect(client: "Client", effect: Authenticate) -> None:
    """Let a client in, if its token says that it may."""
    shared = client.shared
    identity = await _identify(client, effect.token)
    if identity is None or client.has_ended():
        return
    profile = await shared.accounts.profile(identity.account_id)
    if client.has_ended():
        return
    shared.verifier.check_living(identity)
    if not shared.registry.admit(client, identity.account_id):
        client.refuse(effect.id, codes.TOO_MANY_REQUESTS)
        return
    client.identity = identity
    welcome = partial(_welcome, client, effect, profile)
    if effect.inbox is None:
        welcome({})
    else:
        await _open_own_inbox(client, effect.id, effect.inbox, welcome)


async def _identify(client: "Client", token: str) -> Identity | None:
    """Return who it is; None when the connection was ended over it."""
    refusals = client.shared.refusals
    try:
        identity = await client.shared.verifier.verify(token)
    except TokenInvalid:
        client.end(codes.INVALID_TOKEN)
        return None
    except TokenExpired:
        if not refusals.is_last(client.address, token):
            raise
        client.end(codes.INVALID_TOKEN)
        return None
    refusals.forget(client.address, token)
    return identity


async def _open_own_inbox(
    client: "Client",
    command_id: int,
    asked: SubscribeRequest,
    welcome: Callable[[Subs], None],
) -> None:
    channel = inbox_channel(client.identity.account_id)
    since = Position(asked.offset, asked.epoch) if asked.recover else None
    # So that it is let go of again, should the connection end meanwhile.
    client.session.channels[channel] = command_id

    def opened(opening: Opening) -> None:
        client.own_inbox = channel
        welcome({channel: subscribe_result(opening, since)})

    try:
        request = OpenRequest(channel, client.identity, since)
        await client.shared.hub.subscribe(client, request, opened)
    except (Forbidden, NotFound):
        client.session.channels.pop(channel, None)
        welcome({})


def _welcome(
    client: "Client", effect: Authenticate, profile: Mapping[str, Any], subs: Subs
) -> None:
    shared = client.shared
    now = shared.clock.now().timestamp()
    ttl = whole_seconds(client.identity.expires_at - now)
    data = {"account": profile, "role": client.identity.role, "now": int(now * 1000)}
    result = ConnectResult(
        client=client.id,
        version=VERSION,
        expires=True,
        ttl=ttl,
        data=Raw(msgspec.json.encode(data)),
        subs=subs,
        ping=int(shared.limits.ping),
        pong=True,
        session=client.secret,
        node=shared.node if client.secret else "",
    )
    shared.figures.connects += 1
    account, name = client.identity.account_id, effect.name[:64]
    log.info("connected", connection=client.id, account=account, client=name)
    client.perform(
        client.session.connected(
            effect.id,
            result=result,
            ttl=ttl,
            first_ping=random.uniform(0, shared.limits.ping),
            now=shared.monotonic(),
        )
    )
    client.keep_time()


async def renew(client: "Client", effect: Renew) -> None:
    """Let a client stay longer; with somebody else's token, or none that is good, it goes."""
    try:
        identity = await client.shared.verifier.verify(effect.token, leeway=0)
    except TokenInvalid:
        client.end(codes.INVALID_TOKEN)
    except TokenExpired:
        client.end(codes.EXPIRED)
    else:
        _renewed(client, effect, identity)


def _renewed(client: "Client", effect: Renew, identity: Identity) -> None:
    if identity.account_id != client.identity.account_id:
        client.end(codes.INVALID_TOKEN)
    elif identity.role is not client.identity.role:
        client.end(codes.FORCE_RECONNECT)
    else:
        client.identity = identity
        shared = client.shared
        ttl = identity.expires_at - shared.clock.now().timestamp()
        client.perform(client.session.renewed(effect.id, ttl=ttl, now=shared.monotonic()))
