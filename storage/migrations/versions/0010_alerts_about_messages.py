"""Alerts about messages: which one waits for a conversation, and which go out as one."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.String(length=64)
NEW = (
    ("inbox_items", "alert_id", ID),
    ("inbox_items", "push_from", sa.BigInteger()),
    ("inbox_items", "mail_from", sa.BigInteger()),
    ("deliveries", "conversation_id", ID),
    ("deliveries", "joined_to", ID),
)
INDEXES = (
    ("conversation_id", ["bucket", "account_id", "conversation_id", "channel"]),
    ("joined_to", ["bucket", "joined_to"]),
)


def upgrade() -> None:
    for table, column, kind in NEW:
        op.add_column(table, sa.Column(column, kind, nullable=True))
    op.add_column(
        "notifications",
        sa.Column("counted", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    for column, columns in INDEXES:
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            op.f(f"ix_deliveries_{'_'.join(columns)}"),
            "deliveries",
            columns,
            unique=False,
            sqlite_where=given,
            postgresql_where=given,
        )


def downgrade() -> None:
    for _, columns in INDEXES:
        op.drop_index(op.f(f"ix_deliveries_{'_'.join(columns)}"), table_name="deliveries")
    op.drop_column("notifications", "counted")
    for table, column, _ in reversed(NEW):
        op.drop_column(table, column)
