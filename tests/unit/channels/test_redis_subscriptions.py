"""Subscriptions against a model of Redis, which does as it is told, late, or is gone."""

import asyncio
from collections import deque
from collections.abc import Callable

import hiredis
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.channels.redis_subscriptions import BATCH, Subscriptions

KEYS = (b"a", b"b", b"c")


class World:
    """One node, one server, and what is on its way between them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.subscriptions = Subscriptions(patience=1.0)
        self.connected = False
        self.wanted: set[bytes] = set()
        self.waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self.commands: deque[list[bytes]] = deque()
        self.confirmations: deque[bytes] = deque()
        self.subscribed: set[bytes] = set()

    def want(self, key: bytes) -> None:
        """Want a channel; where there is nothing to wait for, it is heard."""
        self.wanted.add(key)
        confirmation = self.subscriptions.want(key)
        if confirmation is not None:
            self.waiting.append((key, confirmation))
        elif self.connected:
            assert key in self.subscribed

    def forget(self, key: bytes) -> None:
        """Want it no more."""
        self.wanted.discard(key)
        self.subscriptions.forget(key, self.now)

    def connect(self, _key: bytes = b"") -> None:
        """Make a connection, if there is none."""
        if not self.connected:
            self.connected = True
            self.subscriptions.connected()

    def drop(self, _key: bytes = b"") -> None:
        """Lose the connection and all that is on its way; nobody waits for that."""
        self.connected = False
        for gone in (self.commands, self.confirmations, self.subscribed):
            gone.clear()
        self.subscriptions.disconnected()
        assert all(confirmation.done() for _, confirmation in self.waiting)
        self.waiting = []

    def wait(self, _key: bytes = b"") -> None:
        """Let the patience with channels left so far end."""
        self.now += 1.0

    def ask(self, _key: bytes = b"") -> None:
        """Send what is to be asked."""
        if self.connected:
            self._send(*self.subscriptions.questions())

    def let_go(self, _key: bytes = b"") -> None:
        """Send what is to be let go."""
        if self.connected:
            self._send(*self.subscriptions.farewells(self.now))

    def serve(self, _key: bytes = b"") -> None:
        """Let the server do the next thing."""
        if not self.commands:
            return
        verb, *keys = self.commands.popleft()
        assert 0 < len(keys) <= BATCH
        if verb == b"SUBSCRIBE":
            self.subscribed.update(keys)
            self.confirmations.extend(keys)
        else:
            assert verb == b"UNSUBSCRIBE"
            self.subscribed.difference_update(keys)

    def confirm(self, _key: bytes = b"") -> None:
        """Let the server's next word come; who is told so, and still wants it, is subscribed."""
        if not self.confirmations:
            return
        self.subscriptions.confirm(self.confirmations.popleft())
        told = [key for key, confirmation in self.waiting if confirmation.done()]
        assert self.subscribed.issuperset(self.wanted.intersection(told))
        self.waiting = [each for each in self.waiting if not each[1].done()]

    def settle(self) -> None:
        """Let everything come to its end on a connection that holds."""
        self.connect()
        for _ in range(2):
            self.ask()
            self._flush()
            self.wait()
            self.let_go()
            self._flush()

    def _flush(self) -> None:
        while self.commands or self.confirmations:
            self.serve()
            self.confirm()

    def _send(self, *commands: bytes) -> None:
        reader = hiredis.Reader()
        for command in commands:
            reader.feed(command)
            self.commands.append(reader.gets())


Step = Callable[[World, bytes], None]
STEPS: tuple[Step, ...] = (
    World.want,
    World.forget,
    World.connect,
    World.drop,
    World.wait,
    World.ask,
    World.let_go,
    World.serve,
    World.confirm,
)
steps = st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(KEYS)), max_size=60)


@settings(deadline=None, max_examples=200)
@given(steps)
def test_whatever_happens_what_is_wanted_is_subscribed_in_the_end(
    steps: list[tuple[Step, bytes]],
) -> None:
    async def story() -> None:
        world = World()
        for step, key in steps:
            step(world, key)
        world.settle()
        assert world.subscribed == world.wanted
        assert not world.subscriptions.waiting
        assert not world.subscriptions.lingering

    asyncio.run(story())


async def test_a_channel_left_before_it_is_confirmed_is_let_go_after_that() -> None:
    """Else its confirmation, come late, could be taken for that of a later question."""
    subscriptions = Subscriptions(patience=1.0)
    subscriptions.connected()
    subscriptions.want(b"a")
    subscriptions.forget(b"a", now=0.0)
    assert list(subscriptions.farewells(now=2.0)) == []
    subscriptions.confirm(b"a")
    assert len(list(subscriptions.farewells(now=2.0))) == 1
    assert not subscriptions.lingering


async def test_a_thousand_channels_are_three_commands() -> None:
    subscriptions = Subscriptions(patience=1.0)
    for number in range(2 * BATCH + 1):
        subscriptions.want(b"channel %d" % number)
    subscriptions.connected()
    assert len(list(subscriptions.questions())) == 3


async def test_only_the_last_of_what_was_wanted_restores() -> None:
    subscriptions = Subscriptions(patience=1.0)
    for key in KEYS:
        subscriptions.want(key)
    subscriptions.connected()
    assert [subscriptions.confirm(key) for key in (*KEYS, b"d")] == [False, False, True, False]
