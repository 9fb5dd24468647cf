"""Real processes: they start, serve, say what they do, and stop without losing anything."""

import json
import os
import signal
import smtplib
import socket
from pathlib import Path
from typing import Any

import httpx2
import pytest

from realtime.delivery.push.vapid import VapidKey
from tests.support.processes import (
    SERVICE_KEY,
    SETTINGS,
    TOKEN_SECRET,
    Process,
    run_command,
    running,
    server,
    token,
)

BACKEND = {"Authorization": f"Bearer {SERVICE_KEY}"}
METRICS_TOKEN = "the-secret-token-of-the-metrics"
SMTP_PASSWORD = "the-secret-password-of-the-relay"
VAPID_KEY = VapidKey.generate().private_text
BODY = "a message that is nobody's business but theirs"


def call(process: Process, method: str, path: str, **more: Any) -> httpx2.Response:
    """Call a server, on a connection that is not kept."""
    with httpx2.Client(base_url=process.url, timeout=30.0) as http:
        return http.request(method, path, **more)


def put_account(process: Process, account_id: str) -> None:
    """Have the marketplace tell of an account."""
    body = {"name": account_id.title(), "email": f"{account_id}@example.com"}
    answer = call(process, "PUT", f"/v1/accounts/{account_id}", json=body, headers=BACKEND)
    assert answer.status_code in (200, 201)


