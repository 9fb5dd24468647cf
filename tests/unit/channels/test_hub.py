"""Who comes in, what they are sent, and in which order."""

import asyncio

import pytest

from domain.errors import Forbidden, Unavailable
from domain.publications import Position, Publication
from realtime.channels.channel import MAX_BUFFERED, MAX_BUFFERED_BYTES
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import THREAD, a_stage, changes, entry, opening, turns

# --- coming in --------------------------------------------------------------------------------


@virtually
async def test_first_the_bus_confirms_then_it_is_read_once_then_it_is_told() -> None:
    async with a_stage() as stage:
        stage.bus.confirms.clear()
        anna = stage.listener()
        coming = anna.subscribe()
        await turns()
        assert stage.journal == ["ask bus for thread:1"]
        assert not stage.reads.openings

        stage.bus.confirms.set()
        await (await stage.reads.openings.only()).answer([opening(7)])
        await coming
        await stage.deliver(8)

        assert stage.journal == ["ask bus for thread:1", "reply 7", "write [8]"]
        assert not stage.reads.openings


@virtually
async def test_what_comes_while_it_is_read_is_written_right_behind_the_reply() -> None:
    async with a_stage() as stage:
        anna = stage.listener()
        coming = anna.subscribe()
        reading = await stage.reads.openings.only()
        await stage.deliver(6, 7, 8, 9)
        assert anna.writes == []

        await reading.answer([opening(7)])
        await coming

        assert stage.journal[-2:] == ["reply 7", "write [8, 9]"]
        await stage.deliver(9, 10)
        assert anna.heard == [8, 9, 10]


@virtually
async def test_what_comes_in_the_turn_of_the_reply_comes_behind_it_and_once() -> None:
    async with a_stage() as stage:
        sabine = await stage.live(7)
        anna = stage.listener()
        coming = anna.subscribe()
        reading = await stage.reads.openings.only()
        stage.hub.deliver(entry(8))
        await reading.answer([opening(7)])
        await coming

        assert stage.journal.index("reply 7", 2) < stage.journal.index("write [8]", 5)
        assert anna.heard == sabine.heard == [8]


@virtually
async def test_who_is_refused_is_not_let_in_and_the_channel_is_left() -> None:
    async with a_stage() as stage:
        anna = stage.listener()
        coming = anna.subscribe()
        await (await stage.reads.openings.only()).answer([Forbidden("not yours")])
        with pytest.raises(Forbidden):
            await coming
        await stage.deliver(1)

        assert anna.writes == []
        assert stage.journal[-1] == "leave thread:1"
        assert stage.hub.figures.channels == 0


@virtually
async def test_who_is_refused_leaves_those_alone_who_are_in() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        coming = stage.listener().subscribe()
        await (await stage.reads.openings.only()).answer([Forbidden("not yours")])
        with pytest.raises(Forbidden):
            await coming
        await stage.deliver(8)

        assert anna.heard == [8]


@virtually
async def test_who_leaves_while_coming_is_told_so_and_hears_nothing() -> None:
    async with a_stage() as stage:
        anna = stage.listener()
        coming = anna.subscribe()
        reading = await stage.reads.openings.only()
        stage.hub.unsubscribe(anna, THREAD)
        assert stage.journal[-1] == "leave thread:1"
        await reading.answer([opening(7)])
        with pytest.raises(Unavailable):
            await coming
        await stage.deliver(8)

        assert "reply 7" not in stage.journal
        assert anna.writes == []


@virtually
async def test_who_gives_up_leaves_nothing_behind() -> None:
    async with a_stage() as stage:
        stage.bus.confirms.clear()
        coming = stage.listener().subscribe()
        await turns()
        coming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await coming

        assert stage.hub.figures.channels == 0
        assert stage.journal[-1] == "leave thread:1"


@virtually
async def test_who_subscribes_anew_is_answered_afresh_and_hears_each_entry_once() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        await stage.deliver(8)
        again = anna.subscribe(Position(8, "e"))
        reading = await stage.reads.openings.only()
        await stage.deliver(9)
        assert anna.heard == [8]

        await reading.answer([opening(9, 9)])
        await again
        await stage.deliver(10)

        assert anna.heard == [8, 10]


@virtually
async def test_a_subscribe_that_is_overtaken_is_refused_and_the_later_one_counts() -> None:
    async with a_stage() as stage:
        anna = stage.listener()
        first = anna.subscribe()
        reading = await stage.reads.openings.only()
        second = anna.subscribe()
        later = await stage.reads.openings.only()
        await reading.answer([opening(7)])
        with pytest.raises(Unavailable):
            await first
        await later.answer([opening(7)])
        await second
        await stage.deliver(8)

        assert stage.journal.count("reply 7") == 1
        assert anna.heard == [8]


@virtually
async def test_who_is_closed_by_what_it_is_told_hears_nothing_more() -> None:
    async with a_stage() as stage:
        await stage.live(7)
        anna = stage.listener()
        anna.opened = lambda _: stage.hub.unsubscribe(anna, THREAD)
        coming = anna.subscribe()
        reading = await stage.reads.openings.only()
        await stage.deliver(8)
        await reading.answer([opening(7)])
        await coming
        await stage.deliver(9)

        assert anna.writes == []


