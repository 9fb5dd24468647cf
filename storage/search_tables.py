"""The tables of the index of words, which is written behind the messages."""

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import TSVECTOR

from storage.columns import Id, count, metadata, required

# A message and its words, each marked with whose they are: ``storage.search_index.key``.
# PostgreSQL finds a message by them; SQLite in the table ``search_words`` of its own kind (FTS5),
# that has ``doc`` as its key, and nothing but words.
search_documents = Table(
    "search_documents",
    metadata,
    required("conversation_id", Id),
    required("seq", BigInteger),
    # Rises with the time of the message: what is newest is found first.
    required("doc", BigInteger),
    required("words", Text().with_variant(TSVECTOR(), "postgresql")),
    PrimaryKeyConstraint("conversation_id", "seq"),
    Index(None, "doc"),
)

# How far a conversation is in the index. ``removals`` counts what was deleted there without an
# entry that says so: who has read before then, must not write it.
search_progress = Table(
    "search_progress",
    metadata,
    required("conversation_id", Id),
    count("indexed_seq"),
    count("removals"),
    PrimaryKeyConstraint("conversation_id"),
)