def test_a_server_starts_serves_and_stops(database_url: str, tmp_path: Path) -> None:
    with server(folder=tmp_path, settings={"DATABASE_URL": database_url}) as process:
        ready = call(process, "GET", "/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        put_account(process, "anna")
        me = call(process, "GET", "/v1/me", headers={"Authorization": f"Bearer {token('anna')}"})
        assert me.json()["account"]["name"] == "Anna"
        assert process.stop() == 0
        assert process.events("stopping")[0]["signal"] == "SIGTERM"
        assert process.log.rstrip().splitlines()[-1] == json.dumps(
            process.events("stopped")[0], separators=(",", ":")
        )
        assert process.stdout == ""


def test_an_embedded_database_is_made_by_the_first_start_and_kept(tmp_path: Path) -> None:
    for _ in range(2):
        with server(folder=tmp_path) as process:
            put_account(process, "anna")
            assert process.stop() == 0
    assert (tmp_path / "orderwire.db").exists()


def test_no_secret_and_nobodys_words_are_in_the_log(tmp_path: Path) -> None:
    secrets = {
        "METRICS_TOKEN": METRICS_TOKEN,
        "SMTP_URL": f"smtp://user:{SMTP_PASSWORD}@127.0.0.1:1",
        "REDIS_URL": f"redis://:{SMTP_PASSWORD}@127.0.0.1:1",
        "VAPID_PRIVATE_KEY": VAPID_KEY,
        "VAPID_SUBJECT": "mailto:ops@example.com",
        "LOG_LEVEL": "debug",
    }
    credential = token("anna")
    with server(folder=tmp_path, settings=secrets) as process:
        for account in ("anna", "sabine"):
            put_account(process, account)
        offer = {"seller_id": "sabine", "title": "A", "status": "approved", "delivery_days": 1}
        call(process, "PUT", "/v1/services/s", json=offer, headers=BACKEND)
        order = {
            "service_id": "s",
            "buyer_id": "anna",
            "price": {"amount": 100, "currency": "EUR"},
        }
        placed = call(process, "POST", "/v1/orders", json=order, headers=BACKEND).json()
        sent = call(
            process,
            "POST",
            f"/v1/conversations/{placed['conversation_id']}/messages",
            json={"client_id": "1", "body": BODY},
            headers={"Authorization": f"Bearer {credential}"},
        )
        assert sent.status_code == 201
        assert call(process, "GET", f"/u/{credential}").status_code == 404
        call(process, "GET", "/connection/sse", params={"cf_connect": credential})
        wrong = {"Authorization": "Bearer wrong-credential"}
        assert call(process, "GET", "/v1/me", headers=wrong).status_code == 401
        assert process.stop() == 0
    written = process.stdout + process.log
    assert '"path":"/u/[redacted]"' in written
    for secret in (
        TOKEN_SECRET,
        SERVICE_KEY,
        METRICS_TOKEN,
        SMTP_PASSWORD,
        VAPID_KEY,
        credential,
        "wrong-credential",
        BODY,
    ):
        assert secret not in written


def test_a_server_that_is_asked_to_stop_is_unready_at_once_and_still_serves(
    tmp_path: Path,
) -> None:
    settings = {"DRAIN_ACCEPT_SECONDS": "600"}
    with server(folder=tmp_path, settings=settings) as process:
        process.signal(signal.SIGTERM)
        process.event("stopping")
        assert call(process, "GET", "/readyz").status_code == 503
        assert call(process, "GET", "/healthz").status_code == 200
        # Asked again, it leaves at once.
        process.signal(signal.SIGTERM)
        assert process.wait() == 128 + signal.SIGTERM
        process.event("stopped_at_once")


def test_whoever_presses_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    settings = {"DRAIN_ACCEPT_SECONDS": "600", "DRAIN_SECONDS": "600"}
    with server(folder=tmp_path, settings=settings) as process:
        process.signal(signal.SIGINT)
        assert process.wait() == 0


def test_a_request_under_way_is_answered_before_the_end(tmp_path: Path) -> None:
    with server(folder=tmp_path) as process:
        host, port = process.url.removeprefix("http://").split(":")
        body = b'{"name": "Anna"}'
        head = (
            f"PUT /v1/accounts/anna HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: Bearer {SERVICE_KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((host, int(port))) as begun:
            begun.sendall(head.encode() + body[:5])
            process.signal(signal.SIGTERM)
            process.event("draining")
            begun.sendall(body[5:])
            assert begun.recv(65_536).startswith(b"HTTP/1.1 201 Created\r\n")
        assert process.wait() == 0


def test_a_head_without_end_is_cut_off(tmp_path: Path) -> None:
    with server(folder=tmp_path) as process:
        host, port = process.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as flood:
            flood.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 400_000)
            assert flood.recv(65_536).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert call(process, "GET", "/healthz").status_code == 200


def test_a_worker_delivers_beside_servers_and_stops(database_url: str, tmp_path: Path) -> None:
    settings = {**SETTINGS, "DATABASE_URL": database_url}
    with running("worker", folder=tmp_path, settings=settings) as process:
        process.event("delivering")
        assert process.stop() == 0
        assert [event["signal"] for event in process.events("stopping")] == ["SIGTERM"]
        assert len(process.events("stopped")) == 1


def test_what_would_keep_alerts_waiting_is_said_at_the_start(tmp_path: Path) -> None:
    settings = {**SETTINGS, "SMTP_URL": f"smtp://user:{SMTP_PASSWORD}@127.0.0.1:1"}
    with running("worker", folder=tmp_path, settings=settings) as process:
        process.event("delivering")
        said = process.event("alerts_may_wait")
        assert (said["part"], said["level"]) == ("mail", "warning")
        assert "smtp://127.0.0.1:1 does not let us in" in said["found"]
        assert "ORDERWIRE_SMTP_URL" in said["what_to_do"]
        assert process.stop() == 0
    assert SMTP_PASSWORD not in "".join(map(str, process.events("alerts_may_wait")))


@pytest.mark.parametrize("spoken", ["smtp", "lmtp"])
def test_mail_is_taken_by_a_process_of_its_own(tmp_path: Path, spoken: str) -> None:
    """As SMTP or LMTP; an address that nobody was given is refused at once."""
    settings = {**SETTINGS, "INBOUND_DOMAIN": "reply.example.com"}
    options = ("--lmtp",) if spoken == "lmtp" else ()
    with running("inbound", "--port", "0", *options, folder=tmp_path, settings=settings) as process:
        port = process.event("receiving")["port"]
        kind = smtplib.LMTP if spoken == "lmtp" else smtplib.SMTP
        with kind("127.0.0.1", port) as client:
            client.ehlo_or_helo_if_needed()
            client.mail("sam@example.com")
            assert client.rcpt("reply+abc@reply.example.com")[0] == 550
            assert client.rcpt("bounces@reply.example.com")[0] == 250
        assert process.stop() == 0


def test_mail_is_not_taken_without_a_domain(tmp_path: Path) -> None:
    done = run_command("inbound", folder=tmp_path, settings=SETTINGS)
    assert done.returncode == 1
    assert done.stderr.startswith("ORDERWIRE_INBOUND_DOMAIN: is not set")
    wrong = run_command("inbound", "--port", "many", folder=tmp_path, settings=SETTINGS)
    assert wrong.returncode == 2


def test_a_mistake_in_the_settings_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ORDERWIRE_REVIEW_DAYS=many\n")
    done = run_command("serve", folder=tmp_path, settings={**SETTINGS, "REDIS_ULR": "redis://x"})
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "ORDERWIRE_REDIS_ULR: there is no such setting; did you mean ORDERWIRE_REDIS_URL?",
        "ORDERWIRE_REVIEW_DAYS: is a number of days such as 3 or 0.5, not 'many'",
    ]


# --- several processes -------------------------------------------------------------------------


