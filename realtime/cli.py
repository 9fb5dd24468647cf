"""The command line: ``orderwire serve``, ``worker``, ``migrate``, ``check``, ``token`` and more.

Those that look after what is stored stand in ``realtime.upkeep`` and ``realtime.queue_command``.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import re
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import structlog

from domain.identity import Role, is_id
from realtime import database_setup
from realtime.bootstrap import Node, delivering, describe, serving
from realtime.checkup import Verdict, examine, examine_ways_out
from realtime.clock import SystemClock
from realtime.command import (
    CommandFailed,
    Commands,
    Run,
    WrongCall,
    add,
    log_as,
    run,
    settings_of,
)
from realtime.database_setup import DatabaseNotReady
from realtime.delivery.email.dkim import DkimKey
from realtime.delivery.push.vapid import VapidKey
from realtime.demo.stage import Stage
from realtime.inbound_command import add_inbound
from realtime.queue_command import add_queue
from realtime.server import CannotListen, Patience, Server, bind, stop_asked
from realtime.settings import NAMES, SERVING, BadSettings, Settings
from realtime.supervisor import Supervisor, bind_each
from realtime.tokens import make_token
from realtime.upkeep import add_import, add_retain

MOST_WORKERS = 64
WITHOUT_PUBLIC_URL = "http://127.0.0.1:8000"
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

log = structlog.get_logger(__name__)


def main(argv: Sequence[str] | None = None, *, environment: Mapping[str, str] | None = None) -> int:
    """Run a command; return its exit code: 0, 1 for what went wrong, 2 for a wrong call."""
    arguments = _parser().parse_args(argv)
    arguments.environment = os.environ if environment is None else environment
    command: Run = arguments.run
    try:
        return command(arguments)
    except CommandFailed as failed:
        print(failed, file=sys.stderr)
        return failed.exit_code
    except (BadSettings, CannotListen, DatabaseNotReady) as failed:
        print(failed, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="orderwire", description="Messages and notifications around orders, live and kept."
    )
    parser.add_argument("--version", action="version", version=version("orderwire"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_worker(commands)
    add_inbound(commands)
    _add_migrate(commands)
    _add_check(commands)
    _add_token(commands)
    _add_keys(commands)
    _add_openapi(commands)
    add_queue(commands)
    add_retain(commands)
    add_import(commands)
    return parser


# --- serve ----------------------------------------------------------------------------------------


def _add_serve(commands: Commands) -> None:
    parser = add(commands, "serve", "serve API, sockets, pages and deliveries", _serve)
    parser.epilog = f"settings, in the environment or a .env file:\n{_table_of_settings()}"
    parser.add_argument("--host", default="127.0.0.1", help="address (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="port (default: %(default)s)")
    parser.add_argument(
        "--workers",
        type=_workers,
        default=1,
        metavar="N",
        help="processes that share the port; more than one need ORDERWIRE_REDIS_URL",
    )
    parser.add_argument(
        "--demo", action="store_true", help="show it all, with made-up people and secrets"
    )
    parser.add_argument("--listener", type=int, help=argparse.SUPPRESS)


def _table_of_settings() -> str:
    rows = [
        f"  {name}{f' ({setting.default})' if setting.default else ''}\n      {setting.help_line}"
        for name, setting in NAMES.items()
    ]
    return "\n".join(rows).replace("%", "%%")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _workers(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_WORKERS}")
    return int(text)


def _serve(arguments: argparse.Namespace) -> int:
    if arguments.workers > 1:
        return _serve_by_many(arguments)
    with ExitStack() as cleanup:
        listener = cleanup.enter_context(_listener(arguments))
        own_url = _url_of(arguments.host, listener.getsockname()[1])
        stage = _stage(own_url, cleanup) if arguments.demo else None
        settings = settings_of(arguments, SERVING, stage)
        log_as(settings)
        run(database_setup.prepare(settings.database_url))
        if settings.public_url is None:
            log.warning("public_url_is_not_set", links_lead_to=own_url)
        run(_serve_once(settings, own_url, stage, listener, supervised=bool(arguments.listener)))
    return 0


def _listener(arguments: argparse.Namespace) -> socket.socket:
    if arguments.listener is not None:
        return socket.socket(fileno=arguments.listener)
    return bind(arguments.host, arguments.port)


async def _serve_once(
    settings: Settings,
    own_url: str,
    stage: Stage | None,
    listener: socket.socket,
    *,
    supervised: bool,
) -> None:
    patience = Patience(
        accepting=settings.drain_accept_seconds.total_seconds(),
        over=settings.drain_seconds.total_seconds(),
    )
    public_url = settings.public_url or own_url
    async with (
        serving(settings, public_url=public_url, stage=stage) as node,
        _looking_at_ways_out(settings),
    ):

        async def listening() -> None:
            log.info("serving", url=own_url, pid=os.getpid())
            if stage is not None:
                await _open_the_stage(stage, node)

        server = Server(node, patience=patience, listening=listening)
        if supervised:
            server.stop_at_end_of(sys.stdin)
        await server.serve([listener])
        log.info("stopped")


def _serve_by_many(arguments: argparse.Namespace) -> int:
    if arguments.demo:
        raise WrongCall("--demo: is one process; leave --workers away")
    settings = settings_of(arguments, SERVING)
    if settings.redis_url is None:
        raise CommandFailed(
            f"--workers {arguments.workers}: processes hear of each other through Redis or Valkey; "
            "set ORDERWIRE_REDIS_URL"
        )
    log_as(settings)
    run(database_setup.prepare(settings.database_url))
    with ExitStack() as cleanup:
        listeners = bind_each(arguments.host, arguments.port, arguments.workers)
        for each in listeners:
            cleanup.enter_context(each)
        own = ["--host", arguments.host]
        return run(_supervised(listeners, own))


async def _supervised(listeners: Sequence[socket.socket], arguments: Sequence[str]) -> int:
    return await Supervisor(listeners, arguments).run()


def _stage(own_url: str, cleanup: ExitStack) -> Stage:
    folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="orderwire-demo-"))
    return Stage(folder=Path(folder), public_url=own_url, clock=SystemClock())


async def _open_the_stage(stage: Stage, node: Node) -> None:
    await stage.seed(accounts=node.use_cases.accounts, services=node.use_cases.services)
    print()
    for title, link in stage.links():
        print(f"  {title}\n    {link}\n")
    print("  Ctrl-C ends it; nothing is kept.", flush=True)


def _url_of(host: str, port: int) -> str:
    """Return the address under which this machine reaches a server of its own."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{name}]:{port}" if ":" in name and "[" not in name else f"http://{name}:{port}"


