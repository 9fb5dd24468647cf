"""``/v1/webhooks``: endpoints of the marketplace that get signed events."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from domain.errors import Invalid
from domain.webhooks import MOST_PATTERNS, patterns
from realtime.api.bodies import AccountId, Body
from realtime.api.endpoint import MARKETPLACE, Created, Resource, delete, get, patch, post
from realtime.services.shapes import Page
from realtime.services.webhooks import NewWebhook, Webhook, Webhooks

ALL = "/v1/webhooks"
ONE = f"{ALL}/{{webhook_id}}"

Url = Annotated[str, Meta(min_length=1, max_length=2_048, examples=["https://example.com/hooks"])]
Pattern = Annotated[str, Meta(extra_json_schema={"enum": list(patterns())})]
Patterns = Annotated[
    list[Pattern],
    Meta(
        description="Events such as `order.completed`, kinds of them such as `order.*`, or `*`",
        min_length=1,
        max_length=MOST_PATTERNS,
        examples=[["order.*", "message.created", "delivery.dead"]],
    ),
]
Description = Annotated[str, Meta(max_length=200)]

KNOWN = frozenset(patterns())


class WebhookBody(Body, frozen=True):
    """Where events go, and which; nothing but https, and to nowhere inside a network."""

    url: Url
    events: Patterns
    description: Description = ""

    def check(self) -> None:
        """Refuse events that there are not."""
        _check_events(self.events)


class WebhookPatch(Body, frozen=True):
    """What of it changes; `enabled` switches it on or off."""

    url: Url | UnsetType = UNSET
    events: Patterns | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET

    def check(self) -> None:
        """Refuse events that there are not."""
        if self.events is not UNSET:
            _check_events(self.events)


def _check_events(events: list[str]) -> None:
    for index, event in enumerate(events):
        if event not in KNOWN:
            raise Invalid.field(f"events[{index}]", f"is none of {', '.join(patterns())}")


class WebhookRoutes(Resource):
    """Webhooks over HTTP; ``check_endpoint`` says what is wrong with a URL, if anything is."""

    def __init__(self, *, webhooks: Webhooks, check_endpoint: Callable[[str], str | None]) -> None:
        self._webhooks = webhooks
        self._check_endpoint = check_endpoint

    async def all(self) -> Page[Webhook]:
        """List every endpoint, oldest first."""
        return await self._webhooks.all()

    async def add(self, body: WebhookBody) -> Created[NewWebhook]:
        """Send events to a URL from now on.

        They come as `POST` with `{"type", "timestamp", "data"}`, signed as
        [Standard Webhooks](https://www.standardwebhooks.com) has it with the `secret`, which is
        answered this once. Whatever is not a 2xx within 15 seconds is sent again, less and less
        often, for three days, under the same `webhook-id`; 410 switches the endpoint off, as do
        five days without success. The order of events is not kept.
        """
        self._check(body.url)
        values = {"url": body.url, "events": body.events, "description": body.description}
        return Created(await self._webhooks.add(values))

    async def one(self, webhook_id: AccountId) -> Webhook:
        """Show an endpoint."""
        return await self._webhooks.get(webhook_id)

    async def change(self, webhook_id: AccountId, body: WebhookPatch) -> Webhook:
        """Change an endpoint; one that is switched on begins afresh."""
        values: dict[str, Any] = msgspec.to_builtins(body)
        enabled = values.pop("enabled", None)
        if "url" in values:
            self._check(values["url"])
        return await self._webhooks.change(webhook_id, values, enabled=enabled)

    async def rotate(self, webhook_id: AccountId) -> NewWebhook:
        """Give an endpoint another secret; for 24 hours what is sent is signed with both."""
        return await self._webhooks.rotate(webhook_id)

    async def drop(self, webhook_id: AccountId) -> None:
        """Send nothing there any more."""
        await self._webhooks.drop(webhook_id)

    def _check(self, url: str) -> None:
        wrong = self._check_endpoint(url)
        if wrong is not None:
            raise Invalid.field("url", wrong)

    title = "Webhooks"
    endpoints = (
        get(ALL, all, by=MARKETPLACE),
        post(ALL, add, by=MARKETPLACE, refuses=("too_many_webhooks",)),
        get(ONE, one, by=MARKETPLACE, refuses=("not_found",)),
        patch(ONE, change, by=MARKETPLACE, refuses=("not_found",)),
        post(f"{ONE}/secret", rotate, by=MARKETPLACE, refuses=("not_found",)),
        delete(ONE, drop, by=MARKETPLACE, refuses=("not_found",)),
    )
