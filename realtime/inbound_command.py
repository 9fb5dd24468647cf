"""``orderwire inbound``: takes replies by mail, and what came back of mails."""

import argparse
import os

import structlog

from realtime import database_setup
from realtime.bootstrap import receiving
from realtime.command import CommandFailed, Commands, add, log_as, run, settings_of
from realtime.server import bind, stop_asked
from realtime.settings import SERVING

WITHOUT_PUBLIC_URL = "http://127.0.0.1:8000"
USUAL_PORT = 2525

log = structlog.get_logger(__name__)


def add_inbound(commands: Commands) -> None:
    """Declare the command."""
    parser = add(commands, "inbound", "take replies by mail, and mails that came back", _inbound)
    parser.add_argument("--host", default="127.0.0.1", help="address (default: %(default)s)")
    parser.add_argument(
        "--port", type=_port, default=USUAL_PORT, help="port (default: %(default)s)"
    )
    parser.add_argument("--lmtp", action="store_true", help="speak LMTP, to a mail server's inside")
    parser.epilog = (
        "Have the mail server of ORDERWIRE_INBOUND_DOMAIN hand everything for it here.\n"
        "Its settings are those of orderwire serve."
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _inbound(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments, SERVING)
    if settings.inbound_domain is None:
        raise CommandFailed(
            "ORDERWIRE_INBOUND_DOMAIN: is not set: it is the domain whose mail comes here, "
            "such as reply.example.com"
        )
    log_as(settings)
    run(database_setup.prepare(settings.database_url))
    if settings.redis_url is None:
        log.warning("redis_url_is_not_set", replies="are seen after some seconds")

    async def work() -> None:
        with bind(arguments.host, arguments.port) as listener:
            public_url = settings.public_url or WITHOUT_PUBLIC_URL
            async with receiving(settings, listener, public_url=public_url, lmtp=arguments.lmtp):
                asked = stop_asked()
                host, port = listener.getsockname()[:2]
                log.info("receiving", host=host, port=port, pid=os.getpid())
                log.info("stopping", signal=(await asked).name)
        log.info("stopped")

    run(work())
    return 0
