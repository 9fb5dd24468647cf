"""Settings stand in the environment, or in a ``.env`` file that says less than it."""

from pathlib import Path

import pytest

from realtime.environment import read_environment
from realtime.settings import BadSettings


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("ORDERWIRE_A=file\nORDERWIRE_B=file\n")
    assert read_environment({"ORDERWIRE_A": "environment", "HOME": "/"}, file) == {
        "ORDERWIRE_A": "environment",
        "ORDERWIRE_B": "file",
    }


def test_no_file_is_no_mistake(tmp_path: Path) -> None:
    assert read_environment({}, tmp_path / ".env") == {}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=value", "value"),
        ("  NAME = value  ", "value"),
        ("export NAME=value", "value"),
        ("NAME=", ""),
        ('NAME="a value # with all of it"', "a value # with all of it"),
        ("NAME='single' # and a remark", "single"),
        ("NAME=value # a remark", "value"),
        ("NAME=a#b", "a#b"),
        ("NAME=a=b", "a=b"),
        ("NAME=Orderwire <a@example.com>", "Orderwire <a@example.com>"),
        ("NAME=ünïcode", "ünïcode"),
    ],
)
def test_a_line_is_read_as_it_is_meant(tmp_path: Path, line: str, value: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"# a remark\n\n{line}\n", encoding="utf-8")
    assert read_environment({}, file) == {"NAME": value}


def test_lines_that_say_nothing_are_named_without_what_they_hold(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("ORDERWIRE_A=1\nhunter2\nORDER WIRE=hunter2\n")
    with pytest.raises(BadSettings) as caught:
        read_environment({}, file)
    assert caught.value.mistakes == (
        f"{file}, line 2: is not NAME=value",
        f"{file}, line 3: is not NAME=value",
    )


def test_a_file_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"NAME=\xff\xfe")
    with pytest.raises(BadSettings, match="cannot be read: it is not UTF-8"):
        read_environment({}, file)
    with pytest.raises(BadSettings, match="cannot be read: Is a directory"):
        read_environment({}, tmp_path)
