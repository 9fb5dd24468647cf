"""How far an import came: kept whole, and only believed of the same file."""

from pathlib import Path

import pytest

from realtime.importing.checkpoint import Checkpoint, WrongCheckpoint, load, sample_of, save

FAR = Checkpoint(lines=7, bytes=123, sample=sample_of(b"first\nsecond\n"))


def test_it_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "far"
    assert load(path, FAR.sample) is None

    save(path, FAR)
    save(path, FAR)

    assert load(path, FAR.sample) == FAR
    assert [each.name for each in tmp_path.iterdir()] == ["far"]


def test_what_is_added_behind_leaves_a_file_the_same() -> None:
    assert sample_of(b"first\nsecond\nthird\n") == FAR.sample
    assert sample_of(b"first") == FAR.sample
    assert sample_of(b"other\n") != FAR.sample
    assert sample_of(b"x" * 5_000) == sample_of(b"x" * 6_000)


def test_that_of_another_file_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "far", FAR)

    with pytest.raises(WrongCheckpoint, match="is of another file"):
        load(tmp_path / "far", sample_of(b"other"))


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    for text in ("", "{}", "[]", '{"lines": "x"}'):
        (tmp_path / "far").write_text(text)
        with pytest.raises(WrongCheckpoint, match="is no checkpoint"):
            load(tmp_path / "far", FAR.sample)
