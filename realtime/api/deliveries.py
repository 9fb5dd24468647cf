"""``/v1/ops/queues``, ``/v1/ops/deliveries`` and ``/v1/ops/trace``: what goes out, and why not."""

from typing import Annotated, Literal

from msgspec import Meta

from domain.errors import Invalid
from domain.identity import Identity
from domain.queue import DeliveryState, Filter
from realtime.api.bodies import AccountId, Body, Moment, PageQuery, Query
from realtime.api.endpoint import OPERATOR, Resource, get, post
from realtime.api.forms import ADDRESSEE_FORM
from realtime.services.order_traces import OrderTraces
from realtime.services.queue_control import QueueControl
from realtime.services.queue_shapes import (
    ChannelName,
    Delivery,
    FrozenSet,
    PausedChannel,
    Queues,
    WholeDelivery,
)
from realtime.services.replaying import MOST_PER_SECOND, PER_SECOND, Action, Replays
from realtime.services.shapes import Page
from realtime.services.traces import Trace

DELIVERIES = "/v1/ops/deliveries"
ONE = f"{DELIVERIES}/{{delivery_id}}"
QUEUE = "/v1/ops/queues/{channel}"

KindOfAlert = Literal[
    "new_order",
    "order_update",
    "order_message",
    "inbox_message",
    "reminder",
    "service",
    "webhook",
]
Addressee = Annotated[str, Meta(pattern=ADDRESSEE_FORM, examples=["sam"])]
ReasonCode = Annotated[str, Meta(min_length=1, max_length=40, examples=["hard_bounce"])]
Why = Annotated[str, Meta(max_length=500)]
Rate = Annotated[int, Meta(ge=1, le=MOST_PER_SECOND)]
_REFUSED = ("not_found", "delivery_under_way", "delivery_ended")
# What a filter may name beside the status.
FILTERS = ("channel", "category", "account", "order", "reason", "since", "until")


class DeliveryQuery(PageQuery, frozen=True):
    """Which deliveries; `since` and `until` are of when they were planned."""

    status: DeliveryState | None = None
    channel: ChannelName | None = None
    category: KindOfAlert | None = None
    account: Addressee | None = None
    order: AccountId | None = None
    reason: ReasonCode | None = None
    since: Moment | None = None
    until: Moment | None = None


class _SetBody(Body, frozen=True):
    """A filter to count, or the `set` that a dry run answered with, to carry out."""

    channel: ChannelName | None = None
    category: KindOfAlert | None = None
    account: Addressee | None = None
    order: AccountId | None = None
    reason: ReasonCode | None = None
    since: Moment | None = None
    until: Moment | None = None
    dry_run: bool | None = None
    set: AccountId | None = None

    def check(self) -> None:
        """Refuse a filter beside a set, and a set that nobody has counted."""
        if self.set is None and self.dry_run is False:
            raise Invalid.field("set", "is required: the id that the dry run answered with")
        if self.set is not None and self.dry_run:
            raise Invalid.field("dry_run", "is over: a set was counted already")
        if self.set is None:
            return
        for name in ("status", *FILTERS):
            if getattr(self, name) is not None:
                raise Invalid.field(name, "stands in the set already")


class RetryBody(_SetBody, frozen=True):
    """Which deliveries to send again: those that are `dead`, or those of another such end."""

    status: Literal["dead", "uncertain", "expired"] | None = None
    per_second: Rate | None = None

    def check(self) -> None:
        """Refuse a rate at which nothing is sent yet."""
        super().check()
        if self.set is None and self.per_second is not None:
            raise Invalid.field("per_second", "is for carrying out a set")


class DiscardBody(_SetBody, frozen=True):
    """Which deliveries to throw away: those that are `dead`, or others that did not go out."""

    status: Literal["dead", "uncertain", "expired", "scheduled", "due", "retrying"] | None = None


class PauseQuery(Query, frozen=True):
    """What others are told who wonder."""

    why: Why = ""


class TraceQuery(PageQuery, frozen=True):
    """Whose notifications: those of an `order`, of an `account`, or of one about the other.

    What was decided is said in the account's language, or in that of `locale`.
    """

    order: AccountId | None = None
    account: AccountId | None = None
    locale: Literal["de", "en"] | None = None


