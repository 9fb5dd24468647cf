"""Some thousand inputs of the fuzzer, and that it finds what there is to find."""

import tracemalloc
from collections.abc import Sequence
from random import Random

import pytest

from realtime.protocol.codec import BadCommand, Codec
from realtime.protocol.codec_json import JSON, JsonCodec
from realtime.protocol.codec_protobuf import PROTOBUF
from realtime.protocol.commands import Command
from tests.fuzz.campaign import Report, all_targets, input_of, run, target_of
from tests.fuzz.corpus import JSON_CONNECT, JSON_FRAMES, PROTOBUF_CONNECT, PROTOBUF_FRAMES
from tests.fuzz.house import a_server
from tests.fuzz.mutations import LONGEST, MUTATIONS
from tests.fuzz.targets import CODECS, CodecTarget, SessionTarget
from tests.support.virtual_time import run_virtually, virtually

SEED = 20_261_125
INPUTS = 4_000
# Of the codecs and sessions alone; what is kept of an input would be more than all of this.
MOST_KEPT = 64 * 1024


@virtually
async def test_nobody_minds_anything() -> None:
    async with all_targets() as targets:
        report = await run(targets, range(INPUTS), seed=SEED)

    assert report.findings == []
    assert report.inputs == INPUTS


def test_nothing_of_an_input_is_kept() -> None:
    def measured() -> int:
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        numbers = range(1, 5 * INPUTS, 5)  # none of them is for the socket
        targets = (*CODECS, CODECS[0])
        report = run_virtually(run(targets, numbers, seed=SEED, memory=measured))
    finally:
        tracemalloc.stop()

    assert report.findings == []
    assert report.grown < MOST_KEPT


@virtually
async def test_every_real_frame_is_what_it_seems() -> None:
    """Undamaged, a frame is read to its last command, and gets a connection to be answered."""
    pairs: Sequence[tuple[Codec, Sequence[bytes]]] = (
        (JSON, JSON_FRAMES[:-1]),
        (PROTOBUF, PROTOBUF_FRAMES),
    )
    for codec, frames in pairs:
        for frame in frames:
            assert all(isinstance(each, Command) for each in codec.decode(frame))
    async with a_server() as server:
        for number in range(1, 400):
            await server.take(input_of(SEED, number, server))
        assert server.connects > 100, "many get as far as behind the door"


class Trusting(JsonCodec):
    """Believes what a frame says of itself."""

    def decode(self, frame: bytes) -> Sequence[Command | BadCommand]:
        """Fail where a frame is no text."""
        frame.decode()
        return super().decode(frame)


class Forgetful(JsonCodec):
    """Keeps all that it reads."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def decode(self, frame: bytes) -> Sequence[Command | BadCommand]:
        """Keep it."""
        self.kept.append(frame + b"!")
        return super().decode(frame)


async def of_one(codec: Codec, *, most: int = 10) -> Report:
    """Feed one codec with some hundred inputs."""
    target = CodecTarget("broken", codec, JSON_FRAMES)
    memory = lambda: tracemalloc.get_traced_memory()[0]  # noqa: E731 - said once
    return await run((target, target), range(1_000), seed=SEED, most_findings=most, memory=memory)


def test_an_error_that_is_not_declared_is_found_and_comes_again() -> None:
    report = run_virtually(of_one(Trusting()))

    assert len(report.findings) == 10
    finding = report.findings[0]
    assert (finding.target, finding.error.split(":")[0]) == ("broken", "UnicodeDecodeError")
    target = CodecTarget("broken", Trusting(), JSON_FRAMES)
    assert input_of(SEED, finding.number, target) == finding.frames


def test_memory_that_grows_is_noticed() -> None:
    tracemalloc.start()
    try:
        assert run_virtually(of_one(Forgetful())).grown > MOST_KEPT
    finally:
        tracemalloc.stop()


@virtually
async def test_what_is_logged_as_an_error_is_a_finding() -> None:
    async with a_server() as server:
        server.complaints.heard.append("something failed, and was caught")
        with pytest.raises(AssertionError, match="something failed"):
            await server.take((b"GET / HTTP/1.1\r\n\r\n",))


@pytest.mark.parametrize("target", CODECS, ids=lambda target: target.name)
def test_the_same_seed_makes_the_same_input(target: CodecTarget | SessionTarget) -> None:
    made = [[input_of(seed, 7, target) for _ in range(2)] for seed in (1, 2)]

    assert made[0][0] == made[0][1] != made[1][0]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_every_mutation_takes_what_is_empty_and_changes_what_is_not(mutation: object) -> None:
    assert callable(mutation)
    frames = (JSON_CONNECT, PROTOBUF_CONNECT)
    mutation(Random(1), bytearray(), frames)
    changed = 0
    for seed in range(20):
        data = bytearray(JSON_CONNECT)
        mutation(Random(seed), data, frames)
        changed += bytes(data) != JSON_CONNECT
        assert len(data) < 2 * LONGEST
    assert changed > 10


@virtually
async def test_each_target_gets_its_share() -> None:
    async with all_targets() as targets:
        names = [target_of(number, targets).name for number in range(2_000)]

    assert {name: names.count(name) for name in set(names)} == {
        "json": 400,
        "protobuf": 400,
        "json-session": 400,
        "protobuf-session": 400,
        "socket": 400,
    }
