"""My Contacts, looked through by a part of a name: spelled this way or that, on both databases."""

from urllib.parse import quote

import pytest

from domain.identity import Identity
from tests.support.http_api import HttpApi

SAM = Identity("sam")
NAMES = {
    "anna": "ANNA Öz",
    "kurt": "Kurt Müller",
    "meg": "Meg Straße",
    "samuel": "Samuel 100% Joe",
    "zoe": "Zoë_Ümit",
}
# What is typed, and who is found.
FOUND = {
    "öz": ["anna"],
    "ÖZ": ["anna"],
    "oez": ["anna"],
    "anna ö": ["anna"],
    "a o\u0308z": ["anna"],
    "MUELL": ["kurt"],
    "mull": ["kurt"],
    "STRASSE": ["meg"],
    "uel 1": ["samuel"],
    "el": ["samuel"],
    "e": ["kurt", "meg", "samuel"],
    "%": ["samuel"],
    "_": ["zoe"],
    "ZOË": ["zoe"],
    "zoe": ["zoe"],
    "ümi": ["zoe"],
    "umil": [],
    "\u0301": [],
    "wolf": [],
}


@pytest.fixture
async def known(api: HttpApi) -> HttpApi:
    """Sam, who had orders with all of these, but not with Wolf."""
    await api.market.sam_and_bea()
    for account_id, name in NAMES.items():
        await api.market.account(account_id, name=name)
        await api.market.order(buyer_id=account_id)
    await api.market.account("wolf", name="Wolf Öz")
    await api.market.service("wolf")
    await api.market.order("wolf-logo", buyer_id="bea")
    return api


async def found(api: HttpApi, query: str) -> list[str]:
    """Ask page by page, and return whom the pages name."""
    listed: list[str] = []
    cursor = ""
    while True:
        path = f"/v1/contacts?sort=name&limit=2&q={quote(query)}{cursor}"
        page = (await api.call(SAM, "GET", path)).json()
        listed += [each["person"]["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            return listed
        cursor = f"&cursor={page['next_cursor']}"


async def test_contacts_are_found_however_their_names_are_spelled(known: HttpApi) -> None:
    assert {query: sorted(await found(known, query)) for query in FOUND} == FOUND


async def test_spaces_alone_ask_for_everybody(known: HttpApi) -> None:
    assert sorted(await found(known, "  ")) == sorted(NAMES)
