"""``orderwire queue``: the delivery queue from a terminal, by the same use cases as the API."""

import argparse
import json
import os
import pwd
import re
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, get_args

from domain.errors import OrderwireError
from domain.identity import Identity, Role, is_id
from domain.instants import is_moment
from domain.preferences import Category
from domain.queue import DeliveryState, Filter, is_addressee
from realtime import database_setup, queue_pages
from realtime.bootstrap import keeping_queue
from realtime.bootstrap.queue import QueueParts
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
from realtime.services.paging import decode_cursor
from realtime.services.queue_shapes import ChannelName, FrozenSet, WholeDelivery
from realtime.services.replaying import GIVEN_UP, MOST_PER_SECOND, OPEN, PER_SECOND, Action

CHANNELS = get_args(ChannelName)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
MOST_LISTED = 200

T = TypeVar("T")


def add_queue(commands: Commands) -> None:
    """Declare ``queue`` and what it can do."""
    text = "look after the delivery queue"
    queue = commands.add_parser("queue", help=text, description=f"{text.capitalize()}.")
    kinds = queue.add_subparsers(required=True, metavar="WHAT")
    _declare(kinds, "stats", "tell how deep it is, how old and how fast", _stats)
    _declare_list(kinds)
    show = _declare(kinds, "show", "show a delivery with every attempt and decision", _show)
    show.add_argument("delivery", metavar="ID", type=_id)
    retry = _declare(kinds, "retry", "send deliveries again now, or hurry what waits", _retry)
    retry.add_argument("delivery", metavar="ID", type=_id, nargs="+")
    _declare_replay(kinds)
    _declare_discard(kinds)
    pause = _declare(kinds, "pause", "have nothing more sent on a channel", _pause)
    pause.add_argument("channel", choices=CHANNELS)
    pause.add_argument("--why", type=_why, default="", help="what others are told who wonder")
    resume = _declare(kinds, "resume", "have a channel go on", _resume)
    resume.add_argument("channel", choices=CHANNELS)


def _declare(kinds: Commands, name: str, text: str, does: Run) -> argparse.ArgumentParser:
    parser = add(kinds, name, text, does)
    parser.add_argument("--json", action="store_true", help="as JSON")
    return parser


def _declare_list(kinds: Commands) -> None:
    parser = _declare(kinds, "list", "list deliveries, the latest first", _list)
    _add_filter(parser, tuple(DeliveryState))
    parser.add_argument(
        "--limit", type=_number(MOST_LISTED), default=50, help="how many (default: %(default)s)"
    )
    parser.add_argument("--cursor", help="where the page before ended")


def _declare_replay(kinds: Commands) -> None:
    parser = _declare(kinds, "replay", "send many again: count them, or with --yes do it", _replay)
    _add_filter(parser, tuple(sorted(GIVEN_UP)))
    parser.add_argument(
        "--per-second",
        type=_number(MOST_PER_SECOND),
        default=PER_SECOND,
        metavar="N",
        help="how fast they go out (default: %(default)s)",
    )
    _add_set(parser)


def _declare_discard(kinds: Commands) -> None:
    text = "throw deliveries away: those named, or many, counted or with --yes done"
    parser = _declare(kinds, "discard", text, _discard)
    parser.add_argument("delivery", metavar="ID", type=_id, nargs="*")
    _add_filter(parser, tuple(sorted(GIVEN_UP | OPEN)))
    _add_set(parser)


def _add_set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", type=_id, metavar="ID", help="a set that was counted before")
    parser.add_argument("--yes", action="store_true", help="do it; without it they are counted")
    parser.epilog = "without --status: what is dead; TIME is 2026-11-23T10:00:00Z, or 2h for ago"


def _add_filter(parser: argparse.ArgumentParser, states: Sequence[DeliveryState]) -> None:
    parser.add_argument("--status", choices=[str(state) for state in states])
    parser.add_argument("--channel", choices=CHANNELS)
    parser.add_argument("--category", choices=[*Category, "webhook"])
    parser.add_argument("--account", type=_addressee, metavar="ID", help="or webhook:ID")
    parser.add_argument("--order", type=_id, metavar="ID")
    parser.add_argument("--reason", type=_text, metavar="CODE", help="such as hard_bounce")
    parser.add_argument("--since", type=_moment, metavar="TIME", help="planned then or later")
    parser.add_argument("--until", type=_moment, metavar="TIME", help="planned before")


# --- what is typed --------------------------------------------------------------------------------


