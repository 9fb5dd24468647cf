"""Files in orders: answers to questions for them, and deliveries."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from domain.errors import Invalid, NotFound
from domain.identity import Identity
from realtime.api.order_acts import OrderAct
from tests.support.marketplace import Marketplace
from tests.support.pictures import a_picture

SAM, BEA, EVE = Identity("sam"), Identity("bea"), Identity("eve")
FILES = {
    "id": "photos",
    "kind": "file",
    "prompt": "What do you have?",
    "required": True,
    "options": [],
    "multiple": False,
}


class Job:
    """An order of Bea's with Sam, who asks for files."""

    def __init__(self, market: Marketplace, order: Any) -> None:
        self.market = market
        self.id: str = order["id"]
        self.conversation: str = order["conversation_id"]

    async def does(self, who: Identity, action: str, **data: Any) -> Any:
        """Act on the order."""
        asked = msgspec.convert({"action": action, "data": data}, OrderAct)
        return await self.market.order_actions.act(who, self.id, asked.action, asked.data)

    async def drafts(self, *files: str) -> Any:
        """Save a draft of the answers."""
        answers = {"photos": list(files)}
        return await self.market.requirements.save_draft(BEA, self.id, answers)

    async def sees(self, who: Identity, attachment: str) -> bool:
        """Tell whether somebody may read an attachment."""
        try:
            await self.market.attachments.get(who, attachment)
        except NotFound:
            return False
        return True


@pytest.fixture
async def job(market: Marketplace) -> Job:
    """An order that waits for its files."""
    await market.sam_and_bea()
    await market.account("eve")
    await market.service("sam", questions=[FILES])
    return Job(market, await market.order())


async def test_files_are_answers(job: Job) -> None:
    market = job.market
    photo = await market.upload(BEA, "a.png", a_picture())

    await job.does(BEA, "submit_requirements", answers={"photos": [photo]})

    seen = await market.requirements.get(SAM, job.id)
    assert seen["answers"] == {"photos": [photo]}
    assert [each["name"] for each in seen["attachments"]] == ["a.png"]
    assert [await job.sees(who, photo) for who in (SAM, BEA, EVE)] == [True, True, False]


async def test_a_draft_keeps_its_files_and_shows_them_to_nobody_else(job: Job) -> None:
    market = job.market
    kept, dropped = await market.upload(BEA), await market.upload(BEA)

    first = await job.drafts(kept, dropped)
    await job.drafts(kept)
    market.clock.advance(timedelta(hours=23))
    await job.drafts(kept)

    assert {each["id"] for each in first["attachments"]} == {kept, dropped}
    assert (await market.requirements.get(SAM, job.id))["attachments"] == []
    assert not await job.sees(SAM, kept)
    with pytest.raises(Invalid, match="is used already"):
        await market.send(BEA, job.conversation, attachments=(kept,))
    market.clock.advance(timedelta(hours=2))
    assert await market.attachment_sweep.sweep() == 1
    await job.does(BEA, "submit_requirements", answers={"photos": [kept]})
    assert await job.sees(SAM, kept)
    assert await market.uploaded("bea") == [kept]


async def test_answers_that_are_changed_may_name_the_same_files_and_leave_the_old_ones(
    job: Job,
) -> None:
    """What was handed in once stays with the version that it was part of."""
    market = job.market
    first, second = await market.upload(BEA), await market.upload(BEA)
    await job.does(BEA, "submit_requirements", answers={"photos": [first]})

    await market.order_actions.change_answers(BEA, job.id, {"photos": [first, second]})
    await job.drafts(first)
    await market.order_actions.change_answers(BEA, job.id, {"photos": [second]})

    market.clock.advance(timedelta(days=2))
    assert await market.attachment_sweep.sweep() == 0
    seen = await market.requirements.get(SAM, job.id)
    assert seen["answers"] == {"photos": [second]}
    assert {each["id"] for each in seen["attachments"]} == {first, second}
    assert await job.sees(SAM, first)


@pytest.mark.parametrize("files", [["nobody-knows-it"], ["of sam"], ["half"]])
async def test_answers_with_a_wrong_file_change_nothing(job: Job, files: list[str]) -> None:
    market = job.market
    known = {
        "of sam": await market.upload(SAM),
        "half": (await market.uploads.begin(BEA, "a", 9)).id,
    }
    answers = {"photos": [known.get(file, file) for file in files]}

    with pytest.raises(Invalid) as refused:
        await job.does(BEA, "submit_requirements", answers=answers)

    assert [error.path for error in refused.value.errors] == ["answers.photos[0]"]
    seen = await market.requirements.get(BEA, job.id)
    assert (seen["status"], seen["answers"]) == ("pending", {})


async def test_files_may_come_along_with_an_order(job: Job) -> None:
    market = job.market
    photo = await market.upload(BEA)

    placed = await market.order(answers={"photos": [photo]})
    with pytest.raises(Invalid) as refused:
        await market.order(answers={"photos": [photo]})

    assert placed["status"] == "in_progress"
    assert await job.sees(SAM, photo)
    assert [error.path for error in refused.value.errors] == ["requirements.photos[0]"]


async def test_a_delivery_shows_its_files_to_both(job: Job) -> None:
    market = job.market
    await job.does(SAM, "skip_requirements")
    work = await market.upload(SAM, "logo.png", a_picture())

    await job.does(SAM, "deliver", message="Done", attachments=[work])

    page = await market.orders.get(BEA, job.id)
    (delivered,) = [each for each in page["timeline"] if each["type"] == "delivered"]
    assert [each["name"] for each in delivered["data"]["attachments"]] == ["logo.png"]
    told = market.ear.on(f"thread:{job.conversation}")[-1]
    assert told["data"]["attachments"] == delivered["data"]["attachments"]
    assert [await job.sees(who, work) for who in (SAM, BEA, EVE)] == [True, True, False]


@pytest.mark.parametrize(
    ("attachments", "path"),
    [(["of bea"], "data.attachments[0]"), (["x", "x"], "data.attachments[1]")],
)
async def test_a_delivery_with_a_wrong_file_is_none(
    job: Job, attachments: list[str], path: str
) -> None:
    await job.does(SAM, "skip_requirements")
    known = {"of bea": await job.market.upload(BEA)}
    ids = [known.get(name, name) for name in attachments]

    with pytest.raises(Invalid) as refused:
        await job.does(SAM, "deliver", message="Done", attachments=ids)

    assert [error.path for error in refused.value.errors] == [path]
    assert (await job.market.orders.get(SAM, job.id))["status"] == "in_progress"


async def test_a_draft_of_the_work_is_shown_to_the_buyer_before_it_is_delivered(job: Job) -> None:
    market = job.market
    sketch = await market.upload(SAM, "sketch.png", a_picture())
    with pytest.raises(Invalid, match=r"data\.attachments\[0\]: there is no such attachment"):
        await job.does(SAM, "send_plan", attachments=["missing"])

    await job.does(SAM, "send_plan", attachments=[sketch])

    page = await market.orders.get(BEA, job.id)
    assert [each["name"] for each in page["timeline"][-1]["data"]["attachments"]] == ["sketch.png"]
    assert [await job.sees(who, sketch) for who in (BEA, EVE)] == [True, False]
