"""Channels have one name each."""

from domain.publications import inbox_channel, thread_channel


def test_channels_are_named_by_what_they_carry() -> None:
    assert thread_channel("c1") == "thread:c1"
    assert inbox_channel("sam") == "inbox:sam"
