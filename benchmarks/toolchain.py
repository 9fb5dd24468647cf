"""What this machine can build and run: a C compiler, Node with its packages, nchan, Centrifugo."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
BIN = HERE / "bin"
BASELINES = HERE / "baselines"
NCHAN_MODULES = (
    Path("/usr/lib/nginx/modules/ngx_nchan_module.so"),
    Path("/usr/share/nginx/modules/ngx_nchan_module.so"),
)
C_FLAGS = ("-O2", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra")


class Missing(Exception):
    """Something is not on this machine; says what, in one line."""


def compiled(name: str, sources: Sequence[Path]) -> Path:
    """Compile a C program unless it is newer than what it is made of."""
    program = BIN / name
    needed = [*sources, *(header for source in sources for header in source.parent.glob("*.h"))]
    if program.exists() and program.stat().st_mtime > max(p.stat().st_mtime for p in needed):
        return program
    command = [*compiler(), *C_FLAGS, "-o"]
    BIN.mkdir(exist_ok=True)
    made = BIN / f"{name}.{os.getpid()}"
    env = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(BIN / "zig")}
    subprocess.run([*command, made, *sources], check=True, env=env)
    made.replace(program)
    return program


def compiler() -> list[str]:
    """Return the command of a C compiler: the machine's, or the one that the wheel brings."""
    if shutil.which("cc") is not None:
        return ["cc"]
    if find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc"]
    raise Missing("no C compiler: neither cc nor the wheel ziglang is here")


def load_generator() -> Path:
    """Return the load generator, compiled."""
    return compiled("loadgen", sorted((HERE / "loadgen").glob("*.c")))


def epoll_broadcast() -> Path:
    """Return the bare epoll server, compiled."""
    return compiled("epoll_broadcast", [BASELINES / "epoll_broadcast.c"])


def node() -> Path:
    """Return Node, once the packages of the baselines are there."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        raise Missing("no node or npm")
    if not (BASELINES / "node_modules" / "ws").is_dir():
        command = [npm, "ci", "--ignore-scripts", "--silent"]
        if subprocess.run(command, cwd=BASELINES, check=False, timeout=300).returncode:
            raise Missing("npm ci did not succeed")
    return Path(found)


def nginx_with_nchan() -> tuple[Path, Path]:
    """Return nginx and its nchan module, where the system's packages have brought them."""
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    named = [Path(os.environ["NCHAN_MODULE"])] if "NCHAN_MODULE" in os.environ else []
    module = next((path for path in [*named, *NCHAN_MODULES] if path.exists()), None)
    if nginx is None or module is None:
        raise Missing("no nginx with nchan")
    return Path(nginx), module


def centrifugo() -> Path:
    """Return the Centrifugo that the environment names."""
    named = os.environ.get("CENTRIFUGO")
    if not named:
        raise Missing("CENTRIFUGO names no binary")
    if not Path(named).is_file():
        raise Missing(f"CENTRIFUGO={named} is no file")
    return Path(named).resolve()