# --- the others -----------------------------------------------------------------------------------


def _add_worker(commands: Commands) -> None:
    parser = add(commands, "worker", "deliver, beside servers or instead of them", _worker)
    parser.epilog = "its settings are those of orderwire serve"


def _worker(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments, SERVING)
    log_as(settings)
    run(database_setup.prepare(settings.database_url))
    if settings.public_url is None:
        log.warning("public_url_is_not_set", links_lead_to=WITHOUT_PUBLIC_URL)
    run(_deliver(settings))
    return 0


async def _look_at_ways_out(settings: Settings) -> None:
    """Say at the start what would keep alerts waiting: it can be mended while they do."""
    for finding in await examine_ways_out(settings):
        if finding.verdict is not Verdict.GOOD:
            log.warning(
                "alerts_may_wait",
                part=finding.part,
                found=finding.detail,
                what_to_do=finding.advice,
            )


@asynccontextmanager
async def _looking_at_ways_out(settings: Settings) -> AsyncIterator[None]:
    looking = asyncio.create_task(_look_at_ways_out(settings))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.wait({looking})


async def _deliver(settings: Settings) -> None:
    public_url = settings.public_url or WITHOUT_PUBLIC_URL
    async with delivering(settings, public_url=public_url), _looking_at_ways_out(settings):
        asked = stop_asked()
        log.info("delivering", pid=os.getpid())
        log.info("stopping", signal=(await asked).name)
    log.info("stopped")


