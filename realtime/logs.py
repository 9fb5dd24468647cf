"""Log lines: an event each, as JSON or to be read, with the ids of its request or connection.

What is a secret stays out of them, wherever it stands: in a field, a URL or a traceback.
"""

import logging
import re
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from realtime.setting_values import LogFormat, LogLevel

LEVELS = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARNING: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
}
HIDDEN = "[redacted]"

# A token in a query (the fallback transports carry theirs there) or in an unsubscribe link, a
# bearer token, any JWT, and the password of a URL.
_SECRETS = re.compile(
    r"(?P<query>[?&](?:cf_connect|token|access_token)=)[^&\s\"'#]+"
    r"|(?P<link>/u/)[^/\s\"'?#]+"
    r"|(?P<bearer>\b[Bb]earer )\S+"
    r"|(?P<jwt>)\beyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|(?P<url>\b[a-z][a-z0-9+.-]*://[^/\s:@\"']*:)[^/\s@\"']+(?=@)"
)


def redacted(text: str) -> str:
    """Return a text without the secrets that it may carry."""
    return _SECRETS.sub(lambda found: f"{found[found.lastgroup or 0]}{HIDDEN}", text)


def configure_logs(*, log_format: LogFormat, level: LogLevel, stream: TextIO) -> None:
    """Send every log line of this process to ``stream``, other libraries' among them."""
    readable = log_format is LogFormat.READABLE or (
        log_format is LogFormat.AUTO and stream.isatty()
    )
    processors = [*_shared(), *_written(readable, colors=stream.isatty())]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_foreign_formatter(readable, colors=stream.isatty()))
    logging.basicConfig(handlers=[handler], level=max(LEVELS[level], logging.WARNING), force=True)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
    ]


def _written(readable: bool, *, colors: bool) -> list[Processor]:
    if readable:
        # Texts are quoted: a line break in one of them must not look like a line of ours.
        return [
            structlog.dev.ConsoleRenderer(
                colors=colors,
                repr_native_str=True,
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    return [structlog.processors.JSONRenderer(serializer=_json)]


def _foreign_formatter(readable: bool, *, colors: bool) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *_shared()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_written(readable, colors=colors),
        ],
    )


def _redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = redacted(value)
    return event


def _json(value: Any, **_options: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()
