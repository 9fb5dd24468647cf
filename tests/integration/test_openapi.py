"""The API's description: whole, sound, and the same for programs, people and the command line."""

import ast
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import pytest

from domain.contact import Refusal
from domain.errors import Conflict, OrderwireError, TokenInvalid
from domain.lifecycle import Action
from domain.orders import OrderStatus
from realtime.api.endpoint import ANYBODY, get
from realtime.api.order_acts import OrderAct
from realtime.api.orders import Status
from realtime.api.problems import CODES
from realtime.bootstrap import describe
from realtime.cli import main
from tests.support.described import references
from tests.support.http_api import HttpApi

ROOT = Path(__file__).parents[2]
DESCRIPTION = describe()
OPERATIONS = [
    (method, path, told)
    for path, methods in DESCRIPTION["paths"].items()
    for method, told in methods.items()
]


def found(ref: str) -> Any:
    """Return what a reference refers to."""
    value: Any = DESCRIPTION
    for part in ref.removeprefix("#/").split("/"):
        value = value[part]
    return value


# --- whole --------------------------------------------------------------------------------------


def test_each_endpoint_says_what_it_does_who_calls_it_and_what_it_answers() -> None:
    for method, path, told in OPERATIONS:
        assert told["summary"], f"{method} {path}"
        assert told["security"] is not None
        good = [status for status in told["responses"] if status < "400"]
        assert good, f"{method} {path}"


def test_operations_have_names_of_their_own() -> None:
    names = [told["operationId"] for _, _, told in OPERATIONS]
    assert len(set(names)) == len(names)


def test_each_code_that_is_raised_is_in_the_table_and_no_other() -> None:
    kinds: list[type[OrderwireError]] = [OrderwireError, *_all_below(OrderwireError)]
    # Those that are kinds alone, or told in other words.
    default = {kind.code for kind in kinds if kind not in (Conflict, TokenInvalid)}
    not_routed = {"method_not_allowed"}
    assert set(CODES) == default | not_routed | set(Refusal) | set(_codes_in_the_source())


def _all_below(kind: type[OrderwireError]) -> Iterator[type[OrderwireError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _all_below(each)


def _codes_in_the_source() -> Iterator[str]:
    errors = {"OrderwireError", *(kind.__name__ for kind in _all_below(OrderwireError))}
    for package in ("domain", "storage", "realtime"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                yield from _code_of(node, errors)


def _code_of(node: ast.AST, errors: set[str]) -> Iterator[str]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in errors:
        given = [each.value for each in node.keywords if each.arg == "code"]
        yield from (str(each.value) for each in given if isinstance(each, ast.Constant))


def test_each_action_on_orders_is_a_request_of_its_own() -> None:
    told = {kind.__struct_config__.tag for kind in get_args(OrderAct)}
    assert told == set(Action)


def test_orders_are_asked_for_by_each_of_their_statuses() -> None:
    assert set(get_args(Status)) == {"active", *OrderStatus}


# --- sound --------------------------------------------------------------------------------------


def test_every_schema_is_one() -> None:
    for name, schema in DESCRIPTION["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid(schema), name


def test_everything_that_is_referred_to_is_there() -> None:
    for ref in set(references(DESCRIPTION)):
        assert found(ref) is not None


def test_a_handler_takes_what_its_endpoint_can_give() -> None:
    """A handler that takes what nobody reads is a mistake in the code, found when it starts."""

    async def wrong(self: Any, something: str) -> None:
        """Take what is not in the path."""

    with pytest.raises(TypeError, match="wrong takes"):
        get("/v1/wrong", wrong, by=ANYBODY)


# --- the same everywhere ------------------------------------------------------------------------


async def test_the_command_line_prints_what_is_served(api: HttpApi) -> None:
    answer = await api.call(None, "GET", "/v1/openapi.json")
    printed = StringIO()
    with redirect_stdout(printed):
        assert main(["openapi"], environment={}) == 0

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(printed.getvalue()) == json.loads(json.dumps(DESCRIPTION))


async def test_who_has_the_description_is_not_sent_it_again(api: HttpApi) -> None:
    first = await api.call(None, "GET", "/v1/openapi.json")
    again = await api.call(
        None, "HEAD", "/v1/openapi.json", headers={"If-None-Match": first.headers["etag"]}
    )

    assert again.status_code == 304


class Page(HTMLParser):
    """What a page has in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: list[str] = []
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        if given.get("id"):
            self.names.append(str(given["id"]))
        if given.get("href"):
            self.links.add(str(given["href"]))


async def test_people_read_of_every_endpoint_type_and_code_on_a_page(api: HttpApi) -> None:
    """It comes from this server alone, and runs nothing."""
    answer = await api.call(None, "GET", "/v1/docs")
    page = Page(answer.text)

    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy
    assert page.tags.isdisjoint({"script", "img", "link", "iframe"})
    assert len(page.names) == len(set(page.names))
    shown = set(page.names)
    assert {told["operationId"] for _, _, told in OPERATIONS} <= shown
    assert {f"type-{name}" for name in DESCRIPTION["components"]["schemas"]} <= shown
    assert {f"code-{code}" for code in CODES} <= shown
    assert {link.removeprefix("#") for link in page.links} - shown == {"openapi.json"}
