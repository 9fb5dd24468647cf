"""The index of words knows when they were said; a running server fills it again."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite's has what is newest at hand.
    if op.get_context().dialect.name == "postgresql":
        op.execute("TRUNCATE search_documents, search_progress")


def downgrade() -> None:
    """Leave it: a word more says nothing to whoever does not ask for it."""
