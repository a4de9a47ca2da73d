"""YAML text as nodes that know their place: the first step of `load`.

Read from the parser's events with the scalars of YAML 1.2's core schema, decimal only: `on`,
`12:30`, `010`, `1_000` and dates stay text, and the text as written is always kept. Refused:
duplicate keys, keys that are no text, merge keys, tags, a second document (`read_stream` reads
all), aliases that are unknown, recursive or blow up, nesting over 50, over a million characters.
Faults are gathered; only a syntax error (worded in `syntax.py`) ends the file. Lines and columns
count from 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import yaml

from slogate.errors import Fault
from slogate.slo.syntax import alias_fault, forbidden_character, syntax_fault

LONGEST = 1_000_000
DEEPEST = 50
MOST_ALIASED = 1_000
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

ScalarKind = Literal["null", "bool", "number", "string"]
_RESOLVE: tuple[tuple[ScalarKind, re.Pattern[str]], ...] = (
    ("null", re.compile(r"|~|null|Null|NULL")),
    ("bool", re.compile(r"true|True|TRUE|false|False|FALSE")),
    ("number", re.compile(r"[-+]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A single value; `inset` is where its text begins after its place, None if rewritten."""

    line: int
    column: int
    text: str
    kind: ScalarKind = "string"
    inset: int | None = None
    size: int = 1

    def column_of(self, offset: int) -> int:
        """The column of the character at `offset` of the text, its own where that is unknown."""
        return self.column if self.inset is None else self.column + self.inset + offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A mapping: pairs of key and value in their order, keys unique; `size` counts its nodes.

    `flow` tells that it was written in braces.
    """

    line: int
    column: int
    pairs: tuple[tuple[Scalar, Node], ...]
    size: int = 1
    flow: bool = False

    def get(self, key: str) -> Node | None:
        """The value of a key, None without."""
        return next((value for name, value in self.pairs if name.text == key), None)

    def key(self, key: str) -> Scalar | None:
        """The key itself, for its place."""
        return next((name for name, _ in self.pairs if name.text == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list; `size` counts its nodes, `flow` tells that it was written in brackets."""

    line: int
    column: int
    items: tuple[Node, ...]
    size: int = 1
    flow: bool = False


Node = Scalar | Table | Listing


def read_document(file: str, text: str, *, loader: Any = LOADER) -> tuple[Node | None, list[Fault]]:
    """The file's one document (None: empty or unreadable) and everything wrong with its form."""
    reading = _opened(file, text, loader)
    document = _guarded(reading, reading.document)
    return document, reading.faults


def read_stream(file: str, text: str, *, loader: Any = LOADER) -> tuple[list[Node], list[Fault]]:
    """The documents of a stream before any that cannot be read, and all faults of form."""
    reading, documents = _opened(file, text, loader), list[Node]()
    _guarded(reading, lambda: documents.extend(reading.documents()))
    return documents, reading.faults


def _opened(file: str, text: str, loader: Any) -> _Reading:
    """The text about to be read; nothing is left of one that cannot be."""
    text = text.removeprefix("\ufeff")
    fault = forbidden_character(file, text) if len(text) <= LONGEST else None
    if len(text) > LONGEST:
        message = f"longer than {LONGEST:,} characters"
        fault = Fault(file=file, line=1, column=1, message=message)
    events = yaml.parse("" if fault else text, Loader=loader)
    return _Reading(file=file, text=text, events=events, faults=[fault] if fault else [])


def _guarded(reading: _Reading, read: Callable[[], Any]) -> Any:
    """What `read` returns; None where reading cannot go on, which is a fault."""
    try:
        return read()
    except _BrokenError as broken:
        reading.faults.append(broken.fault)
    except yaml.YAMLError as error:
        reading.faults.append(syntax_fault(reading.file, reading.text, error))
    return None


