"""Examples of values, made from their schemas."""

from collections.abc import Mapping
from typing import Any

from domain.identity import ID_PATTERN
from realtime.api.openapi import Json

_BY_FORMAT: Mapping[str, Any] = {
    "date-time": "2026-11-23T10:00:00.000Z",
    "cursor": "WyIwMTkz…",
}
_BY_TYPE: Mapping[str, Any] = {"integer": 1, "number": 1.5, "boolean": False, "string": "…"}
_ID = f"^{ID_PATTERN}$"
DEEPEST = 6


class Samples:
    """Writes an example of whatever a schema describes; ``named`` are those it refers to."""

    def __init__(self, named: Mapping[str, Json]) -> None:
        self._named = named

    def of(self, schema: Json, depth: int = 0) -> Any:
        """Return an example."""
        if "$ref" in schema:
            return self.of(self._named[schema["$ref"].rpartition("/")[2]], depth)
        for known in (schema.get("examples"), schema.get("enum")):
            if known:
                return known[0]
        if "const" in schema:
            return schema["const"]
        if schema.get("default") is not None:
            return schema["default"]
        kinds = schema.get("anyOf") or schema.get("oneOf")
        if kinds:
            return self.of(kinds[0], depth)
        return self._made(schema, depth)

    def _made(self, schema: Json, depth: int) -> Any:
        kind = schema.get("type")
        if kind == "array":
            items = schema.get("items")
            return [self.of(items, depth + 1)] if items and depth < DEEPEST else []
        if kind == "object":
            properties = schema.get("properties", {})
            return {name: self.of(each, depth + 1) for name, each in properties.items()}
        if schema.get("pattern") == _ID:
            return "sam"
        if "minimum" in schema:
            return max(schema["minimum"], 1)
        return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(kind or "", {}))
