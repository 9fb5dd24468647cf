"""What is done with an order: ``/v1/orders/{id}`` actions, requirements, notes, plan, checklist."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.identity import Identity, Role
from domain.instants import rfc3339_or_none
from domain.lifecycle import Action
from domain.requirements import Answer
from realtime.api.answers import answer, created_or_ok, nothing
from realtime.api.bodies import AccountId, Body, Moment, path_id, read_body
from realtime.api.callers import Callers
from realtime.services.order_actions import OrderActions
from realtime.services.order_papers import MAX_TASKS, OrderPapers
from realtime.services.requirements import Requirements

ORDER = "/v1/orders/{order_id}"
NoteText = Annotated[str, Meta(min_length=1, max_length=10_000)]


class ActionBody(Body, frozen=True):
    """One action; ``actor`` is whom the marketplace acts for."""

    action: Action
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    actor: AccountId | None = None


class RequirementsBody(Body, frozen=True):
    """Answers, as a draft or handed in."""

    answers: dict[AccountId, Answer]
    submit: bool = False


class NoteBody(Body, frozen=True):
    """A private note."""

    body: NoteText


class Task(Body, frozen=True):
    """One task of a plan."""

    id: AccountId
    title: Annotated[str, Meta(min_length=1, max_length=300)]
    due_at: Moment | None = None
    done: bool = False


class PlanBody(Body, frozen=True):
    """The whole plan."""

    tasks: Annotated[list[Task], Meta(max_length=MAX_TASKS)]


class WelcomeBody(Body, frozen=True):
    """Which of the first steps are done."""

    done: Annotated[list[str], Meta(max_length=20)]


class OrderPaperRoutes:
    """Actions on orders, and what lies around them, over HTTP."""

    def __init__(
        self,
        *,
        actions: OrderActions,
        papers: OrderPapers,
        requirements: Requirements,
        callers: Callers,
    ) -> None:
        self._actions = actions
        self._papers = papers
        self._requirements = requirements
        self._callers = callers

    def routes(self) -> list[Route]:
        """List the routes."""
        note = f"{ORDER}/notes/{{note_id}}"
        return [
            Route(f"{ORDER}/actions", self.act, methods=["POST"]),
            Route(f"{ORDER}/requirements", self.requirements, methods=["GET"]),
            Route(f"{ORDER}/requirements", self.put_requirements, methods=["PUT"]),
            Route(f"{ORDER}/notes", self.notes, methods=["GET"]),
            Route(f"{ORDER}/notes", self.add_note, methods=["POST"]),
            Route(note, self.change_note, methods=["PATCH"]),
            Route(note, self.drop_note, methods=["DELETE"]),
            Route(f"{ORDER}/plan", self.plan, methods=["GET"]),
            Route(f"{ORDER}/plan", self.put_plan, methods=["PUT"]),
            Route(f"{ORDER}/welcome", self.tick_welcome, methods=["PUT"]),
        ]

    async def act(self, request: Request) -> Response:
        """Do one thing with an order."""
        caller = await self._callers.one_of(request, Role.ACCOUNT, Role.MARKETPLACE)
        body = await read_body(request, ActionBody)
        order_id = path_id(request, "order_id")
        shown = await self._actions.act(caller, order_id, body.action, body.data, actor=body.actor)
        return answer(shown)

    async def requirements(self, request: Request) -> Response:
        """Show questions and answers."""
        caller = await self._callers.one_of(request, *Role)
        return answer(await self._requirements.get(caller, path_id(request, "order_id")))

    async def put_requirements(self, request: Request) -> Response:
        """Save a draft of the answers, or hand them in."""
        caller, order_id = await self._own(request)
        body = await read_body(request, RequirementsBody)
        if body.submit:
            await self._actions.change_answers(caller, order_id, body.answers)
            return answer(await self._requirements.get(caller, order_id))
        return answer(await self._requirements.save_draft(caller, order_id, body.answers))

    async def notes(self, request: Request) -> Response:
        """List the caller's own notes."""
        items = await self._papers.notes(*await self._own(request))
        return answer({"items": items, "next_cursor": None})

    async def add_note(self, request: Request) -> Response:
        """Write a note."""
        caller, order_id = await self._own(request)
        body = await read_body(request, NoteBody)
        shown = await self._papers.add_note(caller, order_id, body.body)
        return created_or_ok(shown, created=True)

    async def change_note(self, request: Request) -> Response:
        """Change a note."""
        caller, order_id = await self._own(request)
        body = await read_body(request, NoteBody)
        note_id = path_id(request, "note_id")
        return answer(await self._papers.change_note(caller, order_id, note_id, body.body))

    async def drop_note(self, request: Request) -> Response:
        """Delete a note."""
        caller, order_id = await self._own(request)
        await self._papers.drop_note(caller, order_id, path_id(request, "note_id"))
        return nothing()

    async def plan(self, request: Request) -> Response:
        """Show the plan."""
        caller = await self._callers.one_of(request, *Role)
        return answer(await self._papers.plan(caller, path_id(request, "order_id")))

    async def put_plan(self, request: Request) -> Response:
        """Write the plan anew."""
        caller, order_id = await self._own(request)
        body = await read_body(request, PlanBody)
        tasks = [
            {
                "id": task.id,
                "title": task.title,
                "due_at": rfc3339_or_none(task.due_at),
                "done": task.done,
            }
            for task in body.tasks
        ]
        return answer(await self._papers.put_plan(caller, order_id, tasks))

    async def tick_welcome(self, request: Request) -> Response:
        """Tick off first steps with a new order."""
        caller, order_id = await self._own(request)
        body = await read_body(request, WelcomeBody)
        return answer(await self._papers.tick_welcome(caller, order_id, body.done))

    async def _own(self, request: Request) -> tuple[Identity, str]:
        caller = await self._callers.one_of(request, Role.ACCOUNT)
        return caller, path_id(request, "order_id")
