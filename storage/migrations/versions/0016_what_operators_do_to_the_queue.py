"""Sets of deliveries that operators chose, and an index of those whose fate nobody knows."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Json

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.String(length=64)
TIME = sa.DateTime(timezone=True)
UNCERTAIN = sa.text("status = 'uncertain'")


def upgrade() -> None:
    op.create_index(
        op.f("ix_deliveries_bucket_updated_at"),
        "deliveries",
        ["bucket", "updated_at"],
        unique=False,
        sqlite_where=UNCERTAIN,
        postgresql_where=UNCERTAIN,
    )
    op.create_table(
        "frozen_sets",
        sa.Column("id", ID, nullable=False),
        sa.Column("action", sa.String(length=8), nullable=False),
        sa.Column("filter", Json, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("more", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("per_second", sa.Integer(), nullable=True),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_by", ID, nullable=True),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("finished_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frozen_sets")),
    )
    op.create_table(
        "frozen_deliveries",
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("set_id", ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("delivery_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("bucket", "set_id", "n", name=op.f("pk_frozen_deliveries")),
    )


def downgrade() -> None:
    op.drop_table("frozen_deliveries")
    op.drop_table("frozen_sets")
    op.drop_index(op.f("ix_deliveries_bucket_updated_at"), table_name="deliveries")
