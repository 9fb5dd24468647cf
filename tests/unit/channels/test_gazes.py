"""Which thread each connection shows, told to whoever asks on any node."""

from realtime.channels.gazes import Gazes
from realtime.channels.presence import LocalPresence


async def test_who_looks_at_what_is_known_until_they_look_away() -> None:
    gazes = Gazes(LocalPresence())
    gazes.turn("laptop", "sam", away_from=None, towards="1")
    gazes.turn("phone", "sam", away_from=None, towards="1")
    asked = {("sam", "1"), ("sam", "2"), ("bea", "1")}
    assert await gazes.among(asked) == {("sam", "1")}
    gazes.turn("laptop", "sam", away_from="1", towards="2")
    assert await gazes.among(asked) == {("sam", "1"), ("sam", "2")}
    gazes.turn("phone", "sam", away_from="1", towards=None)
    assert await gazes.among(asked) == {("sam", "2")}


class Silence(LocalPresence):
    """A broker that does not answer."""

    async def surely_present(self, _channel: str) -> dict[str, str] | None:
        return None


async def test_while_nothing_is_known_nobody_looks() -> None:
    gazes = Gazes(Silence())
    gazes.turn("laptop", "sam", away_from=None, towards="1")
    assert await gazes.among({("sam", "1")}) == set()
