"""What deploy/ ships fits the program: its settings are ours, and its services are shut in."""

from configparser import RawConfigParser
from pathlib import Path

import pytest

from realtime.cli import main
from realtime.environment import read_env_file
from realtime.settings import SERVICE_KEYS, SERVING, TOKEN_SECRET, BadSettings, Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted(DEPLOY.glob("systemd/*.service"))
EXAMPLE = read_env_file(DEPLOY / "systemd" / "orderwire.env.example")


class Unit(RawConfigParser):
    """A unit file; of a setting that is repeated the last one counts here."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, comment_prefixes=("#",))
        self.read(path)

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def test_the_example_settings_lack_the_secrets_alone() -> None:
    with pytest.raises(BadSettings) as wrong:
        Settings.parse(EXAMPLE, SERVING)

    assert [line.partition(":")[0] for line in wrong.value.mistakes] == [
        TOKEN_SECRET,
        SERVICE_KEYS,
    ]


def test_the_example_settings_serve_once_the_secrets_are_filled_in() -> None:
    filled = EXAMPLE | {TOKEN_SECRET: "s" * 32, SERVICE_KEYS: "k" * 32}

    assert Settings.parse(filled, SERVING).public_url == "https://messages.example.com"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_service_runs_as_nobody_and_may_do_nothing_else(path: Path) -> None:
    service = Unit(path)["Service"]

    assert service["DynamicUser"] == "yes"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_service_starts_with_a_command_that_there_is(path: Path) -> None:
    program, *command = Unit(path)["Service"]["ExecStart"].split()

    assert program == "/opt/orderwire/bin/orderwire"
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
