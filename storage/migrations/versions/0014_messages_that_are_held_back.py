"""Messages whose text is shown to nobody until an operator has looked at it."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Json

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.String(length=64)


def upgrade() -> None:
    op.create_table(
        "held_messages",
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attachments", Json, nullable=False),
        sa.Column("found", Json, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_held_messages_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "seq", name=op.f("pk_held_messages")),
    )
    op.create_index(op.f("ix_held_messages_account_id"), "held_messages", ["account_id"])
    op.create_index(
        op.f("ix_held_messages_at_conversation_id_seq"),
        "held_messages",
        ["at", "conversation_id", "seq"],
    )


def downgrade() -> None:
    op.drop_table("held_messages")
