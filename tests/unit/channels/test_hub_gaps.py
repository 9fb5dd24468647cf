"""Gaps: closed by themselves, filled from the database, found by comparing, or the end."""

import asyncio
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from domain.errors import NotFound, Unavailable
from domain.publications import Changes, Position
from realtime.channels.channel import MAX_HELD
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import THREAD, Stage, a_stage, changes, opening, turns

CHECK = 26.0


@virtually
async def test_what_comes_too_early_waits_for_the_one_before_it() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        await stage.deliver(9, 10)
        assert anna.heard == []
        await stage.deliver(8)
        assert anna.heard == [8, 9, 10]
        await asyncio.sleep(1)

        assert not stage.reads.missing
        assert stage.hub.figures.gaps.total() == 0


@virtually
async def test_a_gap_is_filled_before_anything_later_goes_out() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        await stage.deliver(10)
        reading = await stage.reads.missing.only()
        assert reading.asked == (THREAD, 7)
        await stage.deliver(11)
        assert anna.heard == []
        await reading.answer(changes(10, 8, 9, 10))

        assert anna.heard == [8, 9, 10, 11]
        assert stage.hub.figures.gaps == {"order": 1}


@virtually
async def test_a_gap_behind_the_one_that_is_filled_is_filled_too() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        await stage.deliver(9)
        reading = await stage.reads.missing.only()
        await stage.deliver(12)
        await reading.answer(changes(9, 8, 9))
        assert anna.heard == [8, 9]
        await (await stage.reads.missing.only()).answer(changes(12, 10, 11, 12))

        assert anna.heard == [8, 9, 10, 11, 12]


@virtually
async def test_what_comes_by_itself_while_a_gap_is_filled_is_not_sent_twice() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        await stage.deliver(9)
        reading = await stage.reads.missing.only()
        await stage.deliver(8, 10)
        await reading.answer(changes(9, 8, 9))
        await asyncio.sleep(1)

        assert anna.heard == [8, 9, 10]
        assert not stage.reads.missing


@virtually
async def test_an_inbox_is_filled_with_the_latest_state_of_each_thing() -> None:
    async with a_stage() as stage:
        anna = await stage.live(2)
        await stage.deliver(9)
        reading = await stage.reads.missing.only()
        await stage.deliver(6)
        await reading.answer(changes(9, 5, 9))
        await stage.deliver(8, 10)

        assert anna.heard == [5, 9, 10]


@virtually
async def test_more_than_can_be_held_is_fetched() -> None:
    async with a_stage() as stage:
        anna = await stage.live(0)
        last = MAX_HELD + 10
        await stage.deliver(*range(2, last + 1))
        await (await stage.reads.missing.only()).answer(changes(1, 1))
        assert len(anna.heard) == MAX_HELD + 1
        rest = range(MAX_HELD + 2, last + 1)
        await (await stage.reads.missing.only()).answer(changes(last, *rest))

        assert anna.heard == list(range(1, last + 1))


@virtually
async def test_while_the_database_does_not_answer_it_is_asked_less_and_less_often() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        await stage.deliver(9)
        asked = []
        for _ in range(12):
            reading = await stage.reads.missing.only()
            asked.append(asyncio.get_running_loop().time())
            await reading.fail(Unavailable("not now"))
        waits = [round(later - sooner, 6) for sooner, later in pairwise(asked)]
        assert waits == sorted(waits)
        assert waits[0] == pytest.approx(0.04)
        assert waits[-1] == pytest.approx(5)

        await (await stage.reads.missing.only()).answer(changes(9, 8, 9))
        assert anna.heard == [8, 9]


@virtually
async def test_nothing_is_filled_for_nobody() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        await stage.deliver(9)
        stage.hub.unsubscribe(anna, THREAD)
        await asyncio.sleep(1)
        assert not stage.reads.missing

        await anna.goes_live(9)
        await stage.deliver(11)
        reading = await stage.reads.missing.only()
        stage.hub.unsubscribe(anna, THREAD)
        await reading.fail(Unavailable("not now"))
        await asyncio.sleep(60)
        assert not stage.reads.missing
        assert anna.heard == []


@virtually
async def test_an_error_that_nobody_expected_is_logged_and_the_next_gap_is_filled() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        await stage.deliver(9)
        await asyncio.sleep(0.1)
        with capture_logs() as logs:
            await (await stage.reads.missing.only()).fail(KeyError("a bug"))
        assert [each["event"] for each in logs] == ["hub_task_failed"]

        await stage.deliver(10)
        await (await stage.reads.missing.only()).answer(changes(10, 8, 9, 10))
        assert anna.heard == [8, 9, 10]


@pytest.mark.parametrize(
    "found",
    [
        changes(5_000, complete=False),
        changes(9, 8, 9, epoch="another"),
        changes(11, 8, 9),
        NotFound("there is no such channel"),
    ],
)
@virtually
async def test_what_cannot_be_filled_puts_everybody_out(found: Changes | NotFound) -> None:
    async with a_stage() as stage:
        anna, sabine = await stage.live(7), await stage.live(7)
        zoe = stage.listener()
        coming = zoe.subscribe()
        opening_of_zoe = await stage.reads.openings.only()
        await stage.deliver(10)
        reading = await stage.reads.missing.only()
        if isinstance(found, NotFound):
            await reading.fail(found)
        else:
            await reading.answer(found)
        await opening_of_zoe.answer([opening(7)])
        with pytest.raises(Unavailable):
            await coming

        assert anna.lost == sabine.lost == [THREAD]
        assert (stage.hub.figures.lost, stage.hub.figures.channels) == (1, 0)
        await stage.deliver(11)
        assert anna.heard in ([], [8, 9, 10])
        await anna.goes_live(5_000)
        await stage.deliver(5_001)
        assert anna.heard[-1] == 5_001


