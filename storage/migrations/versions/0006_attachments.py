"""Attachments: who uploaded what, where it lies, and what it is part of."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Json

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("pieces", Json, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("preview", Json, nullable=True),
        sa.Column("used_as", sa.String(length=8), nullable=True),
        sa.Column("conversation_id", sa.String(length=64), nullable=True),
        sa.Column("order_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_attachments")),
    )
    op.create_index(op.f("ix_attachments_id"), "attachments", ["id"], unique=False)
    for column in ("conversation_id", "expires_at"):
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            op.f(f"ix_attachments_{column}"),
            "attachments",
            [column],
            unique=False,
            sqlite_where=there,
            postgresql_where=there,
        )


def downgrade() -> None:
    op.drop_table("attachments")
