"""The verdict on promises whose requests are no runs of one service in the store.

What servers answered, and composites of several services: a run stands for them, named by the
moment.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from slogate.model.run import Reconciliation, Run
from slogate.promises.promise import Plan
from slogate.verdict import Finding, Subject, Verdict

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def standing_verdict(
    findings: Sequence[Finding], plans: Sequence[Plan], *, service: str, at: int, name: str,
    source: str, start_ts: int | None, counted: Sequence[Any], specs: Mapping[str, str],
    version: str,
) -> Verdict:  # fmt: skip
    """The verdict as of `at` (µs); its identity holds the specs and what was `counted`."""
    parts = [sorted(specs), service, at, *counted]
    total = max((each.total or 0 for each in findings), default=0)
    stamp = (_EPOCH + timedelta(microseconds=at)).strftime("%Y%m%d-%H%M")
    run = Run(
        id=f"production-{stamp}-{name}",
        service=service,
        kind="production",
        state="complete",
        start_ts=start_ts,
        end_ts=at,
        source=source,
        rows=Reconciliation(seen=total, written=total),
    )
    window = min(plan.period.start_ts for plan in plans), max(plan.at for plan in plans)
    return Verdict(
        id=hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16],
        version=version,
        subject=Subject(
            run=run, rows=total, warmup=0, judged=total, backfilled=0, window=window
        ),
        findings=tuple(findings),
        specs=specs,
    )  # fmt: skip
