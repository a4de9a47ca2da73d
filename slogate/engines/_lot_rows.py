"""A lot of rows in plain Python, as the table in `_base.py` says it: the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slogate.engines._rows import Row, inside, largest, matches, missed
from slogate.model.evidence import Need
from slogate.model.lot import Lot


def lots_of(
    need: Need, rows: Sequence[Row], step_us: int, is_success: Callable[..., bool]
) -> dict[int, Lot]:
    """By the number of the step."""

    def succeeded(row: Row) -> bool:
        return is_success(need, row, worst=True)

    mine = [row for row in rows if matches(need, row)]
    real = [row for row in mine if inside(need.window, row)]
    added = [fill for row in mine for fill in missed(row, need.window)]
    return {
        number: _lot(
            need,
            [row for row in real if row.ts // step_us == number],
            [row for row in added if row.ts // step_us == number],
            succeeded,
        )
        for number in {row.ts // step_us for row in (*real, *added)}
    }


def _lot(
    need: Need, real: Sequence[Row], added: Sequence[Row], succeeded: Callable[[Row], bool]
) -> Lot:
    """The requests of a step, and those that were missed in it."""
    corrected = need.measure in {"latency", "mean"}
    judged = [*real, *added] if corrected else [*real]
    counted = [
        row
        for row in judged
        if need.measure == "max" or need.failures == "measured" or succeeded(row)
    ]
    slow = need.failures == "slow" and need.measure != "max"
    return Lot(
        matched=len(real),
        failed=sum(not succeeded(row) for row in real),
        max_us=largest(real, worst=True),
        durations=sorted(row.least_us for row in counted if row.least_us is not None),
        unbounded=sum(not succeeded(row) for row in judged) if slow else 0,
    )
