"""``/v1/orders``: placed by the marketplace, seen by both sides."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.errors import Invalid
from domain.identity import Role
from domain.orders import OrderStatus
from realtime.api.answers import answer, created_or_ok
from realtime.api.bodies import (
    AccountId,
    Body,
    Days,
    Moment,
    Money,
    limit_of,
    path_id,
    query_choice,
    read_body,
)
from realtime.api.callers import Callers
from realtime.ids import new_id
from realtime.services.orders import Orders, PlaceOrder
from realtime.services.paging import decode_cursor

SIDES: Mapping[str, str | None] = {"seller": "seller", "buyer": "buyer"}
STATUSES: Mapping[str, str | None] = {name: name for name in ("active", *OrderStatus)}
MAX_KEY = 255


class OrderBody(Body, frozen=True):
    """An order that the marketplace took."""

    service_id: AccountId
    buyer_id: AccountId
    price: Money
    id: AccountId | None = None
    delivery_days: Days | None = None
    # What kind of answer a question takes is for the service to say, and to name.
    requirements: dict[AccountId, Any] | None = None


class OrderRoutes:
    """Orders over HTTP."""

    def __init__(self, *, orders: Orders, callers: Callers) -> None:
        self._orders = orders
        self._callers = callers

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("/v1/orders", self.place, methods=["POST"]),
            Route("/v1/orders", self.page, methods=["GET"]),
            Route("/v1/orders/{order_id}", self.get, methods=["GET"]),
        ]

    async def place(self, request: Request) -> Response:
        """Place an order: 201, or 200 for one that was placed under the same key."""
        await self._callers.marketplace(request)
        body = await read_body(request, OrderBody)
        body.price.check("price")
        command = PlaceOrder(
            id=body.id,
            service_id=body.service_id,
            buyer_id=body.buyer_id,
            price_amount=body.price.amount,
            price_currency=body.price.currency,
            delivery_days=body.delivery_days,
            answers=body.requirements,
        )
        shown, created = await self._orders.place(command, _idempotency_key(request))
        return created_or_ok(shown, created=created)

    async def page(self, request: Request) -> Response:
        """List the caller's orders, active ones first."""
        caller = await self._callers.account(request)
        cursor = request.query_params.get("cursor")
        after = decode_cursor(cursor, tuple[bool, Moment | None, AccountId]) if cursor else None
        return answer(
            await self._orders.page(
                caller,
                role=query_choice(request, "role", SIDES, None),
                status=query_choice(request, "status", STATUSES, None),
                after=after,
                limit=limit_of(request),
            )
        )

    async def get(self, request: Request) -> Response:
        """Show an order's page."""
        caller = await self._callers.one_of(request, *Role)
        return answer(await self._orders.get(caller, path_id(request, "order_id")))


def _idempotency_key(request: Request) -> str:
    """Return the caller's key; without one each request places an order of its own."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return new_id()
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise Invalid.field("Idempotency-Key", f"has 1 to {MAX_KEY} printable characters")
    return key
