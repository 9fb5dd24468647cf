"""``/v1/services``: what sellers offer, told by the marketplace."""

from typing import Annotated

import msgspec
from msgspec import Meta

from domain.errors import Invalid
from domain.requirements import Question, QuestionKind, check_questions
from domain.services import ServiceStatus
from realtime.api.bodies import AccountId, Body, Days, Name
from realtime.api.endpoint import MARKETPLACE, Resource, Stored, get, put
from realtime.api.forms import SEEN_FORM
from realtime.services.services import Services
from realtime.services.shapes import Service

ONE = "/v1/services/{service_id}"
Option = Annotated[str, Meta(min_length=1, max_length=200, pattern=SEEN_FORM)]
Prompt = Annotated[str, Meta(min_length=1, max_length=1000, pattern=SEEN_FORM)]


class QuestionBody(Body, frozen=True):
    """A question that a seller asks of each client."""

    id: AccountId
    kind: QuestionKind
    prompt: Prompt
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

    def check(self) -> None:
        """Refuse questions that cannot be answered, or not told apart."""
        errors = check_questions([each.question() for each in self.requirements], "requirements")
        if errors:
            raise Invalid(*errors)


class ServiceRoutes(Resource):
    """Services over HTTP."""

    def __init__(self, *, services: Services) -> None:
        self._services = services

    async def put_service(self, service_id: AccountId, body: ServiceBody) -> Stored[Service]:
        """Tell of a service, or of a change to it; its seller is told when its status changes."""
        offer = {
            "seller_id": body.seller_id,
            "title": body.title,
            "status": body.status,
            "delivery_days": body.delivery_days,
            "questions": msgspec.to_builtins(body.requirements),
        }
        return Stored(*await self._services.put(service_id, offer))

    async def get_service(self, service_id: AccountId) -> Service:
        """Show a service."""
        return await self._services.get(service_id)

    title = "Services"
    endpoints = (
        put(ONE, put_service, by=MARKETPLACE, refuses=("seller_changed",)),
        get(ONE, get_service, by=MARKETPLACE, refuses=("not_found",)),
    )
