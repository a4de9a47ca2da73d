"""A history as a document for machines: `slogate.history/v1`.

Values are those of the verdict documents, in their units, never rounded; moments are ISO 8601, UTC.
It holds no wall clock: the same verdicts and the same known changes give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from slogate.history.course import Course, Revision
from slogate.history.entry import Entry
from slogate.history.shifts import Shift
from slogate.reports._base import instant
from slogate.reports._price import Price, price_of

SCHEMA = "slogate.history/v1"
_COPIED = ("text", "limit", "observed", "observed_text", "interval", "good", "total", "good_share",
           "design_effect", "effective_n", "reason")  # fmt: skip
_BUDGET = ("spent", "remaining", "burn_rate", "frozen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of one objective: its course, the changes of its level, so many newest rows."""

    course: Course
    shifts: tuple[Shift, ...]
    rows: int

    @property
    def shown(self) -> list[tuple[Entry, int | None]]:
        """The newest entries with the numbers of their revisions."""
        pairs = list(zip(self.course.entries, self.course.numbers(), strict=True))
        return pairs[-self.rows :]


def document(told: Sequence[Told], *, version: str) -> dict[str, Any]:
    """The whole history, objectives by id."""
    return {
        "schema": SCHEMA,
        "version": version,
        "new_changes": sum(s.status == "new" for each in told for s in each.shifts),
        "objectives": [_objective(each) for each in told],
    }


def _objective(told: Told) -> dict[str, Any]:
    last, finding = told.course.last, told.course.last.finding()
    return {
        "id": last.objective,
        "service": last.service,
        "name": finding.name,
        "kind": finding.kind,
        "endpoint": finding.endpoint,
        "unit": last.unit,
        "verdicts": len(told.course.entries),
        "revisions": [_revision(each) for each in told.course.revisions()],
        "changes": [_shift(each) for each in told.shifts],
        "rows": [row(entry, number) for entry, number in told.shown],
    }


def _revision(revision: Revision) -> dict[str, Any]:
    return {
        "number": revision.number,
        "revision": revision.hash,
        "since": _where(revision.since),
        "definition": revision.definition,
        "changed": [
            {"what": what, "before": before, "after": after}
            for what, before, after in revision.changed
        ],
    }


def _shift(shift: Shift) -> dict[str, Any]:
    return {
        "status": shift.status,
        "before": _finite(shift.before),
        "after": _finite(shift.after),
        "ratio": shift.ratio,
        "last": _where(shift.last),
        "first": _where(shift.first),
        "earliest": _where(shift.earliest),
        "latest": _where(shift.latest),
        "commits": [shift.last.commit, shift.first.commit],
        "reason": None if shift.known is None else shift.known.reason,
    }


def _where(entry: Entry) -> dict[str, Any]:
    return {
        "run": entry.run,
        "time": instant(entry.ts),
        "commit": entry.commit,
        "branch": entry.branch,
    }


def row(entry: Entry, number: int | None) -> dict[str, Any]:
    """One verdict on the objective."""
    finding = entry.finding()
    budget = finding.budget
    return {
        "verdict": entry.verdict,
        **_where(entry),
        "labels": dict(sorted(entry.labels.items())),
        "revision": number,
        "outcome": entry.outcome.value,
        "blocking": finding.blocking,
        **{key: entry.found[key] for key in _COPIED},
        "floor": _price(price_of(finding)),
        "budget": None if budget is None else {key: budget.get(key) for key in _BUDGET},
    }


def _price(price: Price | None) -> Mapping[str, Any] | None:
    if price is None:
        return None
    return {
        "value": price.floor,
        "runs": list(price.runs),
        "good_share_without": list(price.without),
        "outcome_without": price.outcome_without.value,
        "load": price.load,
    }


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
