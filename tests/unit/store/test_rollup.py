"""Rolling up is counting, exactly; what the rows said of a limit, the counts say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import ceil

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from series_strategies import START, row, rows, table

from slogate.errors import SlogateError, StoreError
from slogate.model.grid import bucket
from slogate.model.run import Reconciliation, Run
from slogate.store.layout import open_store
from slogate.store.manifest import delete_run, read_run, write_run
from slogate.store.parts import write_part
from slogate.store.reading import parts_of
from slogate.store.rollup import HOUR_US, MINUTE_US, can_roll_up, roll_up
from slogate.store.seals import sealed
from slogate.store.verify import verify

CUTS = st.lists(st.integers(-1, 500) | st.sampled_from([2**31, 10**12]), max_size=4)


def keep(store, *groups):
    """A run of production traffic, one part a group."""
    parts = [
        write_part(store, "r1", "shop", "production", table(group), sequence=n, worker=None)
        for n, group in enumerate(groups)
    ]
    count = sum(map(len, groups))
    run = Run(id="r1", service="shop", kind="production", state="complete", parts=tuple(parts),
              rows=Reconciliation(seen=count, written=count))  # fmt: skip
    run = sealed(store, run)
    write_run(store, run)
    return run


def series(store, run, name):
    """The rows of one series of a run."""
    folder = store.series(name)
    paths = [path for path in parts_of(store, run) if path.is_relative_to(folder)]
    return [r for path in paths for r in pq.read_table(path, partitioning=None).to_pylist()]


def micros(moment):
    """Microseconds since the epoch."""
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def group(found, step):
    """What a rollup keeps of a request, with its step."""
    labels = None if found["labels"] is None else tuple(map(tuple, found["labels"]))
    ts = micros(found["ts"]) if not isinstance(found["ts"], int) else found["ts"]
    return (ts // step * step, found["endpoint"], found["method"], found["status"], found["ok"],
            labels)  # fmt: skip


def cut_of(duration, cuts):
    """(lo, hi) of a duration between the cuts."""
    if duration is None:
        return None, None
    over = [cut for cut in cuts if cut < duration]
    return max(over, default=-1), min((cut for cut in cuts if cut >= duration), default=None)


def expected(data, step, bounds):
    """What a rollup must hold: count, sum and largest of each group and bucket."""
    found = {}
    for one in data:
        key = (*group(one, step), *bounds(one["duration_us"]))
        found.setdefault(key, []).append(one["duration_us"])
    return {
        key: (len(some), None if None in some else sum(some), None if None in some else max(some))
        for key, some in found.items()
    }


def held(found, step):
    """What a rollup holds, in the same shape."""
    assert {each["step_us"] for each in found} == {step}
    assert {each["worker"] for each in found} == {None}
    keyed = {
        (*group(r, step), r["lo_us"], r["hi_us"]): (r["count"], r["sum_us"], r["max_us"])
        for r in found
    }
    assert len(keyed) == len(found)
    return keyed


@settings(max_examples=12)
@given(data=rows(max_size=40).filter(bool), more=rows(max_size=5), cuts=CUTS)
def test_a_rollup_is_what_counting_by_hand_gives(data, more, cuts, tmp_path_factory):
    """Every group and bucket, over all parts, nulls and odd names too."""
    store = open_store(tmp_path_factory.mktemp("s"), create=True)
    data, more = ([{**each, "pace_us": None} for each in group] for group in (data, more))
    run = keep(store, *filter(None, [data, more]))
    kept = sorted({cut for cut in cuts if cut >= 0})
    done = roll_up(store, run, cuts)
    grid = lambda d: (None, None) if d is None else bucket(d)  # noqa: E731

    assert (done.requests, done.run.rolled_up) == (len(data + more),) * 2
    assert done.run == read_run(store, "r1")
    assert held(series(store, done.run, "counts"), MINUTE_US) == expected(
        data + more, MINUTE_US, lambda d: cut_of(d, kept)
    )
    assert held(series(store, done.run, "histograms"), HOUR_US) == expected(
        data + more, HOUR_US, grid
    )
    assert series(store, done.run, "requests") == []
    assert len(list(store.root.rglob("*.parquet"))) == 2
    assert verify(store, now_s=9e9).faults == []


def test_a_run_that_goes_on_is_rolled_up_again(tmp_path):
    """A log that is followed further into its day: what came since is counted beside the rest."""
    store = open_store(tmp_path / "s", create=True)
    run = roll_up(store, keep(store, [row(n) for n in range(9)]), [150]).run
    more = [row(n, endpoint="/b") for n in range(4)]
    part = write_part(store, "r1", "shop", "production", table(more), sequence=9, worker=None)
    rows_now = Reconciliation(seen=13, written=13)
    write_run(store, sealed(store, replace(run, parts=(*run.parts, part), rows=rows_now)))
    assert can_roll_up(read_run(store, "r1"))
    done = roll_up(store, read_run(store, "r1"), [150, 200])

    assert (done.requests, done.run.rolled_up, len(done.run.parts)) == (4, 13, 4)
    for name in ("counts", "histograms"):
        assert sum(each["count"] for each in series(store, done.run, name)) == 13
    assert series(store, done.run, "requests") == []
    assert not can_roll_up(done.run)
    assert verify(store, now_s=9e9).faults == []


@settings(max_examples=12)
@given(
    durations=st.lists(st.integers(0, 10**7), min_size=1, max_size=60),
    share=st.sampled_from([0.5, 0.95, 0.99, 1.0]),
)
def test_limits_are_answered_exactly_and_percentiles_to_a_bucket(
    durations, share, tmp_path_factory
):
    """How many kept each cut; the nearest-rank percentile lies in the bucket of its rank."""
    store = open_store(tmp_path_factory.mktemp("s"), create=True)
    cuts = [0, 1_000, 400_000]
    run = keep(store, [row(n * 40_000_000, d) for n, d in enumerate(durations)])
    after = roll_up(store, run, cuts).run
    counts = series(store, after, "counts")
    for cut in cuts:
        within = sum(r["count"] for r in counts if r["hi_us"] is not None and r["hi_us"] <= cut)
        assert within == sum(d <= cut for d in durations)

    merged = Counter()
    for found in series(store, after, "histograms"):
        merged[found["lo_us"], found["hi_us"]] += found["count"]
    rank = ceil(share * len(durations))
    lo, hi = sorted(merged.elements())[rank - 1]
    exact = sorted(durations)[rank - 1]
    estimate = 2 * (lo + 1) * hi / (lo + 1 + hi) if hi else 0
    assert lo < exact <= hi
    assert abs(estimate - exact) <= 0.00271 * exact


@pytest.fixture(name="store")
def _store(tmp_path):
    """An empty store."""
    return open_store(tmp_path / "s", create=True)


def test_raw_parts_can_be_kept_aside(store):
    """Where no verdict reads them; they go with their run."""
    run = keep(store, [row(0)], [row(1)])
    before = [(store.root / part).read_bytes() for part in run.parts]
    after = roll_up(store, run, [100], keep_raw=True).run

    aside = sorted(store.aside.rglob("*.parquet"))
    assert [path.read_bytes() for path in aside] == before
    assert len(parts_of(store, after)) == 2
    assert verify(store, now_s=9e9).faults == []
    delete_run(store, "r1")
    assert list(store.root.rglob("*.parquet")) == []


def test_damage_is_not_rolled_up(store):
    """Nothing changes if a part is not what was sealed, or cannot be read."""
    run = keep(store, [row(0)], [row(1)])
    path = store.root / run.parts[0]
    data = bytearray(path.read_bytes())
    data[60] ^= 4
    path.write_bytes(data)
    with pytest.raises(StoreError, match="is damaged"):
        roll_up(store, run, [100])
    write_run(store, replace(run, seals={}))
    path.write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="cannot be"):
        roll_up(store, replace(run, seals={}), [100])

    assert read_run(store, "r1").parts == run.parts
    assert len(list(store.root.rglob("*.parquet"))) == 2


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"state": "incomplete"}, id="not complete"),
        pytest.param({"parts": ()}, id="no rows"),
        pytest.param({"parts": ("series/histograms/x",)}, id="histograms of its own"),
    ],
)
def test_what_cannot_be_rolled_up_is_refused(store, change):
    """Counts and histograms of a run must stand for the same requests."""
    run = replace(keep(store, [row(0)]), **change)

    assert not can_roll_up(run)
    with pytest.raises(SlogateError, match="cannot be rolled up"):
        roll_up(store, run, [])


@pytest.mark.parametrize(("duration", "refused"), [(199, False), (200, True)])
def test_requests_that_stand_for_missed_starts_are_not_rolled_up(store, duration, refused):
    """Back-filling needs pace and duration of each; without it the service would look better."""
    run = keep(store, [row(0), row(1, duration_us=duration, pace_us=100)])

    if refused:
        with pytest.raises(SlogateError, match="1 of its requests made their users miss starts"):
            roll_up(store, run, [])
        assert read_run(store, "r1") == run
    else:
        assert roll_up(store, run, []).requests == 2


def test_a_part_that_is_missing_is_named(store):
    """The run stays as it is."""
    run = keep(store, [row(0)], [row(1)])
    (store.root / run.parts[1]).unlink()
    with pytest.raises(SlogateError, match=r"00001\.parquet cannot be read: No such file"):
        roll_up(store, run, [])

    assert read_run(store, "r1") == run


def test_a_run_is_rolled_up_once(store):
    """Its requests are gone."""
    assert not can_roll_up(roll_up(store, keep(store, [row(0)]), []).run)


@pytest.mark.parametrize(("step", "steps"), [(60, 3), (300, 2), (86_400, 1)])
def test_histograms_may_have_shorter_steps(store, step, steps):
    """So that a window that begins within the hour can be judged."""
    day = 86_400_000_000
    start = -START % day
    run = keep(store, [row(start), row(start + 60_000_000), row(start + 300_000_000)])
    after = roll_up(store, run, [], step_us=step * 1_000_000).run

    assert len({found["ts"] for found in series(store, after, "histograms")}) == steps


@pytest.mark.parametrize("step", [0, 59, 7 * 60, 2 * 86_400])
def test_a_step_is_a_whole_part_of_a_day(store, step):
    """Or steps of two runs would overlap in part."""
    with pytest.raises(SlogateError, match="whole part of a day"):
        roll_up(store, keep(store, [row(0)]), [], step_us=step * 1_000_000)
