"""Who is speaking: an account, an operator or the marketplace's own backend."""

import re
from dataclasses import dataclass
from enum import StrEnum

ID_PATTERN = r"[A-Za-z0-9._~-]{1,64}"
_ID = re.compile(ID_PATTERN)


def is_id(text: str) -> bool:
    """Tell whether this is an id as a marketplace may bring it."""
    return _ID.fullmatch(text) is not None


class Role(StrEnum):
    """What kind of caller it is."""

    ACCOUNT = "account"
    OPERATOR = "operator"
    MARKETPLACE = "marketplace"


@dataclass(frozen=True, slots=True)
class Identity:
    """A proven caller; ``expires_at`` is in Unix seconds, 0 for a service key, which does not."""

    account_id: str
    role: Role = Role.ACCOUNT
    expires_at: float = 0.0
