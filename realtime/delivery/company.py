"""What goes out as one: who goes with whom, and who waits since so much went out just now."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.preferences import Category, Channel
from storage import companions
from storage.deliveries import BUCKET, Claim
from storage.rows import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How much is too much: so many an account and hour, and mails of one order so far apart."""

    pushes: int = 30
    mails: int = 12
    order_mails_apart: timedelta = timedelta(minutes=2)

    def most(self, channel: str) -> int:
        """Return how many an account is sent on a channel in an hour."""
        return self.pushes if channel == Channel.PUSH else self.mails


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Which notifications go out with a delivery, and until when it waits for more."""

    told: Sequence[Record] = ()
    batched_until: datetime | None = None
    capped_until: datetime | None = None


ALONE = Company()


async def companies(
    connection: AsyncConnection, claims: Sequence[Claim], measure: Measure, now: datetime
) -> Mapping[str, Company]:
    """Find the company of each delivery of one channel; whoever has none is left out.

    They were claimed together: what others have claimed is about to go out before them.
    """
    told = await _told(connection, claims)
    batched = await _batched(connection, claims, measure, now)
    capped = await _capped(connection, claims, measure, now)
    return {
        id_: Company(
            told=told.get(id_, ()),
            batched_until=batched.get(id_),
            capped_until=capped.get(id_),
        )
        for id_ in told.keys() | batched.keys() | capped.keys()
    }


async def _told(
    connection: AsyncConnection, claims: Sequence[Claim]
) -> Mapping[str, Sequence[Record]]:
    # Whoever is claimed for the first time was waited for by nobody.
    waited = [claim.id for claim in claims if claim.reason is not None]
    found: dict[str, list[Record]] = {}
    if waited:
        for row in await companions.told(connection, BUCKET, waited):
            found.setdefault(row.joined_to, []).append(row)
    return found


async def _batched(
    connection: AsyncConnection, claims: Sequence[Claim], measure: Measure, now: datetime
) -> Mapping[str, datetime]:
    """Hold mails about changes of an order back for a while after the last one."""
    changes = [
        claim
        for claim in claims
        if claim.channel == Channel.EMAIL and claim.category == Category.ORDER_UPDATE
    ]
    if not changes:
        return {}
    last: dict[tuple[str, str | None], datetime] = {
        (row.account_id, row.order_id): row.mailed_at
        for row in await companions.mailed_of_orders(
            connection,
            bucket=BUCKET,
            account_ids={claim.account_id for claim in changes},
            since=now - measure.order_mails_apart,
            token=changes[0].token,
            now=now,
        )
    }
    held = {}
    for claim in changes:
        about = (claim.account_id, claim.order_id)
        if about in last and last[about] + measure.order_mails_apart > now:
            held[claim.id] = last[about] + measure.order_mails_apart
        else:
            # It goes out: the next one of the same claim comes too soon after it.
            last[about] = now
    return held


async def _capped(
    connection: AsyncConnection, claims: Sequence[Claim], measure: Measure, now: datetime
) -> Mapping[str, datetime]:
    """Hold back what is too much for one account and hour; new orders never are."""
    bounded = [claim for claim in claims if claim.category != Category.NEW_ORDER]
    if not bounded:
        return {}
    channel = bounded[0].channel
    hour = now.replace(minute=0, second=0, microsecond=0)
    sent = Counter(
        await companions.sent_since(
            connection,
            bucket=BUCKET,
            account_ids={claim.account_id for claim in bounded},
            channel=channel,
            since=hour,
            most=measure.most(channel),
            token=bounded[0].token,
            now=now,
        )
    )
    held = {}
    for claim in bounded:
        if sent[claim.account_id] >= measure.most(channel):
            held[claim.id] = hour + timedelta(hours=1)
        sent[claim.account_id] += 1
    return held
