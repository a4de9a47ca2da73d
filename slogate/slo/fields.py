"""Tables of fields: one description reads the nodes and generates the JSON Schema.

A `Shape` is a way to read one value with the schema of what it accepts; `Fields` the keys of a
mapping. Reading reports every fault at its place and goes on; what could not be read is
`WRONG`. Nothing is guessed: no value, a value of another type and an unknown key are faults.
Shapes of texts, durations and so on are in `shapes.py`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from slogate.errors import Fault
from slogate.slo.document import Listing, Node, Scalar, Table

WRONG: Final = object()
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST_MESSAGE = 400
_MOST_HINTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """Where in a file we read, and the faults found so far."""

    file: str
    faults: list[Fault]
    path: str = ""

    def key(self, name: str) -> At:
        """Below a key."""
        path = f"{self.path}.{printable(name, 60)}" if self.path else printable(name, 60)
        return At(file=self.file, faults=self.faults, path=path)

    def item(self, index: int) -> At:
        """Below an item of a list."""
        return At(file=self.file, faults=self.faults, path=f"{self.path}[{index}]")

    def made(
        self,
        node: Node,
        message: str,
        hint: str | None = None,
        *,
        offset: int = -1,
        rule: str = "spec",
    ) -> Fault:
        """Word a fault at a node, or at a character of its text."""
        exact = offset >= 0 and isinstance(node, Scalar)
        return Fault(
            file=self.file,
            line=node.line,
            column=node.column_of(offset) if exact and isinstance(node, Scalar) else node.column,
            path=self.path,
            message=printable(message, _LONGEST_MESSAGE),
            hint=None if hint is None else printable(hint, _LONGEST_MESSAGE),
            rule=rule,
        )

    def wrong(
        self,
        node: Node,
        message: str,
        hint: str | None = None,
        *,
        offset: int = -1,
        rule: str = "spec",
    ) -> Any:
        """Note a fault and return WRONG."""
        self.faults.append(self.made(node, message, hint, offset=offset, rule=rule))
        return WRONG


Read = Callable[[Node, At], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a value is read, and the JSON Schema of what is accepted."""

    read: Read
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A key of a mapping."""

    shape: Shape
    help: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Keys that match in full; `read` is given the key as well. `example` is such a key."""

    keys: re.Pattern[str]
    read: Callable[[str, Node, At], Any]
    schema: Mapping[str, Any]
    help: str
    example: str

    @property
    def word(self) -> str:
        """The keys in words: `errors`, `pNN such as p95`."""
        if self.keys.pattern == self.example:
            return self.example
        return f"{re.sub('[0-9]', 'N', self.example)} such as {self.example}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The keys that a mapping may have."""

    named: Mapping[str, Field]
    patterns: tuple[Pattern, ...] = field(default=())

    def reader(self, key: str) -> Read | None:
        """What reads the value of a key; None for an unknown key."""
        if key in self.named:
            return self.named[key].shape.read
        for pattern in self.patterns:
            if pattern.keys.fullmatch(key):
                return lambda node, at: pattern.read(key, node, at)
        return None

    def suggestion(self, key: str) -> str:
        """A hint at what an unknown key was meant to be: itself in small letters, the nearest."""
        small = printable(key, 60).strip().lower()
        if self.reader(small) is not None:
            return f"did you mean '{small}'?"
        words = {pattern.example: pattern.word for pattern in self.patterns}
        known = {name: name for name in self.named} | words
        close = difflib.get_close_matches(small, [*known], n=1)
        if not close:
            return f"known: {', '.join(known.values())}"
        word = known[close[0]]
        return f"did you mean '{word}'?" if word == close[0] else f"write {word}"


def read_fields(fields: Fields, node: Node, at: At) -> dict[str, Any]:
    """The values that could be read, by key; every other key has left a fault."""
    found: dict[str, Any] = {}
    if not isinstance(node, Table):
        at.wrong(node, f"keys and values are expected, not {described(node)}")
        return found
    for key, value in node.pairs:
        reader = fields.reader(key.text)
        here = at.key(key.text)
        if reader is None:
            word = printable(key.text, 60)
            # looking for the nearest word is slow, and no one reads the thousandth hint
            hint = fields.suggestion(key.text) if len(at.faults) < _MOST_HINTS else None
            here.wrong(key, f"unknown key '{word}'", hint, rule="unknown-key")
            continue
        read = reader(value, here)
        if read is not WRONG:
            found[key.text] = read
    for name, known in fields.named.items():
        if known.required and node.key(name) is None:
            at.wrong(node, f"'{name}' is missing", f"{name}: {known.help}", rule="missing-key")
    return found


def mapping(fields: Fields) -> Shape:
    """A mapping with these keys, read as a dict."""

    def read(node: Node, at: At) -> Any:
        before = len(at.faults)
        found = read_fields(fields, node, at)
        return found if len(at.faults) == before else WRONG

    return Shape(read=read, schema=schema_of(fields))


def listing(item: Shape, *, nonempty: bool = False) -> Shape:
    """A list, read as a list of what could be read."""

    def read(node: Node, at: At) -> Any:
        if not isinstance(node, Listing):
            return at.wrong(
                node, f"a list is expected, not {described(node)}", "begin items by `- `"
            )
        if nonempty and not node.items:
            return at.wrong(node, "the list is empty")
        return [item.read(value, at.item(index)) for index, value in enumerate(node.items)]

    least = {"minItems": 1} if nonempty else {}
    return Shape(read=read, schema={"type": "array", "items": item.schema, **least})


def schema_of(fields: Fields) -> dict[str, Any]:
    """The JSON Schema of a mapping with these keys and no others."""
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {**known.shape.schema, "description": known.help}
            for name, known in fields.named.items()
        },
    }
    if fields.patterns:
        schema["patternProperties"] = {
            f"^(?:{pattern.keys.pattern})$": {**pattern.schema, "description": pattern.help}
            for pattern in fields.patterns
        }
    if required := [name for name, known in fields.named.items() if known.required]:
        schema["required"] = required
    return schema


def near(word: str, known: list[str]) -> str:
    """A hint at the nearest known word, else all of them."""
    close = difflib.get_close_matches(word[:60].lower(), known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"known: {', '.join(known)}"


def described(node: Node) -> str:
    """What a node is, for a sentence."""
    if isinstance(node, Table):
        return "keys and values"
    if isinstance(node, Listing):
        return "a list"
    if node.kind == "null":
        return "nothing"
    word = {"number": "the number ", "bool": "", "string": ""}[node.kind]
    text = printable(node.text, 60)
    return f"{word}{text}" if node.kind != "string" else f"'{text}'"


def printable(text: str, longest: int) -> str:
    """Text that is safe in a terminal, with what is too long cut."""
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", cut)
