"""Whoever may not listen any more is let go: at once when it is told, else by the next check."""

import asyncio

import pytest

from domain.errors import Forbidden, NotFound, OrderwireError, Unavailable
from domain.identity import Identity, Role
from domain.publications import Changes, Opening, Position, rights_doorbell
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import ANNA, EPOCH, THREAD, Listener, Stage, a_stage, turns

SABINE = Identity("sabine")
OLGA = Identity("olga", Role.OPERATOR)
BELL = rights_doorbell(THREAD)


def seen(rights: int, top: int = 7) -> Opening:
    """Make an opening that saw so many changes of rights."""
    return Opening(Changes(Position(top, EPOCH, rights)), recovered=False)


async def live(stage: Stage, identity: Identity, rights: int = 0) -> Listener:
    """Let somebody in."""
    listener = stage.listener()
    coming = listener.subscribe(identity=identity)
    await (await stage.reads.openings.only()).answer([seen(rights)])
    await coming
    return listener


async def answer(stage: Stage, outcomes: dict[Identity, Opening | OrderwireError]) -> None:
    """Answer questions about these, one after the other, as they are asked."""
    for _ in outcomes:
        question = await stage.reads.openings.only()
        (asked,) = question.asked
        assert (asked.channel, asked.since) == (THREAD, None)
        await question.answer([outcomes[asked.identity]])


@virtually
async def test_who_may_not_any_more_is_let_go_and_the_others_stay() -> None:
    async with a_stage() as stage:
        anna, sabine, olga = [await live(stage, each) for each in (ANNA, SABINE, OLGA)]
        stage.hub.ring(BELL)
        await answer(stage, {ANNA: Forbidden("blocked"), SABINE: seen(1), OLGA: seen(1)})
        await stage.deliver(8)

        assert anna.dismissed == [THREAD]
        assert (sabine.dismissed, olga.dismissed) == ([], [])
        assert (anna.heard, sabine.heard, olga.heard) == ([], [8], [8])
        assert not stage.reads.openings


@virtually
async def test_all_connections_of_somebody_go_and_the_channel_with_the_last() -> None:
    async with a_stage() as stage:
        phone, laptop = [await live(stage, ANNA) for _ in range(2)]
        stage.hub.ring(BELL)
        await answer(stage, {ANNA: NotFound("gone")})

        assert phone.dismissed == laptop.dismissed == [THREAD]
        assert stage.hub.figures.channels == 0
        assert "leave thread:1" in stage.journal


@virtually
async def test_a_doorbell_of_something_else_asks_nothing() -> None:
    async with a_stage() as stage:
        await live(stage, ANNA)
        for doorbell in ("deliveries", rights_doorbell("thread:2"), "rights", ""):
            stage.hub.ring(doorbell)
        await turns()

        assert stage.reads.openings == []
        assert stage.doorbells == ["deliveries", rights_doorbell("thread:2"), "rights", ""]


@virtually
async def test_a_change_that_nobody_was_told_of_is_found_by_the_next_check() -> None:
    async with a_stage() as stage:
        anna, sabine = await live(stage, ANNA, 3), await live(stage, SABINE, 3)
        await (await stage.reads.checks.only()).answer({THREAD: Position(7, EPOCH, 4)})
        await answer(stage, {ANNA: Forbidden("blocked"), SABINE: seen(4)})
        assert anna.dismissed == [THREAD]
        await (await stage.reads.checks.only()).answer({THREAD: Position(7, EPOCH, 4)})

        assert stage.reads.openings == [], "it is known by now"
        assert sabine.dismissed == []


@virtually
async def test_while_there_is_no_answer_nobody_is_let_go_and_it_is_asked_again() -> None:
    async with a_stage() as stage:
        anna = await live(stage, ANNA, 3)
        stage.hub.ring(BELL)
        await (await stage.reads.openings.only()).fail(Unavailable("not now"))
        assert anna.dismissed == []
        await (await stage.reads.checks.only()).answer({THREAD: Position(7, EPOCH, 4)})
        await answer(stage, {ANNA: Forbidden("blocked")})

        assert anna.dismissed == [THREAD]


@virtually
async def test_a_change_while_it_is_asked_has_it_asked_again() -> None:
    async with a_stage() as stage:
        anna = await live(stage, ANNA)
        stage.hub.ring(BELL)
        question = await stage.reads.openings.only()
        stage.hub.ring(BELL)
        await question.answer([seen(1)])
        assert anna.dismissed == []
        await answer(stage, {ANNA: Forbidden("blocked")})

        assert anna.dismissed == [THREAD]


@virtually
async def test_who_was_asked_for_before_the_change_and_comes_after_it_is_asked_for_again() -> None:
    async with a_stage() as stage:
        anna = stage.listener()
        coming = anna.subscribe()
        reading = await stage.reads.openings.only()
        stage.hub.ring(BELL)
        await reading.answer([seen(3)])
        await coming
        await answer(stage, {ANNA: Forbidden("blocked")})

        assert anna.dismissed == [THREAD]


@pytest.mark.parametrize("rights", [2, 4])
@virtually
async def test_who_comes_by_a_newer_or_an_older_reading_has_everybody_asked_for(
    rights: int,
) -> None:
    async with a_stage() as stage:
        anna = await live(stage, ANNA, 3)
        sabine = await live(stage, SABINE, rights)
        await answer(stage, {ANNA: Forbidden("blocked"), SABINE: seen(4)})

        assert (anna.dismissed, sabine.dismissed) == ([THREAD], [])


@virtually
async def test_who_comes_while_the_others_are_asked_for_is_asked_for_with_the_next() -> None:
    async with a_stage() as stage:
        anna = await live(stage, ANNA, 3)
        stage.hub.ring(BELL)
        about_anna = await stage.reads.openings.only()
        sabine = stage.listener()
        coming = sabine.subscribe(identity=SABINE)
        await (await stage.reads.openings.only()).answer([seen(3)])
        await coming
        await about_anna.answer([seen(4)])
        await answer(stage, {ANNA: seen(4), SABINE: Forbidden("blocked")})

        assert (anna.dismissed, sabine.dismissed) == ([], [THREAD])


@virtually
async def test_a_channel_that_is_left_while_it_is_asked_about_is_gone() -> None:
    async with a_stage() as stage:
        anna = await live(stage, ANNA)
        stage.hub.ring(BELL)
        question = await stage.reads.openings.only()
        stage.hub.unsubscribe(anna, THREAD)
        await question.answer([Forbidden("blocked")])
        await asyncio.sleep(60)

        assert anna.dismissed == []
        assert stage.reads.openings == []
        assert stage.hub.figures.channels == 0
