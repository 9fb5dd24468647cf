"""Who blocks whom."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blocks",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("other_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "other_id", name=op.f("pk_blocks")),
    )
    op.create_index(
        op.f("ix_blocks_account_id_created_at_other_id"),
        "blocks",
        ["account_id", "created_at", "other_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_blocks_account_id_created_at_other_id"), table_name="blocks")
    op.drop_table("blocks")
