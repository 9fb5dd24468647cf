"""An account that is erased while somebody is connected as it: on this node, and on any other."""

from realtime.bootstrap import Pace
from tests.support.node import SERVICE_KEY, RunningNode, running_node
from tests.support.raw_client import raw_client

# Other nodes are heard of by their bus alone, unless a test says otherwise.
DEAF = Pace(erased=3_600.0)
WATCHFUL = Pace(erased=0.1)


async def erase(node: RunningNode, account: str) -> None:
    """Erase an account as the marketplace does."""
    bearer = {"Authorization": f"Bearer {SERVICE_KEY}"}
    answer = await node.http.delete(f"/v1/accounts/{account}", headers=bearer)
    assert answer.status_code == 204, answer.text


async def anna(node: RunningNode) -> None:
    """Tell of Anna."""
    await node.backend("PUT", "/v1/accounts/anna", {"name": "Anna"})


async def test_its_sockets_are_closed_for_good_and_none_is_opened(sqlite_url: str) -> None:
    async with running_node(sqlite_url, pace=DEAF) as node:
        await anna(node)
        async with raw_client(node.socket_url) as one, raw_client(node.socket_url) as other:
            token = node.token("anna")
            for client in (one, other):
                await client.connect(token, data={"inbox": True})

            await erase(node, "anna")

            for client in (one, other):
                assert await client.closed() == (3503, "force disconnect")
        async with raw_client(node.socket_url) as again:
            reply = await again.command(connect={"token": token})
            assert reply["error"]["code"] == 109
        answer = await node.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


async def test_a_node_that_missed_it_finds_it(sqlite_url: str) -> None:
    async with (
        running_node(sqlite_url, pace=DEAF) as here,
        running_node(sqlite_url, pace=WATCHFUL) as there,
    ):
        await anna(here)
        async with raw_client(there.socket_url) as client:
            token = there.token("anna")
            await client.connect(token)

            await erase(here, "anna")

            assert await client.closed() == (3503, "force disconnect")
        async with raw_client(there.socket_url) as again:
            assert (await again.command(connect={"token": token}))["error"]["code"] == 109


async def test_a_node_hears_of_it_at_once(postgresql_url: str, redis_url: str) -> None:
    settings = {"ORDERWIRE_REDIS_URL": redis_url}
    async with (
        running_node(postgresql_url, settings=settings, pace=DEAF) as here,
        running_node(postgresql_url, settings=settings, pace=DEAF) as there,
    ):
        await anna(here)
        async with raw_client(there.socket_url) as client:
            await client.connect(there.token("anna"))

            await erase(here, "anna")

            assert await client.closed() == (3503, "force disconnect")


async def test_a_node_that_starts_later_knows(sqlite_url: str) -> None:
    async with running_node(sqlite_url, pace=DEAF) as node:
        await anna(node)
        await erase(node, "anna")
    async with (
        running_node(sqlite_url, pace=DEAF) as node,
        raw_client(node.socket_url) as client,
    ):
        token = node.token("anna")
        assert (await client.command(connect={"token": token}))["error"]["code"] == 109
