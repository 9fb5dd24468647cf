"""The methods of ``rpc``: what reaches which service, and what is answered."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from msgspec import Raw

from domain.errors import Forbidden, Invalid, NotParticipant, OrderwireError, TooMany
from domain.identity import Identity, Role
from domain.publications import Publication
from realtime.gateway import calls as gateway_calls
from realtime.gateway.calls import SEND, Calls, Outcome
from realtime.gateway.typists import Typists
from realtime.services.messages import SendMessage, Sent

ANNA = Identity("anna")
THREAD = "thread:1"
SENT = Sent(seq=7, message=b'{"seq":7}', created=True)


@dataclass(slots=True)
class Caller:
    """Somebody who has a thread open."""

    identity: Identity = ANNA
    focus: str | None = None
    channels: set[str] = field(default_factory=lambda: {THREAD})

    def listens(self, channel: str) -> bool:
        """Tell whether it is open."""
        return channel in self.channels


class Service:
    """Notes how it was called, and says what it was called by."""

    def __init__(self) -> None:
        self.called: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any) -> dict[str, str]:
            self.called.append((name, arguments))
            return {"by": name}

        return call


class Messages:
    """Keeps what is sent, and answers with ``outcome``."""

    def __init__(self) -> None:
        self.sent: list[SendMessage] = []
        self.outcome: Sent | OrderwireError = SENT

    def send(self, command: SendMessage, done: Callable[[Sent | OrderwireError], None]) -> None:
        """Answer at once."""
        self.sent.append(command)
        done(self.outcome)


class Desk:
    """The calls, and everything behind them."""

    def __init__(self) -> None:
        self.service = Service()
        self.messages = Messages()
        self.announced: list[Publication] = []
        self.calls = Calls(
            details=cast("Any", None),
            drafts=cast("Any", None),
            conversations=cast("Any", self.service),
            messages=cast("Any", self.messages),
            changes=cast("Any", self.service),
            typists=Typists(
                announce=self.announced.append, call_later=lambda _seconds, _action: None
            ),
        )

    async def call(self, method: str, data: Any, caller: Caller | None = None) -> Any:
        """Call a method, and read the answer."""
        answer = await self.calls.call(caller or Caller(), method, as_raw(data))
        return json.loads(bytes(answer))

    def send(self, data: Any, caller: Caller | None = None) -> Outcome:
        """Send a message; return the outcome."""
        outcomes: list[Outcome] = []
        self.calls.send(caller or Caller(), as_raw(data), outcomes.append)
        (outcome,) = outcomes
        return outcome


def as_raw(data: Any) -> Raw:
    """Write data as a client does, unless it is written already."""
    return Raw(data if isinstance(data, bytes) else json.dumps(data).encode())


@pytest.fixture
def desk() -> Desk:
    """A desk of one's own."""
    return Desk()


A_MESSAGE = {"conversation": "1", "client_id": "c", "body": "hello"}
RUBBISH = [b"", b"null", b"5", b"[]", b"{}", b'{"conversation":5}', b"\xff", b"{" * 9, b"[" * 9_999]


def test_a_message_is_sent_as_whom_the_token_says(desk: Desk) -> None:
    outcome = desk.send({**A_MESSAGE, "reply_to": 3, "attachments": ["a"], "sender": "sabine"})

    assert isinstance(outcome, Raw)
    assert json.loads(bytes(outcome)) == {"message": {"seq": 7}}
    assert desk.messages.sent == [SendMessage("1", "anna", "c", "hello", 3, ("a",))]


def test_what_the_service_refuses_is_handed_on(desk: Desk) -> None:
    desk.messages.outcome = TooMany("slow down")
    assert desk.send(A_MESSAGE) is desk.messages.outcome


@pytest.mark.parametrize("data", [*RUBBISH, {**A_MESSAGE, "attachments": ["a"] * 100}])
def test_a_message_that_cannot_be_read_is_invalid_and_sent_to_nobody(desk: Desk, data: Any) -> None:
    assert isinstance(desk.send(data), Invalid)
    assert desk.messages.sent == []


@pytest.mark.parametrize(
    ("method", "service"),
    [
        ("receipt.read", "mark_read"),
        ("receipt.delivered", "mark_delivered"),
        ("receipt.unread", "mark_unread"),
        ("message.delete", "delete"),
    ],
)
async def test_each_method_has_its_service(desk: Desk, method: str, service: str) -> None:
    assert await desk.call(method, {"conversation": "1", "seq": 7}) == {"by": service}
    assert desk.service.called == [(service, (ANNA, "1", 7))]


async def test_an_edit_carries_its_text(desk: Desk) -> None:
    assert await desk.call("message.edit", {"conversation": "1", "seq": 7, "body": "hi"})
    assert desk.service.called == [("edit", (ANNA, "1", 7, "hi"))]


@pytest.mark.parametrize("method", [name for name in gateway_calls.METHODS if name != "focus"])
@pytest.mark.parametrize("data", RUBBISH)
async def test_what_cannot_be_read_is_invalid(desk: Desk, method: str, data: bytes) -> None:
    with pytest.raises(Invalid):
        await desk.call(method, data)
    assert desk.service.called == []


@pytest.mark.parametrize("method", ["receipt.read", "message.edit", "typing", "focus", SEND])
async def test_an_operator_reads_and_writes_nothing(desk: Desk, method: str) -> None:
    operator = Caller(identity=Identity("olga", Role.OPERATOR))
    data = {**A_MESSAGE, "seq": 1}
    if method == SEND:
        assert isinstance(desk.send(data, operator), Forbidden)
    else:
        with pytest.raises(Forbidden):
            await desk.call(method, data, operator)
    assert (desk.service.called, desk.messages.sent, desk.announced) == ([], [], [])


def test_it_knows_its_methods_and_no_others(desk: Desk) -> None:
    assert desk.calls.knows("typing")
    assert not desk.calls.knows("no.such")
    assert not desk.calls.knows(SEND), "it is answered after a commit, and has its own way"


# --- typing and focus -------------------------------------------------------------------------


async def test_typing_is_told_to_the_thread_without_a_position(desk: Desk) -> None:
    assert await desk.call("typing", {"conversation": "1"}) == {}

    (publication,) = desk.announced
    assert (publication.channel, publication.offset) == (THREAD, 0)
    assert json.loads(publication.data) == {
        "type": "typing",
        "account": "anna",
        "typing": True,
        "expires_in": 6,
    }


@pytest.mark.parametrize("method", ["typing", "focus"])
async def test_one_types_in_and_looks_at_what_one_has_open(desk: Desk, method: str) -> None:
    with pytest.raises(NotParticipant):
        await desk.call(method, {"conversation": "2"})
    assert desk.announced == []


async def test_focus_is_the_connections_until_it_looks_away(desk: Desk) -> None:
    anna = Caller()
    assert await desk.call("focus", {"conversation": "1"}, anna) == {}
    assert anna.focus == "1"
    await desk.call("focus", {"conversation": None}, anna)
    assert anna.focus is None
