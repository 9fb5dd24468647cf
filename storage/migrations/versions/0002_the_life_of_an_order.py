"""Requests, plans, notes, drafts of answers and what was answered before."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = (
    ("draft_answers", Json),
    ("reminded_at", sa.DateTime(timezone=True)),
    ("pending_request", Json),
    ("plan", Json),
    ("welcome", Json),
)


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("orders", sa.Column(name, kind, nullable=True))
    op.add_column("contacts", sa.Column("completed", Json, nullable=True))
    op.create_table(
        "order_notes",
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_order_notes_order_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("order_id", "id", name=op.f("pk_order_notes")),
    )
    op.create_index(
        op.f("ix_order_notes_order_id_author"), "order_notes", ["order_id", "author"], unique=False
    )
    op.create_table(
        "order_answers",
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answers", Json, nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_order_answers_order_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("order_id", "version", name=op.f("pk_order_answers")),
    )


def downgrade() -> None:
    op.drop_table("order_answers")
    op.drop_index(op.f("ix_order_notes_order_id_author"), table_name="order_notes")
    op.drop_table("order_notes")
    op.drop_column("contacts", "completed")
    for name, _kind in reversed(COLUMNS):
        op.drop_column("orders", name)
