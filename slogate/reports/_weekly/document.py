"""The week as a document for machines: `slogate.weekly/v1`.

Shares are of 1, moments ISO 8601 in UTC, nothing is rounded, and nothing reads a clock: the same
series, verdicts, specs and moment give the same bytes. What is not known is null, never 0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from slogate.model.calendar import Period
from slogate.reports._base import instant
from slogate.reports._budget import budget_of, is_figures
from slogate.reports._weekly import loads, words
from slogate.reports._weekly.week import LoadRun, Row, State, Week, good_of, left_of
from slogate.units import US_PER_SECOND
from slogate.verdict import Finding, Outcome

SCHEMA = "slogate.weekly/v1"
_BUDGET = (
    "unit", "bad", "total", "allowed", "spent", "remaining", "allowed_minutes",
    "remaining_minutes", "burn_rate", "frozen",
)  # fmt: skip


def document(week: Week) -> dict[str, Any]:
    """The whole report, keys in their fixed order, promises and runs the worst first."""
    rows = week.worst_first
    unknown = (State.UNREAD, State.INVALID, State.NO_DATA, State.INCONCLUSIVE)
    return {
        "schema": SCHEMA,
        "version": week.version,
        "window": _period(week.span),
        "compared_with": _period(week.weeks[-2]) if week.compared else None,
        "state": _state(week),
        "conclusion": words.conclusion(week),
        "promises": {
            "total": len(rows),
            "kept": week.count(State.KEPT),
            "broken": week.count(State.BROKEN),
            "unknown": week.count(*unknown),
        },
        "complete": not week.troubles and not week.count(State.UNREAD),
        "troubles": list(week.troubles),
        "notes": list(week.notes),
        "unpromised": list(week.unpromised),
        "slos": [_row(row, week) for row in rows],
        "runs": {
            **_runs(week.runs),
            "previous": _runs(week.runs_before) if week.compared else None,
            "without_pass": [_run(run) for run in loads.without_pass(week)],
        },
    }


def text(week: Week) -> str:
    """The document as JSON; half a character, as odd names have, is written as an escape."""
    shown = json.dumps(document(week), indent=2, ensure_ascii=False, allow_nan=False)
    return shown.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def _state(week: Week) -> str:
    return "nothing_promised" if not week.rows and not week.troubles else week.state.value


def _period(period: Period) -> dict[str, Any]:
    return {
        "start": instant(period.start_ts),
        "end": instant(period.end_ts),
        "seconds": period.length_us // US_PER_SECOND,
    }


def _row(row: Row, week: Week) -> dict[str, Any]:
    now = row.now
    return {
        "id": row.id,
        "service": row.service,
        "owner": row.owner,
        "state": row.state.value,
        "outcome": None if now is None else now.outcome.value,
        "severity": None if now is None else now.severity,
        "reason": words.reason(row),
        "promised": row.promised,
        "window": row.window,
        "source": row.source,
        "spec": row.place,
        "week": _alone(row.week),
        "week_burn_rate": row.burn,
        "week_spent": row.spent,
        "previous_week": _alone(row.weeks[-2]) if week.compared else None,
        "budget": _budget(now),
        "budget_change": words.change(row) if week.compared else None,
        "forecast": _plain(words.forecast_of(row)),
        "remarks": list(words.remarks(row)),
        "course": [
            {
                **_period(period),
                "outcome": None if alone is None else alone.outcome.value,
                "good_share": good_of(alone),
                "remaining": left_of(end),
            }
            for period, alone, end in zip(week.weeks, row.weeks, row.ends, strict=True)
        ],
    }


def _alone(finding: Finding | None) -> dict[str, Any] | None:
    """One week by itself."""
    if finding is None:
        return None
    budget = budget_of(finding)
    best: Any = (budget or {}).get("best_case")
    return {
        "outcome": finding.outcome.value,
        "good_share": good_of(finding),
        "good_share_best": 1 - best["spent"] * finding.limit if is_figures(best, "spent") else None,
        "unit": None if budget is None else budget.get("unit"),
        "bad": None if budget is None else budget.get("bad"),
        "total": 0 if budget is None else budget.get("total"),
        "reason": finding.reason,
    }


def _budget(finding: Finding | None) -> dict[str, Any] | None:
    budget = None if finding is None else budget_of(finding)
    if budget is None:
        return None
    best: Any = budget.get("best_case")
    policy: Any = budget.get("policy")
    return {
        **{key: budget.get(key) for key in _BUDGET},
        "remaining_best": best["remaining"] if is_figures(best, "remaining") else None,
        "policy": policy.get("message") if isinstance(policy, Mapping) else None,
    }


def _plain(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if found is None else {
        key: found[key] for key in ("label", "days", "spent", "interval", "exhausted")
    }  # fmt: skip


def _runs(runs: Sequence[LoadRun]) -> dict[str, int]:
    passed, failed = (sum(r.outcome is o for r in runs) for o in (Outcome.PASS, Outcome.FAIL))
    judged = sum(run.outcome is not None for run in runs)
    return {
        "total": len(runs),
        "passed": passed,
        "failed": failed,
        "no_verdict": judged - passed - failed,
        "not_judged": len(runs) - judged,
    }


def _run(run: LoadRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "service": run.service,
        "start": instant(run.ts),
        "outcome": None if run.outcome is None else run.outcome.value,
        "ended": run.trouble,
        "reasons": list(run.reasons),
    }
