"""What every presence does, on the one in memory and the one in Redis."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from realtime.channels.presence import LocalPresence, Presence
from realtime.channels.redis_presence import RedisPresence

THREAD = "thread:one"


@pytest.fixture(params=["memory", "redis"])
async def presence(request: pytest.FixtureRequest) -> AsyncIterator[Presence]:
    """The presence of one node."""
    kept: Presence
    if request.param == "memory":
        kept = LocalPresence()
    else:
        url = request.getfixturevalue("redis_url")
        kept = RedisPresence(url=url, node=uuid4().hex, prefix=f"test-{uuid4()}:")
    await kept.start()
    yield kept
    await kept.close()


async def test_who_has_entered_is_present(presence: Presence) -> None:
    presence.enter(THREAD, "phone", "alice")
    presence.enter(THREAD, "laptop", "alice")
    presence.enter(THREAD, "tablet", "bob")
    everybody = {"phone": "alice", "laptop": "alice", "tablet": "bob"}
    assert await presence.present(THREAD) == everybody


async def test_who_has_left_is_not(presence: Presence) -> None:
    presence.enter(THREAD, "phone", "alice")
    presence.enter(THREAD, "laptop", "alice")
    presence.leave(THREAD, "phone")
    assert await presence.present(THREAD) == {"laptop": "alice"}
    presence.leave(THREAD, "laptop")
    assert await presence.present(THREAD) == {}


async def test_channels_are_apart(presence: Presence) -> None:
    presence.enter(THREAD, "phone", "alice")
    presence.enter("thread:two", "phone", "alice")
    presence.leave(THREAD, "phone")
    assert await presence.present(THREAD) == {}
    assert await presence.present("thread:two") == {"phone": "alice"}


async def test_entering_twice_is_entering_once(presence: Presence) -> None:
    presence.enter(THREAD, "phone", "alice")
    presence.enter(THREAD, "phone", "alice")
    assert await presence.present(THREAD) == {"phone": "alice"}
    presence.leave(THREAD, "phone")
    assert await presence.present(THREAD) == {}


async def test_leaving_without_having_entered_does_nothing(presence: Presence) -> None:
    presence.leave(THREAD, "phone")
    presence.enter(THREAD, "phone", "alice")
    presence.leave(THREAD, "laptop")
    assert await presence.present(THREAD) == {"phone": "alice"}


async def test_what_is_told_is_a_copy(presence: Presence) -> None:
    presence.enter(THREAD, "phone", "alice")
    (await presence.present(THREAD)).clear()
    assert await presence.present(THREAD) == {"phone": "alice"}


async def test_who_has_left_can_come_back(presence: Presence) -> None:
    for _ in range(3):
        presence.enter(THREAD, "phone", "alice")
        presence.leave(THREAD, "phone")
    presence.enter(THREAD, "phone", "alice")
    assert await presence.present(THREAD) == {"phone": "alice"}


async def test_it_says_what_is_news(presence: Presence) -> None:
    assert presence.leave(THREAD, "phone") is None
    assert presence.enter(THREAD, "phone", "alice")
    assert not presence.enter(THREAD, "phone", "alice")
    assert presence.leave(THREAD, "phone") == "alice"
    assert presence.leave(THREAD, "phone") is None
    assert presence.enter(THREAD, "phone", "alice")
    assert await presence.surely_present(THREAD) == {"phone": "alice"}


async def test_closing_twice_does_no_harm(presence: Presence) -> None:
    await presence.close()
