"""Three nodes, 200 clients and one seed: whatever happens, what was promised is kept."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

import pytest

from storage.engine import Database
from tests.chaos.cluster import Cluster, running_cluster, socket_url
from tests.chaos.faults import rage
from tests.chaos.promises import (
    CAUGHT_UP_WITHIN,
    everybody_has_everything,
    sdks_have_everything,
    unread_counts_are_right,
    what_was_acknowledged_is_stored_once,
)
from tests.chaos.town import Pair, Town, settle_town
from tests.clients.javascript_sdk import javascript_sdk
from tests.clients.python_sdk import python_sdk
from tests.clients.sdk import Sdk, SdkClient
from tests.support.processes import token

# With all that goes before and comes after, 30 seconds of faults are a minute.
SECONDS = float(os.environ.get("ORDERWIRE_TEST_CHAOS_SECONDS") or 30.0)
# The same each time among the other tests; ``make chaos`` leaves it to chance, and prints it.
SEED = int(os.environ.get("ORDERWIRE_TEST_CHAOS_SEED", "7") or secrets.randbelow(1_000_000))
PAIRS, DEVICES = 20, 10
AN_SDK_GIVES_UP_AFTER = 5.0


@pytest.mark.timeout(SECONDS + 5 * CAUGHT_UP_WITHIN)
async def test_what_was_promised_is_kept_whatever_happens(postgresql_url: str) -> None:
    print(f"\nchaos: seed {SEED}, {SECONDS:.0f} seconds")
    # Two streams: what people do, and when, changes nothing of what happens to them.
    random, fate = Random(SEED), Random(f"{SEED}: fate")
    async with running_cluster(postgresql_url) as cluster:
        town = await settle_town(cluster, random, pairs=PAIRS, devices=DEVICES)
        async with town.connected(), sdk_clients(cluster, town.pairs[0]) as clients:
            async with asyncio.TaskGroup() as at_once:
                at_once.create_task(town.live(seconds=SECONDS))
                happened = await rage(cluster, fate, seconds=SECONDS)
            print(f"chaos: {dict(happened)}")
            await check(postgresql_url, town, clients)


async def check(database_url: str, town: Town, clients: dict[str, SdkClient]) -> None:
    """Check all promises."""
    database = Database.open(database_url)
    try:
        await what_was_acknowledged_is_stored_once(database, town)
        entries = await everybody_has_everything(database, town)
        await unread_counts_are_right(database, town)
        await sdks_have_everything(database, town.pairs[0], clients)
    finally:
        await database.close()
    connections = sum(1 + len(each.closes) for each in town.followers)
    print(f"chaos: {entries} entries, {connections} connections of {len(town.followers)} clients")


@asynccontextmanager
async def sdk_clients(cluster: Cluster, pair: Pair) -> AsyncIterator[dict[str, SdkClient]]:
    """Have an SDK of each kind listen to a pair's thread."""
    account = pair.accounts[0]

    async def fresh() -> str:
        return token(account)

    async with AsyncExitStack() as stack:
        sdks: list[Sdk] = [
            await stack.enter_async_context(python_sdk()),
            await stack.enter_async_context(javascript_sdk("centrifuge")),
            await stack.enter_async_context(javascript_sdk("centrifuge-5.7.1")),
        ]
        clients: dict[str, SdkClient] = {}
        for sdk, door in zip(sdks, cluster.doors, strict=False):
            client = await sdk.client(socket_url(door), fresh, gives_up_after=AN_SDK_GIVES_UP_AFTER)
            await client.subscribe(pair.channel)
            await client.connect()
            await client.diary.first("subscribed", pair.channel)
            clients[sdk.name] = client
        yield clients
        for client in clients.values():
            await client.disconnect()
