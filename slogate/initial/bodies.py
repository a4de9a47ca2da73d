"""A value that a schema of OpenAPI allows: its example, else the plainest one there is.

Steps are counted and depth is bounded, so that a schema that refers to itself, or an example
that unfolds into billions, ends as "there is none" and never as a load test of gigabytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MOST_STEPS = 400
DEEPEST = 8
LONGEST = 2_000
Look = Callable[[Any], Any]
_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "email": "someone@example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "AAAA",
}


class NoSample(Exception):
    """There is no value that we could send; the message says why."""


class Steps:
    """How many steps are left of a walk."""

    def __init__(self, left: int = MOST_STEPS) -> None:
        self.left = left

    def take(self) -> None:
        """Go one step; NoSample at the last."""
        self.left -= 1
        if self.left < 0:
            raise NoSample("its example is too large")


def copied(value: Any, steps: Steps, depth: int = 0) -> Any:
    """An example as plain JSON; NoSample if it is too large or holds what JSON has not."""
    steps.take()
    if depth > DEEPEST:
        raise NoSample("its example is nested too deep")
    if isinstance(value, Mapping):
        return {str(key): copied(each, steps, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [copied(each, steps, depth + 1) for each in value]
    if isinstance(value, str):
        if len(value) > LONGEST:
            raise NoSample("its example is too large")
        return value
    if isinstance(value, float) and value - value != 0:
        raise NoSample("its example is no number")
    if value is None or isinstance(value, bool | int | float):
        return value
    raise NoSample("its example is no JSON")


def given_example(holder: Mapping[str, Any], look: Look, steps: Steps) -> tuple[bool, Any]:
    """Whether a parameter, a media type or a schema has an example of its own, and which."""
    if "example" in holder:
        return True, copied(holder["example"], steps)
    examples = holder.get("examples")
    if isinstance(examples, Mapping):
        for each in examples.values():
            found = look(each)
            if isinstance(found, Mapping) and "value" in found:
                return True, copied(found["value"], steps)
    if isinstance(examples, list) and examples:
        return True, copied(examples[0], steps)
    return False, None


def sample(schema: Any, look: Look, steps: Steps, depth: int = 0) -> Any:
    """A value of the schema; NoSample where a required part has none."""
    steps.take()
    schema = look(schema)
    if not isinstance(schema, Mapping):
        return "text"
    if depth > DEEPEST:
        raise NoSample("its schema has no end")
    has, example = given_example(schema, look, steps)
    if has:
        return example
    for key in ("const", "default"):
        if key in schema:
            return copied(schema[key], steps)
    options = schema.get("enum")
    if isinstance(options, list) and options:
        return copied(options[0], steps)
    for key in ("oneOf", "anyOf"):
        options = schema.get(key)
        if isinstance(options, list) and options:
            return sample(options[0], look, steps, depth + 1)
    return _of_kind(schema, look, steps, depth)


def _of_kind(schema: Mapping[str, Any], look: Look, steps: Steps, depth: int) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), None)
    if kind == "object" or "properties" in schema or "allOf" in schema:
        return _object(schema, look, steps, depth)
    if kind == "array":
        if schema.get("minItems") in {None, 0} and not _has_example(schema.get("items"), look):
            return []
        return [sample(schema.get("items"), look, steps, depth + 1)]
    if kind in {"integer", "number"}:
        least = schema.get("minimum", 1)
        return least if isinstance(least, int | float) and not isinstance(least, bool) else 1
    if kind == "boolean":
        return True
    if kind == "null":
        return None
    return _FORMATS.get(str(schema.get("format")), "text")


def _has_example(schema: Any, look: Look) -> bool:
    found = look(schema)
    return isinstance(found, Mapping) and bool({"example", "examples", "enum"} & set(found))


def _object(schema: Mapping[str, Any], look: Look, steps: Steps, depth: int) -> dict[str, Any]:
    """The required properties, and those that come with an example."""
    made: dict[str, Any] = {}
    parts = schema.get("allOf")
    for part in parts if isinstance(parts, list) else []:
        value = sample(part, look, steps, depth + 1)
        made |= value if isinstance(value, dict) else {}
    properties, required = schema.get("properties"), schema.get("required")
    wanted = {str(each) for each in required} if isinstance(required, list) else set[str]()
    for name, each in properties.items() if isinstance(properties, Mapping) else ():
        if str(name) in wanted or _has_example(each, look):
            made[str(name)] = sample(each, look, steps, depth + 1)
    return made
