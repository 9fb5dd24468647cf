"""What subscribers are sent: one write a turn, each in its encoding, and nothing behind the end."""

import asyncio

import pytest

from domain.errors import NotFound
from domain.publications import Publication
from realtime.protocol.formats import HTTP_STREAM_JSON, SSE_JSON
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import THREAD, Stage, a_stage, entry, opening, turns

# --- being sent -------------------------------------------------------------------------------


@virtually
async def test_what_one_turn_brings_is_one_write() -> None:
    async with a_stage() as stage:
        anna = await stage.live(0)
        await stage.deliver(1, 2, 3)
        await stage.deliver(4)

        assert anna.writes == [[1, 2, 3], [4]]


@virtually
async def test_what_was_seen_already_is_dropped() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        await stage.deliver(8, 8, 7, 1, 9, 8)

        assert anna.heard == [8, 9]


@virtually
async def test_what_is_not_stored_goes_to_those_who_are_in_and_counts_for_nothing() -> None:
    async with a_stage() as stage:
        anna = await stage.live(7)
        sabine = stage.listener()
        coming = sabine.subscribe()
        reading = await stage.reads.openings.only()
        await stage.deliver(0, 8, 0)
        await reading.answer([opening(7)])
        await coming

        assert anna.heard == [None, 8, None]
        assert sabine.heard == [8]


@virtually
async def test_who_is_backed_up_is_written_to_carefully_and_nobody_else() -> None:
    async with a_stage() as stage:
        anna, sabine = await stage.live(0), await stage.live(0)
        anna.backed_up = True
        await stage.deliver(0)
        await stage.deliver(0, 1)

        assert anna.writes == [[1]]
        assert sabine.writes == [[None], [None, 1]]
        assert stage.journal.count("write carefully") == 2


@virtually
async def test_each_is_written_to_in_its_own_encoding() -> None:
    async with a_stage() as stage:
        lines: list[bytes] = []
        events: list[bytes] = []
        for encoding, written in ((HTTP_STREAM_JSON, lines), (SSE_JSON, events)):
            listener = stage.listener(encoding)
            listener.write = written.append
            await listener.goes_live(0)
        await stage.deliver(1)

        assert lines == [HTTP_STREAM_JSON.publications([entry(1)])]
        assert events == [SSE_JSON.publications([entry(1)])]


@virtually
async def test_the_oldest_of_what_is_written_at_once_tells_how_long_the_way_was() -> None:
    async with a_stage() as stage:
        await stage.live(0)
        for offset, ago in ((1, 0.5), (2, 2.0), (3, -5.0)):
            publication = entry(offset)
            publication.announced_at = stage.wall - ago
            stage.hub.deliver(publication)
        await turns()
        seen = stage.hub.figures.commit_to_wire
        assert (sum(seen.counts), seen.total) == (1, 2.0)
        early = entry(4)
        early.announced_at = stage.wall + 1_000
        stage.hub.deliver(early)
        await turns()
        assert (seen.counts[0], seen.total) == (1, 2.0), "of two clocks one may be ahead"
        await stage.deliver(5, 0)

        assert sum(seen.counts) == 2, "what was read from the database has no such time"


@virtually
async def test_channels_do_not_know_of_each_other() -> None:
    async with a_stage() as stage:
        anna, sabine = await stage.live(7), stage.listener()
        await sabine.goes_live(3, "thread:2")
        for publication in (entry(8), entry(4, "thread:2"), entry(9), entry(1, "thread:3")):
            stage.hub.deliver(publication)
        await turns()

        assert anna.writes == [[8, 9]]
        assert sabine.writes == [[4]]


@virtually
async def test_who_has_left_hears_nothing_and_the_channel_goes_with_the_last() -> None:
    async with a_stage() as stage:
        anna, sabine = await stage.live(7), await stage.live(7)
        stage.hub.unsubscribe(anna, THREAD)
        stage.hub.unsubscribe(anna, THREAD)
        await stage.deliver(8)
        assert (anna.heard, sabine.heard) == ([], [8])
        assert "leave thread:1" not in stage.journal

        stage.hub.unsubscribe(sabine, THREAD)
        assert stage.journal[-1] == "leave thread:1"
        stage.hub.unsubscribe(sabine, THREAD)
        assert stage.hub.figures.channels == 0


@virtually
async def test_doorbells_and_what_nodes_say_to_each_other_are_handed_on() -> None:
    async with a_stage() as stage:
        said: list[Publication] = []
        await stage.hub.listen("node:1", said.append)
        stage.hub.ring("deliveries")
        stage.hub.deliver(Publication("node:1", b"{}"))
        stage.hub.deliver(Publication("node:2", b"{}"))

        assert stage.doorbells == ["deliveries"]
        assert said == [Publication("node:1", b"{}")]


@virtually
async def test_nobody_comes_between_nodes() -> None:
    """Who is refused there would leave the channel, and the node with it."""
    async with a_stage() as stage:
        said: list[Publication] = []
        await stage.hub.listen("node:1", said.append)
        for channel in ("node:1", "node:2"):
            with pytest.raises(NotFound):
                await stage.listener().subscribe(channel=channel)
        await stage.bus.announce([Publication("node:1", b"{}")], set())

        assert len(said) == 1
        assert "ask bus for node:2" not in stage.journal


@virtually
async def test_a_node_that_listens_no_more_leaves_the_channel_once() -> None:
    async with a_stage() as stage:
        said: list[Publication] = []
        await stage.hub.listen("node:1", said.append)
        for _ in range(2):
            stage.hub.unlisten("node:1")
        await stage.bus.announce([Publication("node:1", b"{}")], set())

        assert said == []
        assert stage.journal.count("leave node:1") == 1


@virtually
async def test_closing_ends_what_is_under_way() -> None:
    stage = Stage()
    await stage.hub.start()
    coming = stage.listener().subscribe()
    await turns()
    await stage.hub.close()
    await turns()

    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == [coming]
    coming.cancel()