def _id(text: str) -> str:
    if not is_id(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an id")
    return text


def _addressee(text: str) -> str:
    if not is_addressee(text):
        raise argparse.ArgumentTypeError(f"{text!r} is neither an account nor webhook:ID")
    return text


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeError:
        raise argparse.ArgumentTypeError(f"{text!r} is no text") from None
    return text


def _why(text: str) -> str:
    if len(_text(text)) > 500:
        raise argparse.ArgumentTypeError("has at most 500 characters")
    return text


def _number(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {most}")
        return int(text)

    return number


def _moment(text: str) -> datetime:
    ago = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    try:
        if ago is not None:
            return SystemClock().now() - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        at = None
    if at is None or at.tzinfo is None or not is_moment(at):
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-11-23T10:00:00Z or 2h")
    return at.astimezone(UTC)


def _filter(arguments: argparse.Namespace, status: str | None) -> Filter:
    return Filter(
        state=DeliveryState(status) if status else None,
        channel=arguments.channel,
        category=arguments.category,
        account_id=arguments.account,
        order_id=arguments.order,
        reason=arguments.reason,
        since=arguments.since,
        until=arguments.until,
    )


def operator_at(environment: Mapping[str, str], uid: int) -> Identity:
    """Say in the audit log who it was, as far as this machine knows; a uid may have no name."""
    login = environment.get("LOGNAME") or environment.get("USER") or _name_of(uid)
    name = re.sub(r"[^A-Za-z0-9._-]", "-", login)
    return Identity(f"cli.{name}"[:64], Role.OPERATOR)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"


def _operator(arguments: argparse.Namespace) -> Identity:
    return operator_at(arguments.environment, os.getuid())


# --- what is done ---------------------------------------------------------------------------------


def _with_queue(arguments: argparse.Namespace, work: Callable[[QueueParts], Awaitable[T]]) -> T:
    settings = settings_of(arguments)
    log_as(settings)
    run(database_setup.prepare(settings.database_url))

    async def inside() -> T:
        async with keeping_queue(settings) as queue:
            return await work(queue)

    try:
        return run(inside())
    except OrderwireError as refused:
        raise CommandFailed(refused.detail) from None


def _say(arguments: argparse.Namespace, found: Any, page: Callable[[Any], str]) -> int:
    print(json.dumps(found, ensure_ascii=False) if arguments.json else page(found))
    return 0


def _stats(arguments: argparse.Namespace) -> int:
    found = _with_queue(arguments, lambda queue: queue.control.figures())
    return _say(arguments, found, queue_pages.figures)


def _list(arguments: argparse.Namespace) -> int:
    async def work(queue: QueueParts) -> Any:
        cursor = arguments.cursor
        after = decode_cursor(cursor, tuple[str]) if cursor else None
        return await queue.control.page(
            _filter(arguments, arguments.status),
            after=after[0] if after else None,
            limit=arguments.limit,
        )

    return _say(arguments, _with_queue(arguments, work), queue_pages.deliveries)


def _show(arguments: argparse.Namespace) -> int:
    found = _with_queue(
        arguments, lambda queue: queue.control.show(_operator(arguments), arguments.delivery)
    )
    return _say(arguments, found, queue_pages.delivery)


def _retry(arguments: argparse.Namespace) -> int:
    return _each(arguments, "retry")


def _each(arguments: argparse.Namespace, action: Action) -> int:
    """Do it to each that it can be done to, and say of the others why not."""
    refused: list[str] = []

    async def work(queue: QueueParts) -> list[WholeDelivery]:
        done = []
        for id_ in arguments.delivery:
            try:
                done.append(await queue.replays.one(_operator(arguments), action, id_))
            except OrderwireError as why:
                refused.append(f"{id_}: {why.detail}")
        return done

    done = _with_queue(arguments, work)
    if done or arguments.json:
        _say(arguments, {"items": done, "next_cursor": None}, queue_pages.deliveries)
    for why in refused:
        print(why, file=sys.stderr)
    return 1 if refused else 0


def _replay(arguments: argparse.Namespace) -> int:
    return _many(arguments, "retry", arguments.per_second)


def _discard(arguments: argparse.Namespace) -> int:
    if not arguments.delivery:
        return _many(arguments, "discard", PER_SECOND)
    if _given(arguments) or arguments.set:
        raise WrongCall("ids: stand for themselves; leave the filter and --set away")
    return _each(arguments, "discard")


def _given(arguments: argparse.Namespace) -> Mapping[str, Any]:
    names = (
        "status",
        "channel",
        "category",
        "account",
        "order",
        "reason",
        "since",
        "until",
    )
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name)}


def _many(arguments: argparse.Namespace, action: Action, per_second: int) -> int:
    if arguments.set and _given(arguments):
        raise WrongCall("--set: has its filter already; leave the others away")
    if arguments.set and not arguments.yes:
        raise WrongCall("--set: was counted already; --yes carries it out")

    async def work(queue: QueueParts) -> FrozenSet:
        set_id = arguments.set
        if set_id is None:
            chosen = _filter(arguments, arguments.status or DeliveryState.DEAD)
            counted = await queue.replays.freeze(_operator(arguments), action, chosen)
            if not arguments.yes:
                return counted
            set_id = counted["id"]
        return await queue.replays.carry_out(_operator(arguments), action, set_id, per_second)

    return _say(arguments, _with_queue(arguments, work), queue_pages.frozen_set)


def _pause(arguments: argparse.Namespace) -> int:
    found = _with_queue(
        arguments,
        lambda queue: queue.control.pause(_operator(arguments), arguments.channel, arguments.why),
    )
    return _say(arguments, found, queue_pages.pause)


def _resume(arguments: argparse.Namespace) -> int:
    found = _with_queue(
        arguments, lambda queue: queue.control.resume(_operator(arguments), arguments.channel)
    )
    return _say(arguments, found, queue_pages.pause)
