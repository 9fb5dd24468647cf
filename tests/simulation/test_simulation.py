"""Thousands of small worlds, each a little different: what the server promises holds in all."""

import os
import re
import subprocess
import sys

import pytest

from tests.simulation.known_seeds import KNOWN_SEEDS

# Half a minute where nothing else is going on.
pytestmark = pytest.mark.timeout(600)


def simulate(*words: str) -> tuple[int, str]:
    """Run a simulation; return its status and what it says.

    A process of its own fixes the order of sets, and is not slowed down by being measured.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation", *words],
        env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_what_is_promised_holds_in_every_world() -> None:
    status, said = simulate("--seeds", "1..2000")

    assert status == 0, said
    assert said.startswith("2000 seeds, 0 failed")


def test_what_once_failed_does_not_fail_again() -> None:
    status, said = simulate("--seeds", ",".join(map(str, KNOWN_SEEDS)))

    assert status == 0, said


def test_a_seed_replays_exactly_whatever_came_before() -> None:
    _, alone = simulate("--digest", "--seeds", "77")
    _, after_others = simulate("--digest", "--seeds", "57..77")

    assert re.fullmatch(r"77 [0-9a-f]{16}\n", alone)
    assert after_others.endswith(alone)


def test_broken_servers_are_found() -> None:
    status, said = simulate("--mutants", "--seeds", "1..400")

    assert status == 0, said
