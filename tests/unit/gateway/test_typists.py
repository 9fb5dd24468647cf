"""Typing is told once in two seconds and account, and a thread never keeps an old word of it."""

import asyncio
import json
from collections.abc import Sequence

from domain.publications import Publication
from realtime.gateway.typists import MOST_THREADS, Typists
from tests.support.virtual_time import virtually

A, B, C = "thread:a", "thread:b", "thread:c"


class Desk:
    """Threads that hear who writes, and when; one connection that has them open."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.left: set[str] = set()
        # (when, account, channel, typing)
        self.told: list[tuple[float, str, str, bool]] = []
        self.typists = Typists(announce=self._announce, call_later=self.loop.call_later)

    def _announce(self, told: Publication) -> None:
        said = json.loads(told.data)
        assert (said["type"], said["expires_in"], told.offset) == ("typing", 6, 0)
        self.told.append((self.loop.time(), said["account"], told.channel, said["typing"]))

    def listens(self, channel: str) -> bool:
        """Tell whether it is open."""
        return channel not in self.left

    def types(self, channel: str, typing: bool = True, *, account: str = "anna") -> None:
        """Say that an account writes."""
        self.typists.note(account, channel, typing=typing, caller=self)

    def heard(self) -> Sequence[tuple[float, str, bool]]:
        """List when which thread was told what of Anna."""
        return [
            (when, channel, typing) for when, who, channel, typing in self.told if who == "anna"
        ]


@virtually
async def test_the_first_word_is_told_at_once_and_the_same_word_is_not_repeated() -> None:
    desk = Desk()
    for _ in range(3):
        desk.types(A)
    await asyncio.sleep(1.9)
    desk.types(A)
    await asyncio.sleep(3)

    assert desk.heard() == [(0.0, A, True)]


@virtually
async def test_who_goes_on_writing_is_told_of_again() -> None:
    desk = Desk()
    for _ in range(7):
        desk.types(A)
        await asyncio.sleep(0.75)

    assert desk.heard() == [(0.0, A, True), (2.25, A, True), (4.5, A, True)]


@virtually
async def test_that_somebody_stopped_is_told_as_soon_as_it_may_be() -> None:
    desk = Desk()
    desk.types(A)
    await asyncio.sleep(0.5)
    desk.types(A, False)
    await asyncio.sleep(10)

    assert desk.heard() == [(0.0, A, True), (2.0, A, False)]
    assert desk.typists._typists == {}


@virtually
async def test_only_the_last_word_counts() -> None:
    desk = Desk()
    desk.types(A)
    desk.types(A, False)
    desk.types(A)
    await asyncio.sleep(1)
    desk.types(B)
    desk.types(B, False)
    desk.types(B)
    await asyncio.sleep(10)

    assert desk.heard() == [(0.0, A, True), (2.0, B, True)]


@virtually
async def test_who_moves_on_to_another_thread_leaves_no_trace_in_the_first() -> None:
    desk = Desk()
    desk.types(A)
    await asyncio.sleep(1)
    desk.types(A, False)
    desk.types(B)
    await asyncio.sleep(1.5)
    desk.types(C)
    await asyncio.sleep(10)

    assert desk.heard() == [(0.0, A, True), (2.0, A, False), (4.0, B, True), (6.0, C, True)]


@virtually
async def test_nobody_holds_up_anybody_else() -> None:
    desk = Desk()
    desk.types(A)
    desk.types(A, account="sabine")

    assert [who for _, who, _, _ in desk.told] == ["anna", "sabine"]


@virtually
async def test_of_who_has_left_only_the_end_is_told() -> None:
    desk = Desk()
    desk.types(A)
    desk.types(B)
    desk.types(A, False)
    desk.left = {A, B}
    await asyncio.sleep(10)

    assert desk.heard() == [(0.0, A, True), (2.0, A, False)]
    assert desk.typists._typists == {}


@virtually
async def test_what_waits_is_bounded() -> None:
    desk = Desk()
    for number in range(100):
        desk.types(f"thread:{number}")
    await asyncio.sleep(1_000)

    expected = [0, *range(100 - MOST_THREADS, 100)]
    assert [channel for _, channel, _ in desk.heard()] == [f"thread:{n}" for n in expected]
    assert desk.typists._typists == {}
