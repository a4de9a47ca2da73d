"""What a test in turns found, as the plain data that a verdict carries and reports draw from.

All lines, judged or only shown, and how far whole distributions moved: the change of percentiles
from end to end, each with its own interval, of which no error is claimed for all together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slogate.comparing import sentences
from slogate.comparing.contest import Compared
from slogate.comparing.findings import comparison_of
from slogate.comparing.turns import InTurns
from slogate.units import US_PER_SECOND

_LINE = ("unit", "base", "head", "change", "change_interval", "pairs", "moved")


def shown(found: InTurns) -> Mapping[str, Any]:
    """The comparison of base and head in turns; values in the document's units."""
    contest, mark = found.contest, found.contest.mark
    if mark is None:
        raise ValueError("a comparison in turns has an order of turns")
    return {
        "base": mark.words,
        "base_run": mark.other,
        "seed": mark.seed,
        "slice_seconds": mark.slice_us / US_PER_SECOND,
        "settle_seconds": mark.settle_us / US_PER_SECOND,
        "pairs": max((each.units[0] for each in found.lines), default=0),
        "notes": list(sentences.design(contest)),
        "lines": [_line(each) for each in found.lines],
        "shifts": _shifts(found.shifts),
    }


def _endpoint(found: Compared) -> str | None:
    endpoint = found.line.scope.selection.endpoint
    return str(found.line.scope.selection) if endpoint or found.line.scope.selection.where else None


def _line(found: Compared) -> dict[str, Any]:
    compared = comparison_of(found)
    return {
        "endpoint": _endpoint(found),
        "key": found.line.key,
        "outcome": None if found.outcome is None else found.outcome.value,
        "budget": None if found.line.budget is None else float(found.line.budget),
        **{key: compared[key] for key in _LINE},
        "reason": found.reason,
    }


def _shifts(found: Sequence[Compared]) -> list[dict[str, Any]]:
    """A list of points for each scope that has any."""
    by_scope: dict[object, list[Compared]] = {}
    for each in found:
        scope = each.line.scope
        key = (scope.selection, scope.failures, scope.warmup_us)
        by_scope.setdefault(key, []).append(each)
    told = [
        {
            "endpoint": _endpoint(group[0]),
            "points": [
                {
                    "quantile": float(each.line.quantile or 0),
                    "change": each.change,
                    "change_interval": list(each.interval),
                }
                for each in group
                if each.change is not None and None not in each.interval
            ],
        }
        for group in by_scope.values()
    ]
    return [each for each in told if each["points"]]
