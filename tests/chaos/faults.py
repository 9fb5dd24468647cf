"""What happens to the cluster, at random from a seed; each fault undoes itself.

It says False where it did nothing: what it would hurt is being hurt already, and of three nodes one
alone is down at a time, for a cluster that is gone proves nothing.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from tests.chaos.cluster import Cluster
from tests.support.proxy import Proxy

Fault = Callable[[Cluster, Random], Coroutine[Any, Any, bool]]

# In seconds: how long something is away, and how long until the next fault begins.
AWAY = (0.1, 2.0)
PAUSED = (0.3, 6.0)
BETWEEN = (0.2, 2.0)


async def kill_a_node(cluster: Cluster, random: Random) -> bool:
    """kill -9, and a new start."""
    node = random.choice(cluster.nodes)
    if node.turn.locked() or cluster.one_is_down.locked():
        return False
    async with cluster.one_is_down, node.turn:
        await node.kill()
        await asyncio.sleep(random.uniform(*AWAY))
        await node.start()
    return True


async def replace_a_node(cluster: Cluster, random: Random) -> bool:
    """SIGTERM, a drain, and a new start, as a release does."""
    node = random.choice(cluster.nodes)
    if node.turn.locked() or cluster.one_is_down.locked():
        return False
    async with cluster.one_is_down, node.turn:
        await node.drain()
        await node.start()
    return True


async def pause_a_node(cluster: Cluster, random: Random) -> bool:
    """SIGSTOP for a while."""
    node = random.choice(cluster.nodes)
    if node.turn.locked():
        return False
    async with node.turn:
        node.pause()
        await asyncio.sleep(random.uniform(*PAUSED))
        node.resume()
    return True


async def restart_valkey(cluster: Cluster, random: Random) -> bool:
    """kill -9, and a new start; it forgets everything."""
    if cluster.valkeys_turn.locked():
        return False
    async with cluster.valkeys_turn:
        await asyncio.to_thread(cluster.valkey.kill)
        await asyncio.sleep(random.uniform(*AWAY))
        await asyncio.to_thread(cluster.valkey.start)
    return True


async def pause_valkey(cluster: Cluster, random: Random) -> bool:
    """SIGSTOP for a while."""
    if cluster.valkeys_turn.locked():
        return False
    async with cluster.valkeys_turn:
        cluster.valkey.stall()
        await asyncio.sleep(random.uniform(*PAUSED))
        cluster.valkey.resume()
    return True


async def cut_a_node_from_valkey(cluster: Cluster, random: Random) -> bool:
    """A reset of its connections."""
    random.choice(cluster.nodes).redis.cut()
    return True


async def part_a_node_from_valkey(cluster: Cluster, random: Random) -> bool:
    """Nothing gets through for a while."""
    return await _hold(random.choice(cluster.nodes).redis, random)


async def cut_clients(cluster: Cluster, random: Random) -> bool:
    """A reset of all connections through one door."""
    random.choice(cluster.doors).cut()
    return True


async def hold_clients(cluster: Cluster, random: Random) -> bool:
    """Nothing gets through one door for a while."""
    return await _hold(random.choice(cluster.doors), random)


async def abandon_clients(cluster: Cluster, random: Random) -> bool:
    """Clients leave the network; the nodes are not told."""
    random.choice(cluster.doors).abandon()
    return True


async def _hold(proxy: Proxy, random: Random) -> bool:
    if proxy.stalled:
        return False
    proxy.stall()
    await asyncio.sleep(random.uniform(*PAUSED))
    proxy.resume()
    return True


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
    begun: list[tuple[str, asyncio.Task[bool]]] = []
    kinds, weights = list(FAULTS), list(FAULTS.values())
    async with asyncio.TaskGroup() as under_way:
        while loop.time() < end:
            (fault,) = random.choices(kinds, weights)
            own = Random(random.random())
            begun.append((fault.__name__, under_way.create_task(fault(cluster, own))))
            await asyncio.sleep(random.uniform(*BETWEEN))
            cluster.turn_doors(random)
    cluster.turn_doors(random)
    return Counter(name for name, task in begun if task.result())
