"""What takes mail in, as far as the settings allow."""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from realtime.bootstrap.deliveries import reply_addresses
from realtime.bootstrap.ground import Ground
from realtime.bootstrap.use_cases import UseCases, make_use_cases
from realtime.inbound.listener import InboundHandler, InboundListener
from realtime.inbound.parse import Reply
from realtime.ops.bells import Bells
from realtime.services.mail_replies import MailReply
from realtime.services.people import People
from realtime.settings import Settings


@asynccontextmanager
async def receiving(
    settings: Settings, listener: socket.socket, *, public_url: str, lmtp: bool
) -> AsyncIterator[None]:
    """Build what takes mail, and keep it listening until the block ends."""
    ground = Ground.lay(settings, public_url)
    use_cases = make_use_cases(ground, People(ground.monotonic))
    addresses = reply_addresses(settings)
    assert addresses is not None, "the command asks for the domain first"
    handler = InboundHandler(
        addresses=addresses,
        post=lambda delivery_id, reply: _post(use_cases, delivery_id, reply),
        note=use_cases.mail_events.note,
    )
    inbound = InboundListener(handler=handler, hostname=addresses.domain, lmtp=lmtp)
    async with AsyncExitStack() as down:
        down.push_async_callback(ground.database.close)
        await ground.bus.start(Bells((use_cases.webhook_events,)))
        down.push_async_callback(ground.bus.close)
        await use_cases.webhook_events.start()
        down.push_async_callback(use_cases.webhook_events.close)
        await inbound.start(listener)
        down.push_async_callback(use_cases.messages.settle)
        down.push_async_callback(inbound.close)
        yield


async def _post(use_cases: UseCases, delivery_id: str, reply: Reply) -> None:
    await use_cases.mail_replies.post(
        MailReply(
            delivery_id=delivery_id,
            sender=reply.sender,
            message_id=reply.message_id,
            text=reply.text,
            attached=reply.attached,
        )
    )
