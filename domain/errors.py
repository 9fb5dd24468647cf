"""Everything that the rules can refuse, as one tree.

::

    OrderwireError
    ├── Invalid                a field is wrong; ``errors`` names each one
    ├── Unauthorized           no identity, or a bad one
    │   ├── TokenExpired       a fresh token will do
    │   │   └── AccountErased  ... but there is nobody left to get one
    │   └── TokenInvalid       no token of this kind ever will
    ├── Forbidden              known, but not allowed; ``code`` says why
    ├── NotFound               not there, or not yours to see
    │   └── NotParticipant     ... of a conversation: the socket may say 403 for it
    ├── Conflict               not now; ``code`` says why
    ├── TooLarge               over a limit of size
    ├── TooMany                over a limit of rate; again later
    └── Unavailable            our own weakness; again later

Raised where the rule is known, mapped once at each edge: ``realtime/api/problems.py`` for HTTP,
``realtime/gateway/errors.py`` for the socket.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: ``path`` as in ``buyer_id`` or ``price.currency``."""

    path: str
    message: str


class OrderwireError(Exception):
    """The root: ``code`` is public and stable, ``detail`` is one plain sentence.

    ``errors`` name the fields that it is about; ``path`` is a single one.
    """

    code = "internal"

    def __init__(self, detail: str, *, code: str | None = None, path: str | None = None) -> None:
        self.errors: tuple[FieldError, ...] = (FieldError(path, detail),) if path else ()
        self.detail = f"{path}: {detail}" if path else detail
        super().__init__(self.detail)
        if code is not None:
            self.code = code


class Invalid(OrderwireError):
    """The input is wrong; nothing was changed."""

    code = "invalid"

    def __init__(self, *errors: FieldError, code: str | None = None) -> None:
        super().__init__("; ".join(f"{e.path}: {e.message}" for e in errors), code=code)
        self.errors = errors

    @classmethod
    def field(cls, path: str, message: str) -> "Invalid":
        """Refuse one field."""
        return cls(FieldError(path, message))


class Unauthorized(OrderwireError):
    """No identity, or one that is not accepted."""

    code = "unauthorized"


class TokenExpired(Unauthorized):
    """Expired, not yet valid, revoked or signed by a key not known yet: a fresh token will do."""

    code = "token_expired"


class AccountErased(TokenExpired):
    """Good in itself, and revoked: whom it speaks for was erased."""

    code = "account_erased"


class TokenInvalid(Unauthorized):
    """Wrong signature, wrong algorithm or no subject: final."""

    code = "token_invalid"


class Forbidden(OrderwireError):
    """The caller is known and may not do this."""

    code = "forbidden"


class NotFound(OrderwireError):
    """It does not exist, or is not the caller's to see."""

    code = "not_found"


class NotParticipant(NotFound):
    """The conversation does not exist, or the caller has no part in it: one answer for both."""

    code = "not_participant"


class Conflict(OrderwireError):
    """Not possible in the present state; ``state`` is that, as far as it is told."""

    code = "conflict"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        path: str | None = None,
        state: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail, code=code, path=path)
        self.state = state or {}


class TooLarge(OrderwireError):
    """Over a limit of size."""

    code = "too_large"


class TooMany(OrderwireError):
    """Over a limit of rate: the same call is fine a little later."""

    code = "too_many_requests"


class Unavailable(OrderwireError):
    """Something that we depend on does not answer: the same call is fine a little later."""

    code = "unavailable"
