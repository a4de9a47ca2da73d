"""Base and head that took turns in one test, in words: what every report says of it.

A line for everything that was compared and has a change, judged or not, the worst first; and what
got better or worse for sure. The numbers come with the verdict; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from slogate import units
from slogate.verdict import Finding, Verdict

Line = Mapping[str, Any]
_UNITS = {"ms", "share", "per_second"}


def as_turns(value: Any) -> Mapping[str, Any]:
    """What a document says of a test in turns; ValueError or KeyError for what none says."""
    _need(value, {"base": str, "base_run": str, "pairs": int, "lines": list, "shifts": list})
    for line in value["lines"]:
        _need(line, {"key": str, "reason": str})
        if line["unit"] not in _UNITS:
            raise ValueError("a line of a comparison has an unknown unit")
        _texts(line["endpoint"], line["moved"], line["outcome"])
        _numbers(*(line[key] for key in ("base", "head", "change", "budget")))
        _interval(line["change_interval"])
    for shift in value["shifts"]:
        _texts(shift["endpoint"])
        _need(shift, {"points": list})
        for point in shift["points"]:
            _need(point, {"quantile": (int, float), "change": (int, float)})
            _interval(point["change_interval"])
            if None in point["change_interval"] or not shift["points"]:
                raise ValueError("a shift without an interval")
    return {**value}


def _need(value: Any, types: Mapping[str, Any]) -> None:
    if not isinstance(value, dict):
        raise TypeError("a comparison is no object")
    for key, kind in types.items():
        if not isinstance(value[key], kind) or isinstance(value[key], bool):
            raise TypeError(f"{key} of a comparison is {value[key]!r}")


def _texts(*values: Any) -> None:
    if not all(value is None or isinstance(value, str) for value in values):
        raise TypeError("a name of a comparison is no text")


def _numbers(*values: Any) -> None:
    for value in values:
        if value is not None and (type(value) not in {int, float} or not isfinite(value)):
            raise TypeError(f"{value!r} of a comparison is no number")


def _interval(value: Any) -> None:
    low, high = value
    _numbers(low, high)


def title(verdict: Verdict) -> str | None:
    """`Base against head, in 23 pairs of slices`; None where there was no such test."""
    told = verdict.interleaved
    return None if told is None else f"Head against base, in {told['pairs']} pairs of slices"


def lines(verdict: Verdict) -> list[Line]:
    """What was compared and has a change, in the order of the spec."""
    told: Mapping[str, Any] = verdict.interleaved or {}
    return [line for line in told.get("lines", ()) if line["change"] is not None]


def line_of(finding: Finding) -> Line | None:
    """Base and head of a regression; None where they are not known, or oddly told."""
    told: Line = finding.comparison or {}
    try:
        _numbers(*(told[key] for key in ("base", "head", "change")))
        _interval(told["change_interval"])
        known = told["unit"] in _UNITS and None not in {told["base"], told["head"]}
    except (KeyError, TypeError, ValueError):
        return None
    return told if known else None


def sentences(verdict: Verdict) -> Iterator[str]:
    """A bullet a line: `p95 of GET /browse: 42 ms → 43 ms, +2.4% (−3% to +8%), ≤ 10% allowed`."""
    for line in lines(verdict):
        ends = interval(line)
        budget = "" if line["budget"] is None else f", ≤ {allowed(line)} allowed"
        yield (
            f"{what(line)}: {value(line, line['base'])} → {value(line, line['head'])}, "
            f"{changed(line, line['change'])}{f' ({ends})' if ends else ''}{budget}"
            f"{sure(line)}"
        )


def sure(line: Line) -> str:
    """What is certain of it, whatever the budget."""
    moved = line["moved"]
    if moved is None:
        return ""
    fast = line["unit"] == "ms"
    word = {("better", True): "faster", ("worse", True): "slower"}.get((moved, fast), moved)
    return f"; {word} for sure"


def what(line: Line) -> str:
    """The line in words."""
    return f"{line['key']} of {line['endpoint'] or 'the service'}"


def value(line: Line, number: float | None) -> str:
    """A value in its unit."""
    if number is None:
        return "–"
    if line["unit"] == "ms":
        return units.format_duration(number * 1000)
    return units.format_share(number) if line["unit"] == "share" else units.format_rate(number)


def changed(line: Line, number: float | None) -> str:
    """`+12.3%`; of shares of requests `+0.31 points`."""
    text = signed(number)
    return f"{text.removesuffix('%')} points" if line["unit"] == "share" else text


def allowed(line: Line) -> str:
    """The budget, exact."""
    text = units.format_share(line["budget"], 9)
    return f"{text.removesuffix('%')} points" if line["unit"] == "share" else text


def interval(line: Line) -> str:
    """`−2.1% to +14%`; empty where neither end is known."""
    low, high = line["change_interval"]
    if low is None and high is None:
        return ""
    ends = ["−∞" if low is None else signed(low), "+∞" if high is None else signed(high)]
    if line["unit"] == "share":
        ends = [end.removesuffix("%") for end in ends]
    return " to ".join(ends)


def signed(number: float | None) -> str:
    """`+12.3%`, `−4%`."""
    if number is None:
        return "–"
    sign = "+" if number > 0 else "−" if number < 0 else "±"
    return f"{sign}{units.significant(abs(number) * 100, 3)}%"


def row(line: Line) -> Sequence[str]:
    """Its cells: what, base, head, change, interval, budget, for sure."""
    return (
        what(line),
        value(line, line["base"]),
        value(line, line["head"]),
        changed(line, line["change"]),
        interval(line),
        "" if line["budget"] is None else f"≤ {allowed(line)}",
        sure(line).removeprefix("; "),
    )


HEAD = ("what", "base", "head", "change", "interval", "budget", "for sure")
