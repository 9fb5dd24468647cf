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


async def place_all(asked: dict[str, Any]) -> list[Placed]:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        asyncio.TaskGroup() as group,
    ):
        placing = []
        for number, service in enumerate(asked["services"]):
            await asyncio.sleep(max(0.0, begin + number / asked["rate"] - loop.time()))
            placing.append(group.create_task(place(session, asked, service)))
    return [task.result() for task in placing]


def main() -> None:
    asked = json.load(sys.stdin)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(place_all(asked))))
    if refusal := asked.get("first_refusal"):
        print(refusal, file=sys.stderr)


if __name__ == "__main__":
    main()
