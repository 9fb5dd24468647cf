"""Orders at a steady rate, whether or not the last ones are through: ``python order_load.py``.

Takes ``{"port", "key", "services", "buyer", "rate"}`` on its standard input, places one order of
each service, and prints ``[[seller, sent, accepted], ...]`` with the machine's monotonic clock in
ns; ``accepted`` is null for one that was not.
"""

import asyncio
import json
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import aiohttp
import uvloop

Placed = tuple[str, int, int | None]


async def place(session: aiohttp.ClientSession, asked: dict[str, Any], service: str) -> Placed:
    order = {
        "service_id": f"{service}-logo",
        "buyer_id": asked["buyer"],
        "price": {"amount": 5000, "currency": "EUR"},
    }
    headers = {
        "Authorization": f"Bearer {asked['key']}",
        "Idempotency-Key": str(uuid.uuid4()),
    }
    sent = time.monotonic_ns()
    address = f"http://127.0.0.1:{asked['port']}/v1/orders"
    async with session.post(address, json=order, headers=headers) as answer:
        accepted = time.monotonic_ns()
        content = await answer.text()
        if answer.status != 201:
            asked.setdefault("first_refusal", f"{answer.status} {content}")
        return service, sent, accepted if answer.status == 201 else None


async def at_rate(rate: float, steps: Sequence[Callable[[], Awaitable[Placed]]]) -> list[Placed]:
    """Begin one after the other, so many a second, and wait for all."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    begun = []
    for number, step in enumerate(steps):
        await asyncio.sleep(max(0.0, begin + number / rate - loop.time()))
        begun.append(asyncio.ensure_future(step()))
    return list(await asyncio.gather(*begun))


async def place_all(asked: dict[str, Any]) -> list[Placed]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        steps = [partial(place, session, asked, service) for service in asked["services"]]
        return await at_rate(asked["rate"], steps)


def main() -> None:
    asked = json.load(sys.stdin)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(place_all(asked))))
    if refusal := asked.get("first_refusal"):
        print(refusal, file=sys.stderr)


if __name__ == "__main__":
    main()
