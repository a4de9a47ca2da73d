"""A run as `slogate runs` prints it: a row of a table, a sheet for people, data for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from slogate.model.run import Run
from slogate.reports._base import instant, plain
from slogate.store.layout import Store
from slogate.store.verdicts import read_verdicts
from slogate.units import format_count, format_duration, format_share, format_span
from slogate.verdict import Omission

HEAD = ("id", "service", "kind", "state", "start", "rows", "outcome", "labels")
SHOWN = 20
_MOMENTS = ("created", "start", "ramped", "stop", "end")


def outcomes(store: Store) -> dict[str, str]:
    """The outcome of the last verdict on each run, by run id."""
    return {
        document["run"]["id"]: document["outcome"]
        for document in read_verdicts(store)
        if isinstance(document.get("run"), Mapping) and "outcome" in document
    }


def row(run: Run, outcome: str | None) -> tuple[Any, ...]:
    """One line of the list; a run still in state `running` may be one whose recorder died."""
    start = None if run.start_ts is None else instant(run.start_ts)[:19].replace("T", " ")
    written = run.rows.written
    return (run.id, run.service, run.kind, run.state, start, written, outcome, dict(run.labels))


def as_data(run: Run, outcome: str | None) -> dict[str, Any]:
    """All of the manifest, with moments in ISO 8601 too, rows lost, and the last outcome."""
    data = asdict(run)
    for name in _MOMENTS:
        ts = data.pop(f"{name}_ts")
        data[name] = None if ts is None else instant(ts)
    return {**data, "rows": {**data["rows"], "lost": run.rows.lost}, "outcome": outcome}


def sheet(
    run: Run,
    outcome: str | None,
    endpoints: Sequence[tuple[str, int]] = (),
    omission: Omission | None = None,
) -> str:
    """One line a fact; what is not known is left out. `endpoints` are names with requests."""
    lines: list[tuple[str, str | None]] = [
        ("run", run.id),
        ("service", run.service),
        ("kind", f"{run.kind}, from {run.source}"),
        ("state", run.state),
        ("outcome", outcome or "not judged"),
        *((name, _moment(getattr(run, f"{name}_ts"))) for name in _MOMENTS),
        ("planned", None if run.planned_us is None else format_span(run.planned_us / 1e6)),
        ("commit", run.commit),
        ("branch", run.branch),
        ("labels", _pairs(run.labels)),
        ("origin", _pairs(run.origin)),
        ("exit code", None if run.generator_exit is None else f"{run.generator_exit} (generator)"),
        ("note", run.note),
        *_rows(run),
        ("omission", None if omission is None else f"{omission}: {_OMISSIONS[omission]}"),
        ("endpoints", _endpoints(endpoints)),
        *_health(run),
        ("parts", "\n".join(run.parts)),
    ]
    return "".join(_line(name, value) for name, value in lines if value)


def _endpoints(named: Sequence[tuple[str, int]]) -> str:
    """The commonest, a line each, with how many requests they had."""
    shown = [
        f"{format_count(count)} × {plain(name) or '(no name)'}" for name, count in named[:SHOWN]
    ]
    more = len(named) - len(shown)
    return "\n".join([*shown, f"… and {format_count(more)} more"] if more else shown)


def _line(name: str, value: str) -> str:
    first, *rest = [plain(line) for line in value.split("\n")]
    return "".join([f"{name:<14}{first}\n", *(f"{'':<14}{line}\n" for line in rest)])


_OMISSIONS: Mapping[Omission, str] = {
    "open": "requests came whether or not those before were answered",
    "corrected": "users have a pace, so starts that they missed are put back where budgets judge",
    "raw": "users waited for answers; what they did not send meanwhile nobody knows",
}


def _moment(ts: int | None) -> str | None:
    return None if ts is None else instant(ts)


def _pairs(pairs: Mapping[str, str]) -> str:
    return ", ".join(f"{plain(key)}={plain(value)}" for key, value in sorted(pairs.items()))


def _rows(run: Run) -> list[tuple[str, str | None]]:
    rows = run.rows
    counts = {
        "written": rows.written,
        "seen": rows.seen,
        "counted by the generator": rows.counted,
        "events it cannot count": rows.uncountable,
        "before a reset": rows.before_reset,
        "lost": rows.lost,
    }
    facts = [f"{format_count(n)} {what}" for what, n in counts.items() if n is not None]
    return [("rows", ", ".join(facts))]


def _health(run: Run) -> list[tuple[str, str | None]]:
    health = run.health
    facts = [
        f"{health.processes} processes" if health.processes != 1 else "1 process",
        f"{health.lost_processes} lost" if health.lost_processes else None,
        f"{health.left_processes} left early" if health.left_processes else None,
        None if health.cpu is None else f"CPU {format_share(health.cpu)} at most",
        None if health.lag_us is None else f"lag {format_duration(health.lag_us)} at most",
        None if health.lag_p99_us is None else f"lag p99 {format_duration(health.lag_p99_us)}",
        None if health.missed is None else f"{format_share(health.missed)} of starts late",
        None if health.lockstep is None else f"lockstep {format_share(health.lockstep)}",
    ]
    return [("generator", ", ".join(fact for fact in facts if fact))]
