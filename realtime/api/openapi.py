"""The API's description (OpenAPI 3.1), made from the endpoints that are served."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from inspect import getdoc
from itertools import groupby
from typing import Annotated, Any, get_args, get_origin, get_type_hints, is_typeddict

import msgspec
from msgspec import Meta

from domain.identity import Role
from domain.lifecycle import Action
from domain.orders import OrderStatus
from realtime.api.endpoint import Content, Endpoint, Resource
from realtime.api.problems import CODES, HEADERS

Json = dict[str, Any]

ABOUT = """
Messages and notifications around orders, for marketplaces.

Ids are `[A-Za-z0-9._~-]{1,64}`: what the marketplace brings keeps the ids that it has there.
Times are RFC 3339, in UTC with milliseconds. Money is in minor units. No text contains U+0000.
Lists are pages: `next_cursor` of one is the `cursor` of the next.
Errors are problem documents (RFC 9457) with a `code` that stays.

What happens live comes over the socket: `/connection/websocket` speaks the Centrifuge protocol.
""".strip()
SCHEMES: Mapping[Role, tuple[str, Json]] = {
    Role.MARKETPLACE: (
        "serviceKey",
        {
            "type": "http",
            "scheme": "bearer",
            "description": "The marketplace's backend: one of `ORDERWIRE_SERVICE_KEYS`.",
        },
    ),
    Role.ACCOUNT: (
        "account",
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An account: `sub` is its id, `exp` is required.",
        },
    ),
    Role.OPERATOR: (
        "operator",
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An operator: as an account, with `role` = `operator`.",
        },
    ),
}
PROBLEM: Json = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "type": "object",
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {
            "description": "What programs tell errors apart by.",
            "oneOf": [
                {"const": code, "description": meaning.says} for code, meaning in CODES.items()
            ],
        },
        "detail": {"description": "One plain sentence.", "type": "string"},
        "errors": {
            "description": "The fields that it is about.",
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
                "required": ["path", "message"],
            },
        },
        "order_status": {
            "description": "With `action_not_available`: where the order is by now.",
            "enum": list(OrderStatus),
        },
        "plan": {
            "description": "With `plan_changed`: what it is by now.",
            "$ref": "#/components/schemas/Plan",
        },
        "available_actions": {
            "description": "With `action_not_available`: what the caller may do with it now.",
            "type": "array",
            "items": {"enum": list(Action)},
        },
    },
    "required": ["type", "title", "status", "code", "detail", "errors"],
}
WITHOUT_CONTENT = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
REQUEST_ID: Json = {
    "description": "Names this request in the server's log: the caller's own, or a new one.",
    "schema": {"type": "string"},
}


def document(resources: Iterable[type[Resource]], *, release: str) -> Json:
    """Describe what these resources serve."""
    schemas = _Schemas()
    refusals: dict[str, Json] = {}
    paths: dict[str, Json] = {}
    tags: dict[str, Json] = {}
    for resource in resources:
        tags[resource.title] = {"name": resource.title}
        for endpoint in resource.endpoints:
            operation = _operation(endpoint, resource, schemas)
            for status, codes in _by_status(endpoint):
                refusals[_named(codes)] = _refusal(status, codes)
            paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Orderwire",
            "version": release,
            "description": ABOUT,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": list(tags.values()),
        "paths": paths,
        "components": {
            "securitySchemes": dict(SCHEMES.values()),
            "headers": {"X-Request-Id": REQUEST_ID},
            "responses": refusals,
            "schemas": {"Problem": PROBLEM, **dict(sorted(schemas.named.items()))},
        },
    }


def _operation(endpoint: Endpoint, resource: type[Resource], schemas: "_Schemas") -> Json:
    summary, _, more = (getdoc(endpoint.handler) or "").partition("\n\n")
    query = endpoint.takes.get("query")
    described = [more, getdoc(query) if query else None]
    operation: Json = {
        "tags": [resource.title],
        "operationId": f"{endpoint.handler.__module__.split('.')[-1]}_{endpoint.handler.__name__}",
        "summary": summary.replace("\n", " ").rstrip("."),
        "description": "\n\n".join(text for text in described if text),
        "security": [{SCHEMES[role][0]: []} for role in Role if role in endpoint.by],
        "parameters": _parameters(endpoint, schemas),
        "requestBody": _request_body(endpoint, schemas),
        "responses": _responses(endpoint, schemas),
    }
    return {name: value for name, value in operation.items() if value or name == "security"}


def _parameters(endpoint: Endpoint, schemas: "_Schemas") -> list[Json]:
    places = [
        ("path", endpoint.ids),
        ("query", endpoint.takes.get("query")),
        ("header", endpoint.takes.get("headers")),
    ]
    return [
        _parameter(place, field, schemas)
        for place, kind in places
        if kind is not None
        for field in msgspec.structs.fields(kind)
    ]


def _parameter(place: str, field: msgspec.structs.FieldInfo, schemas: "_Schemas") -> Json:
    schema = _given(schemas.of(field.type))
    parameter: Json = {"name": field.encode_name, "in": place, "schema": schema}
    if field.required:
        parameter["required"] = True
    elif field.default is not None:
        schema["default"] = field.default
    if "description" in schema:
        parameter["description"] = schema.pop("description")
    return parameter


def _given(schema: Json) -> Json:
    """Describe what a parameter is when it is given: then it is never null."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else schema


