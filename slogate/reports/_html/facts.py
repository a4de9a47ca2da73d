"""What a reader must know besides: the commonest failures, the notes, the facts of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slogate import units
from slogate.model.run import Run, Users
from slogate.reports import _base
from slogate.reports._html.markup import Html, joined, name, tag
from slogate.reports._html.parts import section, table
from slogate.verdict import Verdict

_LONGEST_ERROR = 300
_LONGEST_KEY = 60
_MOST_LABELS = 50
_MOST_NOTES = 100


def failures(verdict: Verdict) -> Html | None:
    """The commonest failures of the judged window; None without any."""
    found = verdict.subject.failures
    if not found:
        return None
    rows = [
        [
            name(failure.endpoint),
            name(failure.error, _LONGEST_ERROR) if failure.error else joined(_base.NO_ERROR),
            joined(units.format_count(failure.count)),
        ]
        for failure in found
    ]
    heads = [("Endpoint", ""), ("Error", "error"), ("Requests", "figure")]
    return section("failures", "Commonest failures", table("Commonest failures", heads, rows))


def notes(verdict: Verdict) -> Html | None:
    """Warnings and what else a reader must know, each once."""
    found = _base.notes(verdict)
    if not found:
        return None
    shown = [tag("li", note) for note in found[:_MOST_NOTES]]
    if len(found) > _MOST_NOTES:
        more = len(found) - _MOST_NOTES
        shown.append(tag("li", f"and {units.format_count(more)} more, in the JSON report"))
    return section("notes", "Notes", tag("ul", *shown, class_="notes"))


def facts(verdict: Verdict, users: Sequence[Users] = ()) -> Html:
    """The run, its generator and the design effects, as pairs of a word and what it was."""
    run = verdict.subject.run
    pairs = [
        *_run(verdict, run),
        ("users", _crowd(users) if run.kind == "load" else None),
        *_health(run),
        *_statistics(verdict),
        ("verdict", name(verdict.id)),
        ("slogate", joined(verdict.version)),
    ]
    listed = [
        tag("div", tag("dt", word), tag("dd", told)) for word, told in pairs if told is not None
    ]
    return section("facts", "The run", tag("dl", *listed))


def _moment(ts: int | None) -> Html | None:
    return None if ts is None else joined(_base.instant(ts)[:19].replace("T", " "), " UTC")


def _run(verdict: Verdict, run: Run) -> list[tuple[str, Html | None]]:
    window = verdict.subject.window
    planned = run.planned_us
    untold = ", ".join(run.untold)
    return [
        ("id", name(run.id)),
        ("service", name(run.service)),
        ("kind", joined(run.kind)),
        ("ended", joined(_base.unfinished(run) or "complete")),
        ("started", _moment(run.start_ts)),
        ("all users there", _moment(run.ramped_ts)),
        ("stopped", _moment(run.stop_ts)),
        ("judged from", _moment(window[0]) if window else None),
        ("judged to", _moment(window[1]) if window else None),
        ("planned", joined(units.format_span(planned / units.US_PER_SECOND)) if planned else None),
        ("planned rate", joined(units.format_rate(run.planned_rate)) if run.planned_rate else None),
        ("source", joined(run.source)),
        ("not told by the source", joined(untold) if untold else None),
        *((f"source: {key}", name(value)) for key, value in _some(run.origin)),
        *((f"label: {key}", name(value)) for key, value in _some(run.labels)),
    ]


def _crowd(users: Sequence[Users]) -> Html:
    most = max((each.count for each in users), default=None)
    return joined("not recorded" if most is None else f"{units.format_count(most)} at most")


def _some(pairs: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(key[:_LONGEST_KEY], value) for key, value in sorted(pairs.items())[:_MOST_LABELS]]


def _health(run: Run) -> list[tuple[str, Html | None]]:
    """How the load generator itself did, as far as anybody measured it."""
    health, rows = run.health, run.rows
    if run.kind != "load":
        return []
    share, duration = units.format_share, units.format_duration

    def told(value: float | None, show: str) -> Html:
        return joined("not measured" if value is None else show)

    lag = f"at most {duration(health.lag_us or 0)}, p99 {duration(health.lag_p99_us or 0)}"
    counted = f"{units.format_count(rows.written)} of {units.format_count(rows.seen)}"
    if rows.counted is not None:
        counted += f", the generator counted {units.format_count(rows.counted)}"
    processes = units.format_count(health.processes)
    if health.lost_processes:
        processes += f", {units.format_count(health.lost_processes)} of them lost"
    if health.left_processes:
        processes += f", {units.format_count(health.left_processes)} left early"
    return [
        ("generator's busiest CPU", told(health.cpu, share(health.cpu or 0))),
        ("generator's event loop late", told(health.lag_us, lag)),
        ("paced starts that it was late for", told(health.missed, share(health.missed or 0))),
        ("starts in one tenth of the pace", told(health.lockstep, share(health.lockstep or 0))),
        ("generator processes", joined(processes)),
        ("requests written", joined(counted)),
    ]


def _statistics(verdict: Verdict) -> list[tuple[str, Html | None]]:
    effects = [f.design_effect for f in verdict.findings if f.design_effect is not None]
    subject = verdict.subject
    pairs: list[tuple[str, Html | None]] = []
    if subject.run.kind == "load":
        pairs = [("missed starts back-filled", joined(units.format_count(subject.backfilled)))]
    if effects:
        used = sorted(effect.used for effect in effects)
        ends = [units.significant(value, 3) for value in (used[0], used[-1])]
        spread = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
        pairs.append(("design effects used", joined(spread)))
        history = units.format_count(len(verdict.floor_runs))
        pairs.append(("earlier runs that they rest on", joined(history)))
    return pairs
