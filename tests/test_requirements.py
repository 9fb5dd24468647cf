"""What gets installed is what pyproject.toml asks for: pinned, hashed, the same everywhere."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = PROJECT["project"]["dependencies"]
ASKED = {"runtime": RUNTIME, **PROJECT["dependency-groups"]}
ASKED["test"] = [*ASKED["test"], *RUNTIME]
PACKAGE_LOCKS = sorted(
    path for path in ROOT.glob("*/**/package-lock.json") if "node_modules" not in path.parts
)


def pins(lock: str) -> dict[str, Version]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return {
        canonicalize_name(name): Version(version)
        for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)
    }


def test_there_is_a_lock_for_everything_that_is_asked_for() -> None:
    assert {path.stem for path in (ROOT / "requirements").iterdir()} == set(ASKED)


@pytest.mark.parametrize("lock", ASKED)
def test_a_lock_pins_what_is_asked_for_at_a_version_that_is_allowed(lock: str) -> None:
    pinned = pins(lock)

    for requirement in map(Requirement, ASKED[lock]):
        assert pinned[canonicalize_name(requirement.name)] in requirement.specifier, requirement


@pytest.mark.parametrize("lock", ASKED)
def test_every_line_of_a_lock_is_a_pin_or_its_hash(lock: str) -> None:
    pin = re.compile(r"[\w.\[\]-]+==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")

    lines = (ROOT / "requirements" / f"{lock}.txt").read_text().splitlines()

    assert [line for line in lines if not pin.fullmatch(line)] == []
    assert sum("==" in line for line in lines) == len(pins(lock))


def test_the_tests_run_on_what_is_shipped() -> None:
    tested = pins("test")

    assert {name: tested.get(name) for name in pins("runtime")} == pins("runtime")


@pytest.mark.parametrize("path", PACKAGE_LOCKS, ids=lambda path: path.parent.name)
def test_a_lock_of_npm_has_checksums_and_no_addresses(path: Path) -> None:
    packages = json.loads(path.read_text())["packages"]

    for name, package in packages.items():
        assert "resolved" not in package, name
        assert name == "" or package["integrity"].startswith("sha512-"), name


def test_every_dependency_has_a_line_that_says_why() -> None:
    listed = set(re.findall(r"^\| `(.+?)` \|", (ROOT / "docs/dependencies.md").read_text(), re.M))
    asked = {Requirement(line).name for lines in ASKED.values() for line in lines}
    for path in PACKAGE_LOCKS:
        project = json.loads(path.with_name("package.json").read_text())
        asked |= {*project.get("dependencies", {}), *project.get("devDependencies", {})}

    assert listed == asked