def _request_body(endpoint: Endpoint, schemas: "_Schemas") -> Json | None:
    body = endpoint.takes.get("body")
    if body is not None:
        return {"required": True, "content": {"application/json": {"schema": schemas.of(body)}}}
    own = _own_body(endpoint)
    return {"required": True, "content": _content(own, schemas)} if own else None


def _own_body(endpoint: Endpoint) -> Content | None:
    """Return how a body is described that the handler reads by itself."""
    request = endpoint.takes.get("request")
    return get_args(request)[1] if get_origin(request) is Annotated else None


def _content(told: Content, schemas: "_Schemas") -> Json:
    schema = {"type": "string"} if told.shape is None else schemas.of(told.shape)
    return {told.media_type: {"schema": schema}}


def _responses(endpoint: Endpoint, schemas: "_Schemas") -> Json:
    found = _answers(endpoint, schemas)
    for status, codes in _by_status(endpoint):
        key = str(status.value)
        if key in found:
            found[key]["content"] |= _refusal(status, codes)["content"]
        else:
            found[key] = {"$ref": f"#/components/responses/{_named(codes)}"}
    return dict(sorted(found.items()))


def _answers(endpoint: Endpoint, schemas: "_Schemas") -> Json:
    told = endpoint.answer
    found: Json = {}
    for status in told.statuses:
        found[str(status.value)] = {"description": status.phrase, "headers": _headers()}
        if status not in WITHOUT_CONTENT and told.media_type:
            content = Content(told.media_type, told.shape)
            found[str(status.value)]["content"] = _content(content, schemas)
    return found


def _headers(*more: str) -> Json:
    told = {name: {"required": True, "schema": {"type": "string"}} for name in more}
    return {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}, **told}


def codes_of(endpoint: Endpoint) -> list[str]:
    """List the codes that an endpoint may refuse with: its own, and those that follow from it."""
    checks = endpoint.ids is not None or endpoint.takes.keys() & {"query", "headers", "body"}
    reads = "body" in endpoint.takes or _own_body(endpoint) is not None
    found = ["bad_request", "too_many_requests", "internal", "unavailable", *endpoint.refuses]
    found += ["invalid"] if checks else []
    found += ["too_large"] if reads else []
    found += ["unauthorized", "token_expired", "account_erased"] if endpoint.by else []
    found += ["forbidden"] if endpoint.by and endpoint.by != frozenset(Role) else []
    return [code for code in CODES if code in set(found)]


def _by_status(endpoint: Endpoint) -> list[tuple[HTTPStatus, list[str]]]:
    grouped = groupby(codes_of(endpoint), key=lambda code: CODES[code].status)
    return [(status, list(codes)) for status, codes in grouped]


def _named(codes: Sequence[str]) -> str:
    return "-".join(codes)


def _refusal(status: HTTPStatus, codes: Sequence[str]) -> Json:
    told = {"status": {"const": status.value}, "code": {"enum": codes}}
    return {
        "description": "\n".join(f"- `{code}`: {CODES[code].says}" for code in codes),
        "headers": _headers(*HEADERS.get(status, {})),
        "content": {
            "application/problem+json": {
                "schema": {
                    "allOf": [{"$ref": "#/components/schemas/Problem"}, {"properties": told}]
                }
            }
        },
    }


class _Schemas:
    """Schemas of types; those that have a name are collected under it."""

    def __init__(self) -> None:
        self.named: dict[str, Json] = {}

    def of(self, kind: Any) -> Json:
        """Describe a type."""
        inside = list(_typed_dicts(kind))
        (schema, *refs), named = msgspec.json.schema_components(
            [kind, *inside], ref_template="#/components/schemas/{name}"
        )
        for ref, each in zip(refs, inside, strict=True):
            _in_order(named[ref["$ref"].rpartition("/")[2]], each)
        for name, each in named.items():
            # A name that each schema has already, for it stands under it.
            each.pop("title")
            known = self.named.setdefault(_name(name), _plain(each))
            assert known == _plain(each), f"two different types are called {name}"
        plain: Json = _plain(schema)
        return plain


def _typed_dicts(kind: Any) -> Iterator[Any]:
    """Find each TypedDict in a type, also where ``Meta`` alone names it."""
    whole = get_origin(kind) or kind
    if is_typeddict(whole):
        yield kind
        for each in _hints(whole).values():
            yield from _typed_dicts(each)
    if isinstance(kind, Meta):
        yield from (kind.extra or {}).get("one_of", ())
    for each in get_args(kind):
        yield from _typed_dicts(each)


def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _in_order(schema: Json, kind: Any) -> None:
    """Put the properties of a TypedDict in the order of the code; msgspec sorts them."""
    given = schema["properties"]
    schema["properties"] = {name: given[name] for name in _hints(get_origin(kind) or kind)}


def _plain(value: Any) -> Any:
    """Write patterns and names of schemas as others read them."""
    if isinstance(value, dict):
        return {name: _PLAIN.get(name, _plain)(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def _ecma(pattern: str) -> str:
    """Write a pattern of Python's as one of ECMA-262, where ``$`` is the very end."""
    return pattern.replace(r"\A", "^").replace(r"\Z", "$")


def _ref(ref: str) -> str:
    path, _, name = ref.rpartition("/")
    return f"{path}/{_name(name)}"


def _name(name: str) -> str:
    """Write ``Page_Order_`` as ``OrderPage``."""
    return re.sub(r"^(\w+?)_(\w+)_$", r"\2\1", name)


def _mapping(refs: Mapping[str, str]) -> dict[str, str]:
    return {value: _ref(ref) for value, ref in refs.items()}


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "pattern": _ecma,
    "$ref": _ref,
    "mapping": _mapping,
}
