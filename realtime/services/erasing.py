"""Erasing an account: final in one transaction, and cleared up piece by piece behind it.

Whoever had to do with it keeps what was said, under a name that is nobody's. What is left over,
for a process ended or a request was under way, is found and finished later.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial

import structlog

from domain.contact import Refusal
from domain.errors import Conflict, NotFound
from realtime.clock import Clock
from realtime.delivery.planner import Planner
from realtime.services import attachment_removal, inbox_news, views
from realtime.services.inbox_news import Change, Kind
from realtime.services.order_views import OrderViews
from realtime.services.people import People
from storage import accounts, erasures, orders
from storage.deliveries import BUCKET
from storage.engine import Database, Transaction
from storage.rows import Record

# So much at once, so that nobody else waits for long.
CONVERSATIONS, ROWS = 50, 1_000
MOST_UNFINISHED = 1_000
# What a request that began before the erasure still writes is there by then.
LAST_LOOK = timedelta(minutes=1)
MOST_NAMED = 20
# Letters and digits that nobody takes for each other.
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

log = structlog.get_logger(__name__)

Piece = Callable[[Transaction, str], Awaitable[bool]]


def nobodys_name() -> str:
    """Make up the name that stands for somebody who is gone."""
    return "Deleted account " + "".join(secrets.choice(LETTERS) for _ in range(6))


class Erasing:
    """Use cases of the end of an account; ``new_name`` makes up what it is called from then on."""

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        planner: Planner,
        order_views: OrderViews,
        clock: Clock,
        new_name: Callable[[], str] = nobodys_name,
        conversations_at_once: int = CONVERSATIONS,
    ) -> None:
        self._database = database
        self._people = people
        self._planner = planner
        self._order_views = order_views
        self._clock = clock
        self._new_name = new_name
        self._conversations_at_once = conversations_at_once
        self._pieces: Sequence[Piece] = (
            self._close_conversations,
            self._drop_notifications,
            self._blank_ledger,
        )

    async def erase(self, account_id: str) -> None:
        """Erase an account; one that was erased stays so.

        Raises NotFound for one that never was, and Conflict ``open_orders`` while somebody waits
        for it or for its money.
        """
        await self._database.transaction(lambda tx: self._begin(tx, account_id))
        await self._clear(account_id)

    async def finish_what_was_begun(self) -> int:
        """Look once more after erasures that are a while ago; return how many there were."""
        moment = self._clock.now() - LAST_LOOK
        async with self._database.reading() as connection:
            left = await erasures.begun_before(connection, moment, MOST_UNFINISHED)
        for each in left:
            await self._clear(each.account_id)
            await self._database.transaction(partial(self._end, account_id=each.account_id))
        return len(left)

    # --- the first step -----------------------------------------------------------------------

    async def _begin(self, tx: Transaction, account_id: str) -> None:
        now = self._clock.now()
        # Before the account, as an order takes them.
        await erasures.pause_services(tx.connection, account_id, now)
        account = await erasures.hold(tx.connection, account_id)
        if account is None:
            raise NotFound("there is no such account")
        if account.erased_at is not None:
            return
        waiting = await erasures.open_orders(tx.connection, account_id, MOST_NAMED + 1)
        if waiting:
            raise _waited_for(waiting)
        await erasures.begin(tx.connection, account_id, self._new_name(), now)
        await erasures.drop_what_is_its_own(tx.connection, account_id)
        await attachment_removal.remove_of(tx, account_id, now)
        await self._planner.cancel_all(tx, account_id)
        tx.ring(f"{erasures.DOORBELL}{account_id}")
        tx.remember(lambda: log.info("account_erased", account=account_id))

    # --- piece by piece -----------------------------------------------------------------------

    async def _clear(self, account_id: str) -> None:
        """Take everything away that is left; each piece is whole, and is missed by nobody."""
        self._people.forget(account_id)
        for piece in self._pieces:
            while await self._done_in_part(piece, account_id):
                """Others have their turn in between."""

    async def _done_in_part(self, piece: Piece, account_id: str) -> bool:
        return await self._database.transaction(lambda tx: piece(tx, account_id))

    async def _end(self, tx: Transaction, account_id: str) -> None:
        await erasures.drop_what_is_its_own(tx.connection, account_id)
        await attachment_removal.remove_of(tx, account_id, self._clock.now())
        await erasures.end(tx.connection, account_id)

    async def _close_conversations(self, tx: Transaction, account_id: str) -> bool:
        """Let the others keep what was said, and see who it was with no longer."""
        left = await erasures.conversations_left(
            tx.connection, account_id, self._conversations_at_once
        )
        if not left:
            return False
        theirs = await erasures.close_conversations(
            tx.connection, account_id, left, self._clock.now()
        )
        told = await erasures.notifications_about(tx.connection, theirs)
        [person] = await accounts.people(tx.connection, [account_id])
        renamed = await self._planner.rename(tx, told, person.name)
        changes = await self._changes(tx, theirs, person)
        changes += [
            Change(row.account_id, Kind.NOTIFICATION, row.id, partial(views.notification, row))
            for row in renamed
        ]
        await inbox_news.announce(tx, changes, {})
        return len(left) == self._conversations_at_once

    async def _changes(
        self, tx: Transaction, theirs: Sequence[Record], person: Record
    ) -> list[Change]:
        owners = await self._people.get(tx.connection, {view.account_id for view in theirs})
        people = owners | {person.id: views.person(person)}
        ordered = await orders.many(
            tx.connection, [view.order_id for view in theirs if view.order_id]
        )
        by_id = {order.id: order for order in ordered}
        changes = []
        for view in (each for each in theirs if each.shown):
            shown = partial(views.conversation, view, people, Refusal.CONVERSATION_CLOSED)
            changes.append(Change(view.account_id, Kind.CONVERSATION, view.conversation_id, shown))
            if view.order_id in by_id:
                order = partial(
                    self._order_views.show, by_id[view.order_id], people, view.account_id
                )
                changes.append(Change(view.account_id, Kind.ORDER, view.order_id, order))
        return changes

    async def _drop_notifications(self, tx: Transaction, account_id: str) -> bool:
        dropped = await erasures.drop_notifications(tx.connection, account_id, ROWS)
        await erasures.empty_inbox(tx.connection, account_id)
        return dropped == ROWS

    async def _blank_ledger(self, tx: Transaction, account_id: str) -> bool:
        return await erasures.blank_ledger(tx.connection, BUCKET, account_id, ROWS) > 0


def _waited_for(waiting: Sequence[Record]) -> Conflict:
    named = ", ".join(f"{order.number} ({order.id})" for order in waiting[:MOST_NAMED])
    more = ", and more" if len(waiting) > MOST_NAMED else ""
    return Conflict(
        f"has open orders, to be completed or cancelled first: {named}{more}",
        path="account_id",
        code="open_orders",
    )
