"""Whether a run can be trusted: why there is nothing to judge, why it cannot pass, what to note.

A run is invalid when its own generator was late or rows were lost; incomplete when its recorder
never closed it, it was interrupted or aborted. Starts missed because the service was slow are
coordinated omission, corrected elsewhere, and no invalidity.
"""

from __future__ import annotations

from slogate.model.run import Run
from slogate.units import (
    format_count,
    format_duration,
    format_rate,
    format_share,
    format_span,
)
from slogate.verdict import Omission, Subject

CPU_SATURATED = 0.95
CPU_HIGH = 0.80
LAG_P99_US = 100_000
STALL_US = 1_000_000
MISSED = 0.05
LOCKSTEP = 0.5
ENDED_EARLY = 0.9
SENT = 0.98
FEWER_USERS = 0.05
EARLY_US = 1_000_000
# Locust's exit code after an exception that nobody caught
UNHANDLED = 2
# senders that wait for nobody, by the beginnings of their names
_OPEN = ("vegeta",)


def are_outside(run: Run, first: int | None, last: int | None) -> bool:
    """Whether requests that started then are not of this run: long before it, or after its end.

    Events of the user's own code may bring a start of their own, or so long a response time that
    they seem to have begun just before the test.
    """
    before = first is not None and run.start_ts is not None and first < run.start_ts - EARLY_US
    return before or (last is not None and run.end_ts is not None and last > run.end_ts)


def absence(subject: Subject, warmup_us: int) -> str:
    """Why no window is left to judge, as a sentence."""
    run = subject.run
    if run.end_ts is None or subject.rows == 0:
        return f"run {run.id} has no requests"
    if run.ramped_ts is None:
        return f"run {run.id} ended before all users were spawned"
    after = max(0, run.end_ts - run.ramped_ts) / 1e6
    if not warmup_us:
        return (
            f"run {run.id} ended {format_span(after)} after its ramp, so that nothing is to judge"
        )
    return (
        f"run {run.id} ended {format_span(after)} after its ramp, "
        f"inside the warm-up of {format_duration(warmup_us)}"
    )


def distrust(subject: Subject) -> str | None:
    """Why the run cannot pass, as a sentence; None if it is to be trusted."""
    run = subject.run
    if run.state == "running":
        return "the run is incomplete: its recorder never closed it (killed, or still recording)"
    if run.state != "complete":
        return f"the run was not finished ({run.state}{f': {run.note}' if run.note else ''})"
    if run.rows.lost:
        return (
            f"the run is invalid: {format_count(run.rows.lost)} requests were counted, not stored"
        )
    held = _held(subject)
    if held != run.rows.written:
        return (
            f"the run is invalid: the store holds {format_count(held)} of its rows, "
            f"{format_count(run.rows.written)} were written"
        )
    if subject.stray:
        return (
            "the run is invalid: requests carry times outside the run; "
            "a clock was set, or rows of another run lie among its own"
        )
    if run.health.lost_processes:
        return f"the run is invalid: {run.health.lost_processes} generator processes were lost"
    return _late_generator(run)


def undercounts(run: Run, trouble: str | None) -> bool:
    """Whether a run with this trouble may have fewer requests a second than the service gave.

    Where rows were lost, the clock was set or the generator was late, a rate that is too low proves
    nothing; a test that was merely cut short has counted all up to then.
    """
    return trouble is not None and run.state not in {"interrupted", "aborted"}


def _held(subject: Subject) -> int:
    """How many of the rows written are there: as requests once others took their place."""
    if subject.stored is None or subject.run.rolled_up is not None:
        return subject.rows
    return subject.stored


def _late_generator(run: Run) -> str | None:
    health = run.health
    cure = "fewer users, `-- --processes N`, or a machine with less else to do would help"
    if health.cpu is not None and health.cpu >= CPU_SATURATED:
        return (
            f"the run is invalid: the generator used {format_share(health.cpu)} of a core, "
            f"{format_share(CPU_SATURATED)} is too much; {cure}"
        )
    if health.lag_p99_us is not None and health.lag_p99_us > LAG_P99_US:
        return (
            f"the run is invalid: the generator itself was late by "
            f"{format_duration(health.lag_p99_us)} (p99), "
            f"{format_duration(LAG_P99_US)} allowed; {cure}"
        )
    if health.lag_us is not None and health.lag_us > STALL_US:
        return (
            f"the run is invalid: the generator itself stood still for "
            f"{format_duration(health.lag_us)}; {cure}"
        )
    if health.missed is not None and health.missed > MISSED:
        return (
            f"the run is invalid: the generator itself was late for "
            f"{format_share(health.missed)} of its starts, {format_share(MISSED)} allowed; {cure}"
        )
    return None


