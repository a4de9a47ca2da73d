"""Every folder here is a spec and what is said of it: its faults, or how it is understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from slogate.errors import SpecError
from slogate.objectives._base import Allowance, Objective
from slogate.promises.promise import Promise
from slogate.slo.lint import lint
from slogate.slo.load import load_specs
from slogate.slo.rules import Planned
from slogate.slo.spec import Spec

HERE = Path(__file__).parent
CASES = sorted(path.parent.name for path in HERE.glob("*/spec.yaml"))
NOW_TS = 1_795_500_000_000_000  # 2026-11-24
PLANNED = Planned(run_us=45_000_000, rate=100.0)


def _objective(objective: Objective) -> str:
    scope = objective.scope
    lines = [
        f"{objective.place.line}:{objective.place.column} {objective.id}: {objective.text}",
        f"  kind {objective.kind}, limit {objective.limit}, quantile {objective.quantile}",
        f"  of {scope.selection}, success {scope.selection.success}",
        f"  failures {scope.failures}, warm-up {scope.warmup_us}, confidence {scope.confidence}",
        f"  {scope.severity}, inconclusive {scope.on_inconclusive}, no data {scope.on_no_data}",
        f"  judge {scope.judge}, waiver {scope.waiver}",
    ]
    return "\n".join(lines)


def _allowance(it: Allowance) -> str:
    place = it.place
    assert place is not None
    return (
        f"{place.line}:{place.column} {it.id}: {it.text} against {it.against}\n"
        f"  kind {it.kind}, budget {it.budget}, quantile {it.quantile}, of {it.scope.selection}"
    )


def _promise(promise: Promise) -> str:
    lines = [
        f"{promise.place.line}:{promise.place.column} {promise.id}: {promise.objective}",
        f"  over {promise.window}, {promise.budgeting} by {promise.by}",
        f"  slices {promise.slice_us} of {promise.slice_objective}, empty {promise.empty}",
        f"  of {promise.selection}, good {promise.selection.success}",
        f"  {promise.severity}, no data {promise.on_no_data}, min events {promise.min_events}",
        *(f"  alert {pair}" for pair in promise.alerts),
        *(f"  policy {rule}" for rule in promise.policy),
        *(f"  correction {correction}" for correction in promise.corrections),
    ]
    return "\n".join(lines)


def _spec(spec: Spec) -> str:
    lines = [
        f"service {spec.service}, owner {spec.owner}, labels {dict(spec.labels)}",
        *(_objective(objective) for objective in spec.objectives),
        *(_allowance(each) for each in spec.regressions),
        *(_promise(promise) for promise in spec.promises),
        *(f"unsupported: {fault}" for fault in spec.unsupported),
        *(str(remark) for remark in lint(spec, now_ts=NOW_TS, planned=PLANNED)),
    ]
    return "\n".join(lines)


def _said_of(text: str) -> str:
    try:
        specs = load_specs([("spec.yaml", text)])
    except SpecError as error:
        return f"{error}\n"
    return "".join(f"{_spec(spec)}\n" for spec in specs)


@pytest.mark.parametrize("case", CASES)
def test_spec_is_understood_or_refused_as_written_down(case: str, update: bool) -> None:
    """The faults with their places, or the objectives and remarks, are those expected."""
    expected = HERE / case / "expected.txt"
    actual = _said_of((HERE / case / "spec.yaml").read_bytes().decode())
    if update:
        expected.write_text(actual, encoding="utf-8")

    assert actual == expected.read_text(encoding="utf-8")


def test_there_are_cases() -> None:
    """The folder was found: without cases the test above would say nothing."""
    assert len(CASES) > 50
