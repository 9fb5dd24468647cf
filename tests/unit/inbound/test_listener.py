"""What is said to a mail that is hard to read, and where it is read."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from domain.mail_events import MailEvent
from realtime.inbound.listener import TAKEN, InboundHandler
from realtime.inbound.parse import Reply

BOUNCES = "bounces@reply.market.example"
A_REPLY = "reply+1@reply.market.example"


class Addresses:
    """Has one address for each use."""

    def is_for_bounces(self, address: str) -> bool:
        """Tell them apart."""
        return address == BOUNCES

    def read(self, address: str) -> str | None:
        """Know the delivery."""
        return "d1" if address == A_REPLY else None


class Threads(ThreadPoolExecutor):
    """Notes what is done beside the loop."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)
        self.done: list[str] = []

    def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Take a function, in its context."""
        assert isinstance(work, partial)
        self.done.append(work.args[0].__name__)
        return super().submit(work, *args, **kwargs)


async def answer_to(content: bytes, address: str) -> str:
    """Hand a mail over, and return what its sender is told."""

    async def post(_delivery_id: str, _reply: Reply) -> None:
        return None

    async def note(events: list[MailEvent]) -> int:
        return len(events)

    handler = InboundHandler(addresses=Addresses(), post=post, note=note)
    envelope = Envelope()
    envelope.mail_from, envelope.rcpt_tos = "sam@example.com", [address]
    envelope.original_content = content
    loop = asyncio.get_running_loop()
    return await handler.handle_DATA(SMTP(handler, loop=loop), Session(loop), envelope)


@pytest.mark.parametrize("address", [BOUNCES, A_REPLY])
async def test_a_mail_that_cannot_be_read_is_refused_for_good(address: str) -> None:
    """Its sender does not come back with it for days."""
    deep = b"Content-Type: message/rfc822\r\n\r\n" * 3_000
    told = await answer_to(deep, address)
    assert told == "554 5.6.0 mail: has parts in parts, more than 20 deep"


async def test_mails_are_read_beside_the_loop() -> None:
    """What takes long to read holds up nobody."""
    threads = Threads()
    asyncio.get_running_loop().set_default_executor(threads)
    answers = [await answer_to(b"\r\nYes.\r\n", address) for address in (BOUNCES, A_REPLY)]
    assert answers == [TAKEN, TAKEN]
    assert threads.done == ["read_events", "read_reply"]
