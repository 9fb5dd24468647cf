"""Who is connected, and who has to make room."""

from realtime.gateway.registry import Registry
from realtime.protocol.codes import Disconnect


class Phone:
    """A connection; one that is dead does not answer its ping."""

    def __init__(self, registry: Registry, account: str, *, dead: bool = False) -> None:
        self.awaits_pong = dead
        self.ended: Disconnect | None = None
        self._registry = registry
        self._account = account
        registry.add(self)

    def unsent(self) -> int:
        """Have taken everything."""
        return 0

    def end(self, disconnect: Disconnect) -> None:
        """Close, as a client does."""
        self.ended = disconnect
        self._registry.remove(self, self._account)

    def is_admitted(self) -> bool:
        """Ask to be let in."""
        return self._registry.admit(self, self._account)


def test_an_account_may_have_so_many_connections() -> None:
    registry = Registry(2)
    assert [Phone(registry, "anna").is_admitted() for _ in range(3)] == [True, True, False]
    assert Phone(registry, "sabine").is_admitted()
    assert len(registry) == 4


def test_those_that_may_be_dead_make_room() -> None:
    """A phone that changes networks must not lock itself out."""
    registry = Registry(2)
    dead, alive = Phone(registry, "anna", dead=True), Phone(registry, "anna")
    assert dead.is_admitted()
    assert alive.is_admitted()
    assert Phone(registry, "anna").is_admitted()
    assert dead.ended is not None
    assert dead.ended.code == 3000
    assert alive.ended is None


def test_all_of_them_may_be_dead() -> None:
    registry = Registry(1)
    assert all(Phone(registry, "anna", dead=True).is_admitted() for _ in range(5))
    assert len(registry) == 1


def test_without_a_limit_there_is_none() -> None:
    registry = Registry(0)
    assert all(Phone(registry, "anna", dead=True).is_admitted() for _ in range(50))
    assert len(registry) == 50


def test_who_has_gone_counts_no_more() -> None:
    registry = Registry(1)
    first = Phone(registry, "anna")
    assert first.is_admitted()
    for _ in range(2):
        registry.remove(first, "anna")
    assert len(registry) == 0
    assert Phone(registry, "anna").is_admitted()


def test_who_never_said_who_it_is_can_go() -> None:
    registry = Registry(1)
    stranger = Phone(registry, "")
    registry.remove(stranger, None)
    assert list(registry) == []


def test_connections_may_end_while_one_goes_through_them() -> None:
    registry = Registry(0)
    phones = [Phone(registry, "anna") for _ in range(3)]
    for phone in registry:
        phone.end(Disconnect(3001, "shutdown"))
    assert all(phone.ended for phone in phones)
    assert len(registry) == 0
