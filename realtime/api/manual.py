"""The API's description as a page for people: what its template shows, in order."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from realtime.api.openapi import Json
from realtime.api.samples import Samples

CALLERS = {"serviceKey": "backend", "account": "account", "operator": "operator"}
_MARKS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} long",
    "maxLength": "at most {} long",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A parameter or a property: its name, its type, and what else is known of it."""

    name: str
    kind: Markup
    place: str
    required: bool
    marks: list[str]
    about: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An endpoint as the page shows it."""

    id: str
    method: str
    path: str
    summary: Markup
    about: Markup
    callers: list[str]
    rows: list[Row]
    body: Markup | None
    body_rows: list[Row]
    choices: list[tuple[str, Markup, Markup]]
    answers: list[tuple[str, Markup]]
    codes: list[tuple[str, str]]
    asked: str | None
    answered: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A named type as the page shows it."""

    name: str
    about: Markup
    rows: list[Row]
    words: Markup | None


class Manual:
    """Reads a description (OpenAPI 3.1) for the page."""

    def __init__(self, description: Json) -> None:
        self._all = description
        self._schemas: Mapping[str, Json] = description["components"]["schemas"]
        self._samples = Samples(self._schemas)
        self.release: str = description["info"]["version"]
        self.about = prose(description["info"]["description"])
        self.schemes: Mapping[str, Json] = description["components"]["securitySchemes"]

    def words(self, text: str) -> Markup:
        """Write a line of the description as HTML."""
        return _line(text)

    def sections(self) -> Iterator[tuple[str, list[Operation]]]:
        """List the operations under the headings that they belong to."""
        found: dict[str, list[Operation]] = {tag["name"]: [] for tag in self._all["tags"]}
        for path, methods in self._all["paths"].items():
            for method, told in methods.items():
                found[told["tags"][0]].append(self._operation(path, method, told))
        yield from found.items()

    def codes(self) -> Iterator[tuple[str, str, Markup]]:
        """List the codes of errors, each with its status."""
        statuses = dict(self._statuses())
        for each in self._schemas["Problem"]["properties"]["code"]["oneOf"]:
            code = each["const"]
            yield code, statuses.get(code, ""), prose(each["description"])

    def kinds(self) -> Iterator[Kind]:
        """List the named types."""
        for name, schema in self._schemas.items():
            rows = self._rows(schema)
            yield Kind(
                name=name,
                about=prose(schema.get("description", "")),
                rows=rows,
                words=None if rows else self._words(schema),
            )

    def _statuses(self) -> Iterator[tuple[str, str]]:
        for response in self._all["components"]["responses"].values():
            told = _told(response)
            for code in told["code"]["enum"]:
                yield code, str(told["status"]["const"])

    def _operation(self, path: str, method: str, told: Json) -> Operation:
        body = _schema_of(told.get("requestBody"))
        answers = {status: each for status, each in told["responses"].items() if status < "400"}
        shown = next((s for s in map(_schema_of, answers.values()) if s is not None), None)
        return Operation(
            id=told["operationId"],
            method=method.upper(),
            path=path,
            summary=_line(told["summary"]),
            about=prose(told.get("description", "")),
            callers=[CALLERS[name] for each in told["security"] for name in each],
            rows=[self._parameter(each) for each in told.get("parameters", ())],
            body=None if body is None else self._words(body),
            body_rows=self._rows(self._resolved(body)) if body else [],
            choices=list(self._choices(body)) if body else [],
            answers=[(status, self._answer(each)) for status, each in answers.items()],
            codes=list(self._refusals(told["responses"])),
            asked=_written(self._samples.of(body)) if body else None,
            answered=_written(self._samples.of(shown)) if shown else None,
        )

    def _choices(self, body: Json) -> Iterator[tuple[str, Markup, Markup]]:
        """List what a body can be, by the property that tells them apart."""
        for value, ref in body.get("discriminator", {}).get("mapping", {}).items():
            schema = {"$ref": ref}
            about = self._resolved(schema).get("description", "")
            yield value, self._words(schema), prose(about)

    def _refusals(self, responses: Json) -> Iterator[tuple[str, str]]:
        for status, response in responses.items():
            found = self._resolved(response)
            if "application/problem+json" in found.get("content", ()):
                yield from ((status, code) for code in _told(found)["code"]["enum"])

    def _answer(self, response: Json) -> Markup:
        schema = _schema_of(response)
        if schema is not None:
            return self._words(schema)
        kinds = " or ".join(response.get("content", {}))
        return escape(kinds or "nothing")

    def _parameter(self, told: Json) -> Row:
        schema = told["schema"]
        return Row(
            name=told["name"],
            kind=self._words(schema),
            place=told["in"],
            required=told.get("required", False),
            marks=_marks(schema),
            about=prose(told.get("description", "")),
        )

    def _rows(self, schema: Json) -> list[Row]:
        return [
            Row(
                name=name,
                kind=self._words(each),
                place="",
                required=name in schema.get("required", ()),
                marks=_marks(each),
                about=prose(_about(each)),
            )
            for name, each in schema.get("properties", {}).items()
        ]

    def _resolved(self, value: Json) -> Json:
        if "$ref" not in value:
            return value
        _, _, group, name = value["$ref"].split("/")
        found: Json = self._all["components"][group][name]
        return found

    def _words(self, schema: Json) -> Markup:
        """Say what a value is, with links to the types that have a name."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return Markup('<a href="#type-{0}">{0}</a>').format(name)
        kinds = schema.get("anyOf") or schema.get("oneOf")
        if kinds:
            return Markup(" or ").join(self._words(each) for each in kinds)
        if "const" in schema:
            return Markup("<code>{}</code>").format(schema["const"])
        if "enum" in schema:
            shown = [Markup("<code>{}</code>").format(each) for each in schema["enum"][:12]]
            more = [Markup("…")] if len(schema["enum"]) > len(shown) else []
            return Markup(" ").join([*shown, *more])
        if schema.get("type") == "array":
            return Markup("list of {}").format(self._words(schema.get("items") or {}))
        if isinstance(schema.get("additionalProperties"), dict):
            values = self._words(schema["additionalProperties"])
            return Markup("object of {}").format(values)
        return escape(schema.get("format") or schema.get("type") or "anything")


def prose(text: str) -> Markup:
    """Write paragraphs with ``code`` in them as HTML."""
    paragraphs = [each for each in text.strip().split("\n\n") if each]
    return Markup("").join(Markup("<p>{}</p>").format(_line(each)) for each in paragraphs)


def _line(text: str) -> Markup:
    pieces = re.split(r"`([^`]*)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )


def _marks(schema: Json) -> list[str]:
    """Say what a value has to keep to."""
    for each in schema.get("anyOf", ()):
        schema = {**each, **schema}
    found = [words.format(schema[name]) for name, words in _MARKS.items() if name in schema]
    default = schema.get("default")
    told = isinstance(default, str | int) and default != ""
    return [*found, f"default {json.dumps(default)}"] if told else found


def _about(schema: Json) -> str:
    kinds = [schema, *schema.get("anyOf", ())]
    return next((each["description"] for each in kinds if "description" in each), "")


def _schema_of(content: Json | None) -> Json | None:
    """Return the schema of what is sent or answered, if that is JSON."""
    told: Json = (content or {}).get("content", {})
    kind = told.get("application/json")
    return kind["schema"] if kind else None


def _told(response: Json) -> Json:
    """Return what is known of a problem's properties."""
    told: Json = response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]
    return told


def _written(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
