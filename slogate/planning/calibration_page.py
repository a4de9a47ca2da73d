"""A calibration for people and for machines (`slogate.calibration/v1`)."""

from __future__ import annotations

from typing import Any

from slogate.planning.calibration import Calibration, Rate, Trial
from slogate.units import format_count, format_share
from slogate.verdict import Outcome

SCHEMA = "slogate.calibration/v1"
HEAD_BUDGETS = ("budget", "pass", "inconclusive", "fail")
HEAD_CHANGES = ("measure", "runs differ by", "a build sees", "called worse", "point rule")


def grounds(found: Calibration) -> str:
    """What it stands on."""
    runs, left = len(found.past.shown), len(found.past.left_out)
    out = f"; {left} unusable left out" if left else ""
    requests = sum(each.run.rows.written for each in found.past.shown)
    return f"{found.service}: {runs} runs of the same, {format_count(requests)} requests{out}\n"


def rows_of_budgets(found: Calibration) -> list[list[Any]]:
    """How often each budget came out how, under `HEAD_BUDGETS`."""
    return [
        [name.partition("/")[2], *(counts[it] for it in (
            Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.FAIL,
        ))]
        for name, counts in found.outcomes.items()
    ]  # fmt: skip


def rows_of_changes(found: Calibration) -> list[list[str]]:
    """How much runs differ, and what a build sees, under `HEAD_CHANGES`."""
    return [
        [
            _name(trial),
            format_share(trial.between, 2),
            f"+{format_share(trial.sees, 2)}",
            f"{trial.worse.alarms} of {trial.worse.tries}",
            "" if trial.point is None else f"{trial.point.alarms} of {trial.point.tries}",
        ]
        for trial in found.trials
    ]


def _name(trial: Trial) -> str:
    return f"{trial.line.scope.name}/{trial.line.key}"


def told(found: Calibration) -> list[str]:
    """What follows, sentence by sentence."""
    if found.any_worse is None:
        return ["too few usable runs to tell how they differ: at least 4 are needed"]
    sentences = [
        f"any change to the worse, Holm over {len(found.trials)} measures: {_rate(found.any_worse)}"
    ]
    if found.over_budget is not None:
        sentences.append(f"worse than a regression budget allows: {_rate(found.over_budget)}")
    if found.point is not None:
        sentences.append(f"by the point rule, over 10% worse than before: {_rate(found.point)}")
    relative = [trial for trial in found.trials if trial.line.kind != "errors" and trial.sees > 0]
    if relative:
        best = min(relative, key=lambda trial: trial.sees)
        sentences.append(
            "the smallest change that one run against ten shows nine times in ten: "
            f"+{format_share(best.sees, 2)}, of {_name(best)}"
        )
    return sentences


def _rate(rate: Rate) -> str:
    low, high = (format_share(end, 2) for end in rate.interval)
    share = format_share(rate.share, 2)
    alarms = "1 false alarm" if rate.alarms == 1 else f"{rate.alarms} false alarms"
    return f"{alarms} in {rate.tries} runs, {share} ({low} to {high})"


def document(found: Calibration, label: str, version: str) -> dict[str, Any]:
    """The calibration as plain data, keys in their fixed order."""
    return {
        "schema": SCHEMA,
        "version": version,
        "service": found.service,
        "calibration": label,
        "runs": [each.run.id for each in reversed(found.past.shown)],
        "left_out": [{"run": run, "reason": reason} for run, reason in found.past.left_out],
        "false_alarms": {
            "any_change": _document_of(found.any_worse),
            "over_budget": _document_of(found.over_budget),
            "point_rule": _document_of(found.point),
        },
        "budgets": {
            name: {outcome.value: counts[outcome] for outcome in Outcome if counts[outcome]}
            for name, counts in found.outcomes.items()
        },
        "measures": [
            {
                "budget": trial.line.scope.name,
                "key": trial.line.key,
                "runs": trial.runs,
                "between_runs": trial.between,
                "sees": trial.sees,
                "any_change": _document_of(trial.worse),
                "point_rule": _document_of(trial.point),
            }
            for trial in found.trials
        ],
    }


def _document_of(rate: Rate | None) -> dict[str, Any] | None:
    if rate is None:
        return None
    return {
        "alarms": rate.alarms, "runs": rate.tries, "share": rate.share,
        "interval": list(rate.interval),
    }  # fmt: skip
