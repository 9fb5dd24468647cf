"""``/v1/search``."""

from typing import Annotated

from msgspec import Meta, field

from domain.identity import Identity
from realtime.api.bodies import Query
from realtime.api.endpoint import ACCOUNT, Resource, get
from realtime.api.forms import KINDS_FORM
from realtime.services.search import Found, Kind, Search


class SearchQuery(Query, frozen=True):
    """What is looked for; `in` names some of messages, people and orders, with commas between."""

    q: Annotated[str, Meta(max_length=200)]
    in_: Annotated[str, Meta(pattern=KINDS_FORM)] = field(default=",".join(Kind), name="in")
    limit: Annotated[int, Meta(ge=1, le=50)] = 20

    def kinds(self) -> set[Kind]:
        """Return what is looked for."""
        return {Kind(name) for name in self.in_.split(",")}


class SearchRoutes(Resource):
    """Search over HTTP."""

    def __init__(self, *, search: Search) -> None:
        self._search = search

    async def find(self, caller: Identity, query: SearchQuery) -> Found:
        """Find messages, people and orders among those that the caller may see."""
        return await self._search.find(caller, query.q, query.kinds(), query.limit)

    title = "Search"
    endpoints = (get("/v1/search", find, by=ACCOUNT),)
