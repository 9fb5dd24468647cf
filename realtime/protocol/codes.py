"""What the server says when it cannot: errors, disconnects and unsubscribes, and what each means.

Ranges tell a client what to do: it comes back after 3000-3499 and 4000-4499, and stops for good
after 3500-3999 and 4500-4999; an unsubscribe from 2500 on is followed by a new subscribe.
Source: the Centrifuge client protocol, version 2.
"""

from typing import NamedTuple


class ErrorCode(NamedTuple):
    """The error of one command; ``temporary`` ones may be tried again."""

    code: int
    message: str
    temporary: bool = False


INTERNAL = ErrorCode(100, "internal error, try again", temporary=True)
UNAUTHORIZED = ErrorCode(101, "unauthorized")
UNKNOWN_CHANNEL = ErrorCode(102, "unknown channel")
PERMISSION_DENIED = ErrorCode(103, "permission denied")
METHOD_NOT_FOUND = ErrorCode(104, "method not found")
LIMIT_EXCEEDED = ErrorCode(106, "limit exceeded")
BAD_REQUEST = ErrorCode(107, "bad request")
NOT_AVAILABLE = ErrorCode(108, "not available")
TOKEN_EXPIRED = ErrorCode(109, "token expired")
TOO_MANY_REQUESTS = ErrorCode(111, "too many requests, try again", temporary=True)
UNRECOVERABLE = ErrorCode(112, "unrecoverable position")

# Refusals that say "not now" and are no fault of the client.
NEVER_COUNTED = frozenset({INTERNAL.code, TOO_MANY_REQUESTS.code, 429})


class Disconnect(NamedTuple):
    """The end of a connection: the WebSocket close code and its reason."""

    code: int
    reason: str


def comes_back(disconnect: Disconnect) -> bool:
    """Tell whether a client that is sent away like this connects again."""
    return not (3500 <= disconnect.code < 4000 or 4500 <= disconnect.code < 5000)


CLOSED_NORMALLY = Disconnect(3000, "connection closed")
SHUTDOWN = Disconnect(3001, "shutdown")
INTERNAL_ERROR = Disconnect(3004, "internal server error")
EXPIRED = Disconnect(3005, "connection expired")
SLOW = Disconnect(3008, "slow reader")
INSUFFICIENT_STATE = Disconnect(3010, "insufficient state")
FORCE_RECONNECT = Disconnect(3011, "force reconnect")
NO_PONG = Disconnect(3012, "no pong")
ABUSE = Disconnect(3013, "too many requests")
NOT_CONNECTED_IN_TIME = Disconnect(4000, "not connected in time")

INVALID_TOKEN = Disconnect(3500, "invalid token")
BAD_FRAME = Disconnect(3501, "bad request")
ERASED = Disconnect(3503, "force disconnect")
NOT_PERMITTED = Disconnect(3507, "permission denied")
TOO_MANY_ERRORS = Disconnect(3509, "too many errors")


class Unsubscribed(NamedTuple):
    """The end of one subscription by the server."""

    code: int
    reason: str


BY_SERVER = Unsubscribed(2000, "unsubscribed by the server")
STATE_LOST = Unsubscribed(2500, "insufficient state")
