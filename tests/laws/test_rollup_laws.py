"""Laws of rolling up: a verdict on buckets is the verdict on single requests, or none."""

from __future__ import annotations

import random
import tempfile
from bisect import bisect_left
from pathlib import Path

from builders import SECOND, START, objective, run, spec
from hypothesis import given, settings
from hypothesis import strategies as st
from series_strategies import parts, row
from step_strategies import step, step_parts

from slogate.engines import memory
from slogate.evaluate import judge, plan
from slogate.model.predicate import And, Comparison, Not, Ok, Or
from slogate.model.run import Reconciliation
from slogate.model.selection import Selection
from slogate.verdict import Outcome, Subject

LENGTH = 100 * SECOND
MS = 1_000
few = settings(max_examples=40)

LINES = st.sampled_from(
    ["p50: 100ms", "p90: 100ms", "p95: 300ms", "errors: 10%", "errors: 0", "max: 300ms",
     "mean: 100ms", "throughput: 3/s", "throughput: 1/s"]
)  # fmt: skip
FAST = Comparison("duration", "<=", 200 * MS)
RULES = st.sampled_from(
    [Ok(), FAST, And(Ok(), FAST), Or(Ok(), FAST), Not(FAST), Comparison("duration", ">", 50 * MS)]
)
SCOPES = st.fixed_dictionaries(
    {
        "failures": st.sampled_from(["slow", "drop", "measured"]),
        "judge": st.sampled_from(["interval", "interval", "observed"]),
        "warmup_us": st.sampled_from([0, 0, 7 * SECOND]),
        "on_inconclusive": st.sampled_from(["block", "pass"]),
        "on_no_data": st.sampled_from(["block", "pass"]),
        "selection": st.builds(Selection, success=RULES),
    }
)


@st.composite
def requests(draw):
    """A hundred seconds of requests, more or less evenly, mostly good or mostly bad."""
    count = draw(st.sampled_from([200, 400, 30, 1]))
    slow, failing = draw(st.sampled_from([0, 2, 8, 60])), draw(st.sampled_from([0, 2, 30]))
    chance = random.Random(draw(st.integers(0, 2**32)))
    spell = draw(st.booleans())
    rows = []
    for number in range(count):
        at = START + LENGTH * number // count
        bad = slow * (4 if spell and number > 3 * count / 4 else 1)
        usual = chance.randrange(40 * MS, 130 * MS)
        duration = chance.randrange(90 * MS, 900 * MS) if chance.random() * 100 < bad else usual
        fine = chance.random() * 100 >= failing
        known = chance.random() > 0.02
        rows.append(
            row(0, duration if known else None, ok=fine, status=None if fine else 503) | {"ts": at}
        )
    return rows


GRIDS = st.sampled_from(
    [(100 * MS,), (100 * MS, 200 * MS, 300 * MS), (50 * MS, 150 * MS, 250 * MS, 500 * MS), ()]
) | st.lists(st.integers(1, 10**6), max_size=30).map(lambda found: tuple(sorted(set(found))))


def rolled_up(rows, step_us, grid, *, told):
    """The rows as a histogram: on the grid, each duration its own bucket if that is None."""
    groups = {}
    for one in rows:
        start = one["ts"] // step_us * step_us
        key = (start, one["ok"], one["status"], *bucket_of(one["duration_us"], grid))
        groups.setdefault(key, []).append(one["duration_us"])
    return [
        step(
            0, lo, hi, len(durations), step_us, ok=fine, status=status,
            sum_us=sum(durations) if told and lo is not None else None,
            max_us=max(durations) if told and lo is not None else None,
        ) | {"ts": start}
        for (start, fine, status, lo, hi), durations in groups.items()
    ]  # fmt: skip


def bucket_of(duration, grid):
    """The bounds of the bucket that holds the duration."""
    if duration is None:
        return None, None
    if grid is None:
        return duration - 1, duration
    at = bisect_left(grid, duration)
    return grid[at - 1] if at else -1, grid[at] if at < len(grid) else None


def judged(make, rows, stored, line, scope, ramp=0):
    """The verdict on the rows stored so: a run of 100 s whose ramp took so long."""
    one = objective(line, **scope)
    it = run(
        start_ts=START, ramped_ts=START + ramp, stop_ts=START + LENGTH, end_ts=START + LENGTH,
        rows=Reconciliation(seen=len(rows), written=len(rows)),
    )  # fmt: skip
    with (
        tempfile.TemporaryDirectory() as folder,
        memory.PLUGIN.reading(make(Path(folder), stored), 1, (it.start_ts, it.end_ts)) as series,
    ):
        evidence = series.gather(plan([spec(one)], it))
    it = Subject(run=it, rows=len(rows), warmup=0, judged=len(rows), backfilled=0)
    return judge([spec(one)], it, evidence, {}, "0")


@few
@given(rows=requests(), line=LINES, scope=SCOPES, told=st.booleans())
def test_a_bucket_for_each_duration_gives_the_same_verdict(rows, line, scope, told):
    """Nothing is lost in them, so that the whole verdict is the same, to the last digit."""
    raw = judged(parts, rows, rows, line, scope)

    assert judged(step_parts, rows, rolled_up(rows, 1, None, told=told), line, scope) == raw


@few
@given(rows=requests(), line=LINES, scope=SCOPES, grid=GRIDS, told=st.booleans())
def test_any_grid_gives_the_same_outcome_or_none(rows, line, scope, grid, told):
    """Whatever the buckets, an outcome that stands is that of the single requests."""
    raw = judged(parts, rows, rows, line, scope).findings[0].outcome
    rolled = judged(step_parts, rows, rolled_up(rows, 1, grid, told=told), line, scope)

    assert rolled.findings[0].outcome in {raw, Outcome.INCONCLUSIVE}


@few
@given(
    rows=requests(), line=LINES, scope=SCOPES, grid=GRIDS | st.none(), told=st.booleans(),
    step_us=st.sampled_from([1, 7, 10, 11, 60, 3_600]).map(lambda seconds: seconds * SECOND),
    ramp=st.sampled_from([0, 1, 3 * SECOND]),
)  # fmt: skip
def test_any_step_gives_the_same_outcome_or_none(rows, line, scope, grid, told, step_us, ramp):
    """Steps across the warm-up, across batches or too long for them leave open what they hide."""
    raw = judged(parts, rows, rows, line, scope, ramp)
    rolled = judged(
        step_parts, rows, rolled_up(rows, step_us, grid, told=told), line, scope, ramp
    )  # fmt: skip

    assert rolled.findings[0].outcome in {raw.findings[0].outcome, Outcome.INCONCLUSIVE}
    assert not (raw.exit_code == 1 and rolled.exit_code == 0)
