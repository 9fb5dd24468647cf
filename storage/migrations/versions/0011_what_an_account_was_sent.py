"""What an account was sent lately, for the caps on it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TAKEN = sa.text("status = 'accepted'")


def upgrade() -> None:
    op.create_index(
        op.f("ix_deliveries_bucket_account_id_channel_updated_at"),
        "deliveries",
        ["bucket", "account_id", "channel", "updated_at"],
        unique=False,
        sqlite_where=TAKEN,
        postgresql_where=TAKEN,
    )
    op.create_table(
        "paused_channels",
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_by", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_paused_channels")),
    )


def downgrade() -> None:
    op.drop_table("paused_channels")
    op.drop_index(
        op.f("ix_deliveries_bucket_account_id_channel_updated_at"), table_name="deliveries"
    )
