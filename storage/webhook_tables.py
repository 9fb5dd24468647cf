"""The tables of the marketplace's own endpoints, and of the events that go out to them."""

from sqlalchemy import Column, Index, String, Table, Text

from storage.columns import Id, Instant, Json, metadata, required

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Id, primary_key=True),
    required("url", Text),
    # Patterns of events such as order.*
    required("events", Json),
    required("description", String(200)),
    # What is sent is signed with it, so it is kept as it is.
    required("secret", String(64)),
    Column("former_secret", String(64)),
    Column("former_until", Instant),
    # Since when nothing arrives there; null once something does.
    Column("failing_since", Instant),
    # Since when nothing is sent there, and why.
    Column("disabled_at", Instant),
    Column("disabled_reason", String(40)),
    required("created_at", Instant),
    required("updated_at", Instant),
)

# An event as it is sent, kept as long as it may be sent again. Its ``account_id`` is whose doing
# it is: what they wrote may stand in it.
webhook_events = Table(
    "webhook_events",
    metadata,
    Column("id", Id, primary_key=True),
    required("type", String(40)),
    required("account_id", Id),
    required("at", Instant),
    required("data", Json),
    Index(None, "account_id"),
)
