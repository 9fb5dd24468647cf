"""Servers that hand each message to everybody: the baselines of the fan-out."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import msgspec

from benchmarks import toolchain
from benchmarks.bench import Bench, Contender, Standing
from benchmarks.generator import Client, Load
from benchmarks.processes import family, free_port

SUBSCRIBERS = 1000
QUICK_SUBSCRIBERS = 20
ON_THE_WIRE = 130  # bytes a message, framing included

NCHAN_CONF = """\
load_module {module};
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.err;
events {{ worker_connections 20000; }}
http {{
    access_log off;
    server {{
        listen 127.0.0.1:{port};
        location = / {{
            nchan_pubsub websocket;
            nchan_channel_id everybody;
            nchan_message_timeout 5s;
        }}
    }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """How a server is spoken to; ``around`` is what it adds to a message's text on the wire."""

    dialect: str = "text"
    path: str = "/"
    message: str = "@body@"
    around: int = 4
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcaster:
    """A server that broadcasts, and the command that starts it on a port."""

    name: str
    command: Callable[[int, Path], list[str]]
    speech: Speech = Speech()
    standing: Standing = Standing.BASELINE

    def contender(self, *, connections: int = SUBSCRIBERS, at_once: bool = False) -> Contender:
        """Return it as one server of a scenario with so many connections, all dialled at once."""
        start = partial(self._start, connections, at_once)
        return Contender(name=self.name, standing=self.standing, start=start)

    def _start(self, connections: int, at_once: bool, bench: Bench) -> Load:
        port = free_port()
        pid = bench.serve(self.name, self.command(port, bench.folder), port=port)
        count = bench.scaled(connections, quick=QUICK_SUBSCRIBERS)
        load = broadcast_load(count, port, self.speech, pid)
        return replace(load, options=(f"--dialing={count}",)) if at_once else load


def broadcast_load(count: int, port: int, speech: Speech, pid: int) -> Load:
    """Have one of ``count`` connections send, and everybody listen."""
    clients = tuple(
        Client(port=port, role=role, path=speech.path, commands=speech.commands)
        for role in ("both", *["read"] * (count - 1))
    )
    return Load(
        clients=clients,
        pids=tuple(family(pid)),
        dialect=speech.dialect,
        message=speech.message,
        body_size=ON_THE_WIRE - speech.around,
        audience=count,
    )


def _python(script: str, *arguments: str) -> Callable[[int, Path], list[str]]:
    path = str(toolchain.BASELINES / script)
    return lambda port, _folder: [sys.executable, path, str(port), *arguments]


def _node(script: str) -> Callable[[int, Path], list[str]]:
    path = str(toolchain.BASELINES / script)
    return lambda port, _folder: [str(toolchain.node()), path, str(port)]


def _epoll(port: int, _folder: Path) -> list[str]:
    return [str(toolchain.epoll_broadcast()), str(port)]


def _nchan(port: int, folder: Path) -> list[str]:
    nginx, module = toolchain.nginx_with_nchan()
    conf = folder / "nginx.conf"
    conf.write_text(NCHAN_CONF.format(module=module, folder=folder, port=port))
    return [str(nginx), "-c", str(conf), "-p", str(folder)]


def _centrifugo(port: int, folder: Path) -> list[str]:
    program = toolchain.centrifugo()
    conf = folder / "centrifugo.json"
    # Positions on, as ours are: without history Centrifugo gives no offsets.
    channels = {"history_size": 100, "history_ttl": "60s", "force_positioning": True}
    conf.write_bytes(
        msgspec.json.encode(
            {
                "http_server": {"address": "127.0.0.1", "port": port},
                "client": {"insecure": True},
                "channel": {"without_namespace": channels},
                "log": {"level": "error"},
            }
        )
    )
    return [str(program), "--config", str(conf)]


CENTRIFUGO = Speech(
    dialect="centrifuge",
    path="/connection/websocket",
    message='{"id":@id@,"publish":{"channel":"c","data":{"text":"@body@"}}}',
    around=120,
    commands=('{"id":1,"connect":{}}', '{"id":2,"subscribe":{"channel":"c"}}'),
)
SOCKET_IO = Speech(
    dialect="socketio",
    path="/socket.io/?EIO=4&transport=websocket",
    message='42["m","@body@"]',
    around=13,
)

BROADCASTERS = (
    Broadcaster(name="starlette", command=_python("starlette_broadcast.py", "websockets")),
    Broadcaster(
        name="starlette-sansio",
        command=_python("starlette_broadcast.py", "websockets-sansio"),
    ),
    Broadcaster(name="websockets", command=_python("websockets_broadcast.py")),
    Broadcaster(name="socket.io", command=_node("socketio_broadcast.js"), speech=SOCKET_IO),
    Broadcaster(name="ws", command=_node("ws_broadcast.js")),
    Broadcaster(name="nchan", command=_nchan),
    Broadcaster(name="centrifugo", command=_centrifugo, speech=CENTRIFUGO),
    Broadcaster(name="bare epoll in C", command=_epoll, standing=Standing.YARDSTICK),
)
