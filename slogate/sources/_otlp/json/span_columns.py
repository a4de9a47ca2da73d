"""Spans that were taken out of a line of JSON, as columns.

    the text of each field ──► times and ids of all at once, and the number of what each tells

Of the attributes only those that are asked for are looked at: they are found by an expression for
the order in which spans before had them. Spans that are bad or lack an id are not taken: they are
to be looked at one by one.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import sub
from typing import Any

from slogate.sources._base import EARLIEST_TS, LATEST_TS, LONGEST_US
from slogate.sources._otlp.json.grammar import Grammar, wanted_expression
from slogate.sources._otlp.requests import Columns, Kind, told
from slogate.sources._otlp.telemetry import Malformed, Span

_TRACE, _SPAN, _STATE, _NAME, _KIND, _START, _END, _ATTRIBUTES, _EVENTS, _STATUS = range(10)
_MOST_KEPT, _MOST_ORDERS, _MOST_LEARNT = 20_000, 8, 200
Row = tuple[Any, ...]


@dataclass(slots=True)
class SpanColumns:
    """What is remembered from line to line of spans with the same separators.

    `read` makes a span of the text of its fields, `kind` and `failed` tell its kind and whether its
    status is one of failure.
    """

    grammar: Grammar
    wanted: frozenset[str]
    read: Callable[[Row], Span]
    kind: Callable[[str | None], int]
    failed: Callable[[str | None], bool]
    _kinds: list[Kind] = field(default_factory=list)
    _known: dict[Any, int] = field(default_factory=dict)
    _orders: dict[str, Callable[[str], re.Match[str] | None]] = field(default_factory=dict)
    _learnt: int = 0

    def take(
        self, columns: list[list[Any]], asked: frozenset[int], *, escapes: bool
    ) -> tuple[Columns, int]:
        """The spans of those kinds, and how many are of others; Malformed if they are not plain.

        There are `escapes` in them or not.
        """
        if len(self._kinds) > _MOST_KEPT:
            self._kinds, self._known = [], {}
        try:
            many = len(columns[_KIND])
            mine = [kind in asked for kind in map(self.kind, columns[_KIND])]
            if not all(mine):
                columns = [list(compress(column, mine)) for column in columns]
            starts, took = _times(columns[_START], columns[_END])
            traces, spans = _ids(columns[_TRACE], 16), _ids(columns[_SPAN], 8)
            numbers = self._numbers(columns, escapes=escapes)
        except (AttributeError, TypeError, KeyError, ValueError, OverflowError) as error:
            raise Malformed("they are to be looked at one by one") from error
        return Columns(starts, took, traces, spans, numbers, self._kinds), many - len(numbers)

    def _numbers(self, columns: list[list[Any]], *, escapes: bool) -> list[int]:
        """The numbers of what spans tell."""
        find = self._whole if escapes else self._wanted
        happened = [text is not None and text != "[]" for text in columns[_EVENTS]]
        of = (columns[_NAME], columns[_STATE], columns[_STATUS], find(columns[_ATTRIBUTES]))
        telling = list(zip(*of, happened, strict=True))
        known = self._known
        numbers: list[Any] = list(map(known.get, telling))
        for at in [at for at, number in enumerate(numbers) if number is None]:
            row = tuple(column[at] for column in columns)
            # the exception of one that failed is among its events
            what: Any = telling[at]
            if happened[at] and self.failed(row[_STATUS]):
                what = (what, row[_EVENTS])
            if (number := known.get(what)) is None:
                span = self.read(row)
                number = known[what] = len(self._kinds)
                self._kinds.append(Kind(told(span), span.attributes))
            numbers[at] = number
        return numbers

    def _whole(self, texts: Sequence[str | None]) -> Sequence[Any]:
        return texts

    def _wanted(self, texts: list[Any]) -> list[Any]:
        """The attributes of each span that are asked for, as they are written."""
        if None not in texts:
            for match in self._orders.values():
                found = list(map(match, texts))
                if None not in found:
                    return list(map(re.Match.groups, found))  # type: ignore[arg-type]
        return list(map(self._of, texts))

    def _of(self, text: str | None) -> Any:
        if text is None:
            return None
        for match in self._orders.values():
            if found := match(text):
                return found.groups()
        if self._learnt < _MOST_LEARNT and len(self._orders) < _MOST_ORDERS:
            self._learnt += 1
            order = self.grammar.order(json.loads(text), self.wanted)
            self._orders[order] = re.compile(order).fullmatch
        return tuple(wanted_expression(self.grammar.blank, self.wanted).findall(text))


def _times(starts: list[str], ends: list[str]) -> tuple[array[int], array[int]]:
    """Starts and durations in ns; Malformed if one cannot be."""
    if not starts:
        return array("q"), array("q")
    begun, ended = (
        array("q", map(int, ",".join(texts).replace('"', "").split(",")))
        for texts in (starts, ends)
    )
    took = array("q", map(sub, ended, begun))
    if min(begun) < EARLIEST_TS * 1_000 or max(begun) // 1_000 > LATEST_TS:
        raise Malformed("the start of a span cannot be")
    if min(took) < 0 or max(took) > LONGEST_US * 1_000:
        raise Malformed("the end of a span cannot be")
    return begun, took


def _wholes(texts: list[str]) -> array[int]:
    """Numbers with quotes or without."""
    return array("q", map(int, ",".join(texts).replace('"', "").split(",")))


def _ids(texts: list[str], size: int) -> list[bytes]:
    """Ids in quotes; Malformed if one is missing."""
    found = bytes.fromhex("".join(texts).replace('"', ""))
    if len(found) != size * len(texts) or "" in texts or '""' in texts:
        raise Malformed("a span has no id")
    return [found[at : at + size] for at in range(0, len(found), size)]
