"""A device of an account: speaks the raw protocol, comes back as SDKs do, and forgets nothing."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.simulation.followed import Followed, Message, Since
from tests.simulation.links import Link
from tests.simulation.outgoing import Outgoing
from tests.simulation.wire import Speaker

# What the server promises, and what an answer may take on its way besides.
ANSWERED_WITHIN = 4.0
ON_THE_WAY = 0.5


@dataclass(slots=True)
class Command:
    """A command that is not answered yet."""

    kind: str
    about: Any
    sent_at: float


class Device:
    """One connection after the other; what it finds wrong it tells ``fault``."""

    def __init__(
        self,
        *,
        name: str,
        account: str,
        channels: Sequence[str],
        forbidden: Sequence[str],
        loop: asyncio.AbstractEventLoop,
        random: Random,
        dial: Callable[["Device"], Link | None],
        fault: Callable[[str], None],
        trace: Callable[..., None],
        may_be_too_much: Callable[[int], bool],
    ) -> None:
        self.name = name
        self.account = account
        self.inbox = Followed(f"inbox:{account}", self._fault, may_be_too_much)
        self.channels = {each: Followed(each, self._fault, may_be_too_much) for each in channels}
        for each in forbidden:
            self.channels[each] = Followed(each, self._fault, may_be_too_much, is_forbidden=True)
        self.outbox: list[Outgoing] = []
        self.is_connected = False
        self.stays_away = False
        self.link: Link | None = None
        self._loop = loop
        self._random = random
        self._dial = dial
        self._told_fault = fault
        self._trace = trace
        self._speaker: Speaker | None = None
        self._commands: dict[int, Command] = {}
        self._last_id = 0
        self._redialling: asyncio.TimerHandle | None = None

    # --- what its owner does ----------------------------------------------------------------------

    def dial(self) -> None:
        """Connect, unless it is."""
        self._redialling = None
        if self.link is not None or self.stays_away:
            return
        self.link = self._dial(self)
        if self.link is None:
            self.dial_soon()

    def dial_soon(self) -> None:
        """Connect after a little while."""
        if self._redialling is None:
            wait = self._random.choice((0.05, 0.2, 1.0)) * (0.5 + self._random.random())
            self._redialling = self._loop.call_later(wait, self.dial)

    def hang_up(self) -> None:
        """Lose the connection on purpose."""
        if self._speaker is not None:
            self._trace(self.name, "hangs up")
            self._speaker.hang_up()

    def send(self, outgoing: Outgoing) -> None:
        """Have a message stored, sooner or later."""
        self._trace(self.name, "sends", outgoing.client_id)
        if outgoing not in self.outbox:
            self.outbox.append(outgoing)
        if self.is_connected:
            self._say((self._sending(outgoing),))

    def mark(self, thread: str, *, back: bool) -> None:
        """Move the receipt to where it has read, or back."""
        position = self.channels[f"thread:{thread}"].position
        if not self.is_connected or not position:
            return
        seq = self._random.randint(1, position)
        method = "receipt.unread" if back else "receipt.read"
        data = {"conversation": thread, "seq": seq}
        self._say((self._command(method, thread, rpc={"method": method, "data": data}),))

    def leave(self, channel: str) -> None:
        """Stop following."""
        followed = self.channels[channel]
        followed.wanted = False
        if self.is_connected:
            self._say((self._unsubscribe(followed),))

    def join(self, channel: str, times: int = 1) -> None:
        """Follow, again or anew; several subscribes may come at once."""
        followed = self.channels[channel]
        followed.wanted = True
        if self.is_connected:
            self._say([self._subscribe(followed) for _ in range(times)])

    def join_all(self) -> None:
        """Follow everything."""
        for channel in self.channels:
            self.join(channel)

    def flicker(self, channel: str) -> None:
        """Subscribe, unsubscribe and subscribe in one frame."""
        followed = self.channels[channel]
        if self.is_connected:
            said = self._subscribe(followed), self._unsubscribe(followed)
            self._say((*said, self._subscribe(followed)) if followed.wanted else said)

    def look_back(self, channel: str) -> None:
        """Read a page of what was."""
        if self.is_connected and channel in self.channels:
            asked = {"channel": channel, "limit": 5, "since": {"offset": 0, "epoch": ""}}
            self._say((self._command("history", channel, history=asked),))

    @property
    def is_at_home(self) -> bool:
        """Whether it follows all that it wants, and all that it sent is stored."""
        return (
            self.is_connected
            and all(each.is_settled for each in self.outbox)
            and all(each.is_live for each in self._followed())
        )

    def is_settled(self, tops: Callable[[str], int | None]) -> bool:
        """Tell whether it has everything, and all that it sent is stored."""
        return self.is_at_home and all(
            each.position == tops(each.name) for each in self._followed()
        )

    def describe(self, tops: Callable[[str], int | None]) -> str:
        """Say where it is."""
        waiting = [each.client_id for each in self.outbox if not each.is_settled]
        channels = [
            f"{each.name} {'live' if each.is_live else 'not live'} at {each.position}"
            f" of {tops(each.name)}"
            for each in self._followed()
        ]
        return f"connected: {self.is_connected}, unsent: {waiting}, {'; '.join(channels)}"

    def check_waiting(self) -> None:
        """See that no command waits for too long."""
        for command in self._commands.values():
            self._check_time(command)

    # --- what becomes of its connections ----------------------------------------------------------

    def speaker(self) -> Speaker:
        """Return the protocol for a new connection."""
        self._speaker = Speaker(
            answered=self._answered, heard=self._take, closed=self._closed, lost=self._lost
        )
        return self._speaker

    def _lost(self) -> None:
        """Come again, soon."""
        self.check_waiting()
        self._trace(self.name, "lost its connection")
        self._speaker = self.link = None
        self.is_connected = False
        self._commands.clear()
        for followed in (self.inbox, *self.channels.values()):
            followed.lose()
        self.dial_soon()

    # --- what it says -----------------------------------------------------------------------------

    def _answered(self, status: int) -> None:
        if status != 101:
            if status != 503:
                self._fault(f"the upgrade was answered with {status}")
            return
        opening: Message = {"token": self.account, "data": {"inbox": True}}
        since = self.inbox.since
        if since is not None:
            opening["subs"] = {self.inbox.name: _recovery(since)}
        self._last_id = 0
        said = [self._command("connect", since, connect=opening)]
        if self._random.random() < 0.7:
            said += self._subscribes()
        self._say(said)

    def _subscribes(self) -> list[bytes]:
        return [
            self._subscribe(each)
            for each in self.channels.values()
            if each.wanted and not each.asked and not each.is_live
        ]

    def _subscribe(self, followed: Followed) -> bytes:
        since = followed.since
        recovery = {} if since is None else _recovery(since)
        asked = {"channel": followed.name, **recovery}
        said = self._command("subscribe", (followed, since), subscribe=asked)
        followed.asked = self._last_id
        return said

    def _unsubscribe(self, followed: Followed) -> bytes:
        followed.asked = 0
        return self._command("unsubscribe", followed, unsubscribe={"channel": followed.name})

    def _sending(self, outgoing: Outgoing) -> bytes:
        data = {
            "conversation": outgoing.thread,
            "client_id": outgoing.client_id,
            "body": outgoing.body,
        }
        return self._command("send", outgoing, rpc={"method": "message.send", "data": data})

    def _command(self, kind: str, about: Any, **method: Any) -> bytes:
        self._last_id += 1
        self._commands[self._last_id] = Command(kind, about, self._loop.time())
        return json.dumps({"id": self._last_id, **method}).encode()

    def _say(self, commands: Sequence[bytes]) -> None:
        if self._speaker is not None and commands:
            self._speaker.say(b"\n".join(commands))

    # --- what it hears ----------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        if not message:
            self._say((b"{}",))
        elif "push" in message:
            self._pushed(message["push"])
        else:
            command = self._commands.pop(message["id"], None)
            if command is None:
                self._fault(f"an answer to nothing: {message}")
                return
            self._check_time(command)
            handler = _HANDLERS.get(command.kind)
            if handler is not None:
                handler(self, message, command.about)

    def _connected(self, message: Message, since: Since | None) -> None:
        if "error" in message:
            self._expect_temporary("connect", message["error"])
            self.hang_up()
            return
        self.is_connected = True
        self._trace(self.name, "is in")
        if self.inbox.name in message["connect"]["subs"]:
            self.inbox.begin(message["connect"]["subs"][self.inbox.name], since)
        else:
            self._fault("it did not get its inbox")
        unsettled = [self._sending(each) for each in self.outbox if not each.is_settled]
        self._say([*self._subscribes(), *unsettled])

    def _subscribed(self, message: Message, about: tuple[Followed, Since | None]) -> None:
        followed, since = about
        is_last = followed.asked == message["id"]
        if "error" not in message:
            self._trace(
                self.name, followed.name, "from", since, message["subscribe"].get("offset", 0)
            )
            followed.begin(message["subscribe"], since)
            followed.asked = 0 if is_last else followed.asked
            return
        if followed.is_forbidden and message["error"]["code"] == 103:
            followed.wanted = False
            return
        self._expect_temporary(f"a subscribe to {followed.name}", message["error"])
        if is_last:
            followed.lose()
            self._loop.call_later(0.1 + self._random.random(), self._join_again, followed)

    def _join_again(self, followed: Followed) -> None:
        if self.is_connected and followed.wanted and not followed.is_live and not followed.asked:
            self._say((self._subscribe(followed),))

    def _unsubscribed(self, message: Message, followed: Followed) -> None:
        if "error" in message:
            self._fault(f"an unsubscribe was refused: {message}")
        followed.is_live = False

    def _sent(self, message: Message, outgoing: Outgoing) -> None:
        if "error" in message:
            error = message["error"]
            if error.get("temporary"):
                self._loop.call_later(0.2 + self._random.random(), self._send_again, outgoing)
            else:
                outgoing.refused = error["code"]
            return
        stored = message["rpc"]["data"]["message"]
        self._trace(self.name, "knows", outgoing.client_id, "at", stored["seq"])
        told = stored["client_id"], stored["body"], stored["sender"]
        if told != (outgoing.client_id, outgoing.body, outgoing.sender):
            self._fault(f"{outgoing} was acknowledged with {stored}")
        if outgoing.seq not in (0, stored["seq"]):
            self._fault(f"{outgoing.client_id} is at {outgoing.seq}, and at {stored['seq']}")
        outgoing.seq = stored["seq"]

    def _send_again(self, outgoing: Outgoing) -> None:
        if self.is_connected and not outgoing.is_settled:
            self._say((self._sending(outgoing),))

    def _marked(self, message: Message, thread: str) -> None:
        if "error" in message:
            self._expect_temporary(f"a receipt in {thread}", message["error"])

    def _looked_back(self, message: Message, channel: str) -> None:
        if "error" in message:
            self._expect_temporary(f"history of {channel}", message["error"])
            return
        heard = self.channels[channel].heard
        offsets = [each["offset"] for each in message["history"]["publications"]]
        if offsets != list(range(1, len(offsets) + 1)):
            self._fault(f"history of {channel} has {offsets}")
        for each in message["history"]["publications"]:
            if heard.setdefault(each["offset"], each["data"]) != each["data"]:
                self._fault(f"history of {channel} differs: {each}")

    def _pushed(self, push: Message) -> None:
        channel = push.get("channel", "")
        followed = self.inbox if channel == self.inbox.name else self.channels.get(channel)
        if followed is None or not followed.is_live:
            self._fault(f"a push of what it does not follow: {push}")
        elif "pub" in push:
            followed.take(push["pub"])
        elif push.get("unsubscribe", {}).get("code", 0) >= 2500:
            self._trace(self.name, "lost", channel)
            followed.is_live = False
            if not followed.asked or followed.asked not in self._commands:
                followed.asked = 0
                self._join_again(followed)
        else:
            self._fault(f"an unexpected push: {push}")

    def _closed(self, code: int) -> None:
        self._trace(self.name, "was closed with", code)
        if code >= 3500 and code != 4000:
            self._fault(f"it was sent away with {code}")
        self.hang_up()

    # --- inside -----------------------------------------------------------------------------------

    def _followed(self) -> list[Followed]:
        wanted = [each for each in self.channels.values() if each.wanted and not each.is_forbidden]
        return [self.inbox, *wanted]

    def _expect_temporary(self, what: str, error: Message) -> None:
        if not error.get("temporary"):
            self._fault(f"{what} was refused: {error}")

    def _check_time(self, command: Command) -> None:
        waited = self._loop.time() - command.sent_at
        if waited > ANSWERED_WITHIN + ON_THE_WAY:
            link = self.link
            if link is not None and link.troubled_at < command.sent_at:
                self._fault(f"{command.kind} waited for {waited:.2f} s")

    def _fault(self, what: str) -> None:
        self._told_fault(f"{self.name}: {what}")


_HANDLERS: dict[str, Callable[[Device, Message, Any], None]] = {
    "connect": Device._connected,
    "subscribe": Device._subscribed,
    "unsubscribe": Device._unsubscribed,
    "send": Device._sent,
    "history": Device._looked_back,
    "receipt.read": Device._marked,
    "receipt.unread": Device._marked,
}


def _recovery(since: Since) -> Message:
    return {"recover": True, "offset": since[0], "epoch": since[1]}
