"""The floor of the design effect of each objective: Σv / Σv_iid of its last comparable runs.

Comparable is an earlier run of which the same was counted against the same limit, valid and not
failed, over a window at least as long: spells that are longer than a short run do not show in it.
Of those the newest ten count, whatever lies in between. Whether the warm-up was the same does not
matter, nor what confidence was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from slogate.errors import StoreError
from slogate.evaluate import Floor
from slogate.history.entry import Entry, entries
from slogate.model.run import Run
from slogate.model.window import Window
from slogate.objectives._base import Objective
from slogate.objectives._definition import definition_of
from slogate.reports.json import WINDOW
from slogate.stats.proportion import FLOOR_RUNS, floor_from_history
from slogate.verdict import Finding, Outcome

# planned run times are kept to within scheduling jitter, so lengths that differ by less are equal
EQUAL_LENGTH = 0.95
_RESPECTED = frozenset({Outcome.PASS, Outcome.INCONCLUSIVE})


def floors(
    documents: Sequence[Mapping[str, Any]],
    run: Run,
    objectives: Sequence[tuple[Objective, Window]],
) -> dict[str, Floor]:
    """The floor of each objective that has one, by id; `documents` are the stored verdicts."""
    ids = {objective.id for objective, _ in objectives}

    def wanted(head: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
        it = head["run"]
        told = found["id"] in ids and it["id"] != run.id
        return told and it["kind"] == run.kind and it["state"] == "complete"

    history: dict[str, list[Entry]] = {}
    for entry in reversed(entries(documents, wanted=wanted)):
        if entry.ts < (run.start_ts or 0):
            history.setdefault(entry.objective, []).append(entry)
    made = {
        objective.id: _floor(history.get(objective.id, ()), objective, window)
        for objective, window in objectives
    }
    return {name: floor for name, floor in made.items() if floor is not None}


def _floor(history: Sequence[Entry], objective: Objective, window: Window) -> Floor | None:
    """The floor of one objective; `history` is newest first."""
    newest = dict(islice(_comparable(history, objective, window), FLOOR_RUNS))
    value = floor_from_history(list(newest.values()))
    return None if value is None else Floor(value=value, runs=tuple(newest))


def _comparable(
    history: Sequence[Entry], objective: Objective, window: Window
) -> Iterator[tuple[str, tuple[float, float, int]]]:
    """(run, its variances) of each comparable run once, newest first."""
    told: set[str] = set()
    means = _counted(definition_of(objective))
    for entry in history:
        if entry.run in told or entry.outcome not in _RESPECTED:
            continue
        if entry.definition and _counted(entry.definition) != means:
            continue
        if not _is_as_long(entry, window):
            continue
        finding = entry.finding()
        if not entry.definition and not _looks_alike(finding, objective):
            continue
        told.add(entry.run)
        yield entry.run, _variances(finding)


def _counted(definition: Mapping[str, Any]) -> dict[str, Any]:
    """What is counted as bad."""
    limits = {key: value for key, value in definition["terms"].items() if key.startswith("limit")}
    measure = {key: value for key, value in definition["measure"].items() if key != "warmup_us"}
    return {**measure, **limits}


def _is_as_long(entry: Entry, window: Window) -> bool:
    judged = entry.found["window"]
    if judged is None:
        return False
    try:
        start, end = WINDOW.read(judged)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"the verdict {entry.verdict} is damaged: {error!r}") from None
    return bool(end - start >= EQUAL_LENGTH * window.length_us)


def _looks_alike(finding: Finding, objective: Objective) -> bool:
    """As far as a verdict tells that kept no definition."""
    endpoint = objective.scope.selection.endpoint
    named = str(endpoint) if endpoint else None
    return finding.limit == float(objective.limit) and finding.endpoint == named


def _variances(finding: Finding) -> tuple[float, float, int]:
    """(v, v of independent requests, bad requests) of an earlier finding."""
    total, good = finding.total or 0, finding.good or 0
    measured = finding.design_effect.measured if finding.design_effect else None
    if not total or measured is None:
        return 0.0, 0.0, 0
    share = good / total
    v_iid = share * (1 - share) / total
    return measured * v_iid, v_iid, total - good
