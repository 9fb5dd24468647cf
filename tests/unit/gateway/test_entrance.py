"""Tokens on connect and refresh: what is final, what is asked for anew, and what ends."""

import asyncio
from collections.abc import Sequence

import pytest

from domain.errors import OrderwireError, TokenExpired, TokenInvalid, Unavailable
from domain.identity import Role
from realtime.gateway.refusals import IN_A_ROW
from tests.support.virtual_time import virtually
from tests.unit.channels.scripted import turns
from tests.unit.gateway.connections import Connection, a_door

EXPIRED = TokenExpired("the token has expired")
INVALID = TokenInvalid("the token is not valid")


async def connects(connection: Connection, token: str = "anna") -> int:
    """Connect; return the code of the refusal or the end, 0 where it is let in."""
    asked = await connection.say(connect={"token": token})
    reply = connection.reply(asked) or {}
    code: int = reply.get("error", {}).get("code", 0)
    return code or connection.end_code()


async def refreshes(connection: Connection, token: str = "anna") -> int:
    """Bring a fresh token; return the code of the end, 0 where it may stay."""
    asked = await connection.say(refresh={"token": token})
    reply = connection.reply(asked)
    if reply is not None:
        assert reply["refresh"]["expires"] is True
        assert reply["refresh"]["client"] == connection.client.id
    return connection.end_code()


@virtually
async def test_who_is_let_in_is_told_who_it_is_and_for_how_long() -> None:
    async with a_door() as door:
        anna = door.connection()
        asked = await anna.say(connect={"token": "anna", "name": "js"})
        told = (anna.reply(asked) or {})["connect"]
        assert told["client"] == anna.client.id
        assert told["data"]["account"] == {"id": "anna"}
        assert told["data"]["now"] > 0
        assert (told["expires"], told["ttl"], told["ping"], told["pong"]) == (True, 300, 25, True)
        assert "session" not in told
        assert "node" not in told
        assert door.shared.figures.connects == 1


@virtually
async def test_a_token_that_ends_now_lives_for_a_second() -> None:
    async with a_door() as door:
        door.verifier.lifetime = -30
        anna = door.connection()
        asked = await anna.say(connect={"token": "anna"})
        assert (anna.reply(asked) or {})["connect"]["ttl"] == 1


@pytest.mark.parametrize(
    ("errors", "codes"),
    [
        ([INVALID], [3500]),
        ([EXPIRED], [109]),
        ([Unavailable("no keys")], [100]),
        ([EXPIRED] * (IN_A_ROW + 1), [109] * IN_A_ROW + [3500]),
    ],
)
@virtually
async def test_what_a_refused_token_comes_to(
    errors: Sequence[OrderwireError], codes: Sequence[int]
) -> None:
    async with a_door() as door:
        got = []
        for error in errors:
            door.verifier.error = error
            got.append(await connects(door.connection()))
        assert got == list(codes)


@virtually
async def test_a_good_token_ends_the_row_of_expired_ones() -> None:
    async with a_door() as door:
        for error in [*[EXPIRED] * IN_A_ROW, None, EXPIRED]:
            door.verifier.error = error
            assert await connects(door.connection()) == (109 if error else 0)


@virtually
async def test_too_many_connections_of_an_account_are_told_to_come_later() -> None:
    async with a_door() as door:
        crowd = [door.connection() for _ in range(21)]
        assert [await connects(each) for each in crowd] == [0] * 20 + [111]
        assert await connects(door.connection(), "sabine") == 0
        crowd[0].client.closed()
        assert await connects(door.connection()) == 0


@virtually
async def test_a_connection_that_closes_while_its_token_is_looked_at_is_nobodys() -> None:
    async with a_door() as door:
        door.verifier.open.clear()
        anna = door.connection()
        await anna.say(connect={"token": "anna"})
        anna.client.closed()
        door.verifier.open.set()
        await turns()
        assert anna.transport.lines == []
        assert door.shared.figures.connects == 0


@virtually
async def test_who_is_erased_while_they_come_in_is_not_let_in() -> None:
    """Its token was good a moment ago, and those who see off the erased do not know it yet."""
    async with a_door() as door:
        door.accounts.open.clear()
        anna = door.connection()
        told = await anna.say(connect={"token": "anna"})
        door.verifier.erased.add("anna")
        door.accounts.open.set()
        await turns()
        refusal = anna.reply(told)
        assert refusal is not None
        assert refusal["error"]["code"] == 109
        assert door.shared.registry.of_account("anna") == ()


# --- refresh ----------------------------------------------------------------------------------


@virtually
async def test_a_fresh_token_lets_it_stay() -> None:
    async with a_door() as door:
        anna = await door.connected()
        assert await refreshes(anna) == 0


@pytest.mark.parametrize(("error", "code"), [(INVALID, 3500), (EXPIRED, 3005)])
@virtually
async def test_a_token_that_is_not_good_ends_it(error: OrderwireError, code: int) -> None:
    async with a_door() as door:
        anna = await door.connected()
        door.verifier.error = error
        assert await refreshes(anna) == code


@virtually
async def test_while_there_are_no_keys_it_may_be_tried_again() -> None:
    async with a_door() as door:
        anna = await door.connected()
        door.verifier.error = Unavailable("no keys")
        asked = await anna.say(refresh={"token": "anna"})
        refused = (anna.reply(asked) or {})["error"]
        assert (refused["code"], refused["temporary"], anna.end_code()) == (100, True, 0)


@virtually
async def test_anothers_token_ends_it_for_good() -> None:
    async with a_door() as door:
        assert await refreshes(await door.connected(), "sabine") == 3500


@virtually
async def test_another_role_has_it_connect_anew() -> None:
    async with a_door() as door:
        anna = await door.connected()
        door.verifier.role = Role.OPERATOR
        assert await refreshes(anna) == 3011


@virtually
async def test_without_a_refresh_it_ends_25_seconds_behind_its_token() -> None:
    async with a_door() as door:
        door.verifier.lifetime = 60
        anna = await door.connected()
        for _ in range(84):
            await asyncio.sleep(1)
            anna.client.receive(b"{}")
        assert anna.end_code() == 0
        await asyncio.sleep(2)
        assert anna.end_code() == 3005
