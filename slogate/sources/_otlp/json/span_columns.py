"""Spans that were taken out of a line of JSON, as columns.

    the text of each field ──► times and ids of all at once, and the number of what each tells

Of the attributes only those that make a difference are looked at: they are found by an expression
for the order in which spans before had them. Spans that are bad or lack an id are none of the
columns: they are to be read as any JSON is.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import sub
from typing import Any, NamedTuple

from slogate.sources._base import EARLIEST_TS, LATEST_TS, LONGEST_US
from slogate.sources._otlp.json.from_json import (
    CAMEL,
    a_span,
    attributes,
    exception,
    kind_of,
    thinned,
)
from slogate.sources._otlp.json.grammar import FIELDS, Grammar, wanted_expression
from slogate.sources._otlp.json.scalars import enum
from slogate.sources._otlp.kinds import Kinds
from slogate.sources._otlp.requests import Columns
from slogate.sources._otlp.semantics import UNROUTED, path_of
from slogate.sources._otlp.settings import Settings
from slogate.sources._otlp.telemetry import ERROR, Resource, Span

_TRACE, _SPAN, _STATE, _NAME, _KIND, _START, _END, _ATTRIBUTES, _EVENTS, _STATUS = range(10)
_MOST_KEPT, _MOST_ORDERS, _MOST_LEARNT = 10_000, 12, 200
_NO_ID = {None, '""'}


class Taken(NamedTuple):
    """Spans as columns; the others as they were read, by whose they are; how many are not asked."""

    columns: Columns
    odd: list[tuple[int, Any]]
    others: int


class _Order(NamedTuple):
    """What matches attributes in some order, and which group of it is a path, from 0."""

    match: Callable[[str], re.Match[str] | None]
    path: int | None


class _Known(dict[str | None, bool]):
    """What is true of a field, by its text."""

    def __init__(self, read: Callable[[Any], bool]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str | None) -> bool:
        """Find out, and remember."""
        if len(self) >= _MOST_KEPT:
            self.clear()
        found = self[text] = self._read(None if text is None else json.loads(text))
        return found


@dataclass(slots=True)
class SpanColumns:
    """What is remembered from line to line of spans with the same separators."""

    grammar: Grammar
    settings: Settings
    kinds: Kinds = field(default_factory=Kinds)
    _asked: _Known = field(init=False)
    _failed: _Known = field(init=False)
    _orders: dict[str, _Order] = field(default_factory=dict)
    _learnt: int = 0

    def __post_init__(self) -> None:
        """Kinds and statuses are few."""
        kinds = self.settings.kinds
        self._asked = _Known(lambda kind: kind_of({} if kind is None else {"kind": kind}) in kinds)
        self._failed = _Known(lambda status: enum((status or {}).get("code", 0)) == ERROR)

    def take(
        self, columns: list[list[Any]], whose: list[int], resources: Sequence[Resource]
    ) -> Taken:
        """The spans of a line; ValueError or what a wrong type raises if one cannot be read."""
        many = len(whose)
        columns = [*columns, whose]
        asked = list(map(self._asked.__getitem__, columns[_KIND]))
        if not all(asked):
            columns = [list(compress(column, asked)) for column in columns]
        others = many - len(columns[-1])
        starts, ends = _times(columns[_START]), _times(columns[_END])
        took, odd = list(map(sub, ends, starts)), []
        has_ids = _NO_ID.isdisjoint(columns[_TRACE]) and _NO_ID.isdisjoint(columns[_SPAN])
        if starts and not (
            has_ids and _can(min(starts), min(took)) and _can(max(starts), max(took))
        ):
            rows = zip(starts, took, columns[_TRACE], columns[_SPAN], strict=True)
            clear = [_can(start, long) and _NO_ID.isdisjoint(ids) for start, long, *ids in rows]
            odd = [
                (columns[-1][at], _item(columns, at)) for at, good in enumerate(clear) if not good
            ]
            columns = [list(compress(column, clear)) for column in columns]
            starts, took = list(compress(starts, clear)), list(compress(took, clear))
        paths, told = self._told(columns[_ATTRIBUTES])
        found = Columns(
            array("q", starts), array("q", took), _ids(columns[_TRACE], 16),
            _ids(columns[_SPAN], 8), paths, self._numbers(columns, paths, told), self.kinds.every,
            columns[-1], resources,
        )  # fmt: skip
        return Taken(found, odd, others)

    def _numbers(
        self, columns: list[list[Any]], paths: list[str | None], told: list[Any]
    ) -> list[int]:
        """The numbers of what spans tell."""
        states, events = columns[_STATE], columns[_EVENTS]
        sampled = [False] * len(states)
        if any(states):
            sampled = [
                state is not None
                and ("ot=" in state or "\\" in state)
                and thinned(json.loads(state))
                for state in states
            ]
        # the exception of one that failed is among its events
        failed = list(map(self._failed.__getitem__, columns[_STATUS]))
        happened = [
            exception(json.loads(event)) if has_failed and event else None
            for event, has_failed in zip(events, failed, strict=True)
        ] if any(failed) else [None] * len(events)  # fmt: skip

        def read(at: int) -> Span:
            return a_span(_item(columns, at), CAMEL, self.settings.wanted)

        telling = (sampled, columns[_STATUS], told, happened)
        return self.kinds.numbers(telling, columns[_NAME], paths, read)

    def _told(self, texts: Sequence[str | None]) -> tuple[list[str | None], list[Any]]:
        """The paths of spans, and the attributes of each that make a difference, as written."""
        paths: list[str | None] = []
        told: list[Any] = []
        orders = self._orders.values()
        for text in texts:
            path = None
            those: Any = None
            if text is not None:
                for match, at in orders:
                    if found := match(text):
                        those = found.groups()
                        if at is not None:
                            path = path_of(those[at])
                            those = those[:at] + those[at + 1 :]
                        break
                else:
                    those = self._otherwise(text)
            paths.append(path)
            told.append(those)
        # a path that is only a query is an empty endpoint
        return paths if paths.count(None) < len(paths) else [], told

    def _otherwise(self, text: str) -> Any:
        """Attributes in an order that is not known yet, as they are written."""
        if self._learnt < _MOST_LEARNT and len(self._orders) < _MOST_ORDERS:
            self._learnt += 1
            self._learn(json.loads(text))
        if "\\" in text:
            # keys may have escapes
            return str(attributes(json.loads(text), self.settings.wanted))
        find = wanted_expression(self.grammar.blank, self.settings.wanted).findall
        return tuple(find(text))

    def _learn(self, those: list[Any]) -> None:
        unrouted = UNROUTED - set(self.settings.labels)
        order = self.grammar.order(those, self.settings.wanted, unrouted)
        found = re.compile(order)
        path = found.groupindex.get("path")
        self._orders[order] = _Order(found.fullmatch, None if path is None else path - 1)


def _item(columns: list[list[Any]], at: int) -> Any:
    """A span as it is read of JSON."""
    told = ((name, column[at]) for name, column in zip(FIELDS, columns, strict=False))
    fields = ",".join(f'"{name}":{text}' for name, text in told if text)
    return json.loads(f"{{{fields}}}")


def _times(texts: list[str | None]) -> list[int]:
    """Moments with quotes or without; 0 where there is none."""
    if None in texts:
        texts = [text or "0" for text in texts]
    return list(map(int, ",".join(texts).replace('"', "").split(","))) if texts else []  # type: ignore[arg-type]


def _can(start_ns: int, took_ns: int) -> bool:
    """Whether a span can begin then and take so long."""
    return EARLIEST_TS <= start_ns // 1_000 <= LATEST_TS and 0 <= took_ns <= LONGEST_US * 1_000


def _ids(texts: list[str], size: int) -> list[bytes]:
    """Ids in quotes."""
    found = bytes.fromhex("".join(texts).replace('"', ""))
    return [found[at : at + size] for at in range(0, len(found), size)]
