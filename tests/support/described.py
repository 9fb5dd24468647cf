"""The API's description as the referee of every answer that a test gets."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any
from urllib.parse import unquote

import httpx2
import jsonschema_rs

from realtime.bootstrap import describe


def check(method: str, path: str, answer: httpx2.Response) -> None:
    """Hold an answer to the description; what no endpoint serves is not described."""
    operation = _description().operation(method, path)
    if operation is None:
        return
    told = operation["responses"].get(str(answer.status_code))
    assert told, f"{method} {path}: {answer.status_code} is not described: {answer.text}"
    told = _description().resolved(told)
    if method == "HEAD" or "content" not in told:
        assert not answer.content, f"{method} {path}: is described as without content"
        return
    if "*/*" in told["content"]:
        return
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in told["content"], f"{method} {path}: {kind} is not described"
    if kind in ("application/json", "application/problem+json"):
        schema = json.dumps(told["content"][kind]["schema"])
        wrong = _description().wrong_with(schema, answer.json())
        assert not wrong, f"{method} {path}: {wrong} in {answer.text}"


class _Description:
    """The description, where nothing is answered that it does not name."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._paths = [
            (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), methods)
            for path, methods in description["paths"].items()
        ]
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._components = deepcopy(description["components"])
        for schema in self._components["schemas"].values():
            if "properties" in schema:
                schema["additionalProperties"] = False

    def operation(self, method: str, path: str) -> Mapping[str, Any] | None:
        """Find what is told of a method of a path."""
        bare = unquote(path.partition("?")[0])
        found = [methods for form, methods in self._paths if form.fullmatch(bare)]
        told: Mapping[str, Any] | None = found[0].get(method.lower()) if found else None
        return told

    def resolved(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """Look up what is told elsewhere."""
        name = told.get("$ref", "").rpartition("/")[2]
        found: Mapping[str, Any] = self._components["responses"][name] if name else told
        return found

    def wrong_with(self, schema: str, value: Any) -> list[str]:
        """Say what of a value is not as described."""
        if schema not in self._validators:
            whole = {**json.loads(schema), "components": self._components}
            validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
            self._validators[schema] = validator
        errors = self._validators[schema].iter_errors(value)
        return [f"{each.message} at {each.instance_path}" for each in errors]


@cache
def _description() -> _Description:
    return _Description(describe())


def references(value: Any) -> Iterator[str]:
    """List every reference in a description."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)
