"""People at a node: their tokens, and what they write without a socket."""

from asyncio import gather
from collections.abc import Iterable, Sequence

from realtime.ids import new_id
from realtime.services.messages import SendMessage
from tests.clients.sdk import TokenSource
from tests.support.node import RunningNode

# Of the longest messages, a group is still stored well before senders are told to try again.
AT_ONCE = 25


def tokens(node: RunningNode, account: str) -> TokenSource:
    """Return what makes tokens for an account, each good for an hour."""

    async def token() -> str:
        return node.token(account)

    return token


async def write(
    node: RunningNode, sender: str, conversation: str, bodies: Iterable[str]
) -> list[int]:
    """Have a participant write messages, one behind the other; return their seqs."""
    return await write_all(
        node, [SendMessage(conversation, sender, new_id(), body) for body in bodies]
    )


async def write_to_each(node: RunningNode, sender: str, conversations: Iterable[str]) -> None:
    """Have somebody write a message to each of many conversations."""
    await write_all(node, [SendMessage(each, sender, new_id(), "Hello") for each in conversations])


async def write_all(node: RunningNode, commands: Sequence[SendMessage]) -> list[int]:
    """Have messages stored; return their seqs."""
    messages = node.node.use_cases.messages
    seqs: list[int] = []
    for place in range(0, len(commands), AT_ONCE):
        group = commands[place : place + AT_ONCE]
        sent = await gather(*[messages.send_and_wait(each) for each in group])
        seqs += [each.seq for each in sent]
    return seqs
