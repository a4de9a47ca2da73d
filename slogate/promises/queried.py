"""What servers answered as the subject of a verdict: promises with indicators, at one moment.

The moment is named, or told by the servers' own clocks; the identity holds what was counted, since
a server that is asked again may have more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slogate.model.slots import Tallies
from slogate.promises.judge import Known, judge
from slogate.promises.promise import Plan
from slogate.promises.standing import standing_verdict
from slogate.verdict import Verdict

SOURCE = "prometheus"


def verdict_of_queried(
    service: str,
    at: int,
    measured: Sequence[tuple[Plan, Tallies, Known]],
    *,
    specs: Mapping[str, str],
    version: str,
) -> Verdict:
    """The verdict on all that was measured; `specs` are the texts by their hash."""
    findings = tuple(
        finding for plan, tallies, known in measured for finding in judge(plan, tallies, known)
    )
    counted = [
        [
            plan.promise.id,
            *([] if plan.promise.by is None else [value]),
            [(t.first, t.last, t.total, t.sure, t.maybe) for t in some],
        ]
        for plan, tallies, _ in measured
        for value, some in tallies.items()
    ]
    starts = [known.first_ts for _, _, known in measured if known.first_ts is not None]
    return standing_verdict(
        findings,
        [plan for plan, _, _ in measured],
        service=service,
        at=at,
        name="queried",
        source=SOURCE,
        start_ts=min(starts, default=None),
        counted=[[(each.id, each.window) for each in findings], counted],
        specs=specs,
        version=version,
    )
