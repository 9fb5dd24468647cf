"""Every way into a Redis that an address can name."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from domain.publications import Publication
from realtime.channels.redis_address import RedisAddress
from realtime.channels.redis_bus import RedisBus
from realtime.channels.redis_line import LineTimings
from tests.support.certificates import make_authority
from tests.support.eventually import eventually
from tests.support.proxy import Proxy
from tests.support.receiver import RecordingReceiver
from tests.support.valkey import Valkey, running_valkey

THREAD = "thread:one"
QUICK = LineTimings(connect=1.0, confirm=0.2, first_retry=0.01, last_retry=0.1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A server that knows three people, and has a Unix socket."""
    path = tmp_path_factory.mktemp("redis") / "redis.sock"
    with running_valkey("--unixsocket", str(path)) as valkey:
        valkey.command("ACL", "SETUSER", "wire", "on", ">p@ss word", "&*", "+@all")
        valkey.command("ACL", "SETUSER", "deaf", "on", ">deaf", "&none", "+@all")
        valkey.command("ACL", "SETUSER", "nobody", "on", ">nobody", "+@all", "-@pubsub")
        yield valkey


async def started(closing: AsyncExitStack, url: str) -> tuple[RedisBus, RecordingReceiver]:
    bus = RedisBus(address=RedisAddress.from_url(url), node=uuid4().hex, timings=QUICK)
    hub = RecordingReceiver()
    closing.push_async_callback(bus.close)
    await bus.start(hub)
    return bus, hub


async def carries(one_url: str, other_url: str) -> None:
    """See that news get from one address to the other."""
    async with AsyncExitStack() as closing:
        here, _ = await started(closing, one_url)
        there, hub = await started(closing, other_url)
        await there.subscribe(THREAD)
        await here.announce([Publication(THREAD, b"hello", 1)], set())
        await eventually(lambda: hub.of(THREAD) == [b"hello"])


async def refuses(url: str) -> None:
    """See that a start succeeds all the same, and says that nothing is carried."""
    async with AsyncExitStack() as closing:
        bus, _ = await started(closing, url)
        assert not bus.healthy
        await bus.subscribe(THREAD)


async def test_a_login_is_told_in_the_address(server: Valkey) -> None:
    await carries(server.url, f"redis://wire:p%40ss%20word@127.0.0.1:{server.port}")


async def test_a_wrong_password_is_refused(server: Valkey) -> None:
    await refuses(f"redis://wire:wrong@127.0.0.1:{server.port}")


@pytest.mark.parametrize("login", ["deaf:deaf", "nobody:nobody"])
async def test_who_may_not_subscribe_is_never_healthy(server: Valkey, login: str) -> None:
    await refuses(f"redis://{login}@127.0.0.1:{server.port}")


async def test_a_unix_socket_is_an_address(server: Valkey) -> None:
    path = server.command("CONFIG", "GET", "unixsocket")["unixsocket"]
    await carries(server.url, f"unix://{path}")


async def test_tls_is_verified_by_the_authority_of_the_address(
    server: Valkey, tmp_path: Path
) -> None:
    authority = make_authority(tmp_path)
    proxy = Proxy(port=server.port, tls=authority.server_context())
    async with proxy.running():
        url = f"rediss://localhost:{proxy.port}"
        await carries(server.url, f"{url}?ssl_ca_certs={authority.ca}")
        await carries(server.url, f"{url}?ssl_cert_reqs=none")
        await refuses(url)


async def test_databases_do_not_hear_each_other(server: Valkey) -> None:
    async with AsyncExitStack() as closing:
        here, _ = await started(closing, f"{server.url}/1")
        _, elsewhere = await started(closing, f"{server.url}/2")
        _, here_too = await started(closing, f"{server.url}/1")
        await here.announce([], {"deliveries"})
        await eventually(lambda: here_too.doorbells == ["deliveries"])
        assert elsewhere.doorbells == []


async def test_a_server_that_speaks_something_else_is_refused() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        await reader.read()
        writer.close()

    stranger = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with stranger:
        await refuses(f"redis://127.0.0.1:{stranger.sockets[0].getsockname()[1]}")


def test_an_address_shows_no_password() -> None:
    assert "secret" not in repr(RedisAddress.from_url("redis://:secret@redis.example:6380/2"))
