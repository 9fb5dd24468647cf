"""What is done with an order: ``/v1/orders/{id}`` actions, requirements, notes, plan, checklist."""

from typing import Annotated

from msgspec import Meta

from domain.identity import Identity
from domain.instants import rfc3339_or_none
from domain.orders import FirstStep
from domain.requirements import Answer
from realtime.api.bodies import AccountId, Body, Moment
from realtime.api.endpoint import (
    ACCOUNT,
    EVERYONE,
    MARKETPLACE,
    Created,
    Resource,
    delete,
    get,
    patch,
    post,
    put,
)
from realtime.api.forms import SEEN_FORM
from realtime.api.order_acts import OrderAct
from realtime.services.order_actions import OrderActions
from realtime.services.order_papers import MAX_TASKS, OrderPapers
from realtime.services.requirements import OrderRequirements, Requirements
from realtime.services.shapes import Note, Order, Page, Plan, Task, Welcome

NOT_NOW = "action_not_available"
ORDER = "/v1/orders/{order_id}"
NoteText = Annotated[str, Meta(min_length=1, max_length=10_000, pattern=SEEN_FORM)]


class RequirementsBody(Body, frozen=True):
    """Answers, as a draft or handed in."""

    answers: dict[AccountId, Answer]
    submit: bool = False


class NoteBody(Body, frozen=True):
    """A private note."""

    body: NoteText


class TaskBody(Body, frozen=True):
    """One task of a plan."""

    id: AccountId
    title: Annotated[str, Meta(min_length=1, max_length=300, pattern=SEEN_FORM)]
    due_at: Moment | None = None
    done: bool = False


class PlanBody(Body, frozen=True):
    """The whole plan."""

    tasks: Annotated[list[TaskBody], Meta(max_length=MAX_TASKS)]


class WelcomeBody(Body, frozen=True):
    """Which of the first steps are done."""

    done: Annotated[list[FirstStep], Meta(max_length=20)]


class OrderPaperRoutes(Resource):
    """Actions on orders, and what lies around them, over HTTP."""

    def __init__(
        self, *, actions: OrderActions, papers: OrderPapers, requirements: Requirements
    ) -> None:
        self._actions = actions
        self._papers = papers
        self._requirements = requirements

    async def act(self, caller: Identity, order_id: AccountId, body: OrderAct) -> Order:
        """Do one thing with an order; `available_actions` names what can be done now."""
        return await self._actions.act(caller, order_id, body.action, body.data, actor=body.actor)

    async def show_requirements(self, caller: Identity, order_id: AccountId) -> OrderRequirements:
        """Show questions and answers; a draft to its buyer alone."""
        return await self._requirements.get(caller, order_id)

    async def put_requirements(
        self, caller: Identity, order_id: AccountId, body: RequirementsBody
    ) -> OrderRequirements:
        """Save a draft of the answers, or hand them in: the delivery clock starts then."""
        if body.submit:
            await self._actions.change_answers(caller, order_id, body.answers)
            return await self._requirements.get(caller, order_id)
        return await self._requirements.save_draft(caller, order_id, body.answers)

    async def notes(self, caller: Identity, order_id: AccountId) -> Page[Note]:
        """List the caller's own notes on an order."""
        items = await self._papers.notes(caller, order_id)
        return {"items": list(items), "next_cursor": None}

    async def add_note(
        self, caller: Identity, order_id: AccountId, body: NoteBody
    ) -> Created[Note]:
        """Write a note that nobody else sees."""
        return Created(await self._papers.add_note(caller, order_id, body.body))

    async def change_note(
        self, caller: Identity, order_id: AccountId, note_id: AccountId, body: NoteBody
    ) -> Note:
        """Change a note."""
        return await self._papers.change_note(caller, order_id, note_id, body.body)

    async def drop_note(self, caller: Identity, order_id: AccountId, note_id: AccountId) -> None:
        """Delete a note."""
        await self._papers.drop_note(caller, order_id, note_id)

    async def plan(self, caller: Identity, order_id: AccountId) -> Plan:
        """Show the plan of an order, an empty one if there is none."""
        return await self._papers.plan(caller, order_id)

    async def put_plan(self, caller: Identity, order_id: AccountId, body: PlanBody) -> Plan:
        """Write the plan anew; one that was approved has to be approved again."""
        return await self._papers.put_plan(caller, order_id, [_shown(each) for each in body.tasks])

    async def tick_welcome(
        self, caller: Identity, order_id: AccountId, body: WelcomeBody
    ) -> Welcome:
        """Tick off first steps with a new order."""
        return await self._papers.tick_welcome(caller, order_id, body.done)

    title = "Orders"
    endpoints = (
        post(
            f"{ORDER}/actions",
            act,
            by=ACCOUNT | MARKETPLACE,
            refuses=("not_found", NOT_NOW, "plan_changed"),
        ),
        get(f"{ORDER}/requirements", show_requirements, by=EVERYONE, refuses=("not_found",)),
        put(
            f"{ORDER}/requirements",
            put_requirements,
            by=ACCOUNT,
            refuses=("not_found", NOT_NOW),
        ),
        get(f"{ORDER}/notes", notes, by=ACCOUNT, refuses=("not_found",)),
        post(f"{ORDER}/notes", add_note, by=ACCOUNT, refuses=("not_found",)),
        patch(f"{ORDER}/notes/{{note_id}}", change_note, by=ACCOUNT, refuses=("not_found",)),
        delete(f"{ORDER}/notes/{{note_id}}", drop_note, by=ACCOUNT, refuses=("not_found",)),
        get(f"{ORDER}/plan", plan, by=EVERYONE, refuses=("not_found",)),
        put(f"{ORDER}/plan", put_plan, by=ACCOUNT, refuses=("not_found", NOT_NOW)),
        put(f"{ORDER}/welcome", tick_welcome, by=ACCOUNT, refuses=("not_found", NOT_NOW)),
    )


def _shown(task: TaskBody) -> Task:
    return {
        "id": task.id,
        "title": task.title,
        "due_at": rfc3339_or_none(task.due_at),
        "done": task.done,
    }
