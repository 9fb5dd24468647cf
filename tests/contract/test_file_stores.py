"""What keeps files does, in a directory and in a bucket of an S3."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from domain.errors import Unavailable
from realtime.bootstrap.attachments import open_store
from realtime.files.bucket import Bucket
from realtime.files.directory import Directory
from realtime.files.place import BucketPlace, DirectoryPlace, parse_place
from realtime.services.attachment_files import once
from tests.support.s3_server import running_s3

Store = Bucket | Directory
LARGE = secrets.token_bytes(6 * 1024 * 1024 + 7)  # more than one part of an S3 upload


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    """A bucket of an S3."""
    with running_s3() as url:
        yield url


@pytest.fixture(params=["directory", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of files."""
    if request.param == "directory":
        return open_store(DirectoryPlace(tmp_path / "not" / "yet"))
    place = parse_place(request.getfixturevalue("s3_url"))
    assert isinstance(place, BucketPlace)
    of_its_own = f"{place.prefix}/{secrets.token_hex(4)}"
    return open_store(BucketPlace(bucket=place.bucket, prefix=of_its_own, options=place.options))


async def in_stretches(content: bytes) -> AsyncIterator[bytes]:
    """Give content as a network does."""
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]


async def read(store: Store, key: str, start: int, end: int) -> bytes:
    """Read a part of a file."""
    return b"".join([stretch async for stretch in store.read(key, start, end)])


def files_in(folder: Path) -> list[Path]:
    """List the files in a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def modes_in(folder: Path) -> set[int]:
    """Tell who may do what with the files and folders in a folder."""
    return {path.stat().st_mode & 0o777 for path in folder.rglob("*")}


async def test_what_was_put_is_read(store: Store) -> None:
    assert await store.put("ab/one/0-x", once(b"What I want")) == 11
    assert await store.put("ab/one/11-y", once(b"")) == 0

    assert await read(store, "ab/one/0-x", 0, 11) == b"What I want"
    assert await read(store, "ab/one/0-x", 5, 6) == b"I"
    assert await read(store, "ab/one/0-x", 5, 5) == b""


async def test_a_large_file_comes_and_goes_in_stretches(store: Store) -> None:
    assert await store.put("ab/large/0", in_stretches(LARGE)) == len(LARGE)

    assert await read(store, "ab/large/0", 0, len(LARGE)) == LARGE
    assert await read(store, "ab/large/0", 1_000_000, 5_999_999) == LARGE[1_000_000:5_999_999]


async def test_what_breaks_off_is_not_kept(store: Store) -> None:
    class BreaksOffError(Exception):
        """Whatever ends it."""

    async def breaks_off() -> AsyncIterator[bytes]:
        yield b"half"
        raise BreaksOffError

    with pytest.raises(BreaksOffError):
        await store.put("ab/half/0", breaks_off())

    with pytest.raises(Unavailable):
        await read(store, "ab/half/0", 0, 4)


async def test_who_is_cancelled_leaves_nothing(store: Store) -> None:
    waits, asked = asyncio.Event(), asyncio.Event()

    async def never_ends() -> AsyncIterator[bytes]:
        yield bytes(1_000_000)
        asked.set()
        await waits.wait()

    task = asyncio.create_task(store.put("ab/cut/0", never_ends()))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    with pytest.raises(Unavailable):
        await read(store, "ab/cut/0", 0, 4)


async def test_a_folder_is_removed_whole_and_others_stay(store: Store) -> None:
    for key in ("ab/one/0", "ab/one/preview", "ab/other/0", "ab/onemore/0"):
        await store.put(key, once(key.encode()))

    await store.remove("ab/one")
    await store.remove("ab/one")
    await store.remove("ab/never")

    assert await read(store, "ab/other/0", 0, 10) == b"ab/other/0"
    assert await read(store, "ab/onemore/0", 0, 12) == b"ab/onemore/0"
    for gone in ("ab/one/0", "ab/one/preview"):
        with pytest.raises(Unavailable):
            await read(store, gone, 0, 1)


async def test_a_file_that_has_become_shorter_is_no_file(store: Store) -> None:
    await store.put("ab/short/0", once(b"short"))

    with pytest.raises(Unavailable):
        await read(store, "ab/short/0", 0, 10)


async def test_a_look_leaves_nothing(store: Store, tmp_path: Path) -> None:
    await store.check()

    assert files_in(tmp_path) == []


# --- each for itself ------------------------------------------------------------------------------


async def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    store = Directory(tmp_path / "files")

    await store.put("ab/one/0", once(b"private"))

    assert modes_in(tmp_path) == {0o600, 0o700}


async def test_a_directory_that_cannot_be_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Directory(tmp_path / "file" / "files")

    with pytest.raises(Unavailable):
        await store.check()
    with pytest.raises(Unavailable):
        await store.put("ab/one/0", once(b"x"))


async def test_a_bucket_that_is_not_there_is_unavailable(s3_url: str) -> None:
    place = parse_place(s3_url.replace("orderwire-files", "another"))

    with pytest.raises(Unavailable):
        await open_store(place).check()


async def test_a_key_that_is_no_good_is_never_shown(
    s3_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """moto takes any key, so nobody listens here; what is logged of it is the point."""
    place = parse_place(
        "s3://b?endpoint=http://127.0.0.1:9&access_key_id=a&secret_access_key=hunter2"
    )

    with pytest.raises(Unavailable) as refused:
        await open_store(place).check()

    assert "hunter2" not in f"{refused.value}{refused.value.__cause__}{place!r}{place}"
    assert "hunter2" not in capsys.readouterr().out
