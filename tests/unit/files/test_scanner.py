"""What clamd is asked, and what each of its answers means."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.errors import Unavailable
from realtime.files.scanner import Clamd, ScannerPlace
from tests.support.clamd import EICAR, ClamdServer


async def in_stretches(content: bytes, length: int = 10) -> AsyncIterator[bytes]:
    """Give content as it is read."""
    for start in range(0, len(content), length):
        yield content[start : start + length]


def at(server: ClamdServer, patience: float = 10.0) -> Clamd:
    """Ask a server."""
    return Clamd(ScannerPlace(host="127.0.0.1", port=server.port), patience=patience)


async def test_a_virus_is_named_and_all_else_is_good() -> None:
    async with ClamdServer().running() as server:
        found = await at(server).scan(in_stretches(b"before " + EICAR + b" behind"))
        good = await at(server).scan(in_stretches(b"What I want"))
        empty = await at(server).scan(in_stretches(b""))
        await at(server).check()

    assert (found, good, empty) == ("Eicar-Signature", None, None)
    assert server.scanned == [b"before " + EICAR + b" behind", b"What I want", b""]


async def test_it_listens_at_a_path_too(tmp_path: Path) -> None:
    server = ClamdServer()
    path = tmp_path / "clamd.ctl"
    async with await asyncio.start_unix_server(server.serve, path):
        assert await Clamd(ScannerPlace(path=str(path))).scan(in_stretches(EICAR, 7))


@pytest.mark.parametrize(
    "answer", [b"INSTREAM size limit exceeded. ERROR\0", b"ready\0", b"no end", b"x" * 9_000]
)
async def test_any_other_answer_is_none(answer: bytes) -> None:
    """What was not looked through is not good: it may be larger than clamd takes."""
    async with ClamdServer(answer=answer).running() as server:
        with pytest.raises(Unavailable):
            await at(server).scan(in_stretches(bytes(100_000), 1_000))
        with pytest.raises(Unavailable):
            await at(server).check()


async def test_one_that_stops_listening_is_heard_out() -> None:
    async with ClamdServer(most_bytes=10).running() as server:
        with pytest.raises(Unavailable, match="cannot be looked through"):
            await at(server).scan(in_stretches(bytes(5_000_000), 65_536))


async def test_one_that_is_not_there_is_unavailable() -> None:
    async with ClamdServer().running() as server:
        pass
    with pytest.raises(Unavailable):
        await at(server).scan(in_stretches(b"x"))


async def test_one_that_does_not_answer_is_given_up() -> None:
    async def waits(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            writer.close()

    async with await asyncio.start_server(waits, "127.0.0.1", 0) as server:
        place = ScannerPlace(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        with pytest.raises(Unavailable):
            await Clamd(place, patience=0.05).scan(in_stretches(b"x"))
