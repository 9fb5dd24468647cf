"""Orders committed at a steady rate beside the server: ``python -m benchmarks.commit_load``.

Takes ``{"database", "redis", "services", "buyer", "rate"}`` on its standard input and prints what
``order_load`` does; an order is accepted here when it is committed and its doorbell rings. It
leaves out what else an order is - its conversation, both inboxes -, for that is the server's work
and not the worker's, and more of it a second than a small machine does beside one.
"""

import asyncio
import json
import sys
import time
from functools import partial
from typing import Any

import uvloop

from benchmarks.order_load import Placed, at_rate
from benchmarks.shop import News, tell_of_order
from domain.preferences import Category
from realtime.channels.redis_address import RedisAddress
from realtime.channels.redis_bus import RedisBus
from realtime.channels.redis_line import LineTimings
from realtime.ops.bells import Bells
from storage.engine import Database


async def commit(database: Database, buyer: str, place: int, seller: str) -> Placed:
    news = News(
        id=f"{seller}-new",
        number=place,
        seller=seller,
        buyer=buyer,
        category=Category.NEW_ORDER,
    )
    sent = time.monotonic_ns()
    await database.transaction(partial(tell_of_order, news=news))
    return seller, sent, time.monotonic_ns()


async def commit_all(asked: dict[str, Any]) -> list[Placed]:
    database = Database.open(asked["database"])
    address = RedisAddress.from_url(asked["redis"])
    bus = RedisBus(address=address, node="commits", timings=LineTimings())
    database.announce_to(bus)
    await bus.start(Bells(()))
    try:
        return await at_rate(
            asked["rate"],
            [
                partial(commit, database, asked["buyer"], place, seller)
                for place, seller in enumerate(asked["services"])
            ],
        )
    finally:
        await bus.close()
        await database.close()


def main() -> None:
    asked = json.load(sys.stdin)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(commit_all(asked))))


if __name__ == "__main__":
    main()
