"""The rooms of ARCHITECTURE.md: who imports whom, and what every file keeps to."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("domain", "storage", "realtime")
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"
MADE = {".git", ".venv", ".cache", "node_modules", "static", "__pycache__", "bin"}

# Which libraries a room may use, beside Python's own. A new line here is a decision.
LIBRARIES = {
    "domain": set(),
    "storage": {"alembic", "msgspec", "sqlalchemy"},
    "realtime.protocol": {"google", "msgspec"},
    "realtime.channels": {"hiredis", "msgspec", "redis", "structlog"},
    "realtime.services": {"jwt", "msgspec", "sqlalchemy", "structlog"},
    "realtime.gateway": {"msgspec", "starlette", "structlog", "uvicorn", "websockets"},
    "realtime.api": {
        "cryptography",
        "jinja2",
        "markupsafe",
        "msgspec",
        "python_multipart",
        "starlette",
        "structlog",
    },
    "realtime.files": {"PIL", "msgspec", "obstore", "structlog"},
    "realtime.delivery": {
        "aiohttp",
        "aiosmtplib",
        "babel",
        "cryptography",
        "css_inline",
        "httpx2",
        "jinja2",
        "jwt",
        "msgspec",
        "pywebpush",
        "sqlalchemy",
        "structlog",
        "yarl",
    },
}

# For each contract of pyproject.toml an import that must break it.
FORBIDDEN = {
    "domain knows rules alone": ("domain/planted.py", "asyncio"),
    "storage serves whoever asks": ("storage/planted.py", "realtime.clock"),
    "protocol does no I/O": ("realtime/protocol/planted.py", "asyncio"),
    "services know of delivery its planners, and of the wire nothing": (
        "realtime/services/planted.py",
        "realtime.delivery.classify",
    ),
    "channels are handed what is stored": ("realtime/channels/planted.py", "storage.tables"),
    "delivery works where nobody is connected": (
        "realtime/delivery/planted.py",
        "realtime.channels.bus",
    ),
    "files are kept for whoever asks": ("realtime/files/planted.py", "storage.tables"),
    "what comes in by mail goes the way of the use cases": (
        "realtime/inbound/planted.py",
        "storage.tables",
    ),
    "gateway and api store nothing themselves": ("realtime/api/planted.py", "storage.tables"),
    "gateway speaks to sockets alone": (
        "realtime/gateway/planted.py",
        "realtime.delivery.planner",
    ),
    "api speaks HTTP alone": ("realtime/api/planted_too.py", "realtime.channels.bus"),
    "nobody imports what puts the parts together": ("realtime/ops/planted.py", "realtime.cli"),
}


def lint_imports(folder: Path) -> str:
    """Hold the folder to the contracts; return the report."""
    command = [str(LINT_IMPORTS), "--no-logo", "--no-cache", str(ROOT / "pyproject.toml")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}"


def files(*suffixes: str) -> Iterator[Path]:
    """List the files of this project that somebody wrote."""
    folders = [ROOT]
    while folders:
        for path in folders.pop().iterdir():
            if path.is_dir() and path.name not in MADE and not path.name.endswith("_cache"):
                folders.append(path)
            elif path.is_file() and (not suffixes or path.suffix in suffixes):
                yield path


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_import_goes_in_a_direction_that_is_allowed() -> None:
    assert re.search(r"\d+ kept, 0 broken", report := lint_imports(ROOT)), report


def test_every_contract_is_broken_by_an_import_that_breaks_it(tmp_path: Path) -> None:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns(*MADE))
    for path, module in FORBIDDEN.values():
        (tmp_path / path).write_text(f"import {module}\n")

    report = lint_imports(tmp_path)

    assert set(re.findall(r"^(.+?) BROKEN", report, re.MULTILINE)) == set(FORBIDDEN), report
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert {contract["name"] for contract in contracts["contracts"]} == set(FORBIDDEN)


@pytest.mark.parametrize("room", LIBRARIES)
def test_a_room_uses_the_libraries_that_it_may(room: str) -> None:
    graph = grimp.build_graph(*ROOMS, include_external_packages=True, cache_dir=None)
    modules = {room, *graph.find_descendants(room)}

    used = {
        library
        for module in modules
        for imported in graph.find_modules_directly_imported_by(module)
        if (library := imported.split(".")[0]) not in (*ROOMS, *sys.stdlib_module_names)
    }

    assert used <= LIBRARIES[room]


def test_every_module_says_its_role() -> None:
    silent = [
        named(path)
        for path in files(".py")
        if (code := path.read_text()).strip() and not ast.get_docstring(ast.parse(code))
    ]

    assert not silent


def test_no_file_is_longer_than_400_lines() -> None:
    long = {
        named(path): lines
        for path in files(".py", ".ts", ".js", ".mjs", ".c", ".h", ".css", ".html")
        if (lines := path.read_text().count("\n")) > 400 and "/migrations/" not in named(path)
    }

    assert not long


def test_no_file_names_a_package_registry() -> None:
    """Everybody has their own: an address in a file would go around the one that is set up."""
    hosts = re.compile(rb"python[h]osted|pyp[i][.]org|np[m]js[.]|de[b][.]debian|yarn[p]kg")

    assert not [named(path) for path in files() if hosts.search(path.read_bytes())]


@pytest.mark.parametrize("page", sorted(files(".md")), ids=named)
def test_a_page_leads_to_what_is_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_map_shows_every_room() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = {
        f"{path.parent.relative_to(ROOT)}/"
        for path in files(".py", ".ts", ".mjs", ".service", ".txt")
        if path.parent.parent in (ROOT, ROOT / "realtime") and path.parent != ROOT / "realtime"
    }

    assert [room for room in sorted(rooms) if f"[{room}]" not in page] == []
