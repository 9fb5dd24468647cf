"""Openings of one turn share a reading, and nobody waits for ever."""

import asyncio
from collections.abc import Sequence

import pytest

from domain.errors import Forbidden, OrderwireError, TooMany, Unavailable
from domain.publications import Opening, OpenRequest
from realtime.channels.openings import MAX_BATCH, MAX_READS, Openings
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import ANNA, ScriptedReads, opening, turns

Reading = asyncio.Task[Opening]


def begin(openings: Openings, *channels: str) -> list[Reading]:
    """Ask for openings in one turn."""
    requests = [OpenRequest(channel, ANNA) for channel in channels]
    return [asyncio.create_task(openings.read(request)) for request in requests]


def channels_of(asked: Sequence[OpenRequest]) -> list[str]:
    """Name the channels of a reading."""
    return [request.channel for request in asked]


@virtually
async def test_those_of_one_turn_are_read_together_and_each_gets_its_own() -> None:
    reads = ScriptedReads()
    first, second, third = begin(Openings(reads), "a", "b", "c")
    question = await reads.openings.only()
    assert channels_of(question.asked) == ["a", "b", "c"]
    await question.answer([opening(1), Forbidden("not yours"), opening(3)])

    assert (await first).changes.position.offset == 1
    with pytest.raises(Forbidden):
        await second
    assert (await third).changes.position.offset == 3


@virtually
async def test_what_comes_while_all_readers_are_at_work_is_read_with_the_next() -> None:
    reads = ScriptedReads()
    openings = Openings(reads)
    for number in range(MAX_READS):
        begin(openings, f"early {number}")
        await turns()
    late = begin(openings, "late 1", "late 2")
    await turns()
    assert len(reads.openings) == MAX_READS

    question = reads.openings.pop(0)
    await question.answer([opening(1)])
    assert channels_of(reads.openings[-1].asked) == ["late 1", "late 2"]
    await reads.openings[-1].answer([opening(7), opening(8)])
    assert [(await each).changes.position.offset for each in late] == [7, 8]


@virtually
async def test_a_reading_is_never_larger_than_a_bound() -> None:
    reads = ScriptedReads()
    begin(Openings(reads), *map(str, range(MAX_BATCH + 1)))
    await turns()
    assert sorted(len(each.asked) for each in reads.openings) == [1, MAX_BATCH]


@virtually
async def test_who_has_given_up_is_not_read_for() -> None:
    reads = ScriptedReads()
    openings = Openings(reads)
    first, second = begin(openings, "a", "b")
    await asyncio.sleep(0)
    first.cancel()
    question = await reads.openings.only()
    assert channels_of(question.asked) == ["b"]
    second.cancel()
    await question.answer([opening(1)])

    (third,) = begin(openings, "c")
    await asyncio.sleep(0)
    third.cancel()
    await turns()
    assert not reads.openings


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Unavailable("not now"), Unavailable),
        (TooMany("later"), TooMany),
    ],
)
@virtually
async def test_when_a_reading_fails_everybody_hears_of_it(
    error: Exception, told: type[OrderwireError]
) -> None:
    reads = ScriptedReads()
    openings = Openings(reads)
    waiting = begin(openings, "a", "b")
    await (await reads.openings.only()).fail(error)
    for each in waiting:
        with pytest.raises(told):
            await each
    (again,) = begin(openings, "a")
    await (await reads.openings.only()).answer([opening(1)])
    assert (await again).changes.position.offset == 1


class Minding:
    """Storage that cannot be asked for some channels, nor for others along with them."""

    def __init__(self, *minded: str) -> None:
        self.minded = set(minded)

    async def open_many(self, requests: Sequence[OpenRequest]) -> Sequence[Opening]:
        """Answer, or break."""
        if self.minded.intersection(channels_of(requests)):
            raise KeyError("a bug")
        return [opening(int(request.channel)) for request in requests]


@virtually
async def test_what_cannot_be_read_fails_alone() -> None:
    waiting = begin(Openings(Minding("3", "7")), *map(str, range(10)))
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    failed = {n for n, outcome in enumerate(outcomes) if isinstance(outcome, Unavailable)}
    opened = {each.changes.position.offset for each in outcomes if isinstance(each, Opening)}
    assert (failed, opened) == ({3, 7}, set(range(10)) - {3, 7})


class Immediate:
    """Storage that answers without a turn in between."""

    async def open_many(self, requests: Sequence[OpenRequest]) -> Sequence[Opening]:
        """Answer at once."""
        return [opening(1) for _ in requests]


@virtually
async def test_who_asks_in_the_very_turn_in_which_all_readers_end_is_read_for() -> None:
    openings = Openings(Immediate())

    async def twice() -> None:
        await openings.read(OpenRequest("a", ANNA))
        await openings.read(OpenRequest("a", ANNA))

    async with asyncio.timeout(1):
        await asyncio.gather(*[twice() for _ in range(5)])


@virtually
async def test_closing_ends_the_readings() -> None:
    reads = ScriptedReads()
    openings = Openings(reads)
    waiting = begin(openings, "a")
    await turns()
    await openings.close()
    await turns()
    assert asyncio.all_tasks() == {asyncio.current_task(), *waiting}
    waiting[0].cancel()
