"""``/v1/services``: what sellers offer, told by the marketplace."""

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.errors import Invalid
from domain.requirements import Question, QuestionKind, check_questions
from realtime.api.answers import answer, created_or_ok
from realtime.api.bodies import AccountId, Body, Days, Name, path_id, read_body
from realtime.api.callers import Callers
from realtime.services.services import Services, ServiceStatus

Option = Annotated[str, Meta(min_length=1, max_length=200)]


class QuestionBody(Body, frozen=True):
    """A question that a seller asks of each client."""

    id: AccountId
    kind: QuestionKind
    prompt: Annotated[str, Meta(min_length=1, max_length=1000)]
    required: bool = False
    options: Annotated[tuple[Option, ...], Meta(max_length=50)] = ()
    multiple: bool = False

    def question(self) -> Question:
        """Return it as the rules know it."""
        return Question(
            id=self.id,
            kind=self.kind,
            prompt=self.prompt,
            required=self.required,
            options=self.options,
            multiple=self.multiple,
        )


class ServiceBody(Body, frozen=True):
    """A service as the marketplace has it."""

    seller_id: AccountId
    title: Name
    status: ServiceStatus
    delivery_days: Days
    requirements: Annotated[tuple[QuestionBody, ...], Meta(max_length=50)] = ()


class ServiceRoutes:
    """Services over HTTP."""

    def __init__(self, *, services: Services, callers: Callers) -> None:
        self._services = services
        self._callers = callers

    def routes(self) -> list[Route]:
        """List the routes."""
        path = "/v1/services/{service_id}"
        return [
            Route(path, self.put, methods=["PUT"]),
            Route(path, self.get, methods=["GET"]),
        ]

    async def put(self, request: Request) -> Response:
        """Store a service; its seller is told when its status changes."""
        await self._callers.marketplace(request)
        service_id = path_id(request, "service_id")
        body = await read_body(request, ServiceBody)
        errors = check_questions([q.question() for q in body.requirements], "requirements")
        if errors:
            raise Invalid(*errors)
        offer = {
            "seller_id": body.seller_id,
            "title": body.title,
            "status": body.status,
            "delivery_days": body.delivery_days,
            "questions": msgspec.to_builtins(body.requirements),
        }
        shown, created = await self._services.put(service_id, offer)
        return created_or_ok(shown, created=created)

    async def get(self, request: Request) -> Response:
        """Show a service to the marketplace."""
        await self._callers.marketplace(request)
        return answer(await self._services.get(path_id(request, "service_id")))
