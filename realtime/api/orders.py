"""``/v1/orders``: placed by the marketplace, seen by both sides."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from domain.identity import Identity
from realtime.api.bodies import AccountId, Body, Days, Moment, PageQuery, Price
from realtime.api.endpoint import ACCOUNT, EVERYONE, MARKETPLACE, Resource, Stored, get, post
from realtime.api.forms import PRINTABLE_FORM
from realtime.ids import new_id
from realtime.services.orders import Orders, PlaceOrder
from realtime.services.shapes import OpenActions, Order, Page, WholeOrder

Key = Annotated[str, Meta(min_length=1, max_length=255, pattern=PRINTABLE_FORM)]

Status = Literal[
    "active",
    "awaiting_requirements",
    "in_progress",
    "delivered",
    "in_revision",
    "completed",
    "cancelled",
]


class OrderQuery(PageQuery, frozen=True):
    """Which orders: those that the caller sells or buys, and where they stand."""

    role: Literal["seller", "buyer"] | None = None
    status: Status | None = None


class OrderBody(Body, frozen=True):
    """An order that the marketplace took."""

    service_id: AccountId
    buyer_id: AccountId
    price: Price
    id: AccountId | None = None
    delivery_days: Days | None = None
    # What kind of answer a question takes is for the service to say, and to name.
    requirements: dict[AccountId, Any] | None = None

    def check(self) -> None:
        """Refuse a currency that there is not."""
        self.price.check_currency("price")


class PlaceHeaders(msgspec.Struct, frozen=True, kw_only=True):
    """With the same key again, nothing is placed and the same order is answered with."""

    idempotency_key: Key | None = msgspec.field(default=None, name="Idempotency-Key")


class OrderRoutes(Resource):
    """Orders over HTTP."""

    def __init__(self, *, orders: Orders) -> None:
        self._orders = orders

    async def place(self, headers: PlaceHeaders, body: OrderBody) -> Stored[Order]:
        """Place an order: with it come its conversation, contacts and every notification due."""
        command = PlaceOrder(
            id=body.id,
            service_id=body.service_id,
            buyer_id=body.buyer_id,
            price_amount=body.price.amount,
            price_currency=body.price.currency,
            delivery_days=body.delivery_days,
            answers=body.requirements,
        )
        # Without a key each request places an order of its own.
        return Stored(*await self._orders.place(command, headers.idempotency_key or new_id()))

    async def page(self, caller: Identity, query: OrderQuery) -> Page[Order]:
        """List the caller's orders: active ones first, by due time."""
        return await self._orders.page(
            caller,
            role=query.role,
            status=query.status,
            after=query.after(tuple[bool, Moment | None, AccountId]),
            limit=query.limit,
        )

    async def get_one(self, caller: Identity, order_id: AccountId) -> WholeOrder:
        """Show an order's page."""
        return await self._orders.get(caller, order_id)

    async def open_actions(self, caller: Identity, order_id: AccountId) -> OpenActions:
        """Show what the caller can do with an order now."""
        order = await self._orders.get(caller, order_id)
        return {"available_actions": order["available_actions"], "version": order["version"]}

    title = "Orders"
    endpoints = (
        post(
            "/v1/orders",
            place,
            by=MARKETPLACE,
            refuses=("service_not_approved", "order_exists", "idempotency_key_reused"),
        ),
        get("/v1/orders", page, by=ACCOUNT),
        get("/v1/orders/{order_id}", get_one, by=EVERYONE, refuses=("not_found",)),
        get("/v1/orders/{order_id}/actions", open_actions, by=EVERYONE, refuses=("not_found",)),
    )
