"""How much there may be to a mail that comes in: what is more costs minutes to read."""

from email.headerregistry import HeaderRegistry
from email.message import EmailMessage, Message
from email.policy import EmailPolicy, Policy, default
from functools import lru_cache

from domain.errors import Invalid

# An attachment of the largest size has 350,000 lines.
MOST_LINES = 500_000
MOST_PARTS = 500
MOST_DEEP = 20
# Of all parts together; a mail that is returned comes with its own.
LONGEST_HEAD = 128 * 1024
# Their grammar is read in a time that grows with the square of the length.
LONGEST_FIELD = 2_048
_WITH_GRAMMAR = frozenset(
    {"content-type", "content-disposition", "content-transfer-encoding", "from", "message-id"}
)


class _Extent:
    """What a mail has come to so far."""

    def __init__(self) -> None:
        self._parts = 0
        self._head = 0

    def add_part(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise Invalid.field("mail", f"has more than {MOST_PARTS} parts")

    def add_field(self, name: str, value: str) -> None:
        self._head += len(name) + len(value)
        if self._head > LONGEST_HEAD:
            raise Invalid.field("mail", f"has fields of more than {LONGEST_HEAD} characters")
        if name.lower() in _WITH_GRAMMAR and len(value) > LONGEST_FIELD:
            raise Invalid.field(name, f"has more than {LONGEST_FIELD} characters")


def bounded() -> "EmailPolicy[EmailMessage]":
    """Return what to parse one mail by: what is too much is refused, and a field read once."""
    extent = _Extent()

    class Part(EmailMessage):
        """A part of that mail."""

        def __init__(self, policy: Policy | None = None) -> None:
            super().__init__(policy)
            self.depth = 0
            extent.add_part()

        def attach(self, payload: Message) -> None:  # type: ignore[override] # only parts come
            """Take a part that begins inside of this one."""
            assert isinstance(payload, Part), "the policy makes no other"
            payload.depth = self.depth + 1
            if payload.depth > MOST_DEEP:
                raise Invalid.field("mail", f"has parts in parts, more than {MOST_DEEP} deep")
            super().attach(payload)

        def set_raw(self, name: str, value: str) -> None:
            """Take a field as it came."""
            extent.add_field(name, value)
            super().set_raw(name, value)

    return default.clone(message_factory=Part, header_factory=lru_cache(HeaderRegistry()))
