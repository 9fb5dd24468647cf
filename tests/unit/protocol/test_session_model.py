"""Whatever is said, and whenever: each command is answered once, and time is kept."""

from collections import Counter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from realtime.protocol import codes
from realtime.protocol.effects import (
    Answer,
    Authenticate,
    Call,
    Effect,
    End,
    Leave,
    Open,
    Ping,
    ReadHistory,
    ReadPresence,
    Renew,
)
from realtime.protocol.replies import SubscribeResult
from realtime.protocol.session import State
from tests.unit.protocol.talk import Talk

CHANNELS = ("thread:1", "thread:2", "inbox:anna")
PING, PONG, MUST_CONNECT, GRACE = 25.0, 8.0, 30.0, 25.0
TTL = 120.0
Asked = Open | ReadHistory | ReadPresence | Call | Renew


class AnySession(RuleBasedStateMachine):
    """A client that says anything, and a gateway that does what the session wants, or cannot."""

    def __init__(self) -> None:
        super().__init__()
        self.talk = Talk()
        self.said: set[int] = set()
        self.answers: Counter[int] = Counter()
        self.connect = 0
        # What was asked of the gateway, and is not done.
        self.wanted: list[Asked] = []
        self.channels: dict[str, int] = {}
        self.ended = 0
        self.heard_at = self.talk.now
        self.pinged_at = 0.0
        self.awaits_pong = False
        self.expires_at = 0.0

    # --- what is said -----------------------------------------------------------------------------

    @initialize(hurry=st.booleans())
    def begins(self, hurry: bool) -> None:
        """Connect, perhaps with more in the same breath."""
        if hurry:
            self.say(connect={"token": "t"})
            self.say(subscribe={"channel": CHANNELS[0]})

    @rule(channel=st.sampled_from(CHANNELS))
    def subscribes(self, channel: str) -> None:
        self.say(subscribe={"channel": channel})

    @rule(channel=st.sampled_from(CHANNELS))
    def unsubscribes(self, channel: str) -> None:
        self.say(unsubscribe={"channel": channel})

    @rule(
        method=st.sampled_from(
            [
                {"connect": {"token": "t"}},
                {"rpc": {"method": "m", "data": {}}},
                {"history": {"channel": CHANNELS[0]}},
                {"presence": {"channel": CHANNELS[1]}},
                {"refresh": {"token": "t"}},
                {"ping": {}},
                {"publish": {"channel": CHANNELS[0]}},
                {"subscribe": {"channel": ""}},
                {"rpc": {"method": 5}},
                {"dance": {}},
            ]
        )
    )
    def says_anything_else(self, method: dict[str, Any]) -> None:
        self.say(**method)

    @rule()
    def pongs(self) -> None:
        self.take(self.talk.send(b"{}"))
        self.is_heard()

    def say(self, **method: Any) -> None:
        """Say one command, and note that it wants an answer."""
        effects = self.talk.say(**method)
        command_id = self.talk.last_id
        self.is_heard()
        if not self.ended:
            self.said.add(command_id)
        self.take(effects)

    def is_heard(self) -> None:
        """Note that whatever comes in counts as life."""
        self.heard_at = self.talk.now
        self.awaits_pong = False

    # --- what is done -----------------------------------------------------------------------------

    @precondition(lambda self: self.talk.session.state is State.CONNECTING)
    @rule(is_let_in=st.sampled_from([True, True, True, False]))
    def is_answered(self, is_let_in: bool) -> None:
        if is_let_in:
            self.expires_at = self.talk.now + TTL + GRACE
            self.pinged_at = self.talk.now
            self.take(self.talk.let_in(ttl=TTL, first_ping=PING, command_id=self.connect))
        else:
            failed = self.talk.session.connect_failed(self.connect, codes.INTERNAL)
            self.take(list(failed))
            # What came along is dropped in silence.
            self.said = set(self.answers)

    # Whoever drives a session lets it rest when it has ended.
    @precondition(lambda self: bool(self.wanted) and not self.ended)
    @rule(works=st.booleans(), place=st.integers(min_value=0))
    def is_done(self, works: bool, place: int) -> None:
        effect = self.wanted.pop(place % len(self.wanted))
        session, now = self.talk.session, self.talk.now
        if isinstance(effect, Open):
            self.is_opened(effect, works)
        elif isinstance(effect, Renew) and works:
            self.expires_at = now + TTL + GRACE
            self.take(list(session.renewed(effect.id, ttl=TTL, now=now)))
        else:
            self.take(list(session.fail(effect.id, codes.INTERNAL, now)))

    def is_opened(self, effect: Open, works: bool) -> None:
        """Open a channel, unless it was left meanwhile, or asked for again."""
        session, now, channel = self.talk.session, self.talk.now, effect.channel
        is_wanted = self.channels.get(channel) == effect.id
        if is_wanted and works:
            self.take(list(session.opened(effect.id, SubscribeResult())))
            return
        if is_wanted:
            del self.channels[channel]
        self.take(list(session.open_failed(effect.id, channel, codes.INTERNAL, now)))

    @rule(seconds=st.sampled_from([0.1, 1.0, 7.9, 8.0, 25.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        until = self.talk.now + seconds
        for effect, at in self.talk.wait_by_steps(seconds):
            self.keep_time(effect, at)
        assert self.talk.now == until

    # --- what must be true ------------------------------------------------------------------------

    def take(self, effects: list[Effect]) -> None:
        """Note what the session wants."""
        for effect in effects:
            assert not self.ended, f"{effect} after the end"
            self.note(effect)

    def note(self, effect: Effect) -> None:
        if isinstance(effect, Answer):
            self.answers[effect.reply.id] += 1
            assert effect.reply.id in self.said, "an answer to nothing"
        elif isinstance(effect, End):
            self.ended = effect.disconnect.code
        elif isinstance(effect, Authenticate):
            assert not self.connect, "once"
            self.connect = effect.id
        elif isinstance(effect, Leave):
            assert self.channels.pop(effect.channel)
        else:
            assert not isinstance(effect, Ping), "a ping comes with time"
            assert self.talk.session.state is State.CONNECTED
            self.wanted.append(effect)
            if isinstance(effect, Open):
                self.channels[effect.channel] = effect.id

    def keep_time(self, effect: Effect, at: float) -> None:
        """See that what comes with time comes at its time."""
        if isinstance(effect, Ping):
            assert at - self.pinged_at == PING
            self.pinged_at = at
            self.awaits_pong = True
        else:
            assert isinstance(effect, End)
            self.ended = effect.disconnect.code
            if self.ended == codes.NO_PONG.code:
                assert self.heard_at <= self.pinged_at
                assert at - self.pinged_at == PONG
            elif self.ended == codes.EXPIRED.code:
                assert at == self.expires_at
            else:
                assert self.ended == codes.NOT_CONNECTED_IN_TIME.code

    @invariant()
    def nobody_is_answered_twice(self) -> None:
        assert all(count == 1 for count in self.answers.values())

    @invariant()
    def what_is_not_answered_is_under_way(self) -> None:
        if self.ended or self.talk.session.state is not State.CONNECTED:
            return
        assert self.said - set(self.answers) == {each.id for each in self.wanted}

    @invariant()
    def its_channels_are_those_that_were_asked_for(self) -> None:
        if not self.ended:
            assert self.talk.session.channels == self.channels

    @invariant()
    def it_does_not_outlast_its_times(self) -> None:
        if self.ended or self.talk.session.state is State.REFUSED:
            return
        if self.talk.session.state is State.CONNECTED:
            assert self.talk.now <= self.expires_at
            assert not self.awaits_pong or self.talk.now <= self.pinged_at + PONG
        else:
            assert self.talk.now <= self.talk.begun + MUST_CONNECT


TestAnySession = AnySession.TestCase
TestAnySession.settings = settings(max_examples=60, stateful_step_count=40)