def _ended_early(run: Run) -> str | None:
    if run.planned_us is None or run.start_ts is None or run.stop_ts is None:
        return None
    if run.early_stop is not None and run.early_stop.stopped:
        return None
    took = run.stop_ts - run.start_ts
    if took >= ENDED_EARLY * run.planned_us:
        return None
    return (
        f"ended_early: the test stopped after {format_duration(took)} "
        f"of the {format_duration(run.planned_us)} planned"
    )


def omission_of(run: Run, paced: int) -> Omission:
    """What became of the starts that users missed while they waited.

    `open`: there are none, nobody waited. `corrected`: they are put back. `raw`: nobody knows them.
    """
    if run.kind == "production" or run.source.startswith(_OPEN):
        return "open"
    return "corrected" if paced else "raw"


def _omitted(subject: Subject) -> str | None:
    """That paced users sent fewer requests than they meant to."""
    sent, meant = subject.paced, subject.paced + subject.backfilled
    if subject.window is None or sent >= SENT * meant:
        return None
    start, end = subject.window
    seconds, rates = max(1, end - start) / 1e6, ""
    if subject.run.interleaved is None:
        rates = f", {format_rate(sent / seconds)} of {format_rate(meant / seconds)}"
    return (
        f"omission: paced users sent {format_count(sent)} of the {format_count(meant)} requests "
        f"that they meant to ({format_share(sent / meant)}{rates}), for they waited for answers; "
        "percentiles are judged with the missed starts put back"
    )


def _left(run: Run) -> str | None:
    """That a part of the generator did not stay to the end."""
    left = run.health.left_processes
    if not left:
        return None
    return (
        f"left: {left} of {run.health.processes} generator processes left in order while the test "
        "went on; Locust gives their users to the others"
    )


def _fewer_users(run: Run) -> str | None:
    """That the load was lower than asked for after all users had been there.

    A custom shape, whose ramp ends as it begins, means its users to come and go.
    """
    start, stop = run.ramped_ts, run.stop_ts
    if start is None or stop is None or not run.users or start in {stop, run.start_ts}:
        return None
    peak = max(run.asked_users or 0, *(each.count for each in run.users))
    fewer, least = 0, peak
    for now, then in zip(run.users, [*(each.ts for each in run.users[1:]), stop], strict=True):
        lasted = min(then, stop) - max(now.ts, start)
        if now.count < peak and lasted > 0:
            fewer, least = fewer + lasted, min(least, now.count)
    if fewer < FEWER_USERS * (stop - start):
        return None
    of_all = f"for {format_duration(fewer)} of the {format_duration(stop - start)} after the ramp"
    return (
        f"users: {of_all} there were fewer than {format_count(peak)} users, at times "
        f"{format_count(least)}"
    )


def remarks(subject: Subject) -> tuple[str, ...]:
    """What a reader should know of the whole run, as `code: sentence`."""
    run = subject.run
    whole = (_ended_early(run), _left(run), _fewer_users(run), _omitted(subject))
    found = [told for told in whole if told is not None]
    if run.source == "locust" and run.generator_exit == UNHANDLED:
        found.append(
            f"exception: Locust's exit code was {UNHANDLED}, as after an exception outside of its "
            "users, such as in a listener of the locustfile; its log says which"
        )
    health = run.health
    if health.cpu is not None and CPU_HIGH <= health.cpu < CPU_SATURATED:
        found.append(f"cpu: the generator used {format_share(health.cpu)} of a core at its peak")
    if run.note and run.state == "complete" and run.source != "locust":
        found.append(f"source: {run.note}")
    if health.lockstep is not None and health.lockstep > LOCKSTEP:
        found.append(
            f"lockstep: {format_share(health.lockstep)} of the starts fall in one tenth of the "
            "pace; spread the users with an on_start sleep longer than the pace"
        )
    return tuple(found)
