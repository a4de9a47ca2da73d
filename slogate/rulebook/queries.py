"""An SLO's own queries of Prometheus as functions of the length of time.

As Sloth has it, `{{.window}}` stands for that length: `sum(rate(x[{{.window}}]))`. A metric alone,
or the sum of one (as Pyrra and OpenSLO write it), is a counter: its growth is counted. Queries of
rates are multiplied by the length, so that the rules know of how many events they speak. What has
a range of its own (`rate(x[5m])`) would be that of every window, and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slogate.rulebook.good import Inexpressible
from slogate.rulebook.measure import Measure, Query
from slogate.rulebook.promql import is_balanced, is_label, length, number
from slogate.units import US_PER_SECOND, parse_duration

_WINDOW = re.compile(r"\{\{-?\s*\.window\s*-?\}\}")
_STRING = r'"(?:\\.|[^"\\\n])*"' + r"|'(?:\\.|[^'\\\n])*'" + r"|`[^`]*`"
_SELECTOR = rf"(?:[a-zA-Z_:][a-zA-Z0-9_:]*\s*(?:\{{(?:[^{{}}\"'`]|{_STRING})*\}})?|\{{(?:[^{{}}\"'`]|{_STRING})+\}})"  # noqa: E501
_BARE = re.compile(rf"\s*({_SELECTOR})\s*")
_SUMMED = re.compile(rf"\s*(sum(?:\s*(?:by|without)\s*\([\w\s,]*\))?)\s*\(\s*({_SELECTOR})\s*\)\s*")
_RATE = re.compile(r"\bi?rate\s*\(")
_INCREASE = re.compile(r"\bincrease\s*\(")
_RANGE = re.compile(r"\[[^\]]*\]")
_SIGNS = {"lte": "<=", "gte": ">=", "lt": "<", "gt": ">"}
_FOREIGN = "its queries are for {}, not for Prometheus"


def measure_of_queries(indicator: Mapping[str, Any]) -> Measure:
    """What an `indicator:` counts; Inexpressible where no rule can."""
    for side in ("good", "bad", "total", "raw", "threshold"):
        kind = indicator.get(side, {}).get("type", "prometheus")
        if kind.lower() != "prometheus":
            raise Inexpressible(_FOREIGN.format(kind))
    if "threshold" in indicator:
        return _state(indicator)
    if "raw" in indicator:
        return _ratio(indicator)
    part = "good" if "good" in indicator else "bad"
    total = _events(indicator["total"])
    if "latency" in indicator[part]["spec"]:
        total = _native(indicator["total"], None)
    counted = _events(indicator[part])
    return Measure(total=total, good=counted if part == "good" else None,
                   bad=counted if part == "bad" else None)  # fmt: skip


def _text(source: Mapping[str, Any]) -> str:
    """The query as it was written."""
    spec = source["spec"]
    found = next((spec[key] for key in ("query", "promql", "metric") if key in spec), None)
    if not isinstance(found, str) or not found.strip():
        raise Inexpressible("a source of Prometheus needs a query", "spec: {query: …}")
    if not is_balanced(_WINDOW.sub("1m", found)):
        raise Inexpressible("a bracket or a text of its query does not end, or does not begin")
    return found.strip()


def _events(source: Mapping[str, Any]) -> Query:
    """The number of events of a length of time."""
    if "latency" in source["spec"]:
        return _native(source, str(source["spec"]["latency"]))
    text = _text(source)
    if (counted := _counter(text, source)) is not None:
        return counted
    _check_windowed(text)
    rates = _RATE.search(text) is not None and _INCREASE.search(text) is None

    def query(us: int) -> str:
        filled = _filled(text, us)
        return f"{filled} * {number(us / US_PER_SECOND)}" if rates else filled

    return query


def _counter(text: str, source: Mapping[str, Any]) -> Query | None:
    """The growth of a metric that is named alone, or summed up."""
    if (bare := _BARE.fullmatch(text)) is not None:
        summed, chosen = _grouped(source), bare[1]
    elif (found := _SUMMED.fullmatch(text)) is not None:
        summed, chosen = found[1], found[2]
    else:
        return None
    return lambda us: f"{summed} (increase({chosen}[{length(us)}]))"


def _native(source: Mapping[str, Any], limit: str | None) -> Query:
    """The events of a native histogram, those within the limit."""
    found = _BARE.fullmatch(_text(source))
    if found is None:
        raise Inexpressible("a native histogram is named by its metric alone")
    summed, chosen = _grouped(source), found[1]
    try:
        seconds = None if limit is None else parse_duration(limit) / US_PER_SECOND
    except ValueError as error:
        raise Inexpressible(str(error)) from None

    def query(us: int) -> str:
        histogram = f"{summed} (increase({chosen}[{length(us)}]))"
        count = f"histogram_count({histogram})"
        if seconds is None:
            return count
        return f"histogram_fraction(0, {number(seconds)}, {histogram}) * ({count} > 0)"

    return query


def _grouped(source: Mapping[str, Any]) -> str:
    """The sum, for each value of the labels that Pyrra groups by."""
    grouping = source["spec"].get("grouping") or []
    wrong = [label for label in grouping if not (isinstance(label, str) and is_label(label))]
    if wrong:
        raise Inexpressible(f"'{wrong[0]}' cannot be the name of a label in Prometheus")
    return f"sum by ({', '.join(grouping)})" if grouping else "sum"


def _ratio(indicator: Mapping[str, Any]) -> Measure:
    """The share of bad events that is reckoned elsewhere."""
    text = _text(indicator["raw"])
    if not _WINDOW.search(text) and _RANGE.search(text):
        _check_windowed(text)

    def query(us: int) -> str:
        filled = _filled(text, us)
        if not _WINDOW.search(text):
            filled = f"avg_over_time({filled}[{length(us)}:])"
        return filled if indicator["raw_type"] == "failure" else f"1 - {filled}"

    note = "the query tells a ratio and not of how many events: no guard against low traffic"
    return Measure(ratio=query, notes=(note,))


def _state(indicator: Mapping[str, Any]) -> Measure:
    """1 while the value is not what it should be, else 0."""
    text, sign = _text(indicator["threshold"]), _SIGNS[indicator["op"]]
    value = number(float(indicator["value"]))

    def query(us: int) -> str:
        return f"1 - ({_filled(text, us)} {sign} bool {value})"

    return Measure(ratio=query, moment=True)


def _check_windowed(text: str) -> None:
    if _WINDOW.search(text):
        return
    raise Inexpressible(
        "its query does not say where the window belongs",
        "write {{.window}} for the length of time: sum(rate(x[{{.window}}]))",
    )


def _filled(text: str, us: int) -> str:
    """The query for that length, in brackets of its own that no comment can swallow."""
    filled = _WINDOW.sub(length(us), text)
    if "\n" in filled or "#" in filled:
        inner = "\n".join(f"  {line.rstrip()}" for line in filled.split("\n") if line.strip())
        return f"(\n{inner}\n)"
    return f"({filled})"
