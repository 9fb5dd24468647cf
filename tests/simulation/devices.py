"""A device of an account: speaks the raw protocol, comes back as SDKs do, and forgets nothing."""

from collections.abc import Callable, Sequence
from typing import Any

from tests.simulation.dialler import Command, Dialler
from tests.simulation.followed import Followed, Message, Since
from tests.simulation.outgoing import Outgoing
from tests.simulation.rights import Rights


class Device(Dialler):
    """One connection after the other; what it finds wrong it tells ``fault``."""

    def __init__(
        self,
        *,
        account: str,
        channels: Sequence[str],
        forbidden: Sequence[str],
        may_be_too_much: Callable[[int], bool],
        rights: Rights,
        **dialling: Any,
    ) -> None:
        super().__init__(**dialling)
        self.account = account
        self.inbox = Followed(f"inbox:{account}", self._fault, may_be_too_much)
        self.channels = {each: Followed(each, self._fault, may_be_too_much) for each in channels}
        for each in forbidden:
            self.channels[each] = Followed(each, self._fault, may_be_too_much, is_forbidden=True)
        self.outbox: list[Outgoing] = []
        self.is_connected = False
        self._rights = rights

    # --- what its owner does ----------------------------------------------------------------------

    def send(self, outgoing: Outgoing) -> None:
        """Have a message stored, sooner or later."""
        self._trace("sends", outgoing.client_id)
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
            each.position == tops(each.name) and not self._is_shut_out_of(each)
            for each in self._followed()
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

    def _forget(self) -> None:
        self.is_connected = False
        for followed in (self.inbox, *self.channels.values()):
            followed.lose()

    # --- what it says -----------------------------------------------------------------------------

    def _begin(self) -> None:
        opening: Message = {"token": self.account, "data": {"inbox": True}}
        since = self.inbox.since
        if since is not None:
            opening["subs"] = {self.inbox.name: _recovery(since)}
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

    # --- what it hears ----------------------------------------------------------------------------

    def _hear(self, message: Message, command: Command) -> None:
        handler = _HANDLERS.get(command.kind)
        if handler is not None:
            handler(self, message, command)

    def _connected(self, message: Message, command: Command) -> None:
        since: Since | None = command.about
        if "error" in message:
            self._expect_temporary("connect", message["error"])
            self.hang_up()
            return
        self.is_connected = True
        self._trace("is in")
        if self.inbox.name in message["connect"]["subs"]:
            self.inbox.begin(message["connect"]["subs"][self.inbox.name], since)
        else:
            self._fault("it did not get its inbox")
        unsettled = [self._sending(each) for each in self.outbox if not each.is_settled]
        self._say([*self._subscribes(), *unsettled])

    def _subscribed(self, message: Message, command: Command) -> None:
        followed, since = command.about
        is_last = followed.asked == message["id"]
        if "error" not in message:
            self._trace(followed.name, "from", since, message["subscribe"].get("offset", 0))
            if self._rights.was_always_shut(_thread(followed), self.account, command.sent_at):
                self._fault(f"it was let into {followed.name}, and is shut out")
            if not followed.is_live:
                followed.live_since = command.sent_at
            followed.begin(message["subscribe"], since)
            followed.asked = 0 if is_last else followed.asked
            return
        if message["error"]["code"] == 103 and self._may_be_refused(followed, command):
            followed.give_up()
            return
        self._expect_temporary(f"a subscribe to {followed.name}", message["error"])
        if is_last:
            followed.lose()
            self._loop.call_later(0.1 + self._random.random(), self._join_again, followed)

    def _join_again(self, followed: Followed) -> None:
        if self.is_connected and followed.wanted and not followed.is_live and not followed.asked:
            self._say((self._subscribe(followed),))

    def _unsubscribed(self, message: Message, command: Command) -> None:
        if "error" in message:
            self._fault(f"an unsubscribe was refused: {message}")
        command.about.is_live = False

    def _sent(self, message: Message, command: Command) -> None:
        outgoing: Outgoing = command.about
        if "error" in message:
            error = message["error"]
            if error.get("temporary"):
                self._loop.call_later(0.2 + self._random.random(), self._send_again, outgoing)
            else:
                outgoing.refused = error["code"]
                if not self._rights.was_shut(outgoing.thread, self.account, command.sent_at):
                    self._fault(f"{outgoing} was refused: {error}")
            return
        stored = message["rpc"]["data"]["message"]
        self._trace("knows", outgoing.client_id, "at", stored["seq"])
        told = stored["client_id"], stored["body"], stored["sender"]
        if told != (outgoing.client_id, outgoing.body, outgoing.sender):
            self._fault(f"{outgoing} was acknowledged with {stored}")
        if outgoing.seq not in (0, stored["seq"]):
            self._fault(f"{outgoing.client_id} is at {outgoing.seq}, and at {stored['seq']}")
        outgoing.seq = stored["seq"]

    def _send_again(self, outgoing: Outgoing) -> None:
        if self.is_connected and not outgoing.is_settled:
            self._say((self._sending(outgoing),))

    def _marked(self, message: Message, command: Command) -> None:
        if "error" in message:
            self._expect_temporary(f"a receipt in {command.about}", message["error"])

    def _looked_back(self, message: Message, command: Command) -> None:
        channel = command.about
        if "error" in message:
            if message["error"]["code"] == 103 and self._may_be_refused(
                self.channels[channel], command
            ):
                return
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
            self._trace("lost", channel)
            followed.is_live = False
            if not followed.asked or followed.asked not in self._commands:
                followed.asked = 0
                self._join_again(followed)
        elif push.get("unsubscribe", {}).get("code") == 2000:
            self._dismissed(followed)
        else:
            self._fault(f"an unexpected push: {push}")

    def _dismissed(self, followed: Followed) -> None:
        """It was shut out, and does not ask why."""
        self._trace("was dismissed from", followed.name)
        if not self._rights.was_shut(_thread(followed), self.account, followed.live_since):
            self._fault(f"it was dismissed from {followed.name}, and not shut out")
        followed.give_up()

    def _is_shut_out_of(self, followed: Followed) -> bool:
        return self._rights.is_shut(_thread(followed), self.account)

    def _may_be_refused(self, followed: Followed, command: Command) -> bool:
        thread = _thread(followed)
        shut_out = self._rights.was_shut(thread, self.account, command.sent_at)
        return followed.is_forbidden or shut_out

    # --- inside -----------------------------------------------------------------------------------

    def _followed(self) -> list[Followed]:
        wanted = [each for each in self.channels.values() if each.wanted and not each.is_forbidden]
        return [self.inbox, *wanted]

    def _expect_temporary(self, what: str, error: Message) -> None:
        if not error.get("temporary"):
            self._fault(f"{what} was refused: {error}")


_HANDLERS: dict[str, Callable[[Device, Message, Command], None]] = {
    "connect": Device._connected,
    "subscribe": Device._subscribed,
    "unsubscribe": Device._unsubscribed,
    "send": Device._sent,
    "history": Device._looked_back,
    "receipt.read": Device._marked,
    "receipt.unread": Device._marked,
}


def _thread(followed: Followed) -> str:
    return followed.name.partition(":")[2]


def _recovery(since: Since) -> Message:
    return {"recover": True, "offset": since[0], "epoch": since[1]}
