"""An endpoint, told once: its route, its checks and its description all come from here.

A resource is a class with a list of endpoints. The signature of each handler says the rest: what it
takes (``caller``, ``body``, ``query``, ``headers``, ``request``, and ids of its path by their
names) and what it answers with.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from inspect import signature
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, compile_path

from domain.identity import Role
from realtime.api.answers import answer
from realtime.api.bodies import read_body, read_headers, read_path, read_query
from realtime.api.callers import Callers

ACCOUNT = frozenset({Role.ACCOUNT})
OPERATOR = frozenset({Role.OPERATOR})
MARKETPLACE = frozenset({Role.MARKETPLACE})
# An account, or an operator, who reads and writes nothing.
READER = ACCOUNT | OPERATOR
EVERYONE = frozenset(Role)
# Whoever calls, with or without a credential.
ANYBODY: frozenset[Role] = frozenset()

Handler = Callable[..., Awaitable[Any]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Created(Generic[T]):
    """Answers 201."""

    shown: T


@dataclass(frozen=True, slots=True)
class Stored(Generic[T]):
    """Answers 201 for something new, 200 for what was there."""

    shown: T
    created: bool


@dataclass(frozen=True, slots=True)
class Content:
    """Describes what is no JSON, or no single value: ``Annotated[Response, Content(...)]``.

    For an answer, ``statuses`` are those it may have; the same on a ``request`` describes a body
    that the handler reads by itself. ``shape`` is the type of it, or of each of its lines.
    """

    media_type: str
    shape: Any = None
    statuses: tuple[HTTPStatus, ...] = (HTTPStatus.OK,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an endpoint answers with when all is well."""

    statuses: tuple[HTTPStatus, ...]
    shape: Any = None
    media_type: str = "application/json"


_WRAPPED: Mapping[Any, tuple[HTTPStatus, ...]] = {
    Created: (HTTPStatus.CREATED,),
    Stored: (HTTPStatus.CREATED, HTTPStatus.OK),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method of one path; ``by`` may call it, ``refuses`` are the codes of its own errors."""

    method: str
    path: str
    handler: Handler
    by: frozenset[Role]
    refuses: tuple[str, ...]
    ids: type[msgspec.Struct] | None
    takes_caller: bool
    takes: Mapping[str, Any]
    answer: Answer


def _endpoint(
    method: str,
    path: str,
    handler: Handler,
    *,
    by: frozenset[Role],
    refuses: tuple[str, ...] = (),
) -> Endpoint:
    hints = get_type_hints(handler, include_extras=True)
    names = list(signature(handler).parameters)[1:]
    in_path = tuple(compile_path(path)[2])
    ids = [(name, hints[name]) for name in in_path]
    takes = {name: hints[name] for name in names if name in _READ}
    if set(names) - {"caller"} != {*in_path, *takes}:
        raise TypeError(f"{method} {path}: {handler.__qualname__} takes {names}")
    return Endpoint(
        method=method,
        path=path,
        handler=handler,
        by=by,
        refuses=refuses,
        ids=msgspec.defstruct("Ids", ids, kw_only=True) if ids else None,
        takes_caller="caller" in names,
        takes=takes,
        answer=_answer(hints["return"]),
    )


get = partial(_endpoint, "GET")
head = partial(_endpoint, "HEAD")
options = partial(_endpoint, "OPTIONS")
post = partial(_endpoint, "POST")
put = partial(_endpoint, "PUT")
patch = partial(_endpoint, "PATCH")
delete = partial(_endpoint, "DELETE")


def _answer(hint: Any) -> Answer:
    if hint is type(None):
        return Answer(statuses=(HTTPStatus.NO_CONTENT,))
    if get_origin(hint) is Annotated and get_args(hint)[0] is Response:
        told: Content = get_args(hint)[1]
        return Answer(statuses=told.statuses, shape=told.shape, media_type=told.media_type)
    statuses = _WRAPPED.get(get_origin(hint))
    if statuses:
        return Answer(statuses=statuses, shape=get_args(hint)[0])
    return Answer(statuses=(HTTPStatus.OK,), shape=hint)


async def _request(request: Request, _kind: Any) -> Request:
    return request


# What a handler may take besides its caller and the ids of its path, and who reads it.
_READ: Mapping[str, Callable[[Request, Any], Awaitable[Any]]] = {
    "query": read_query,
    "headers": read_headers,
    "body": read_body,
    "request": _request,
}


class Resource:
    """What the API has endpoints for; ``title`` is its heading in the description."""

    title: ClassVar[str]
    endpoints: ClassVar[Sequence[Endpoint]]


def routes_of(resources: Sequence[Resource], callers: Callers) -> list[Route]:
    """Make the routes of all endpoints, each asked by those who may call it alone."""
    return [
        Route(each.path, _Served(each, resource, callers).serve, methods=[each.method])
        for resource in resources
        for each in resource.endpoints
    ]


@dataclass(frozen=True, slots=True)
class _Served:
    """An endpoint of a resource: asks who calls, reads what it takes, and writes its answer."""

    endpoint: Endpoint
    resource: Resource
    callers: Callers

    async def serve(self, request: Request) -> Response:
        """Answer a request."""
        endpoint = self.endpoint
        taken: dict[str, Any] = {}
        caller = await self.callers.one_of(request, *endpoint.by) if endpoint.by else None
        if endpoint.takes_caller:
            taken["caller"] = caller
        if endpoint.ids is not None:
            taken |= msgspec.structs.asdict(await read_path(request, endpoint.ids))
        for name, kind in endpoint.takes.items():
            taken[name] = await _READ[name](request, kind)
        return _written(endpoint.answer, await endpoint.handler(self.resource, **taken))


def _written(told: Answer, found: Any) -> Response:
    if isinstance(found, Response):
        return found
    if told.shape is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    if isinstance(found, Created):
        return answer(found.shown, HTTPStatus.CREATED)
    if isinstance(found, Stored):
        return answer(found.shown, HTTPStatus.CREATED if found.created else HTTPStatus.OK)
    return answer(found)
