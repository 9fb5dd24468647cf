"""The commands that look after what is stored: ``orderwire retain``"""

import argparse
import json
from collections.abc import Sequence

from domain.instants import rfc3339_or_none
from realtime import database_setup
from realtime.bootstrap import sweeping
from realtime.command import Commands, add, log_as, run, settings_of
from realtime.services.retention import Outcome
from realtime.settings import Settings


def add_retain(commands: Commands) -> None:
    """Declare ``retain``."""
    parser = add(commands, "retain", "remove what is older than the settings keep it", _retain)
    parser.epilog = "servers and workers do so by themselves, now and then: ORDERWIRE_RETENTION_*"
    parser.add_argument("--dry-run", action="store_true", help="count it, and remove nothing")
    parser.add_argument("--json", action="store_true", help="as JSON")


def _retain(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    log_as(settings)
    run(database_setup.prepare(settings.database_url))
    outcomes = run(_swept(settings, dry=arguments.dry_run))
    if arguments.json:
        print(
            json.dumps({"dry_run": arguments.dry_run, "kinds": [_told(each) for each in outcomes]})
        )
        return 0
    done = "would go" if arguments.dry_run else "gone"
    for each in outcomes:
        kept = f"before {rfc3339_or_none(each.before)}" if each.before else "kept for ever"
        print(f"{each.name:<18} {each.removed:>12,} {done:<9} {kept}")
    return 0


async def _swept(settings: Settings, *, dry: bool) -> Sequence[Outcome]:
    async with sweeping(settings) as retention:
        return await (retention.look() if dry else retention.sweep())


def _told(outcome: Outcome) -> dict[str, str | int | None]:
    return {
        "kind": outcome.name,
        "before": rfc3339_or_none(outcome.before),
        "removed": outcome.removed,
    }
