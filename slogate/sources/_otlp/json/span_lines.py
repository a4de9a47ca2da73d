"""Spans of a line of OTLP's JSON, most of them read without a reader of JSON.

    …"spans":[{…},{…}]… ──taken out──► …"spans":[-Infinity,-Infinity]…, and the fields' texts

What is left of the line is read as JSON. In it, whatever stands for a span must be where spans
are, or the line is not taken. A span that is written otherwise stays in the line and is read like
any other JSON, behind the others. A line with anything but spans is not taken; nothing has changed
then.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

from slogate.sources._otlp.json.from_json import CAMEL, OTHER_KINDS, SPANS, resources, spans
from slogate.sources._otlp.json.grammar import FIELDS, Grammar, span_expression
from slogate.sources._otlp.json.span_columns import SpanColumns
from slogate.sources._otlp.settings import Settings
from slogate.sources._otlp.taker import Taker
from slogate.sources._otlp.telemetry import Malformed

PLAIN = b'{"resourceSpans":'
# what stands for a span: no number, so that it is never what an exporter writes
_MARK, _SPAN = "-Infinity", object()
_READ = json.JSONDecoder(
    parse_constant={_MARK: _SPAN, "Infinity": math.inf, "NaN": math.nan}.__getitem__
)


@dataclass(slots=True)
class SpanLines:
    """Takes lines one by one; remembers what their spans repeat."""

    _columns: dict[tuple[str, Settings], SpanColumns] = field(default_factory=dict)

    def take(self, taker: Taker, line: bytes | bytearray) -> bool:
        """Take the spans of a line; whether it could be taken this way."""
        chosen = taker.settings
        try:
            text = line.decode()
            blank = " " if text.startswith(" ", len(PLAIN)) else ""
            columns, found = _found(text, blank)
            of = self._columns.get((blank, chosen))
            if of is None:
                of = self._columns[blank, chosen] = SpanColumns(Grammar(blank), chosen)
            whose = [
                at for at, (*_, items, _) in enumerate(found) for item in items if item is _SPAN
            ]
            taken = of.take(columns, whose, [resource for resource, *_ in found])
        except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
            return False
        if taken.others:
            taker.losses.left_out[OTHER_KINDS] += taken.others
        if taken.columns.of:
            taker.columns(taken.columns)
        left = [[item for item in items if item is not _SPAN] for _, _, items, _ in found]
        for at, item in taken.odd:
            left[at].append(item)
        for (resource, *_), odd in zip(found, left, strict=True):
            if odd:
                taker.spans(resource, spans(odd, CAMEL, chosen.kinds, chosen.wanted, taker.losses))
        return True


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
