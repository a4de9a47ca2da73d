"""Every engine counts what is in buckets as the reference does, whatever the data."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from series_strategies import LENGTH, START, WINDOWS, need, parts, row, rows
from step_strategies import EXTENTS, LARGEST, broad_needs, step, step_parts, steps

from slogate import plugins
from slogate.engines import memory
from slogate.errors import StoreError
from slogate.model.evidence import Doubt
from slogate.model.predicate import Comparison
from slogate.model.selection import Selection

ENGINES = plugins.names("engines")
engine = pytest.mark.parametrize("name", ENGINES)
another = pytest.mark.parametrize("name", [name for name in ENGINES if name != "memory"])


def all_parts(folder, single, fine, coarse):
    """Parts of the three series."""
    return [
        *parts(folder, single[::2], single[1::2]),
        *step_parts(folder, fine[::2], fine[1::2]),
        *step_parts(folder, coarse, series="counts"),
    ]


@another
@settings(max_examples=60)
@given(
    single=st.just([]) | rows(max_size=12), fine=steps(), coarse=st.just([]) | steps(max_size=8),
    twice=st.booleans(), wanted=broad_needs(), extent=EXTENTS,
)  # fmt: skip
def test_gather_equals_the_reference(name, single, fine, coarse, twice, wanted, extent):
    """Buckets, steps, predicates on durations, sums and maxima, beside single requests."""
    with tempfile.TemporaryDirectory() as folder:
        found = all_parts(Path(folder), single, fine, fine if twice else coarse)

        actual = plugins.find("engines", name).gather(wanted, found, threads=1, extent=extent)
        expected = memory.PLUGIN.gather(wanted, found, extent=extent)

    assert actual == expected


@another
@settings(max_examples=20)
@given(
    single=st.just([]) | rows(max_size=8), fine=steps(), coarse=st.just([]) | steps(),
    window=WINDOWS, extent=EXTENTS,
)  # fmt: skip
def test_tally_span_and_failures_equal_the_reference(name, single, fine, coarse, window, extent):
    """Requests divide as the reference divides them, and span from the first to the last."""
    with tempfile.TemporaryDirectory() as folder:
        found = all_parts(Path(folder), single, fine, coarse)
        under_test = plugins.find("engines", name)
        with (
            under_test.reading(found, 1, extent) as one,
            memory.PLUGIN.reading(found, 1, extent) as other,
        ):
            assert one.tally(window) == other.tally(window)
            assert one.span() == other.span()
            assert one.failures(window, 3) == other.failures(window, 3)


def gather(name, wanted, folder, rows, **more):
    """The evidence of one need over a histogram."""
    found = step_parts(folder, rows)
    return plugins.find("engines", name).gather([wanted], found, **more)["need"]


@engine
@pytest.mark.parametrize(
    ("lo_us", "hi_us", "worst", "best"),
    [
        pytest.param(-1, 100, 0, 0, id="up to the limit"),
        pytest.param(100, 101, 4, 4, id="just over it"),
        pytest.param(99, 101, 4, 0, id="around it"),
        pytest.param(99, None, 4, 0, id="without an upper bound"),
        pytest.param(100, None, 4, 4, id="over it without an upper bound"),
    ],
)
def test_only_the_bucket_around_the_limit_is_in_doubt(name, lo_us, hi_us, worst, best, tmp_path):
    """A bound that is the limit leaves none: within is at most."""
    found = gather(name, need(limit_us=100), tmp_path, [step(0, lo_us, hi_us, 4)])

    assert (found.bad, (found.best or found).bad) == (worst, best)
    assert (found.doubt is not None) == (worst != best)


@engine
def test_a_success_in_doubt_is_dropped_or_judged_as_it_hurts(name, tmp_path):
    """Of `failures: drop`, those that may be successes are bad ones at worst, good ones at best."""
    selection = Selection(success=Comparison("duration", "<=", 200))
    wanted = need(limit_us=100, failures="drop", selection=selection)
    found = gather(name, wanted, tmp_path, [step(0, 50, 300, 4), step(0, 300, 400, 3)])

    assert (found.total, found.bad, found.best.total, found.best.bad) == (4, 4, 4, 0)
    assert found.doubt == Doubt(requests=4, lo_us=50, hi_us=300)


@engine
def test_a_row_that_tells_its_sum_and_maximum_leaves_no_doubt_of_them(name, tmp_path):
    """The mean and the maximum are exact, whatever the bucket."""
    rows = [step(0, 100, None, 3, sum_us=600, max_us=300), step(0, 0, 100, 1, sum_us=7, max_us=7)]
    mean = gather(name, need("mean", limit_us=90, failures="measured"), tmp_path, rows)
    largest = plugins.find("engines", name).gather(
        [need("max")], [str(path) for path in tmp_path.rglob("*.parquet")]
    )["need"]

    assert (mean.sum_us, mean.best) == (607, None)
    assert (largest.max_us, largest.best) == (300, None)


@engine
def test_without_a_bound_the_largest_is_known_from_below_only(name, tmp_path):
    """In the worst case there is none, in the best it is a microsecond over the bound."""
    found = gather(name, need("max"), tmp_path, [step(0, 400, None, 3)])

    assert (found.max_us, found.best.max_us) == (LARGEST, 401)


@engine
@pytest.mark.parametrize(
    ("ts", "step_us", "extent", "matched", "cut"),
    [
        pytest.param(0, LENGTH, (None, None), 5, 0, id="the whole window"),
        pytest.param(0, LENGTH + 2, (None, None), 0, 5, id="beyond its end"),
        pytest.param(-1, 10, (None, None), 0, 5, id="from before its start"),
        pytest.param(-10, 10, (None, None), 0, 0, id="before it"),
        pytest.param(-1, 10, (START, None), 5, 0, id="the run starts with the window"),
        pytest.param(0, 10**9, (None, START + LENGTH), 5, 0, id="the run ends with the window"),
        pytest.param(-1, 10, (START - 1, None), 0, 5, id="the run starts before the window"),
    ],
)
def test_a_step_lies_in_the_window_or_across_its_end(
    name, ts, step_us, extent, matched, cut, tmp_path
):
    """What cannot be outside the window since the run does not reach there lies inside."""
    found = gather(name, need(), tmp_path, [step(ts, 0, 9, 5, step_us)], extent=extent)

    assert (found.matched, found.cut.requests if found.cut else 0) == (matched, cut)


@engine
@pytest.mark.parametrize(
    ("counts", "limit_us", "worst", "other"),
    [
        pytest.param([(-1, 250, 6), (250, None, 2)], 250, 2, True, id="the limit is a cut"),
        pytest.param([(-1, 10, 4), (10, None, 4)], 250, 4, True, id="it is none"),
        pytest.param([(-1, 250, 5), (250, None, 2)], 250, 4, False, id="one was lost"),
    ],
)
def test_counts_and_histograms_are_never_added_up(name, counts, limit_us, worst, other, tmp_path):
    """The one with less doubt answers, unless it has fewer requests; percentiles are the fine."""
    fine = [step(0, lo, lo + 100, 2) for lo in (0, 100, 200, 300)]
    coarse = [step(0, lo, hi, count) for lo, hi, count in counts]
    found = plugins.find("engines", name).gather(
        [need(limit_us=limit_us)],
        [*step_parts(tmp_path, fine), *step_parts(tmp_path, coarse, series="counts")],
    )["need"]

    assert (found.total, found.bad, found.other is not None) == (8, worst, other)
    assert found.ladder[-1][1] == 400


@engine
@pytest.mark.parametrize(
    ("column", "value"),
    [
        pytest.param("count", 0, id="nobody"),
        pytest.param("count", 10**15, id="more than there can be"),
        pytest.param("step_us", 0, id="no step"),
        pytest.param("step_us", LARGEST, id="an endless step"),
        pytest.param("lo_us", -2, id="a negative bound"),
        pytest.param("lo_us", 100, id="an empty bucket"),
        pytest.param("lo_us", None, id="half a bucket"),
        pytest.param("sum_us", -1, id="a negative sum"),
        pytest.param("max_us", -1, id="a negative maximum"),
        pytest.param("ts", -1, id="before 1970"),
        pytest.param("ts", LARGEST, id="infinity"),
    ],
)
def test_a_part_with_an_absurd_step_is_named(name, column, value, tmp_path):
    """It is never counted, wherever the window lies."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    whole, broken = step_parts(tmp_path, [step()], [step(0, sum_us=1, max_us=1), step(9_000)])
    data = pq.ParquetFile(broken).read()
    at, kind = data.schema.get_field_index(column), data.schema.field(column).type
    values = [*data[column].cast("int64").to_pylist()[:-1], value]
    given = pa.array(values, pa.int64()).cast(kind)
    pq.write_table(data.set_column(at, pa.field(column, kind), given), broken)
    with pytest.raises(StoreError, match=r"0001\.parquet is damaged: a step"):
        plugins.find("engines", name).gather([need()], [whole, broken])


@engine
def test_a_part_of_an_unknown_series_is_refused(name, tmp_path):
    """A later version may have other series; they are not counted as if they were ours."""
    import pyarrow.parquet as pq

    (path,) = step_parts(tmp_path, [step()])
    metadata = {"slogate.schema": "1", "slogate.series": "sketches"}
    pq.write_table(pq.read_table(path).replace_schema_metadata(metadata), path)
    with pytest.raises(StoreError, match="is not a part"):
        plugins.find("engines", name).span([path])


@engine
def test_an_old_part_that_names_no_series_holds_requests(name, tmp_path):
    """Parts written before there were others say nothing."""
    import pyarrow.parquet as pq

    (path,) = parts(tmp_path, [row()])
    pq.write_table(pq.read_table(path).replace_schema_metadata({"slogate.schema": "1"}), path)

    assert plugins.find("engines", name).span([path])[0] == 1
