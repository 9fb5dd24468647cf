"""Devices that take pushes by other ways than a browser's, and the key that each was made with."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "push_subscriptions",
        sa.Column("kind", sa.String(length=8), nullable=False, server_default="web"),
    )
    op.add_column("push_subscriptions", sa.Column("vapid_key", sa.String(length=88), nullable=True))


def downgrade() -> None:
    op.drop_column("push_subscriptions", "vapid_key")
    op.drop_column("push_subscriptions", "kind")
