"""An index of the words in messages; a running server fills it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_documents",
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("doc", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "seq", name=op.f("pk_search_documents")),
    )
    op.create_index(op.f("ix_search_documents_doc"), "search_documents", ["doc"], unique=False)
    op.create_table(
        "search_progress",
        sa.Column("conversation_id", sa.String(length=64), nullable=False),
        sa.Column("indexed_seq", sa.BigInteger(), nullable=False),
        sa.Column("removals", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_search_progress")),
    )
    if op.get_context().dialect.name == "postgresql":
        # What is new waits in a list of at most 1 MB, which every search reads.
        op.execute(
            "CREATE INDEX search_words ON search_documents USING gin (words)"
            " WITH (fastupdate = on, gin_pending_list_limit = 1024)"
        )
    else:
        op.execute(
            "CREATE VIRTUAL TABLE search_words USING fts5"
            "(words, content='', detail=none, tokenize=\"ascii tokenchars '_'\")"
        )


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TABLE search_words")
    op.drop_table("search_progress")
    op.drop_index(op.f("ix_search_documents_doc"), table_name="search_documents")
    op.drop_table("search_documents")
