"""The limits are those of the protocol's page, unless settings say otherwise."""

import pytest

from domain import publications
from realtime.channels import attendance, hub, redis_line
from realtime.gateway import (
    admission,
    client,
    gateway,
    patience,
    refusals,
    typists,
)
from realtime.protocol import formats
from realtime.protocol.limits import Limits
from realtime.services import channel_reads, commit_queue, identity
from realtime.settings import Settings

SETTINGS = Settings.parse(
    {"ORDERWIRE_TOKEN_SECRET": "a secret that is long enough for HS256, of a test"}
)
KIB = 1024


def test_what_one_connection_may_do() -> None:
    limits = Limits()

    assert limits.channels == SETTINGS.limit_channels_per_connection == 128
    assert limits.connections_per_account == SETTINGS.limit_connections_per_account == 20
    assert limits.commands_per_second == SETTINGS.limit_commands_per_second == 30
    assert (limits.commands_burst, limits.subscribes_burst, limits.abuse_factor) == (60, 160, 10)
    assert SETTINGS.limit_messages_per_second == 5
    assert (limits.frame_before_connect, limits.frame) == (64 * KIB, 256 * KIB)


def test_how_long_things_may_take() -> None:
    limits = Limits()

    assert (limits.ping, limits.pong, limits.connect, limits.expiry_grace) == (25, 8, 30, 25)
    assert commit_queue.ANSWER_WITHIN == 4
    assert patience.SLOW_AFTER == 10
    assert patience.CLOSE_WITHIN == 1
    assert admission.MOST_SECONDS == 3
    assert (typists.EVERY, typists.LASTS) == (2, 6)
    assert identity.LEEWAY == 60
    assert refusals.IN_A_ROW == 5
    assert gateway.MOST_A_SECOND == 1_000


def test_how_much_is_sent_and_kept() -> None:
    assert formats.MAX_JOINED == 64 * KIB
    assert (client.MAX_UNSENT, client.MAX_UNSENT_FOR_EPHEMERAL) == (1024 * KIB, 128 * KIB)
    assert publications.REPLAY_MAX_PUBLICATIONS == 1_000
    assert publications.REPLAY_MAX_BYTES == 512 * KIB
    assert channel_reads.HISTORY_MAX == 200


@pytest.mark.parametrize(
    ("made", "name", "default"),
    [
        (hub.Hub, "check_every", 25.0),
        (attendance.Attendance, "check_every", 25.0),
        (gateway.Gateway.drain, "accepting", 5.0),
        (gateway.Gateway.drain, "over", 20.0),
    ],
)
def test_how_often_things_are_looked_after(made: object, name: str, default: float) -> None:
    signature = getattr(made, "__init__", made) if isinstance(made, type) else made
    assert signature.__kwdefaults__[name] == default  # type: ignore[attr-defined] # a function


def test_the_bus_is_called_every_5_seconds_and_given_up_after_3_without_an_echo() -> None:
    timings = redis_line.LineTimings()

    assert (timings.echo, timings.misses, timings.patience) == (5, 3, 1)
