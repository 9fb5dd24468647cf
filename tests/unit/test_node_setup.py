"""Which Node is good enough: the ranges that npm packages write."""

import json
from pathlib import Path

import pytest

from setup.node import Version, fits

WANTED = "^20.19.0 || ^22.12.0 || >=24.0.0"


@pytest.mark.parametrize("version", [(20, 19, 0), (20, 20, 2), (22, 12, 0), (24, 0, 0), (31, 2, 1)])
def test_a_version_fits_that_one_of_the_ranges_holds(version: Version) -> None:
    assert fits(version, WANTED)


@pytest.mark.parametrize("version", [(18, 20, 4), (20, 18, 9), (21, 7, 0), (22, 11, 0), (23, 1, 0)])
def test_a_version_does_not_fit_that_none_of_them_holds(version: Version) -> None:
    assert not fits(version, WANTED)


def test_a_range_that_cannot_be_read_is_said() -> None:
    with pytest.raises(ValueError, match="cannot read"):
        fits((20, 0, 0), "20.x")


def test_the_web_app_asks_in_a_way_that_can_be_read() -> None:
    package = json.loads((Path(__file__).parents[2] / "web" / "package.json").read_text())

    assert fits((99, 0, 0), package["engines"]["node"])
