"""Entries that change an earlier one: edits and deletions"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entries", sa.Column("target_seq", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("entries", "target_seq")