def _filter(given: "DeliveryQuery | RetryBody | DiscardBody", status: str | None) -> Filter:
    return Filter(
        state=None if status is None else DeliveryState(status),
        channel=given.channel,
        category=given.category,
        account_id=given.account,
        order_id=given.order,
        reason=given.reason,
        since=given.since,
        until=given.until,
    )


class DeliveryRoutes(Resource):
    """The delivery queue over HTTP."""

    def __init__(self, *, queue: QueueControl, replays: Replays, traces: OrderTraces) -> None:
        self._queue = queue
        self._replays = replays
        self._traces = traces

    async def queues(self) -> Queues:
        """Tell how deep the queue is, how old the oldest, how fast it goes, and what is paused."""
        return await self._queue.figures()

    async def pause(
        self, caller: Identity, channel: ChannelName, query: PauseQuery
    ) -> PausedChannel:
        """Have nothing more sent on a channel; what is on its way goes on to its end."""
        return await self._queue.pause(caller, channel, query.why)

    async def resume(self, caller: Identity, channel: ChannelName) -> PausedChannel:
        """Have a channel go on."""
        return await self._queue.resume(caller, channel)

    async def page(self, query: DeliveryQuery) -> Page[Delivery]:
        """List deliveries, the latest first."""
        after = query.after(tuple[AccountId])
        return await self._queue.page(
            _filter(query, query.status), after=after[0] if after else None, limit=query.limit
        )

    async def show(self, caller: Identity, delivery_id: AccountId) -> WholeDelivery:
        """Show a delivery with every attempt and every decision; it is noted who looked."""
        return await self._queue.show(caller, delivery_id)

    async def retry(self, caller: Identity, delivery_id: AccountId) -> WholeDelivery:
        """Send a delivery again that did not arrive, or one that waits at once."""
        return await self._replays.one(caller, "retry", delivery_id)

    async def discard(self, caller: Identity, delivery_id: AccountId) -> WholeDelivery:
        """Throw a delivery away that has not gone out; the ledger keeps why."""
        return await self._replays.one(caller, "discard", delivery_id)

    async def retry_set(self, caller: Identity, body: RetryBody) -> FrozenSet:
        """Count what a filter chooses, and keep it; or send a set again that was counted so."""
        return await self._of_set(caller, "retry", body, body.per_second or PER_SECOND)

    async def discard_set(self, caller: Identity, body: DiscardBody) -> FrozenSet:
        """Count what a filter chooses, and keep it; or throw a set away that was counted so."""
        return await self._of_set(caller, "discard", body, PER_SECOND)

    async def _of_set(
        self, caller: Identity, action: Action, body: RetryBody | DiscardBody, per_second: int
    ) -> FrozenSet:
        if body.set is not None:
            return await self._replays.carry_out(caller, action, body.set, per_second)
        return await self._replays.freeze(caller, action, _filter(body, body.status or "dead"))

    async def trace(self, caller: Identity, query: TraceQuery) -> Page[Trace]:
        """Tell of an order or an account why each channel did or did not send."""
        after = query.after(tuple[AccountId])
        return await self._traces.page(
            caller,
            order_id=query.order,
            account_id=query.account,
            locale=query.locale,
            after=after[0] if after else None,
            limit=query.limit,
        )

    title = "Delivery queue"
    endpoints = (
        get("/v1/ops/queues", queues, by=OPERATOR),
        post(f"{QUEUE}/pause", pause, by=OPERATOR),
        post(f"{QUEUE}/resume", resume, by=OPERATOR),
        get(DELIVERIES, page, by=OPERATOR),
        post(f"{DELIVERIES}/retry", retry_set, by=OPERATOR, refuses=("not_found", "set_started")),
        post(
            f"{DELIVERIES}/discard", discard_set, by=OPERATOR, refuses=("not_found", "set_started")
        ),
        get(ONE, show, by=OPERATOR, refuses=("not_found",)),
        post(f"{ONE}/retry", retry, by=OPERATOR, refuses=_REFUSED),
        post(f"{ONE}/discard", discard, by=OPERATOR, refuses=_REFUSED),
        get("/v1/ops/trace", trace, by=OPERATOR, refuses=("not_found",)),
    )
