"""A finished mail: the bytes that go out, and the envelope they go out in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """``sender`` and ``recipient`` are the envelope's plain addresses; ``message`` is RFC 5322.

    A recipient may be whatever an account has given: the sender refuses what is no address.
    """

    message_id: str
    sender: str
    recipient: str
    message: bytes
