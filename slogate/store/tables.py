"""What people see of a store: the columns of each view, and its rows from the files.

`requests`, `counts` and `histograms` read the parts themselves; `runs` and `verdicts` are tables
of what the manifests and verdicts say. Times are TIMESTAMPTZ; a verdict's values are in the
`unit` of its row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slogate.model.run import Run
from slogate.model.series import Series

REQUESTS = {
    "kind": "VARCHAR", "service": "VARCHAR", "run": "VARCHAR", "ts": "TIMESTAMPTZ",
    "duration_us": "BIGINT", "late_us": "BIGINT", "pace_us": "BIGINT", "endpoint": "VARCHAR",
    "method": "VARCHAR", "status": "SMALLINT", "ok": "BOOLEAN", "error": "VARCHAR",
    "bytes": "BIGINT", "worker": "VARCHAR", "trace_id": "VARCHAR",
    "labels": "MAP(VARCHAR, VARCHAR)",
}  # fmt: skip
HISTOGRAMS = {
    "kind": "VARCHAR", "service": "VARCHAR", "run": "VARCHAR", "ts": "TIMESTAMPTZ",
    "step_us": "BIGINT", "endpoint": "VARCHAR", "method": "VARCHAR", "status": "SMALLINT",
    "ok": "BOOLEAN", "lo_us": "BIGINT", "hi_us": "BIGINT", "count": "BIGINT", "sum_us": "BIGINT",
    "max_us": "BIGINT", "worker": "VARCHAR", "labels": "MAP(VARCHAR, VARCHAR)",
}  # fmt: skip
SERIES: dict[Series, dict[str, str]] = {
    "requests": REQUESTS,
    "counts": HISTOGRAMS,
    "histograms": HISTOGRAMS,
}
RUNS = {
    "id": "VARCHAR", "service": "VARCHAR", "kind": "VARCHAR", "state": "VARCHAR",
    "created": "TIMESTAMPTZ", "start": "TIMESTAMPTZ", "ramped": "TIMESTAMPTZ",
    "stop": "TIMESTAMPTZ", "end": "TIMESTAMPTZ", "commit": "VARCHAR", "branch": "VARCHAR",
    "labels": "MAP(VARCHAR, VARCHAR)", "rows_written": "BIGINT", "rows_seen": "BIGINT",
    "rows_counted": "BIGINT", "rows_uncountable": "BIGINT", "rows_before_reset": "BIGINT",
    "source": "VARCHAR", "origin": "MAP(VARCHAR, VARCHAR)", "generator_exit": "BIGINT",
    "planned_us": "BIGINT", "planned_rate": "DOUBLE", "cpu": "DOUBLE", "lag_us": "BIGINT",
    "lag_p99_us": "BIGINT", "missed": "DOUBLE", "processes": "BIGINT", "lost_processes": "BIGINT",
    "left_processes": "BIGINT", "lockstep": "DOUBLE", "note": "VARCHAR", "parts": "VARCHAR[]",
}  # fmt: skip
VERDICTS = {
    "id": "VARCHAR", "run": "VARCHAR", "service": "VARCHAR", "verdict": "VARCHAR",
    "exit_code": "BIGINT", "objective": "VARCHAR", "kind": "VARCHAR", "endpoint": "VARCHAR",
    "text": "VARCHAR", "outcome": "VARCHAR", "severity": "VARCHAR", "blocking": "BOOLEAN",
    "limit": "DOUBLE", "observed": "DOUBLE", "low": "DOUBLE", "high": "DOUBLE",
    "unit": "VARCHAR", "good": "BIGINT", "total": "BIGINT", "revision": "VARCHAR",
    "reason": "VARCHAR",
}  # fmt: skip


def run_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """One row a run, the nested parts of its manifest flattened."""
    return [_run_row(run) for run in runs]


def _run_row(run: Run) -> dict[str, Any]:
    rows, health = run.rows, run.health
    plain = {name: getattr(run, name, getattr(health, name, None)) for name in RUNS}
    times = {
        name: getattr(run, f"{name}_ts") for name in ("created", "start", "ramped", "stop", "end")
    }
    counts = {
        f"rows_{name}": getattr(rows, name)
        for name in ("written", "seen", "counted", "uncountable", "before_reset")
    }
    return {**plain, **times, **counts, "parts": list(run.parts)}


def verdict_rows(documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row an objective of a verdict; whatever a document lacks is NULL."""
    return [
        _verdict_row(document, objective)
        for document in documents
        for objective in document.get("objectives", ())
    ]


def _verdict_row(document: Mapping[str, Any], objective: Mapping[str, Any]) -> dict[str, Any]:
    low, high = objective.get("interval") or (None, None)
    plain = {name: objective.get(name) for name in VERDICTS}
    return {
        **plain,
        "id": document.get("id"),
        "run": document.get("run", {}).get("id"),
        "verdict": document.get("outcome"),
        "exit_code": document.get("exit_code"),
        "objective": objective.get("id"),
        "low": low,
        "high": high,
    }
