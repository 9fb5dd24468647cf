"""Makes tokens as a marketplace's backend makes them: for the command line and for the demo."""

from datetime import datetime, timedelta

import jwt

from domain.identity import Role


def make_token(
    secret: str, account_id: str, *, role: Role, lifetime: timedelta, now: datetime
) -> str:
    """Return a JWT (HS256) that speaks for an account, or for an operator."""
    claims: dict[str, str | int] = {
        "sub": account_id,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
    }
    if role is Role.OPERATOR:
        claims["role"] = role
    return jwt.encode(claims, secret, algorithm="HS256")
