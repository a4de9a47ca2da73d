"""Spans of a line of OTLP's JSON, most of them read without a reader of JSON.

    …"spans":[{…},{…}]… ──taken out──► …"spans":[-Infinity,-Infinity]…, and the fields' texts

What is left of the line is read as JSON. In it, whatever stands for a span must be where spans
are, or the line is not taken. A span that is written otherwise stays in the line and is read like
any other JSON, in its turn. Attributes, names and states are few but repeated: each is looked at
once. A line with anything but spans is not taken; nothing has changed then.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slogate.sources._otlp.json.from_json import (
    CAMEL,
    OTHER_KINDS,
    SPANS,
    attributes,
    exception,
    resources,
    spans,
    thinned,
)  # fmt: skip
from slogate.sources._otlp.json.grammar import (
    FIELDS,
    Grammar,
    span_expression,
    wanted_expression,
)
from slogate.sources._otlp.json.scalars import enum
from slogate.sources._otlp.json.span_columns import SpanColumns
from slogate.sources._otlp.taker import Taker
from slogate.sources._otlp.telemetry import ERROR, Attributes, Malformed, Resource, Span

PLAIN = b'{"resourceSpans":'
_Text = TypeVar("_Text")
_Known = TypeVar("_Known")
_MOST_KEPT = 10_000
# what stands for a span: no number, so that it is never what an exporter writes
_MARK, _SPAN = "-Infinity", object()
_READ = json.JSONDecoder(
    parse_constant={_MARK: _SPAN, "Infinity": math.inf, "NaN": math.nan}.__getitem__
)
_Row = tuple[Any, ...]


@dataclass(slots=True)
class SpanLines:
    """Takes lines one by one; remembers what their spans repeat."""

    _kinds: dict[str | None, int] = field(default_factory=dict)
    _names: dict[str | None, str] = field(default_factory=dict)
    _statuses: dict[str | None, tuple[int, str]] = field(default_factory=dict)
    _attributes: dict[tuple[str, ...], Attributes] = field(default_factory=dict)
    _columns: dict[tuple[str, frozenset[str]], SpanColumns] = field(default_factory=dict)
    _blank: str = ""

    def take(self, taker: Taker, line: bytes | bytearray) -> bool:
        """Take the spans of a line; whether it could be taken this way."""
        try:
            text = line.decode()
            self._blank = " " if text.startswith(" ", len(PLAIN)) else ""
            columns, found = _found(text, self._blank)
        except (ValueError, RecursionError):
            return False
        escapes, at = "\\" in text, 0
        for resource, _, items, _ in found:
            many = sum(item is _SPAN for item in items)
            some = [column[at : at + many] for column in columns]
            if many < len(items) or not self._at_once(taker, resource, some, escapes=escapes):
                taker.spans(resource, self._spans(taker, items, zip(*some, strict=True)))
            at += many
        return True

    def _at_once(
        self, taker: Taker, resource: Resource, some: list[list[Any]], *, escapes: bool
    ) -> bool:
        """Take spans as columns; whether they could be."""
        wanted = taker.settings.wanted
        of = self._columns.get((self._blank, wanted))
        if of is None:
            of = self._columns[self._blank, wanted] = SpanColumns(
                Grammar(self._blank), wanted, lambda row: self._span(row, wanted),
                self._kind, lambda status: self._outcome(status)[0] == ERROR,
            )  # fmt: skip
        try:
            columns, others = of.take(some, taker.settings.kinds, escapes=escapes)
        except Malformed:
            return False
        if others:
            taker.losses.left_out[OTHER_KINDS] += others
        taker.columns(resource, columns)
        return True

    def _spans(self, taker: Taker, items: list[Any], rows: Iterator[_Row]) -> Iterator[Span]:
        """The same as `from_json.spans`."""
        kinds, wanted, losses = taker.settings.kinds, taker.settings.wanted, taker.losses
        others = 0
        for item in items:
            if item is not _SPAN:
                yield from spans([item], CAMEL, kinds, wanted, losses)
                continue
            row = next(rows)
            try:
                if self._kind(row[4]) in kinds:
                    yield self._span(row, wanted)
                else:
                    others += 1
            except Malformed as error:
                losses.bad[str(error)] += 1
            except (AttributeError, TypeError, KeyError):
                losses.bad["it is no span"] += 1
        if others:
            losses.left_out[OTHER_KINDS] += others

    def _span(self, row: _Row, wanted: frozenset[str]) -> Span:
        trace_id, span_id, state, name, _, start, end, told, events, status = row
        if (title := self._names.get(name)) is None:
            title = _learnt(self._names, name, lambda text: str(_loads(text, "")))
        outcome = self._outcome(status)
        failed = outcome[0] == ERROR
        return Span(
            title,
            int(start.strip('"')) if start else 0,
            int(end.strip('"')) if end else 0,
            trace_id[1:-1].lower(),
            span_id[1:-1].lower() if span_id else "",
            outcome[0],
            outcome[1] if failed else "",
            exception(_loads(events)) if failed and events else "",
            state is not None and thinned(_loads(state)),
            self._told(told, wanted) if told else {},
        )

    def _kind(self, text: str | None) -> int:
        if (found := self._kinds.get(text)) is None:
            found = _learnt(self._kinds, text, _kind)
        return found

    def _outcome(self, text: str | None) -> tuple[int, str]:
        if (found := self._statuses.get(text)) is None:
            found = _learnt(self._statuses, text, _status)
        return found

    def _told(self, text: str, wanted: frozenset[str]) -> Attributes:
        """The attributes that are wanted of a list of them; the others are not looked at."""
        if "\\" in text:
            # keys may have escapes
            return attributes(json.loads(text), wanted)
        told = tuple(wanted_expression(self._blank, wanted).findall(text))
        if (found := self._attributes.get(told)) is None:
            read = f"[{','.join(told)}]"
            found = _learnt(self._attributes, told, lambda _: attributes(json.loads(read), wanted))
        return found


def _found(text: str, blank: str) -> tuple[list[list[Any]], list[Any]]:
    """The fields of spans, and lists in which they are; ValueError if it is not plain."""
    parts = span_expression(blank).split(text)
    width = len(FIELDS) + 1
    many = len(parts) // width
    rest = _MARK.join(parts[::width])
    if rest.count(_MARK) != many:
        raise Malformed("it has spans that are no objects")
    document = _READ.decode(rest)
    if document.keys() != {SPANS}:
        raise Malformed("it does not only have spans")
    found = list(resources(document, SPANS))
    if sum(sum(item is _SPAN for item in items) for _, _, items, _ in found) != many:
        raise Malformed("it has spans where there are none")
    return [parts[at::width] for at in range(1, width)], found


def _learnt(known: dict[_Text, _Known], text: _Text, read: Callable[[_Text], _Known]) -> _Known:
    if len(known) >= _MOST_KEPT:
        known.clear()
    found = known[text] = read(text)
    return found


def _loads(text: str | None, otherwise: Any = None) -> Any:
    return otherwise if text is None else json.loads(text)


def _kind(text: str | None) -> int:
    kind = _loads(text, 0)
    return kind if type(kind) is int else enum(kind)


def _status(text: str | None) -> tuple[int, str]:
    status = _loads(text) or {}
    code = enum(status.get("code", 0))
    return code, str(status.get("message", "")) if code == ERROR else ""
