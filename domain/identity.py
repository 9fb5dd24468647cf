"""Who is speaking: an account, an operator or the marketplace's own backend."""

from dataclasses import dataclass
from enum import StrEnum


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
