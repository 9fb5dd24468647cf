"""Channels have one name each, and publications say what they are."""

import pytest

from domain.publications import (
    Position,
    Publication,
    channel_of,
    inbox_channel,
    may_exist,
    rights_doorbell,
    thread_channel,
)


def test_channels_are_named_by_what_they_carry() -> None:
    assert thread_channel("c1") == "thread:c1"
    assert inbox_channel("sam") == "inbox:sam"


@pytest.mark.parametrize("channel", ["thread:c1", "inbox:sam.o~1", "ops:queues", "news:\0", "x"])
def test_a_name_may_be_of_a_channel_and_what_kinds_there_are_is_for_others_to_say(
    channel: str,
) -> None:
    assert may_exist(channel)


@pytest.mark.parametrize(
    "channel", ["thread", "thread:", "inbox:a b", "thread:\0", "inbox:ü", "thread:" + "x" * 65]
)
def test_a_channel_of_somebody_or_something_names_its_id(channel: str) -> None:
    assert not may_exist(channel)


def test_a_doorbell_names_the_channel_whose_rights_have_changed() -> None:
    assert channel_of(rights_doorbell("thread:c1")) == "thread:c1"
    assert channel_of("deliveries") is None


def test_a_position_is_the_same_whoever_may_listen() -> None:
    assert Position(7, "e", rights=1) == Position(7, "e", rights=2)


def test_publications_are_the_same_that_say_the_same_at_the_same_place() -> None:
    made, given = Publication("thread:c1", lambda: b"{}", 7), Publication("thread:c1", b"{}", 7)

    assert made == given
    assert len({made, given}) == 1
    assert given != Publication("thread:c1", b"{}", 8)
    assert given != Publication("thread:c1", b"[]", 7)
    assert given != "thread:c1"


def test_a_publication_is_shown_with_what_it_carries() -> None:
    assert repr(Publication("thread:c1", lambda: b"{}", 7)) == "Publication('thread:c1', b'{}', 7)"


def test_what_nobody_looks_at_is_never_made() -> None:
    made: list[int] = []

    def data() -> bytes:
        made.append(1)
        return b"{}"

    publication = Publication("inbox:sam", data)
    assert made == []
    assert (publication.data, publication.data) == (b"{}", b"{}")
    assert made == [1]