def _add_check(commands: Commands) -> None:
    text = "look at database, Redis, mail servers and keys, and say what to do"
    parser = add(commands, "check", text, _check)
    parser.add_argument("--json", action="store_true", help="as JSON")


def _check(arguments: argparse.Namespace) -> int:
    findings = run(examine(settings_of(arguments, SERVING)))
    is_good = all(finding.verdict is not Verdict.WRONG for finding in findings)
    if arguments.json:
        parts = [dataclasses.asdict(finding) for finding in findings]
        print(json.dumps({"ok": is_good, "findings": parts}))
        return 0 if is_good else 1
    for finding in findings:
        print(f"{finding.verdict:<8} {finding.part:<11} {finding.detail}")
        if finding.advice:
            print(f"{'':20} {finding.advice}")
    return 0 if is_good else 1


def _add_migrate(commands: Commands) -> None:
    add(commands, "migrate", "bring the database to the schema of this release", _migrate)


def _migrate(arguments: argparse.Namespace) -> int:
    run(database_setup.upgrade(settings_of(arguments).database_url))
    print("The database has the schema of this release.")
    return 0


def _add_token(commands: Commands) -> None:
    parser = add(commands, "token", "make a token that signs an account in", _token)
    parser.add_argument("account", metavar="ACCOUNT", type=_account, help="whom it speaks for")
    parser.add_argument(
        "--role",
        choices=(str(Role.ACCOUNT), str(Role.OPERATOR)),
        default=str(Role.ACCOUNT),
        help="account (default) or operator",
    )
    parser.add_argument(
        "--ttl",
        type=_duration,
        default=timedelta(hours=1),
        help="how long it lives, such as 30s, 15m, 1h (default) or 7d",
    )


def _account(text: str) -> str:
    if not is_id(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an id of 1 to 64 of the characters A-Z a-z 0-9 . _ ~ -"
        )
    return text


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 30s, 15m, 1h or 7d")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _token(arguments: argparse.Namespace) -> int:
    secret = settings_of(arguments).token_secret
    if secret is None:
        raise CommandFailed(
            "ORDERWIRE_TOKEN_SECRET: is not set: there is nothing to sign a token with; "
            "where ORDERWIRE_TOKEN_JWKS is used, tokens come from whoever has its private keys"
        )
    now = SystemClock().now()
    print(
        make_token(
            secret, arguments.account, role=Role(arguments.role), lifetime=arguments.ttl, now=now
        )
    )
    return 0


def _add_keys(commands: Commands) -> None:
    keys = commands.add_parser("keys", help="make keys", description="Make keys.")
    kinds = keys.add_subparsers(required=True, metavar="KIND")
    vapid = add(kinds, "vapid", "make a key that pushes are signed with", _keys_vapid)
    vapid.add_argument("--json", action="store_true", help="as JSON")
    add(kinds, "dkim", "make a key that mails are signed with", _keys_dkim)


def _keys_vapid(arguments: argparse.Namespace) -> int:
    key = VapidKey.generate()
    if arguments.json:
        print(json.dumps({"private_key": key.private_text, "public_key": key.public_text}))
    else:
        print(f"ORDERWIRE_VAPID_PRIVATE_KEY={key.private_text}")
        print(f"# browsers subscribe with its public half: {key.public_text}")
    return 0


def _keys_dkim(_arguments: argparse.Namespace) -> int:
    key = DkimKey.generate()
    print(key.pem, end="")
    print("# into a file that ORDERWIRE_DKIM_PRIVATE_KEY names; and as a TXT record of the DNS at")
    print("# orderwire._domainkey.<the domain of ORDERWIRE_MAIL_FROM>:")
    print(f"# {key.record}")
    return 0


def _add_openapi(commands: Commands) -> None:
    add(commands, "openapi", "print the description of the HTTP API (OpenAPI 3.1)", _openapi)


def _openapi(_arguments: argparse.Namespace) -> int:
    print(json.dumps(describe(), indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
