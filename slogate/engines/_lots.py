"""Requests by short spans of equal length with DuckDB: one statement for all needs of a window.

Durations come sorted and whole, so that spans can be pooled at will. For single requests alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from slogate.engines._choosing import Bound
from slogate.engines._groups import holds, series_of
from slogate.engines._sql import Question, rows
from slogate.model.evidence import Need
from slogate.model.lot import Lot, pooled

if TYPE_CHECKING:
    import duckdb


def lots(
    needs: Sequence[Need],
    step_us: int,
    parts: Sequence[str],
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, dict[int, Lot]]:
    """By need and number of the step; needs of one window."""
    (window,) = {need.window for need in needs}
    question = Question(
        window=window,
        selections=tuple(dict.fromkeys(need.selection for need in needs)),
        predicates=tuple(dict.fromkeys(need.selection.success for need in needs)),
        limits=(),
    )
    bound = Bound()
    beginning = rows(question, parts, bound)
    text = (
        f"{beginning} SELECT t // {bound(step_us)}, {', '.join(question.masks)}, "  # noqa: S608
        "filled, count(*), list(d ORDER BY d) FILTER (WHERE d IS NOT NULL) "
        "FROM judged GROUP BY ALL"
    )
    groups = connection.execute(text, bound.values).fetchall()
    # percentiles of the same requests share them
    made: dict[object, dict[int, Lot]] = {}
    for need in needs:
        key = (need.selection, need.failures, need.measure)
        if key not in made:
            made[key] = _of(need, question, groups)
    return {need.id: made[need.selection, need.failures, need.measure] for need in needs}


def _of(need: Need, question: Question, groups: Sequence[tuple[Any, ...]]) -> dict[int, Lot]:
    selection = question.selections.index(need.selection)
    success = (selection, question.predicates.index(need.selection.success))
    judged = series_of(question, need)
    found: dict[int, list[Lot]] = defaultdict(list)
    for number, *masks, filled, count, durations in groups:
        mask = tuple(bits or 0 for bits in masks)
        if not holds(question, mask, (selection, None)):
            continue
        succeeded = holds(question, mask, success)
        counts = holds(question, mask, judged) or need.measure == "max"
        timed = durations or ()
        real = 0 if filled else count
        corrected = not filled or need.measure in {"latency", "mean"}
        lost = not counts and need.failures == "slow"
        found[int(number)].append(
            Lot(
                matched=real,
                failed=0 if succeeded else real,
                max_us=timed[-1] if timed and real else None,
                durations=timed if counts and corrected else (),
                unbounded=count if lost and corrected else 0,
            )
        )
    return {number: pooled(some) for number, some in found.items()}