def test_processes_share_a_port_and_one_that_dies_is_replaced(
    tmp_path: Path, redis_url: str
) -> None:
    with server("--workers", "2", folder=tmp_path, settings={"REDIS_URL": redis_url}) as process:
        process.event("serving", number=2)
        first, second = (event["pid"] for event in process.events("serving"))
        assert first != second
        assert process.pid not in (first, second)
        put_account(process, "anna")
        os.kill(first, signal.SIGKILL)
        assert process.event("process_ended")["code"] == -signal.SIGKILL
        third = process.event("serving", number=3)["pid"]
        assert third not in (first, second)
        for _ in range(8):
            assert call(process, "GET", "/readyz").status_code == 200
        assert process.stop() == 0
        assert len(process.events("stopped")) == 2


def test_what_is_said_to_a_stream_finds_it_whichever_process_it_lands_on(
    tmp_path: Path, redis_url: str
) -> None:
    with (
        server("--workers", "2", folder=tmp_path, settings={"REDIS_URL": redis_url}) as process,
        httpx2.Client(base_url=process.url, timeout=30.0) as http,
    ):
        process.event("serving", number=2)
        put_account(process, "anna")
        connect = json.dumps({"id": 1, "connect": {"token": token("anna")}})
        with http.stream("POST", "/connection/http_stream", content=connect) as stream:
            lines = (line for line in stream.iter_lines() if line != "{}")
            opened = json.loads(next(lines))["connect"]
            # Each on a connection of its own: that all of them land on one has a chance of 2^-15.
            for number in range(2, 18):
                command = json.dumps({"id": number, "ping": {}})
                said = {"session": opened["session"], "node": opened["node"], "data": command}
                assert call(process, "POST", "/emulation", json=said).status_code == 204
                assert json.loads(next(lines)) == {"id": number, "ping": {}}


def test_processes_do_not_outlive_the_one_that_started_them(tmp_path: Path, redis_url: str) -> None:
    with server("--workers", "2", folder=tmp_path, settings={"REDIS_URL": redis_url}) as process:
        process.event("serving", number=2)
        process.signal(signal.SIGKILL)
        # Its output ends when the last of them has ended.
        assert process.wait() == -signal.SIGKILL
        assert len(process.events("stopped")) == 2


def test_processes_that_cannot_begin_end_it_all(tmp_path: Path, redis_url: str) -> None:
    settings = {**SETTINGS, "REDIS_URL": redis_url, "DATABASE_URL": "sqlite:///gone/orderwire.db"}
    folder = tmp_path / "gone"
    folder.mkdir()
    arguments = ["serve", "--port", "0", "--workers", "2"]
    with running(*arguments, folder=tmp_path, settings=settings) as process:
        process.event("serving", number=2)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        for event in process.events("serving"):
            os.kill(event["pid"], signal.SIGKILL)
        assert process.wait() == 1
        assert "does not answer: unable to open database file" in process.log


# --- the demo ----------------------------------------------------------------------------------


@pytest.fixture
def demo_folder(tmp_path: Path) -> Path:
    """A folder whose ``.env`` names a database that a demo must not touch."""
    (tmp_path / ".env").write_text("ORDERWIRE_DATABASE_URL=sqlite:///precious.db\n")
    return tmp_path


def test_the_demo_shows_everything_with_one_command_and_leaves_nothing(demo_folder: Path) -> None:
    settings = {"LOG_FORMAT": "json", "LOG_LEVEL": "info"}
    with running("serve", "--demo", "--port", "0", folder=demo_folder, settings=settings) as demo:
        demo.wait_for_text("Ctrl-C ends it")
        links = [line.strip() for line in demo.stdout.splitlines() if "http://" in line]
        assert links[0] == f"{demo.url}/demo"
        tokens = [link.partition("#token=")[2] for link in links if "#token=" in link]
        people = []
        for each in tokens:
            me = call(demo, "GET", "/v1/me", headers={"Authorization": f"Bearer {each}"}).json()
            people.append((me["account"]["name"], me["role"]))
        assert people == [
            ("Sabine Sommer", "account"),
            ("Anna Brandt", "account"),
            ("Olivia Ott", "operator"),
        ]
        assert call(demo, "POST", "/demo/orders").status_code == 201
        _wait_for_alerts(demo)
        foreign = {"Host": "evil.example.com"}
        assert call(demo, "GET", "/demo/state", headers=foreign).status_code == 400
        demo.signal(signal.SIGINT)
        assert demo.wait() == 0
    assert [path.name for path in demo_folder.iterdir()] == [".env"]


def _wait_for_alerts(demo: Process) -> None:
    """Wait until the seller was told of the order by push and by mail."""
    told: set[tuple[str, str]] = set()
    with httpx2.Client(base_url=demo.url, timeout=30.0) as http:
        for _ in range(2_000):
            items = http.get("/demo/outbox").json()["items"]
            told = {(item["kind"], item["account"]) for item in items if "Auftrag" in item["title"]}
            if told == {("push", "sabine"), ("email", "sabine")}:
                return
    raise AssertionError(f"told: {told}\n{demo.log}")
