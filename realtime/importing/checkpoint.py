"""How far an import came, in a file beside it: written after each commit, read by the next run."""

import hashlib
import os
from pathlib import Path

import msgspec

SAMPLE = 4096


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """So many lines, which took so many bytes, are done; ``sample`` tells the file from others."""

    lines: int
    bytes: int
    sample: str


class WrongCheckpoint(Exception):
    """A file that holds no checkpoint, or that of another import."""


def sample_of(beginning: bytes) -> str:
    """Name a file by its first line, as far as it goes: others may be added behind it."""
    return hashlib.sha256(beginning[:SAMPLE].partition(b"\n")[0]).hexdigest()


def load(path: Path, sample: str) -> Checkpoint | None:
    """Read how far an earlier run came; None if there was none. Raises WrongCheckpoint."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Checkpoint)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise WrongCheckpoint(f"{path}: is no checkpoint: {error}") from None
    if found.sample != sample:
        raise WrongCheckpoint(f"{path}: is of another file: delete it, or name another one")
    return found


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write how far this run came; whoever reads meanwhile finds the one before."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(msgspec.json.encode(checkpoint))
    os.replace(new, path)
