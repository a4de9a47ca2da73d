"""What servers answered as the subject of a verdict: promises with indicators, at one moment.

The moment is named, or told by the servers' own clocks; the identity holds what was counted, since
a server that is asked again may have more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from slogate.model.run import Reconciliation, Run
from slogate.model.slots import Tallies
from slogate.promises.judge import Known, judge
from slogate.promises.promise import Plan
from slogate.verdict import Subject, Verdict

SOURCE = "prometheus"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    parts = [sorted(specs), service, at, [(each.id, each.window) for each in findings], counted]
    total = max((each.total or 0 for each in findings), default=0)
    starts = [known.first_ts for _, _, known in measured if known.first_ts is not None]
    stamp = (_EPOCH + timedelta(microseconds=at)).strftime("%Y%m%d-%H%M")
    run = Run(
        id=f"production-{stamp}-queried",
        service=service,
        kind="production",
        state="complete",
        start_ts=min(starts, default=None),
        end_ts=at,
        source=SOURCE,
        rows=Reconciliation(seen=total, written=total),
    )
    plans = [plan for plan, _, _ in measured]
    window = min(p.period.start_ts for p in plans), max(p.at for p in plans)
    return Verdict(
        id=hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16],
        version=version,
        subject=Subject(
            run=run, rows=total, warmup=0, judged=total, backfilled=0, window=window
        ),
        findings=findings,
        specs=specs,
    )  # fmt: skip
