"""People of a cluster: pairs of buyer and seller, each with some devices that come and go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import httpx2

from tests.chaos.cluster import Cluster
from tests.support.follower import Follower
from tests.support.processes import SERVICE_KEY, token

# In seconds: a person writes, a device of a pair loses its connection, a device has read.
WRITES_EVERY = 0.8
LEAVES_EVERY = 3.0
READS_EVERY = 2.0


@dataclass(slots=True)
class Pair:
    """A conversation, its two people and their devices; ``acknowledged`` is body -> seq."""

    conversation: str
    accounts: tuple[str, str]
    devices: list[tuple[str, Follower]] = field(default_factory=list)
    acknowledged: dict[str, int] = field(default_factory=dict)

    @property
    def channel(self) -> str:
        """The thread's."""
        return f"thread:{self.conversation}"


class Town:
    """All pairs."""

    def __init__(self, pairs: list[Pair], random: Random) -> None:
        self.pairs = pairs
        self._random = random

    @property
    def followers(self) -> list[Follower]:
        """All devices."""
        return [device for pair in self.pairs for _, device in pair.devices]

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Have all devices follow until the block ends."""
        async with AsyncExitStack() as stack:
            for each in self.followers:
                await stack.enter_async_context(each.following())
            yield

    async def live(self, *, seconds: float) -> None:
        """Write, read and lose connections; one pair after the other falls silent.

        Last words fall while things fail, and nothing that follows gives them away.
        """
        begun = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for place, pair in enumerate(self.pairs, start=1):
                until = begun + seconds * (0.3 + 0.7 * place / len(self.pairs))
                group.create_task(self._leave(pair, until))
                group.create_task(self._read(pair, until))
                for account in pair.accounts:
                    group.create_task(self._write(pair, account, until))

    async def _write(self, pair: Pair, account: str, until: float) -> None:
        devices = [device for owner, device in pair.devices if owner == account]
        async for number in self._moments(WRITES_EVERY, until):
            body = f"{number} of {account}"
            device = self._random.choice(devices)
            pair.acknowledged[body] = await device.send(pair.conversation, body)

    async def _leave(self, pair: Pair, until: float) -> None:
        async for _ in self._moments(LEAVES_EVERY, until):
            _, device = self._random.choice(pair.devices)
            device.drop()

    async def _read(self, pair: Pair, until: float) -> None:
        async for _ in self._moments(READS_EVERY, until):
            _, device = self._random.choice(pair.devices)
            data = {
                "conversation": pair.conversation,
                "seq": device.channels[pair.channel].position,
            }
            reply = await device.call(rpc={"method": "receipt.read", "data": data})
            if reply is not None and "error" in reply:
                assert reply["error"].get("temporary"), reply

    async def _moments(self, every: float, until: float) -> AsyncIterator[int]:
        """Count moments at random, on average ``every`` so many seconds."""
        for number in count(1):
            await asyncio.sleep(self._random.expovariate(1 / every))
            if asyncio.get_running_loop().time() >= until:
                return
            yield number


async def settle_town(cluster: Cluster, random: Random, *, pairs: int, devices: int) -> Town:
    """Have people order from each other, and give each of them devices."""
    async with httpx2.AsyncClient(base_url=cluster.nodes[0].url, timeout=30.0) as http:
        made = [await _pair(http, number) for number in range(pairs)]
    for pair in made:
        for number in range(devices):
            account = pair.accounts[number % 2]
            pair.devices.append((account, _device(cluster, random, pair, account)))
    return Town(made, random)


def _device(cluster: Cluster, random: Random, pair: Pair, account: str) -> Follower:
    return Follower(
        dial=lambda: cluster.dial(random),
        token=lambda: token(account),
        channels=[pair.channel],
        inbox=f"inbox:{account}",
        random=random,
    )


async def _pair(http: httpx2.AsyncClient, number: int) -> Pair:
    buyer, seller = f"buyer-{number}", f"seller-{number}"
    for account in (buyer, seller):
        profile = {"name": account.title(), "email": f"{account}@example.com"}
        await _tell(http, "PUT", f"/v1/accounts/{account}", profile)
    offer = {"seller_id": seller, "title": "A logo", "status": "approved", "delivery_days": 3}
    await _tell(http, "PUT", f"/v1/services/of-{seller}", offer)
    order = {
        "service_id": f"of-{seller}",
        "buyer_id": buyer,
        "price": {"amount": 1_000, "currency": "EUR"},
    }
    placed = await _tell(http, "POST", "/v1/orders", order)
    return Pair(placed["conversation_id"], (buyer, seller))


async def _tell(http: httpx2.AsyncClient, method: str, path: str, body: Any) -> Any:
    answer = await http.request(
        method, path, json=body, headers={"Authorization": f"Bearer {SERVICE_KEY}"}
    )
    assert answer.is_success, answer.text
    return answer.json()
