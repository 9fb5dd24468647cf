"""What the rules refuse, as the socket says it: one table from their errors to codes."""

from collections.abc import Mapping

from domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotParticipant,
    OrderwireError,
    TokenExpired,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
)
from realtime.protocol import codes
from realtime.protocol.codes import ErrorCode


class PositionLost(OrderwireError):
    """A client that asked for an error where its position cannot be recovered."""


CODES: Mapping[type[OrderwireError], ErrorCode] = {
    Invalid: ErrorCode(400, "invalid"),
    Unauthorized: codes.UNAUTHORIZED,
    TokenExpired: codes.TOKEN_EXPIRED,
    Forbidden: ErrorCode(403, "forbidden"),
    NotParticipant: ErrorCode(403, "not_participant"),
    NotFound: ErrorCode(404, "not found"),
    Conflict: ErrorCode(409, "conflict"),
    TooLarge: ErrorCode(413, "too large"),
    TooMany: ErrorCode(429, "slow down", temporary=True),
    Unavailable: codes.INTERNAL,
    PositionLost: codes.UNRECOVERABLE,
}
# A page acts on the code of these, and shows its own words; of the others it shows the detail.
TOLD_BY_CODE = (Forbidden, NotParticipant, Conflict)
MAX_MESSAGE = 123


def error_code(error: OrderwireError) -> ErrorCode:
    """Look an error's code up; its message is plain words, or a code of ours."""
    found = next((CODES[kind] for kind in type(error).__mro__ if kind in CODES), codes.INTERNAL)
    if found is codes.INTERNAL:
        return found
    message = error.code if isinstance(error, TOLD_BY_CODE) else error.detail
    return found._replace(message=_fitting(message) or found.message)


# Reasons to refuse a channel; both are final for a client, and tell nothing of what exists.
CHANNEL_CODES: Mapping[int, ErrorCode] = {
    403: codes.PERMISSION_DENIED,
    404: codes.UNKNOWN_CHANNEL,
}


def channel_error_code(error: OrderwireError) -> ErrorCode:
    """Look the code of a refused channel up."""
    found = error_code(error)
    return CHANNEL_CODES.get(found.code, found)


def _fitting(message: str) -> str:
    return message.encode()[:MAX_MESSAGE].decode(errors="ignore")
