"""A run that could end early, in words: why it ended, and the bounds of each look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from slogate import units
from slogate.verdict import Verdict

_LEAST = 1e-5


def as_early(value: Any) -> Mapping[str, Any]:
    """What a document says of its looks; ValueError, TypeError or KeyError for what none says."""
    _need(value, {"reason": str, "stopped": bool, "looks": list})
    for look in value["looks"]:
        _need(look, {"look": int, "objectives": list})
        _numbers(look["share"], look["after_seconds"])
        for each in look["objectives"]:
            _need(each, {"id": str, "outcome": str})
            low, high = each["interval"] or (None, None)
            _numbers(each["alpha"])
            for number in (low, high, each["observed"], each["required"]):
                _numbers(number or 0)
    return {**value}


def _need(value: Any, types: Mapping[str, type]) -> None:
    if not isinstance(value, dict):
        raise TypeError("a look is no object")
    for key, kind in types.items():
        if type(value[key]) is not kind:
            raise TypeError(f"{key} of a look is {value[key]!r}")


def _numbers(*values: Any) -> None:
    for value in values:
        if type(value) not in {int, float} or not isfinite(value):
            raise TypeError(f"{value!r} of a look is no number")


def title(verdict: Verdict) -> str | None:
    """Why it ended when it did; None for a run that could not end early."""
    told: Mapping[str, Any] | None = verdict.early_stop
    return None if told is None else f"Early stop: {told['reason']}"


def sentences(verdict: Verdict) -> Iterator[str]:
    """A bullet a look, with what it decided, what it left open, and by which bounds."""
    told: Mapping[str, Any] = verdict.early_stop or {}
    for look in told.get("looks", ()):
        found = [_found(each, verdict) for each in look["objectives"]]
        share, after = units.format_share(look["share"]), units.format_span(look["after_seconds"])
        yield f"look {look['look']} at {share}, after {after}: {'; '.join(found) or 'nothing left'}"


def _found(each: Mapping[str, Any], verdict: Verdict) -> str:
    name = next((f.id.removeprefix(f"{f.service}/") for f in verdict.findings
                 if f.id == each["id"]), each["id"])  # fmt: skip
    said = {"pass": "pass", "fail": "FAIL"}.get(each["outcome"], "open")
    if each["interval"] is None or each["required"] is None:
        return f"{name} {said}"
    low, high = each["interval"]
    # good shares go down where bad ones go up
    bad, least, most = (_share(1 - good) for good in (each["observed"], high, low))
    allowed = units.format_share(1 - each["required"], 9)
    return f"{name} {said}: {bad} bad ({least}–{most}), {allowed} allowed"


def _share(value: float) -> str:
    """A share, of which less than a hundred-thousandth is none."""
    return units.format_share(value if value >= _LEAST else 0.0)
