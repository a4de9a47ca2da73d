"""`indicator:` of an SLO: queries of a metrics source, in place of `good:` over stored requests.

Good or bad events with all events, a ratio that is reckoned elsewhere, or a value with its
threshold. What a query says is free in form, each kind of source has its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slogate.slo.document import Node, Scalar, Table
from slogate.slo.fields import At, Field, Fields, Shape, described, listing, mapping
from slogate.slo.shapes import choice, flag, name
from slogate.slo.writing import plain

PROSE = 1_050
_MEASURES = (
    {"good", "total"},
    {"bad", "total"},
    {"raw", "raw_type"},
    {"threshold", "op", "value"},
)


def prose() -> Shape:
    """A text of any number of lines."""

    def read(node: Node, at: At) -> Any:
        if isinstance(node, Scalar) and node.kind == "string" and 0 < len(node.text) <= PROSE:
            return node.text
        return at.wrong(node, f"a text of at most {PROSE:,} characters is expected")

    return Shape(read=read, schema={"type": "string", "minLength": 1, "maxLength": PROSE})


def free() -> Shape:
    """Keys and values of any form."""

    def read(node: Node, at: At) -> Any:
        if isinstance(node, Table) and node.pairs:
            return plain(node)
        return at.wrong(node, f"keys and values are expected, not {described(node)}")

    return Shape(read=read, schema={"type": "object", "minProperties": 1})


def _number() -> Shape:
    """A number, as it is written."""

    def read(node: Node, at: At) -> Any:
        if isinstance(node, Scalar) and node.kind == "number":
            return plain(node)
        return at.wrong(node, f"a number is expected, not {described(node)}")

    return Shape(read=read, schema={"type": "number"})


_SOURCE = Fields(
    named={
        "type": Field(shape=name("a type"), help="prometheus, or another type of source"),
        "source": Field(shape=name("a source"), help="the DataSource of that name"),
        "spec": Field(shape=free(), help="the query, as its source wants it", required=True),
    }
)
_INDICATOR = Fields(
    named={
        "good": Field(shape=mapping(_SOURCE), help="query of the good events"),
        "bad": Field(shape=mapping(_SOURCE), help="query of the bad events"),
        "total": Field(shape=mapping(_SOURCE), help="query of all events"),
        "counter": Field(shape=flag(), help="whether the queries count up without end"),
        "raw": Field(shape=mapping(_SOURCE), help="query of a ratio that is reckoned elsewhere"),
        "raw_type": Field(shape=choice("success", "failure"), help="what that ratio is of"),
        "threshold": Field(shape=mapping(_SOURCE), help="query of a value"),
        "op": Field(shape=choice("lte", "gte", "lt", "gt"), help="how a good value compares"),
        "value": Field(shape=_number(), help="with what a good value is compared"),
    }
)


def indicator_shape() -> Shape:
    """The table under `indicator:`."""
    return mapping(_INDICATOR)


def check_measure(found: Mapping[str, Any], node: Node, at: At) -> None:
    """An SLO says what is good of the store's requests, or has a complete indicator instead."""
    if "indicator" not in found:
        if "good" not in found:
            at.wrong(node, "'good' is missing", "good: ok and duration <= 400ms")
        return
    for key in ("good", "endpoint", "where"):
        place = node.get(key) if isinstance(node, Table) else None
        if place is not None:
            at.key(key).wrong(place, f"'{key}' has no meaning with an indicator")
    if {key for key in found["indicator"] if key != "counter"} not in _MEASURES:
        place = node.get("indicator") if isinstance(node, Table) else None
        ways = "good and total; bad and total; raw and raw_type; threshold, op and value"
        at.key("indicator").wrong(place or node, "no complete indicator", ways)
    for side, source in found["indicator"].items():
        if isinstance(source, dict) and not {"type", "source"} & source.keys():
            place = node.get("indicator") if isinstance(node, Table) else None
            here = at.key("indicator").key(side)
            here.wrong(place or node, "neither a type nor a source is told", "type: prometheus")


def objects_shape() -> Shape:
    """The list under `openslo:` at the top: whole objects."""
    return listing(free())