class _BrokenError(Exception):
    """Reading cannot go on after this fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(slots=True, kw_only=True)
class _Reading:
    """The state of reading one file: events to come, anchors seen, faults found."""

    file: str
    text: str
    events: Iterator[Any]
    faults: list[Fault] = field(default_factory=list)
    anchors: dict[str, Node | None] = field(default_factory=dict)
    aliased: int = 0

    def document(self) -> Node | None:
        root: Node | None = None
        for number, start in enumerate(self._starts()):
            if number == 1:
                self._fault(start, "a second document starts here", "write one service a file")
                break
            if start.version not in {None, (1, 2)}:
                self._fault(start, "only YAML 1.2 is read", "leave the %YAML line out")
            root = self._node(next(self.events), 1)
            next(self.events)
        return root

    def documents(self) -> Iterator[Node]:
        """All documents; an anchor ends with its document."""
        for start in self._starts():
            if start.version not in {None, (1, 2)}:
                self._fault(start, "only YAML 1.2 is read", "leave the %YAML line out")
            self.anchors.clear()
            yield self._node(next(self.events), 1)

    def _starts(self) -> Iterator[Any]:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                yield event

    def _node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if depth > DEEPEST:
            raise _BrokenError(self._made(event, f"nested more than {DEEPEST} deep"))
        if event.tag is not None:
            self._fault(event, f"the tag {event.tag} is not known here", "leave the tag out")
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node: Node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._listing(event, depth)
        else:
            node = self._table(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _scalar(self, event: Any) -> Scalar:
        kind: ScalarKind = "string"
        if event.implicit[0] and event.tag is None:
            kind = next((k for k, rule in _RESOLVE if rule.fullmatch(event.value)), "string")
        mark, inset = event.start_mark, 0 if event.implicit[0] else 1
        written = self.text[mark.index + inset : mark.index + inset + len(event.value)]
        return Scalar(
            line=mark.line + 1,
            column=mark.column + 1,
            text=event.value,
            kind=kind,
            inset=inset if written == event.value and "\n" not in written else None,
        )

    def _listing(self, start: Any, depth: int) -> Listing:
        items: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        line, column = _place(start)
        size = 1 + sum(item.size for item in items)
        flow = bool(start.flow_style)
        return Listing(line=line, column=column, items=tuple(items), size=size, flow=flow)

    def _table(self, start: Any, depth: int) -> Table:
        pairs: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                self._fault(event, "a key must be text")
            elif self._usable(event, key, pairs):
                pairs[key.text] = (key, value)
        line, column = _place(start)
        size = 1 + sum(1 + value.size for _, value in pairs.values())
        found, flow = tuple(pairs.values()), bool(start.flow_style)
        return Table(line=line, column=column, pairs=found, size=size, flow=flow)

    def _usable(self, event: Any, key: Scalar, pairs: dict[str, tuple[Scalar, Node]]) -> bool:
        if isinstance(event, yaml.AliasEvent):
            self._fault(event, "a key cannot be an alias", "write it out")
            return False
        if key.text == "<<" and event.implicit[0]:
            self._fault(event, "merge keys (<<) are not read", "write the keys out here")
            return False
        if key.kind != "string":
            text = key.text or "''"
            self._fault(event, f"a key must be text, {text} is none", f'quote it: "{key.text}"')
            return False
        if key.text in pairs:
            first = pairs[key.text][0]
            self._fault(
                event,
                f"'{key.text}' is written twice, first at {first.line}:{first.column}",
                "keep one of the two",
                rule="duplicate-key",
            )
            return False
        return True

    def _alias(self, event: Any) -> Node:
        if event.anchor not in self.anchors:
            line, column = _place(event)
            raise _BrokenError(alias_fault(self.file, self.text, line, column, event.anchor))
        node = self.anchors[event.anchor]
        if node is None:
            raise _BrokenError(self._made(event, f"*{event.anchor} stands inside itself"))
        self.aliased += node.size
        if self.aliased > MOST_ALIASED:
            message = f"aliases repeat more than {MOST_ALIASED:,} values"
            raise _BrokenError(self._made(event, message, "write them out"))
        return node

    def _fault(
        self, event: Any, message: str, hint: str | None = None, *, rule: str = "spec"
    ) -> None:
        self.faults.append(replace(self._made(event, message, hint), rule=rule))

    def _made(self, event: Any, message: str, hint: str | None = None) -> Fault:
        line, column = _place(event)
        return Fault(file=self.file, line=line, column=column, message=message, hint=hint)


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1
