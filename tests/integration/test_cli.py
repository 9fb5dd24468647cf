"""The commands that end by themselves: what they print, and how they fail."""

import json
import socket
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from realtime.cli import main
from realtime.delivery.email.dkim import DkimKey
from realtime.delivery.push.vapid import VapidKey
from realtime.settings import NAMES, TESTS
from tests.support.logs import logging_put_back

SECRET = "a secret of the tests, long enough for HS256"
ENOUGH = {"ORDERWIRE_TOKEN_SECRET": SECRET, "ORDERWIRE_SERVICE_KEYS": "a-key-of-sixteen-or-more"}

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    with logging_put_back():
        yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; return its exit code, and what it wrote to both streams."""

    def ran(*argv: str, **settings: str) -> tuple[int, str, str]:
        given = ENOUGH | {f"ORDERWIRE_{name}": text for name, text in settings.items()}
        code = _exit_code(argv, given)
        written = capsys.readouterr()
        return code, written.out, written.err

    return ran


def _exit_code(argv: tuple[str, ...], environment: dict[str, str]) -> int:
    try:
        return main(argv, environment=environment)
    except SystemExit as left:  # argparse's way out
        return int(left.code or 0)


# --- being called ------------------------------------------------------------------------------

COMMANDS = [
    ["serve"],
    ["worker"],
    ["migrate"],
    ["check"],
    ["token"],
    ["keys"],
    ["keys", "vapid"],
    ["openapi"],
    ["retain"],
    ["import"],
]


@pytest.mark.parametrize("command", [[], *COMMANDS])
def test_every_command_says_what_it_is_for(run: Run, command: list[str]) -> None:
    code, out, err = run(*command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(" ".join(["usage: orderwire", *command]))


def test_the_help_of_serve_names_every_setting(run: Run) -> None:
    _, out, _ = run("serve", "--help")
    assert all(f"  {name}" in out for name in NAMES)
    assert TESTS not in out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "the following arguments are required"),
        (["brew"], "invalid choice: 'brew'"),
        (["serve", "--port", "http"], "'http' is not a port from 0 to 65535"),
        (["serve", "--port", "65536"], "'65536' is not a port from 0 to 65535"),
        (["serve", "--workers", "0"], "'0' is not a number from 1 to 64"),
        (["token"], "the following arguments are required: ACCOUNT"),
        (["token", "no id"], "'no id' is not an id"),
        (["token", "anna", "--ttl", "1"], "'1' is not a time such as 30s, 15m, 1h or 7d"),
        (["token", "anna", "--ttl", "0h"], "'0h' is not a time"),
        (["token", "anna", "--role", "king"], "'king'"),
        (["keys"], "the following arguments are required"),
    ],
)
def test_a_wrong_call_is_told_with_the_usage(run: Run, argv: list[str], said: str) -> None:
    code, out, err = run(*argv)
    assert (code, out) == (2, "")
    assert err.startswith("usage: orderwire")
    assert said in err


def test_the_release_is_that_of_the_package(run: Run) -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert run("--version") == (0, f"{project['version']}\n", "")


@pytest.mark.parametrize(
    "command",
    [["serve"], ["worker"], ["migrate"], ["check"], ["token", "a"], ["retain"], ["import", "-"]],
)
def test_mistakes_in_settings_are_lines_and_no_traceback(run: Run, command: list[str]) -> None:
    code, out, err = run(*command, REVIEW_DAYS="x", DATABSE_URL="y")
    assert (code, out) == (1, "")
    first, second = err.splitlines()
    assert first.startswith("ORDERWIRE_DATABSE_URL: ")
    assert second.startswith("ORDERWIRE_REVIEW_DAYS: ")


# --- token and keys ----------------------------------------------------------------------------


def test_a_token_speaks_for_an_account_for_an_hour(run: Run) -> None:
    code, out, err = run("token", "anna")
    assert (code, err) == (0, "")
    claims = jwt.decode(out.strip(), SECRET, algorithms=["HS256"])
    assert (claims["sub"], claims["exp"] - claims["iat"]) == ("anna", 3600)
    assert "role" not in claims


def test_a_token_may_be_an_operators_and_live_longer(run: Run) -> None:
    _, out, _ = run("token", "olivia", "--role", "operator", "--ttl", "7d")
    claims = jwt.decode(out.strip(), SECRET, algorithms=["HS256"])
    assert (claims["role"], claims["exp"] - claims["iat"]) == ("operator", 7 * 86_400)


def test_a_token_wants_a_secret(run: Run) -> None:
    code, out, err = run("token", "anna", TOKEN_SECRET="")
    assert (code, out) == (1, "")
    assert err.startswith("ORDERWIRE_TOKEN_SECRET: is not set")


def test_a_vapid_key_can_be_put_into_the_settings_as_it_is_printed(run: Run) -> None:
    _, out, _ = run("keys", "vapid")
    name, _, private = out.splitlines()[0].partition("=")
    assert name == "ORDERWIRE_VAPID_PRIVATE_KEY"
    assert VapidKey.parse(private).public_text in out.splitlines()[1]


def test_a_dkim_key_is_printed_with_what_the_dns_is_told(run: Run) -> None:
    code, out, _ = run("keys", "dkim")
    pem, _, told = out.partition("# into a file")
    assert code == 0
    assert f"# {DkimKey.parse(pem).record}" in told


def test_a_vapid_key_is_printed_for_programs_too(run: Run) -> None:
    _, out, _ = run("keys", "vapid", "--json")
    keys = json.loads(out)
    assert set(keys) == {"private_key", "public_key"}
    assert VapidKey.parse(keys["private_key"]).public_text == keys["public_key"]


# --- databases ---------------------------------------------------------------------------------


def test_migrate_brings_a_database_up_to_date_and_again_is_no_harm(
    run: Run, empty_url: str
) -> None:
    for _ in range(2):
        code, out, err = run("migrate", DATABASE_URL=empty_url)
        assert (code, out, err) == (0, "The database has the schema of this release.\n", "")
    assert finding(run, "database", DATABASE_URL=empty_url)["verdict"] == "good"


def test_a_shared_database_is_migrated_by_nobody_who_serves(run: Run, postgres: Any) -> None:
    with postgres.empty_database() as url:
        for command in ("serve", "worker"):
            code, _, err = run(command, DATABASE_URL=url, LOG_LEVEL="error")
            assert code == 1
            assert err == (
                "ORDERWIRE_DATABASE_URL: the database does not have the schema of this release; "
                "run: orderwire migrate\n"
            )
        found = finding(run, "database", DATABASE_URL=url)
        assert (found["verdict"], found["advice"]) == ("wrong", "run: orderwire migrate")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://user:hunter2@127.0.0.1:1/orderwire", "127.0.0.1"),
        ("sqlite:////no/such/folder/orderwire.db", "/no/such/folder/orderwire.db"),
        ("sqlite:////usr", "/usr"),
        (f"sqlite:///{__file__}", __file__),
    ],
)
@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_a_database_that_does_not_answer_is_one_line(
    run: Run, command: str, url: str, place: str
) -> None:
    code, out, err = run(command, DATABASE_URL=url, LOG_LEVEL="error")
    assert (code, out) == (1, "")
    assert err.startswith(f"ORDERWIRE_DATABASE_URL: the database at {place} does not answer: ")
    assert err.count("\n") == 1
    assert "hunter2" not in err


def test_check_makes_no_database(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    found = finding(run, "database", DATABASE_URL=f"sqlite:///{file}")
    assert (found["verdict"], file.exists()) == ("good", False)
    assert "by the next start" in found["detail"]


# --- serve, before it serves -------------------------------------------------------------------


def test_a_taken_port_is_one_line(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = run("serve", "--port", str(port))
    assert (code, out) == (1, "")
    assert err == f"127.0.0.1:{port}: Address already in use; choose another --port\n"


def test_a_host_that_is_none_is_one_line(run: Run) -> None:
    code, _, err = run("serve", "--host", "no.such.host.invalid")
    assert code == 1
    assert err.startswith("no.such.host.invalid: ")
    assert err.endswith("; see --host\n")


def test_several_processes_want_a_bus_between_them(run: Run) -> None:
    code, _, err = run("serve", "--workers", "2")
    assert (code, err) == (
        1,
        "--workers 2: processes hear of each other through Redis or Valkey; "
        "set ORDERWIRE_REDIS_URL\n",
    )


def test_the_demo_is_one_process(run: Run) -> None:
    code, _, err = run("serve", "--demo", "--workers", "2")
    assert (code, err) == (2, "--demo: is one process; leave --workers away\n")


# --- check -------------------------------------------------------------------------------------


def findings(run: Run, **settings: str) -> list[dict[str, str]]:
    _, out, _ = run("check", "--json", **settings)
    found: list[dict[str, str]] = json.loads(out)["findings"]
    return found


def finding(run: Run, part: str, **settings: str) -> dict[str, str]:
    (found,) = [each for each in findings(run, **settings) if each["part"] == part]
    return found


def test_check_is_content_with_what_one_can_do_without(run: Run, sqlite_url: str) -> None:
    code, out, err = run("check", DATABASE_URL=sqlite_url)
    assert (code, err) == (0, "")
    assert "good     database    answers, and has the schema of this release" in out
    assert "missing  mail        not set: alerts by e-mail wait" in out
    assert "set ORDERWIRE_SMTP_URL" in out


def test_check_fails_where_something_does_not_work(run: Run, sqlite_url: str) -> None:
    code, out, _ = run("check", "--json", DATABASE_URL=sqlite_url, REDIS_URL="redis://127.0.0.1:1")
    assert code == 1
    assert json.loads(out)["ok"] is False


def test_check_finds_a_redis(run: Run, sqlite_url: str, redis_url: str) -> None:
    found = finding(run, "redis", DATABASE_URL=sqlite_url, REDIS_URL=redis_url)
    assert found["verdict"] == "good"
    away = finding(run, "redis", DATABASE_URL=sqlite_url, REDIS_URL="redis://:hunter2@127.0.0.1:1")
    assert away["verdict"] == "wrong"
    assert "hunter2" not in str(away)


def test_check_reads_a_key_set(run: Run, sqlite_url: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    settings = {"DATABASE_URL": sqlite_url, "TOKEN_SECRET": "", "TOKEN_JWKS": str(keys)}
    for content, verdict in [(JWKS, "good"), ("{}", "wrong"), ("no json", "wrong")]:
        keys.write_text(content)
        assert finding(run, "tokens", **settings)["verdict"] == verdict


def test_check_looks_at_the_web_address(run: Run, sqlite_url: str) -> None:
    for url, verdict in [
        ("https://messages.example.com", "good"),
        ("http://127.0.0.1:8000", "good"),
        ("http://messages.example.com", "missing"),
    ]:
        found = finding(run, "public url", DATABASE_URL=sqlite_url, PUBLIC_URL=url)
        assert found["verdict"] == verdict


def test_check_knows_the_push_key(run: Run, sqlite_url: str) -> None:
    key = VapidKey.generate().private_text
    found = finding(
        run,
        "push",
        DATABASE_URL=sqlite_url,
        VAPID_PRIVATE_KEY=key,
        VAPID_SUBJECT="https://127.0.0.1",
    )
    assert (found["verdict"], found["detail"]) == ("good", "a key for https://127.0.0.1")


def test_check_knocks_at_every_mail_server(run: Run, sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        silent.close()
        found = [
            each
            for each in findings(
                run,
                DATABASE_URL=sqlite_url,
                SMTP_URL=f"smtp://user:hunter2@127.0.0.1:{port}",
                MAIL_FROM="a@example.com",
            )
            if each["part"] == "mail"
        ]
    (mail,) = found
    assert mail["verdict"] == "wrong"
    assert f"smtp://127.0.0.1:{port} does not let us in (connection_failed)" in mail["detail"]
    assert "hunter2" not in str(mail)


JWKS = json.dumps(
    {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "kid": "one",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            }
        ]
    }
)
