"""What happens to the cluster, at random from a seed; each fault undoes itself."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from tests.chaos.cluster import Cluster

Fault = Callable[[Cluster, Random], Coroutine[Any, Any, None]]

# In seconds: how long something is away, and how long until the next fault begins.
AWAY = (0.1, 2.0)
PAUSED = (0.3, 6.0)
BETWEEN = (0.2, 2.0)


async def kill_a_node(cluster: Cluster, random: Random) -> None:
    """kill -9, and a new start."""
    node = random.choice(cluster.nodes)
    async with node.turn:
        await node.kill()
        await asyncio.sleep(random.uniform(*AWAY))
        await node.start()


async def replace_a_node(cluster: Cluster, random: Random) -> None:
    """SIGTERM, a drain, and a new start, as a release does."""
    node = random.choice(cluster.nodes)
    async with node.turn:
        await node.drain()
        await node.start()


async def pause_a_node(cluster: Cluster, random: Random) -> None:
    """SIGSTOP for a while."""
    node = random.choice(cluster.nodes)
    async with node.turn:
        node.pause()
        await asyncio.sleep(random.uniform(*PAUSED))
        node.resume()


async def restart_valkey(cluster: Cluster, random: Random) -> None:
    """kill -9, and a new start; it forgets everything."""
    async with cluster.turn:
        await asyncio.to_thread(cluster.valkey.kill)
        await asyncio.sleep(random.uniform(*AWAY))
        await asyncio.to_thread(cluster.valkey.start)


async def pause_valkey(cluster: Cluster, random: Random) -> None:
    """SIGSTOP for a while."""
    async with cluster.turn:
        cluster.valkey.stall()
        await asyncio.sleep(random.uniform(*PAUSED))
        cluster.valkey.resume()


async def cut_a_node_from_valkey(cluster: Cluster, random: Random) -> None:
    """A reset of its connections."""
    random.choice(cluster.nodes).redis.cut()


async def part_a_node_from_valkey(cluster: Cluster, random: Random) -> None:
    """Nothing gets through for a while."""
    redis = random.choice(cluster.nodes).redis
    redis.stall()
    await asyncio.sleep(random.uniform(*PAUSED))
    redis.resume()


async def cut_clients(cluster: Cluster, random: Random) -> None:
    """A reset of all connections through one door."""
    random.choice(cluster.doors).cut()


async def hold_clients(cluster: Cluster, random: Random) -> None:
    """Nothing gets through one door for a while."""
    door = random.choice(cluster.doors)
    door.stall()
    await asyncio.sleep(random.uniform(*PAUSED))
    door.resume()


async def abandon_clients(cluster: Cluster, random: Random) -> None:
    """Clients leave the network; the nodes are not told."""
    random.choice(cluster.doors).abandon()


FAULTS: dict[Fault, int] = {
    kill_a_node: 3,
    replace_a_node: 1,
    pause_a_node: 3,
    restart_valkey: 2,
    pause_valkey: 2,
    cut_a_node_from_valkey: 3,
    part_a_node_from_valkey: 2,
    cut_clients: 2,
    hold_clients: 2,
    abandon_clients: 1,
}


async def rage(cluster: Cluster, random: Random, *, seconds: float) -> Counter[str]:
    """Hurt the cluster for some time; return what happened how often, once all is well again."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    happened: Counter[str] = Counter()
    kinds, weights = list(FAULTS), list(FAULTS.values())
    async with asyncio.TaskGroup() as under_way:
        while loop.time() < end:
            (fault,) = random.choices(kinds, weights)
            happened[fault.__name__] += 1
            under_way.create_task(fault(cluster, random))
            await asyncio.sleep(random.uniform(*BETWEEN))
            cluster.turn_doors(random)
    cluster.turn_doors(random)
    return happened
