"""Accounts that are erased, conversations that are closed by it, and what is done now and then."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NEW = (("accounts", "erased_at"), ("conversations", "closed_at"), ("inbox_items", "closed_at"))


def upgrade() -> None:
    for table, column in NEW:
        op.add_column(table, sa.Column(column, INSTANT, nullable=True))
    erased = sa.text("erased_at IS NOT NULL")
    op.create_index(
        op.f("ix_accounts_erased_at_id"),
        "accounts",
        ["erased_at", "id"],
        unique=False,
        sqlite_where=erased,
        postgresql_where=erased,
    )
    # A ledger goes with its delivery, and has to be found by it.
    op.drop_index(op.f("ix_ledger_bucket_notification_id"), table_name="ledger")
    op.create_index(
        op.f("ix_ledger_bucket_delivery_id"), "ledger", ["bucket", "delivery_id"], unique=False
    )
    op.create_index(op.f("ix_reports_reporter_id"), "reports", ["reporter", "id"], unique=False)
    op.create_table(
        "erasures",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_erasures")),
    )
    op.create_table(
        "chores",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chores")),
    )


def downgrade() -> None:
    op.drop_table("chores")
    op.drop_table("erasures")
    op.drop_index(op.f("ix_reports_reporter_id"), table_name="reports")
    op.drop_index(op.f("ix_ledger_bucket_delivery_id"), table_name="ledger")
    op.create_index(
        op.f("ix_ledger_bucket_notification_id"),
        "ledger",
        ["bucket", "notification_id"],
        unique=False,
    )
    op.drop_index(op.f("ix_accounts_erased_at_id"), table_name="accounts")
    for table, column in reversed(NEW):
        op.drop_column(table, column)
