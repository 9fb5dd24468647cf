"""The marketplace signs with another key while everybody talks: nobody is sent off for it."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from realtime.bootstrap import Pace
from tests.clients.conftest import UNHURRIED
from tests.clients.people import write
from tests.clients.sdk import Sdk, SdkClient
from tests.support.node import RunningNode, running_node
from tests.support.raw_client import raw_client
from tests.support.shifted_clock import ShiftedClock

# How long a key set is believed before it is read again for a key that is not in it.
EAGER = timedelta(seconds=10)
SHORT, LONG = timedelta(seconds=2), timedelta(hours=1)


class Marketplace:
    """Signs tokens by the newest of its keys, and publishes those that it wants believed."""

    def __init__(self, place: Path, clock: ShiftedClock) -> None:
        self.place = place
        self._clock = clock
        self._keys: dict[str, Any] = {}
        self._signs = ""
        # By whom each of an account's tokens was signed.
        self.signed_by: defaultdict[str, list[str]] = defaultdict(list)

    def publish(self, *kids: str) -> None:
        """Have these keys believed."""
        keys = [self._key(kid) for kid in kids]
        written = [ECAlgorithm.to_jwk(key.public_key(), as_dict=True) for key in keys]
        document = {
            "keys": [
                each | {"kid": kid, "alg": "ES256"} for kid, each in zip(kids, written, strict=True)
            ]
        }
        self.place.write_text(json.dumps(document))

    def sign_with(self, kid: str) -> None:
        """Sign with this key from now on."""
        self._signs = kid

    def _key(self, kid: str) -> Any:
        return self._keys.setdefault(kid, ec.generate_private_key(ec.SECP256R1()))

    def token(self, account: str, lifetime: timedelta) -> str:
        """Write a token."""
        expires_at = int((self._clock.now() + lifetime).timestamp())
        self.signed_by[account].append(self._signs)
        claims = {"sub": account, "exp": expires_at}
        key = self._key(self._signs)
        return jwt.encode(claims, key, algorithm="ES256", headers={"kid": self._signs})


@pytest.fixture
def marketplace(tmp_path: Path, clock: ShiftedClock) -> Marketplace:
    """One that has a first key."""
    made = Marketplace(tmp_path / "keys.json", clock)
    made.publish("old")
    made.sign_with("old")
    return made


@pytest.fixture
def clock() -> ShiftedClock:
    """The node's clock, which the test moves on."""
    return ShiftedClock()


@pytest.fixture
async def node(
    sqlite_url: str, marketplace: Marketplace, clock: ShiftedClock
) -> AsyncIterator[RunningNode]:
    """A node that believes the keys of the marketplace."""
    settings = UNHURRIED | {"ORDERWIRE_TOKEN_JWKS": str(marketplace.place)}
    pace = Pace(expiry_grace=60.0)
    async with running_node(sqlite_url, settings=settings, pace=pace, clock=clock) as running:
        yield running


async def test_keys_are_rotated_under_load(
    sdk: Sdk, node: RunningNode, marketplace: Marketplace, clock: ShiftedClock
) -> None:
    conversation = (await node.order())["conversation_id"]
    channel = f"thread:{conversation}"

    lifetimes = [SHORT]

    async def of_anna() -> str:
        return marketplace.token("anna", lifetimes.pop() if lifetimes else LONG)

    async def of_sabine() -> str:
        return marketplace.token("sabine", LONG)

    anna = await sdk.client(node.socket_url, of_anna)
    await anna.subscribe(channel)
    await anna.connect()
    await anna.diary.first("subscribed", channel)
    async with talking(node, conversation) as written:
        # The new key signs before this node has read of it: that is no fault of who brings it.
        marketplace.publish("old", "new")
        marketplace.sign_with("new")
        sabine = await sdk.client(node.socket_url, of_sabine)
        await sabine.subscribe(channel)
        await sabine.connect()
        assert (await sabine.diary.first("error")).code == 109
        clock.advance(EAGER)
        begun = await sabine.diary.first("subscribed", channel)
        # Anna's connection is renewed with a token of the new key, and nobody notices.
        await anna.diary.until(lambda: marketplace.signed_by["anna"] == ["old", "new"])
        # The old key is gone for good: whoever is there stays.
        marketplace.publish("new")
        clock.advance(timedelta(minutes=6))
        await node_reads_its_keys(node, marketplace)
        before = len(written)
        await anna.diary.until(lambda: len(written) > before + 5)

    last = begun.data["conversation"]["last_seq"]
    assert last > 1, "they talk all the time"
    for client in (anna, sabine):
        first = 1 if client is anna else last
        await client.diary.until(partial(has_all, client, channel, written[-1]))
        assert client.diary.offsets(channel) == list(range(first + 1, written[-1] + 1))
        assert len(client.diary.all("connected")) == 1
    assert len(anna.diary.all("connecting")) == 1
    assert anna.diary.all("error") == []


def has_all(client: SdkClient, channel: str, top: int) -> bool:
    """Tell whether a client has come as far as ``top``."""
    return client.diary.offsets(channel)[-1:] == [top]


async def node_reads_its_keys(node: RunningNode, marketplace: Marketplace) -> None:
    """Have a token verified; the key set is older by now than it may be."""
    async with raw_client(node.socket_url) as zoe:
        assert (await zoe.connect(marketplace.token("anna", LONG)))["client"]


@asynccontextmanager
async def talking(node: RunningNode, conversation: str) -> AsyncIterator[list[int]]:
    """Have Sabine write as fast as it goes until the block ends; give the seqs so far."""
    written: list[int] = []
    over = asyncio.Event()

    async def talk() -> None:
        while not over.is_set():
            written.extend(await write(node, "sabine", conversation, ["and another one"]))

    task = asyncio.create_task(talk())
    yield written
    over.set()
    await task
