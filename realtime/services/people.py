"""What others see of an account, remembered for a little while: every summary needs it."""

from collections.abc import Callable, Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from realtime.services import views
from realtime.services.shapes import Person
from storage import accounts

# How long another node may show an old name or picture.
REMEMBERED_SECONDS = 30.0
MAX_REMEMBERED = 50_000


class People:
    """Persons by account id; ``monotonic`` is the time in seconds of the event loop."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._remembered: dict[str, tuple[float, Person]] = {}

    async def get(
        self, connection: AsyncConnection, account_ids: Iterable[str]
    ) -> dict[str, Person]:
        """Return a person for each id; one that is not known is shown by its id."""
        now = self._monotonic()
        wanted = set(account_ids)
        found = {
            id_: kept[1] for id_ in wanted if (kept := self._remembered.get(id_)) and kept[0] > now
        }
        missing = sorted(wanted - found.keys())
        if missing:
            for row in await accounts.people(connection, missing):
                found[row.id] = views.person(row)
                self._remember(row.id, found[row.id], now + REMEMBERED_SECONDS)
        for unknown in wanted - found.keys():
            found[unknown] = {"id": unknown, "name": unknown, "avatar_url": None}
        return found

    def remembered(self, account_id: str) -> Person | None:
        """Return a person without asking the database, if it was asked a moment ago."""
        kept = self._remembered.get(account_id)
        return kept[1] if kept is not None and kept[0] > self._monotonic() else None

    def _remember(self, account_id: str, shown: Person, until: float) -> None:
        if len(self._remembered) >= MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[account_id] = (until, shown)

    def forget(self, account_id: str) -> None:
        """Read this account anew when it is next asked for."""
        self._remembered.pop(account_id, None)
