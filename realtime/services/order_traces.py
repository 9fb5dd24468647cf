"""Why somebody was told, or was not: the traces of an order or of an account, for operators."""

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Invalid, NotFound
from domain.identity import Identity
from realtime.services import traces
from realtime.services.auditing import Audit
from realtime.services.paging import page_of
from realtime.services.shapes import Page
from realtime.services.traces import Explain, Trace
from storage import accounts, ledger, notifications, orders
from storage.deliveries import BUCKET
from storage.engine import Database


class OrderTraces:
    """Use cases of operators who are asked why; it is noted who looked at what."""

    def __init__(self, *, database: Database, audit: Audit, explain: Explain) -> None:
        self._database = database
        self._audit = audit
        self._explain = explain

    async def page(
        self,
        operator: Identity,
        *,
        order_id: str | None,
        account_id: str | None,
        locale: str | None,
        after: str | None,
        limit: int,
    ) -> Page[Trace]:
        """List a trace for each notification, the newest first; each in its account's language.

        With ``locale`` all of them are in that one.
        """
        if order_id is None and account_id is None:
            raise Invalid.field("order", "is required, or an account")
        async with self._database.reading() as connection:
            told = await _told(connection, order_id, account_id)
            rows = await notifications.of_order(
                connection, told, order_id, after=after, limit=limit + 1
            )
            ids = [row.id for row in rows[:limit]]
            steps = traces.steps_by_notification(
                await ledger.of_notifications(connection, BUCKET, ids),
                await ledger.attempts_at(connection, BUCKET, ids),
            )
            locales = {id_: locale or await traces.locale_of(connection, id_) for id_ in told}
        about = f"order:{order_id}" if order_id is not None else f"account:{account_id}"
        await self._audit.looked(operator, about)
        return page_of(
            rows,
            limit,
            show=lambda row: traces.trace(
                row, steps.get(row.id, ()), locales[row.account_id], self._explain
            ),
            key=lambda row: (row.id,),
        )


async def _told(
    connection: AsyncConnection, order_id: str | None, account_id: str | None
) -> list[str]:
    """Name whose notifications are looked at."""
    if account_id is not None and await accounts.get(connection, account_id) is None:
        raise NotFound("there is no such account", path="account")
    if order_id is None:
        return [account_id] if account_id else []
    order = await orders.get(connection, order_id)
    if order is None:
        raise NotFound("there is no such order", path="order")
    return [account_id] if account_id else [order.seller_id, order.buyer_id]
