"""Asking the index of words for what is newest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Executable, Text, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import search_windows
from storage.rows import Record, fetch_all
from storage.search_index import SHIFT, key, milliseconds
from storage.search_windows import Window

MOST = 2**63 - 1
# So many words that begin alike are asked for one by one.
MOST_WORDS = 200
HIGHEST = "\U0010ffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked for: messages with each of these words, ``whole`` or begun so.

    None of them is from after ``latest``.
    """

    words: Sequence[str]
    whole: bool
    latest: datetime


async def find(
    connection: AsyncConnection, account_id: str, asked: Asked, *, below: int | None, limit: int
) -> Sequence[Record]:
    """Read (conversation_id, seq, doc) of the newest there are ``below`` a number."""
    dialect = connection.dialect.name
    mark = key(account_id)
    given: dict[str, object] = {"below": below or MOST, "limit": limit}
    marked = [f"{mark}_{word}" for word in asked.words]
    if dialect == "sqlite":
        parts = [f'"{word}"' if asked.whole else await _begun(connection, word) for word in marked]
        given["question"] = " AND ".join(parts)
    else:
        latest = milliseconds(asked.latest) if below is None else below >> SHIFT
        question = " & ".join(f"'{word}'" if asked.whole else f"'{word}':*" for word in marked)
        given |= _windows(question, mark, latest)
    return await fetch_all(connection, _FINDING[dialect], given)


async def _begun(connection: AsyncConnection, word: str) -> str:
    """Write what FTS5 is asked for what begins so.

    Asked for a beginning it reads all that have it before it returns the first; asked for words,
    as few as are wanted. So where few words begin so, it is asked for them.
    """
    given = {"first": word, "last": f"{word}{HIGHEST}", "limit": MOST_WORDS + 1}
    words = [row.term for row in await fetch_all(connection, _BEGUN, given)]
    if not 0 < len(words) <= MOST_WORDS:
        return f'"{word}"*'
    return "(" + " OR ".join(f'"{each}"' for each in words) + ")"


def _windows(question: str, mark: str, latest: int) -> Mapping[str, object]:
    """Write what PostgreSQL is asked: for what is newest, for what is older, for all."""
    newest, older = search_windows.before(latest)
    return {
        "question": question,
        "newest": f"{question} & ({_said_in(newest, mark)})",
        "older": f"{question} & ({_said_in(older, mark)})",
        "older_from": older.since << SHIFT,
        "newest_from": newest.since << SHIFT,
        "newest_to": newest.until << SHIFT,
    }


def _said_in(window: Window, mark: str) -> str:
    return " | ".join(f"'{mark}{each}'" for each in window.marks)


_COLUMNS = {"conversation_id": Text, "seq": BigInteger, "doc": BigInteger}
_BEGUN = text(
    "SELECT term FROM search_words_vocabulary WHERE term >= :first AND term <= :last LIMIT :limit"
)
# FTS5 has the newest at hand. An index of PostgreSQL's knows no order, and what is common is there
# a hundred thousand times: so it is asked for what is recent first, and for all there is only where
# that is too little - in one statement, of which it runs no more than it has to. What says that
# it was written later than now comes with what is oldest. ``+ 0`` keeps it from going through all
# that was written then, of everybody, by the number.
_FINDING: Mapping[str, Executable] = {
    "sqlite": text(
        """SELECT d.conversation_id, d.seq, d.doc
        FROM search_words AS w CROSS JOIN search_documents AS d ON d.doc = w.rowid
        WHERE w.search_words MATCH :question AND w.rowid < :below
        ORDER BY w.rowid DESC LIMIT :limit"""
    ).columns(**_COLUMNS),
    "postgresql": text(
        """WITH newest AS MATERIALIZED (
            SELECT conversation_id, seq, doc FROM search_documents
            WHERE words @@ CAST(CAST(:newest AS text) AS tsquery)
            AND doc + 0 < :below AND doc + 0 >= :newest_from
        ), older AS MATERIALIZED (
            SELECT conversation_id, seq, doc FROM search_documents
            WHERE words @@ CAST(CAST(:older AS text) AS tsquery)
            AND doc + 0 < least(:below, :newest_from) AND doc + 0 >= :older_from
            AND (SELECT count(*) FROM newest) < :limit
        ), oldest AS MATERIALIZED (
            SELECT conversation_id, seq, doc FROM search_documents
            WHERE words @@ CAST(CAST(:question AS text) AS tsquery)
            AND doc + 0 < :below AND (doc + 0 < :older_from OR doc + 0 >= :newest_to)
            AND (SELECT count(*) FROM newest) + (SELECT count(*) FROM older) < :limit
        )
        SELECT * FROM newest UNION ALL SELECT * FROM older UNION ALL SELECT * FROM oldest
        ORDER BY doc DESC LIMIT :limit"""
    ).columns(**_COLUMNS),
}
