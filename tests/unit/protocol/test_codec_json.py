"""JSON: one object a line, in both directions."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from domain.publications import Publication
from realtime.protocol.codec import MAX_COMMANDS, BadCommand, BadFrame
from realtime.protocol.codec_json import ASCII_JSON, JSON, to_ascii
from realtime.protocol.commands import PONG, Command
from realtime.protocol.replies import DONE, Published, Push, Reply, RpcResult, publication_push

MAX_MESSAGE = 123
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def test_a_frame_may_have_several_commands() -> None:
    first, second = JSON.decode(b'{"id":1,"ping":{}}\n{"id":2,"ping":{}}\n')

    assert isinstance(first, Command)
    assert isinstance(second, Command)
    assert (first.id, second.id) == (1, 2)


def test_an_empty_object_is_a_pong() -> None:
    assert JSON.decode(b"{}") == (PONG,)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\r",
        b"{",
        b"[]",
        b"null",
        b"5",
        b'"text"',
        b"{}{}",
        b"\xff\xfe",
        b'{"id":1,"rpc":{"method":"\xff"}}',
        b'{"id":-1,"ping":{}}',
        b'{"id":1e400}',
        b'{"ping":5}',
        b'{"id":"\xff","ping":5}',
        b"[" * 60_000,
        b'{"id":1,"unknown":' + b"[" * 60_000,
        b'{"id":1,"rpc":{"data":' + b"[" * 60_000,
        b'{"ping":5,"id":' + b"[" * 60_000,
        b"{}\n" * (MAX_COMMANDS + 1),
    ],
)
def test_what_is_no_frame_is_refused(frame: bytes) -> None:
    with pytest.raises(BadFrame):
        JSON.decode(frame)


def test_a_command_with_a_wrong_field_keeps_its_id() -> None:
    frame = b'{"id":7,"subscribe":{"channel":5}}\n{"id":8,"history":{"since":{"offset":-1}}}'
    first, second = JSON.decode(frame)

    assert isinstance(first, BadCommand)
    assert isinstance(second, BadCommand)
    assert (first.command_id, second.command_id) == (7, 8)
    assert "subscribe.channel" in first.message


@given(st.binary(max_size=200))
def test_nothing_but_bad_frame_is_ever_raised(frame: bytes) -> None:
    try:
        JSON.decode(frame)
    except BadFrame as error:
        assert str(error)  # noqa: PT017 - that it may be raised at all is what is tested


@given(st.dictionaries(st.sampled_from(["id", "rpc", "subscribe", "connect", "x"]), values))
def test_any_object_is_a_command_or_refused_in_few_words(frame: dict[str, object]) -> None:
    try:
        commands = JSON.decode(json.dumps(frame).encode())
    except BadFrame:
        return
    for command in commands:
        if isinstance(command, BadCommand):
            assert 0 < len(command.message.encode()) <= MAX_MESSAGE


def test_replies_are_joined_by_single_newlines() -> None:
    joined = JSON.join([JSON.encode(Reply(id=n, ping=DONE)) for n in (1, 2)])

    assert joined == b'{"id":1,"ping":{}}\n{"id":2,"ping":{}}'


def test_a_push_has_no_id_and_an_ephemeral_one_no_offset() -> None:
    durable, ephemeral = Publication("c", b'{"a":1}', 7), Publication("c", b'{"a":1}')

    assert JSON.push(durable) == b'{"push":{"channel":"c","pub":{"data":{"a":1},"offset":7}}}'
    assert JSON.push(ephemeral) == b'{"push":{"channel":"c","pub":{"data":{"a":1}}}}'


@given(texts.filter(bool), values, st.integers(0, 2**63 - 1))
def test_the_short_way_to_a_push_writes_the_same(channel: str, value: object, offset: int) -> None:
    data = json.dumps(value, ensure_ascii=False).encode()
    publication = Publication(channel, data, offset)

    assert JSON.push(publication) == JSON.encode(publication_push(publication))
    assert ASCII_JSON.push(publication) == ASCII_JSON.encode(publication_push(publication))


@given(values)
def test_ascii_means_the_same_and_has_nothing_else(value: object) -> None:
    reply = Reply(id=1, rpc=RpcResult(data=Raw(json.dumps(value, ensure_ascii=False).encode())))

    written = ASCII_JSON.encode(reply)

    assert written.isascii()
    assert json.loads(written) == {"id": 1, "rpc": {"data": value}}


def test_what_is_beyond_16_bits_is_escaped_in_two_halves() -> None:
    assert to_ascii('"ü😀"'.encode()) == b'"\\u00fc\\ud83d\\ude00"'


def test_the_names_of_channels_are_escaped() -> None:
    push = Reply(push=Push(channel='"\n', pub=Published(data=Raw(b"1"))))

    assert b"\n" not in JSON.encode(push)
    assert json.loads(JSON.push(Publication('"\n', b"1")))["push"]["channel"] == '"\n'


@pytest.mark.parametrize("command_id", ["1", "4294967295"])
def test_half_of_a_character_is_refused_by_its_id(command_id: str) -> None:
    """A browser writes a text that was cut inside an emoji like this; its client is honest."""
    frame = f'{{"id":{command_id},"rpc":{{"method":"\\ud83d"}}}}'.encode()
    (refused,) = JSON.decode(frame)
    assert isinstance(refused, BadCommand)
    assert refused.command_id == int(command_id)


@pytest.mark.parametrize(
    "frame",
    [
        b'{"id":0,"rpc":{"method":"\\ud83d"}}',
        b'{"id":true,"rpc":{"method":"\\ud83d"}}',
        b'{"rpc":{"method":"\\ud83d"}}',
        b'["\\ud83d"]',
    ],
)
def test_half_of_a_character_without_an_id_ends_it(frame: bytes) -> None:
    with pytest.raises(BadFrame):
        JSON.decode(frame)
