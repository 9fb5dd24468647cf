"""Addresses that are written to no more, and the log of what operators did."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Json

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ID = sa.String(length=64)


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column("id", ID, nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
    )
    op.create_index(op.f("ix_suppressions_at_id"), "suppressions", ["at", "id"])
    op.create_index(op.f("ix_suppressions_account_id"), "suppressions", ["account_id"])
    op.create_table(
        "soft_bounces",
        sa.Column("address_id", ID, nullable=False),
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("address_id", "delivery_id", name=op.f("pk_soft_bounces")),
    )
    op.create_index(op.f("ix_soft_bounces_account_id"), "soft_bounces", ["account_id"])
    op.create_table(
        "audit_log",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", ID, nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=128), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_at_id"), "audit_log", ["at", "id"])


def downgrade() -> None:
    op.drop_table("audit_log")
    op.drop_table("soft_bounces")
    op.drop_table("suppressions")
