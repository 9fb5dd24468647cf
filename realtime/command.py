"""What the commands of ``orderwire`` share: how they are declared, set up and run."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from realtime.demo.stage import Stage
from realtime.environment import read_environment
from realtime.logs import configure_logs
from realtime.settings import Rule, Settings

ENV_FILE = Path(".env")
Commands = Any  # argparse keeps the type of its sub-parsers to itself
Run = Callable[[argparse.Namespace], int]
T = TypeVar("T")


class CommandFailed(Exception):
    """A command cannot do what it is for; says what is wrong, and what to do."""

    exit_code = 1


class WrongCall(CommandFailed):
    """What was typed does not go together; nothing was done."""

    exit_code = 2


def add(commands: Commands, name: str, text: str, run: Run) -> argparse.ArgumentParser:
    """Declare a command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def settings_of(
    arguments: argparse.Namespace, rules: Sequence[Rule] = (), stage: Stage | None = None
) -> Settings:
    """Read the settings that a command was called with."""
    texts = read_environment(arguments.environment, ENV_FILE)
    return Settings.parse(texts if stage is None else stage.settings(texts), rules)


def log_as(settings: Settings) -> None:
    """Write logs as the settings say."""
    configure_logs(log_format=settings.log_format, level=settings.log_level, stream=sys.stderr)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run something to its end in an event loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
