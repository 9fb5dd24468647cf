"""The tables of the delivery queue: what is to go out, each try, and why it was decided so."""

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from storage.columns import Id, Instant, Json, flag, metadata, partial, required

deliveries = Table(
    "deliveries",
    metadata,
    required("bucket", Integer),
    required("id", Id),
    required("account_id", Id),
    required("notification_id", Id),
    required("cause", String(160)),
    required("category", String(16)),
    required("channel", String(8)),
    required("target", Id),
    Column("order_id", Id),
    # Whose unread messages it tells of.
    Column("conversation_id", Id),
    # The delivery that goes out in its place, with others.
    Column("joined_to", Id),
    required("status", String(12)),
    Column("reason", String(40)),
    # Lower goes first: storage.deliveries.Priority.
    required("priority", Integer),
    required("due_at", Instant),
    # When a worker may take it: due while it waits, the end of the lease while a worker has it,
    # null at its end. So one index finds what waits, what was abandoned and when to look next.
    Column("ready_at", Instant),
    required("expires_at", Instant),
    required("attempts", Integer, default=0),
    required("crashes", Integer, default=0),
    Column("lease_token", String(32)),
    flag("sending"),
    # An earlier attempt may have arrived: its answer never came.
    flag("uncertain"),
    required("created_at", Instant),
    required("updated_at", Instant),
    PrimaryKeyConstraint("bucket", "id"),
    UniqueConstraint("bucket", "account_id", "cause", "channel", "target"),
    partial("ready_at IS NOT NULL", "bucket", "channel", "priority", "ready_at"),
    partial("ready_at IS NOT NULL", "bucket", "account_id", "channel", "ready_at"),
    partial("status = 'dead'", "bucket", "channel", "updated_at"),
    partial("status = 'uncertain'", "bucket", "updated_at"),
    partial("conversation_id IS NOT NULL", "bucket", "account_id", "conversation_id", "channel"),
    partial("joined_to IS NOT NULL", "bucket", "joined_to"),
    partial("status = 'accepted'", "bucket", "account_id", "channel", "updated_at"),
    Index(None, "bucket", "notification_id"),
    # Each row is written some four times within a second: room beside it, and early cleaning.
    postgresql_with={
        "fillfactor": 80,
        "autovacuum_vacuum_scale_factor": 0.01,
        "autovacuum_vacuum_threshold": 1000,
    },
)

# What nothing is claimed of until somebody lets it go on.
paused_channels = Table(
    "paused_channels",
    metadata,
    Column("channel", String(8), primary_key=True),
    required("paused_at", Instant),
    required("paused_by", Id),
    required("why", String(500)),
)

# Push services, mail servers and recipient domains that no worker sends to for a while.
circuits = Table(
    "circuits",
    metadata,
    required("kind", String(8)),
    required("name", String(300)),
    required("shut_until", Instant),
    required("reason", String(40)),
    PrimaryKeyConstraint("kind", "name"),
)

# What operators chose by a filter, as it was then, to have it sent again or thrown away.
frozen_sets = Table(
    "frozen_sets",
    metadata,
    Column("id", Id, primary_key=True),
    required("action", String(8)),
    required("filter", Json),
    required("size", Integer),
    # Whether more matched than one set takes.
    flag("more"),
    required("state", String(8)),
    # How many were sent again or thrown away; the others had changed meanwhile.
    required("done", Integer, default=0),
    Column("per_second", Integer),
    required("created_by", Id),
    required("created_at", Instant),
    Column("started_by", Id),
    Column("started_at", Instant),
    Column("finished_at", Instant),
)

# What of a set is still to be done, in the order in which it is.
frozen_deliveries = Table(
    "frozen_deliveries",
    metadata,
    required("bucket", Integer),
    required("set_id", Id),
    required("n", Integer),
    required("delivery_id", Id),
    PrimaryKeyConstraint("bucket", "set_id", "n"),
)

attempts = Table(
    "attempts",
    metadata,
    required("bucket", Integer),
    required("delivery_id", Id),
    required("n", Integer),
    required("started_at", Instant),
    Column("finished_at", Instant),
    Column("result", String(12)),
    Column("reason", String(40)),
    Column("code", String(16)),
    Column("detail", String(500)),
    PrimaryKeyConstraint("bucket", "delivery_id", "n"),
    ForeignKeyConstraint(
        ["bucket", "delivery_id"], ["deliveries.bucket", "deliveries.id"], ondelete="CASCADE"
    ),
)

ledger = Table(
    "ledger",
    metadata,
    required("bucket", Integer),
    required("id", Id),
    required("delivery_id", Id),
    required("account_id", Id),
    required("notification_id", Id),
    required("at", Instant),
    required("channel", String(8)),
    required("target", Id),
    required("decision", String(12)),
    required("reason", String(40)),
    required("detail", String(500)),
    PrimaryKeyConstraint("bucket", "id"),
    ForeignKeyConstraint(
        ["bucket", "delivery_id"], ["deliveries.bucket", "deliveries.id"], ondelete="CASCADE"
    ),
    Index(None, "bucket", "delivery_id"),
)