@virtually
async def test_who_cannot_be_told_is_not_let_in() -> None:
    async with a_stage() as stage:

        def fail(_: object) -> None:
            raise Forbidden("not like this")

        anna = stage.listener()
        anna.opened = fail
        coming = anna.subscribe()
        await (await stage.reads.openings.only()).answer([opening(7)])
        with pytest.raises(Forbidden):
            await coming

        assert stage.hub.figures.channels == 0


# --- readings and what was handed out ---------------------------------------------------------


@virtually
async def test_a_reading_that_is_older_than_what_was_handed_out_is_repeated() -> None:
    """Two come at once; the later reading is done sooner, and says where buffers begin."""
    async with a_stage() as stage:
        anna, sabine = stage.listener(), stage.listener()
        annas = anna.subscribe()
        older = await stage.reads.openings.only()
        sabines = sabine.subscribe()
        newer = await stage.reads.openings.only()
        await newer.answer([opening(9)])
        await sabines
        await older.answer([opening(7)])
        assert "reply 7" not in stage.journal

        await (await stage.reads.openings.only()).answer([opening(9)])
        await annas
        await stage.deliver(10)

        assert anna.heard == sabine.heard == [10]


@virtually
async def test_a_reading_that_is_newer_waits_until_the_others_have_heard_as_much() -> None:
    async with a_stage() as stage:
        sabine = await stage.live(7)
        anna = stage.listener()
        coming = anna.subscribe()
        await (await stage.reads.openings.only()).answer([opening(9)])
        assert not coming.done()
        await stage.deliver(8, 9)
        await coming
        await stage.deliver(9, 10)

        assert not stage.reads.missing
        assert sabine.heard == [8, 9, 10]
        assert anna.heard == [10]


@virtually
async def test_a_reading_that_is_newer_fills_what_the_bus_has_lost() -> None:
    async with a_stage() as stage:
        sabine = await stage.live(7)
        anna = stage.listener()
        coming = anna.subscribe()
        await (await stage.reads.openings.only()).answer([opening(9)])
        await (await stage.reads.missing.only()).answer(changes(10, 8, 9, 10))
        await coming
        await stage.deliver(10, 11)

        assert sabine.heard == [8, 9, 10, 11]
        assert anna.heard == [10, 11]


@virtually
async def test_who_leaves_while_a_gap_is_filled_does_not_wait_for_it() -> None:
    async with a_stage() as stage:
        await stage.live(7)
        anna = stage.listener()
        coming = anna.subscribe()
        await (await stage.reads.openings.only()).answer([opening(9)])
        await stage.reads.missing.only()
        stage.hub.unsubscribe(anna, THREAD)
        with pytest.raises(Unavailable):
            async with asyncio.timeout(1):
                await coming


@virtually
async def test_what_cannot_be_filled_for_one_who_comes_is_told_in_time_by_who_asks() -> None:
    async with a_stage() as stage:
        await stage.live(7)
        coming = stage.listener().subscribe()
        await (await stage.reads.openings.only()).answer([opening(9)])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4):
                await coming


@pytest.mark.parametrize(("count", "size"), [(MAX_BUFFERED + 1, 1), (3, MAX_BUFFERED_BYTES // 2)])
@virtually
async def test_who_would_miss_too_much_while_it_comes_has_to_ask_again(
    count: int, size: int
) -> None:
    async with a_stage() as stage:
        await stage.live(0)
        anna = stage.listener()
        coming = anna.subscribe()
        reading = await stage.reads.openings.only()
        for offset in range(1, count + 1):
            stage.hub.deliver(Publication(THREAD, b'"%b"' % (b"x" * size), offset))
        await reading.answer([opening(0)])
        with pytest.raises(Unavailable):
            await coming

        assert anna.writes == []


@virtually
async def test_another_numbering_puts_everybody_out_to_come_again() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        sabine = stage.listener()
        coming = sabine.subscribe()
        await (await stage.reads.openings.only()).answer([opening(3, epoch="another")])
        with pytest.raises(Unavailable):
            await coming
        assert anna.lost == [THREAD]

        again = sabine.subscribe()
        await (await stage.reads.openings.only()).answer([opening(3, epoch="another")])
        await again
        await stage.deliver(4)
        assert sabine.heard == [4]
        assert anna.heard == []


@virtually
async def test_recoveries_are_counted() -> None:
    async with a_stage() as stage:
        for missed in ((), (8, 9)):
            coming = stage.listener().subscribe(Position(7, "e"))
            await (await stage.reads.openings.only()).answer([opening(9, *missed)])
            await coming
        await stage.live(9)

        figures = stage.hub.figures
        assert (figures.recoveries, figures.recovered) == (2, 1)
        assert (sum(figures.replayed.counts), figures.replayed.total) == (1, 2)
