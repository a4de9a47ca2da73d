"""The floor of the design effect of each objective: Σv / Σv_iid of its last comparable runs.

Comparable is an earlier run of which the same was counted against the same limit, valid and not
failed, over a window at least as long: spells that are longer than a short run do not show in it.
Of those the newest ten count, whatever lies in between. Whether the warm-up was the same does not
matter, nor what confidence was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any

from slogate.evaluate import Floor
from slogate.history.entry import Entry, entry_of, understood
from slogate.model.run import Run
from slogate.model.window import Window
from slogate.objectives._base import Objective
from slogate.objectives._definition import definition_of
from slogate.reports.json import MOMENT, WINDOW
from slogate.stats.proportion import FLOOR_RUNS, floor_from_history
from slogate.verdict import Finding, Outcome

# planned run times are kept to within scheduling jitter, so lengths that differ by less are equal
EQUAL_LENGTH = 0.95
_RESPECTED = frozenset({Outcome.PASS, Outcome.INCONCLUSIVE})


def floors(
    documents: Iterable[Mapping[str, Any]],
    run: Run,
    objectives: Sequence[tuple[Objective, Window]],
) -> dict[str, Floor]:
    """The floor of each objective that has one, by id; `documents` are the stored verdicts."""
    earlier = _Earlier(_before(documents, run))
    made = {
        objective.id: _floor(earlier.of(objective.id), objective, window)
        for objective, window in objectives
    }
    return {name: floor for name, floor in made.items() if floor is not None}


def _before(documents: Iterable[Mapping[str, Any]], run: Run) -> list[Mapping[str, Any]]:
    """The verdicts on complete runs of its kind that began before it, newest first."""
    found = []
    for head in documents:
        with understood(head):
            it = head["run"]
            if it["id"] != run.id and it["kind"] == run.kind and it["state"] == "complete":
                started = 0 if it["start"] is None else MOMENT.read(it["start"])
                if started < (run.start_ts or 0):
                    found.append((started, str(it["id"]), str(head["id"]), head))
    return [each[-1] for each in sorted(found, key=itemgetter(0, 1, 2), reverse=True)]


class _Earlier:
    """The entries of one objective after the other; a verdict is only looked into when needed."""

    def __init__(self, heads: Sequence[Mapping[str, Any]]) -> None:
        self._heads = heads
        self._by_id: dict[int, dict[str, Mapping[str, Any]]] = {}

    def of(self, objective: str) -> Iterator[Entry]:
        """The entries of the objective, newest first."""
        for number, head in enumerate(self._heads):
            with understood(head):
                if number not in self._by_id:
                    self._by_id[number] = {each["id"]: each for each in head["objectives"]}
                found = self._by_id[number].get(objective)
                entry = None if found is None else entry_of(head, found)
            if entry is not None:
                yield entry


def _floor(history: Iterable[Entry], objective: Objective, window: Window) -> Floor | None:
    """The floor of one objective; `history` is newest first."""
    newest = dict(islice(_comparable(history, objective, window), FLOOR_RUNS))
    value = floor_from_history(list(newest.values()))
    return None if value is None else Floor(value=value, runs=tuple(newest))


def _comparable(
    history: Iterable[Entry], objective: Objective, window: Window
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
    with understood(entry.head):
        judged = entry.found["window"]
        if judged is not None:
            start, end = WINDOW.read(judged)
            return bool(end - start >= EQUAL_LENGTH * window.length_us)
    return False


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
