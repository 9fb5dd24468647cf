"""Log lines carry what helps, and nothing that is secret."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from realtime.logs import configure_logs, redacted
from realtime.setting_values import LogFormat, LogLevel
from tests.support.logs import logging_put_back

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    with logging_put_back():
        yield


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def json_log(level: LogLevel = LogLevel.INFO) -> io.StringIO:
    stream = io.StringIO()
    configure_logs(log_format=LogFormat.JSON, level=level, stream=stream)
    return stream


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/connection/sse?cf_connect=%7B%22token%22", "/connection/sse?cf_connect=[redacted]"),
        ("GET /x?a=1&token=abc&b=2", "GET /x?a=1&token=[redacted]&b=2"),
        ("/u/abc.def", "/u/[redacted]"),
        ("https://example.com/u/abc.def and more", "https://example.com/u/[redacted] and more"),
        ("Authorization: Bearer abc", "Authorization: Bearer [redacted]"),
        (f"bad token {JWT}!", "bad token [redacted]!"),
        ("redis://user:secret@host:1/0", "redis://user:[redacted]@host:1/0"),
        ("redis://:secret@host", "redis://:[redacted]@host"),
        ("/v1/orders/FO-1", "/v1/orders/FO-1"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
    ],
)
def test_secrets_are_cut_out_of_texts(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_a_line_is_one_json_object_with_time_level_event_and_its_fields() -> None:
    stream = json_log()
    structlog.get_logger("test").info("it_happened", count=3, of=None)
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "it_happened", "level": "info", "count": 3, "of": None}


def test_the_id_of_a_request_stands_in_every_line_about_it() -> None:
    stream = json_log()
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger("test").info("inside")
    structlog.get_logger("test").info("outside")
    assert [line.get("request_id") for line in lines(stream)] == ["r1", None]


def test_secrets_are_cut_out_of_fields_and_tracebacks() -> None:
    stream = json_log()
    try:
        raise ValueError(f"no good: Bearer {JWT}")
    except ValueError:
        structlog.get_logger("test").exception("failed", url="/u/abc")
    (line,) = lines(stream)
    assert line["url"] == "/u/[redacted]"
    assert "ValueError: no good" in line["exception"]
    assert JWT not in stream.getvalue()


def test_other_libraries_write_in_the_same_form_from_warnings_on() -> None:
    stream = json_log()
    logging.getLogger("uvicorn.error").info("chatter")
    logging.getLogger("uvicorn.error").warning("from %s", "redis://:secret@host")
    (line,) = lines(stream)
    assert line["event"] == "from redis://:[redacted]@host"
    assert (line["level"], line["logger"]) == ("warning", "uvicorn.error")


def test_the_level_decides_what_is_worth_a_line() -> None:
    stream = json_log(LogLevel.WARNING)
    structlog.get_logger("test").info("quiet")
    structlog.get_logger("test").warning("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_a_readable_line_cannot_be_forged_by_a_line_break() -> None:
    stream = io.StringIO()
    configure_logs(log_format=LogFormat.READABLE, level=LogLevel.INFO, stream=stream)
    structlog.get_logger("test").info("named", name="x\n2026-01-01 [info] forged")
    assert len(stream.getvalue().splitlines()) == 1
    assert "named" in stream.getvalue()


def test_auto_is_json_where_nobody_looks_on() -> None:
    stream = io.StringIO()
    configure_logs(log_format=LogFormat.AUTO, level=LogLevel.INFO, stream=stream)
    structlog.get_logger("test").info("written")
    assert lines(stream)[0]["event"] == "written"