@virtually
async def test_a_reading_from_before_everybody_was_put_out_moves_nothing() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        await stage.deliver(9)
        reading = await stage.reads.missing.only()
        coming = stage.listener().subscribe()
        await (await stage.reads.openings.only()).answer([opening(3, epoch="another")])
        with pytest.raises(Unavailable):
            await coming
        await anna.goes_live(5)
        await reading.answer(changes(9, 8, 9))
        await asyncio.sleep(1)

        assert anna.heard == []
        assert not stage.reads.missing


# --- comparing --------------------------------------------------------------------------------


async def compared(stage: Stage, *positions: int, epoch: str = "e") -> None:
    """Wait for the periodic check, and answer it."""
    question = await stage.reads.checks.only()
    await question.answer(
        {name: Position(at, epoch) for name, at in zip(question.asked, positions, strict=True)}
    )


@virtually
async def test_what_the_bus_lost_last_is_found_by_comparing_within_25_seconds() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        begun = asyncio.get_running_loop().time()
        await compared(stage, 9)
        assert asyncio.get_running_loop().time() - begun <= CHECK
        await asyncio.sleep(1)
        await (await stage.reads.missing.only()).answer(changes(9, 8, 9))

        assert anna.heard == [8, 9]
        assert stage.hub.figures.behind == 1
        assert stage.hub.figures.gaps == {"check": 1}


@virtually
async def test_each_channel_is_compared_once_in_25_seconds() -> None:
    async with a_stage() as stage:
        await stage.live(7)
        begun = asyncio.get_running_loop().time()
        for _ in range(4):
            await compared(stage, 7)
        assert 75 <= asyncio.get_running_loop().time() - begun <= 4 * CHECK


@virtually
async def test_a_commit_that_is_on_its_way_is_no_gap() -> None:
    """Two looks have to agree."""
    async with a_stage() as stage:
        anna = await stage.live(7)
        await compared(stage, 8)
        await stage.deliver(8)
        await asyncio.sleep(1)

        assert anna.heard == [8]
        assert stage.hub.figures.behind == 0
        assert not stage.reads.missing


@virtually
async def test_a_channel_that_is_gone_from_the_database_is_left_alone() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        await (await stage.reads.checks.only()).answer({})
        await stage.deliver(8)

        assert anna.heard == [8]


@pytest.mark.parametrize(("position", "epoch"), [(5, "e"), (8, "another")])
@virtually
async def test_a_database_that_has_lost_something_puts_everybody_out(
    position: int, epoch: str
) -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        await compared(stage, position, epoch=epoch)
        await asyncio.sleep(1)

        assert anna.lost == [THREAD]


@virtually
async def test_what_is_handed_out_while_it_is_compared_is_no_loss_of_the_database() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        question = await stage.reads.checks.only()
        await stage.deliver(8, 9)
        await question.answer({THREAD: Position(7, "e")})
        await asyncio.sleep(1)

        assert anna.lost == []


@pytest.mark.parametrize("error", [Unavailable("not now"), KeyError("a bug")])
@virtually
async def test_a_comparison_that_fails_is_not_the_last(error: Exception) -> None:
    async with a_stage() as stage:
        await stage.live(7)
        with capture_logs() as logs:
            await (await stage.reads.checks.only()).fail(error)
        assert len(logs) == 1
        await compared(stage, 7)


@virtually
async def test_when_the_bus_was_away_everything_is_compared_at_once() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        stage.hub.unsure()
        await (await stage.reads.checks.only()).answer({THREAD: Position(9, "e")})
        await (await stage.reads.missing.only()).answer(changes(9, 8, 9))

        assert anna.heard == [8, 9]
        assert stage.hub.figures.gaps == {"bus": 1}


@virtually
async def test_who_comes_while_the_bus_was_away_misses_nothing() -> None:
    """Its reading was made before, what the bus lost came after: it is read again."""
    async with a_stage() as stage:
        anna = stage.listener()
        coming = anna.subscribe()
        reading = await stage.reads.openings.only()
        stage.hub.unsure()
        await (await stage.reads.checks.only()).answer({THREAD: Position(9, "e")})
        await reading.answer([opening(7)])
        await (await stage.reads.openings.only()).answer([opening(9)])
        await coming

        assert stage.journal[-1] == "reply 9"
        assert stage.hub.figures.behind == 0


@virtually
async def test_many_channels_are_compared_in_a_few_questions() -> None:
    async with a_stage() as stage:
        for number in range(1_200):
            name = f"thread:{number}"
            stage.hub._make(name)
        stage.hub.unsure()
        await turns()
        sizes = []
        while stage.reads.checks:
            question = await stage.reads.checks.only()
            sizes.append(len(question.asked))
            await question.answer({})
        assert sizes == [500, 500, 200]
