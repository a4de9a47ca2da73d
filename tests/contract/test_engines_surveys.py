"""Every engine sums surveys up as the reference does, which goes through them slot by slot."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from series_strategies import LENGTH, NAMES, PREDICATES, SELECTIONS, START, parts, row, rows
from step_strategies import step, step_parts, steps

from slogate import plugins
from slogate.errors import StoreError
from slogate.model.selection import Endpoint, Selection
from slogate.model.slots import Edges, Every, Tally
from slogate.model.survey import MOST_VALUES, Crowd, Slices, Slicing, Sums, Survey

ENGINES = plugins.names("engines")
engine = pytest.mark.parametrize("name", ENGINES)
another = pytest.mark.parametrize("name", [name for name in ENGINES if name != "memory"])
WIDE = st.builds(Selection, success=PREDICATES)
OBJECTIVES = st.sampled_from(
    [None, Fraction(1), Fraction(1, 2), Fraction(95, 100), Fraction(999_999_999, 10**9),
     Fraction(10**21 - 1, 10**21)]
)  # fmt: skip


@st.composite
def slicings(draw):
    """Slices, and edges at some of their ends."""
    slots = Every(
        start_ts=START + draw(st.integers(-3, 3)) * 100 + draw(st.sampled_from([0, 0, 7])),
        step_us=draw(st.sampled_from([50, 100, 100, 130])),
        count=draw(st.integers(1, 12)),
    )
    inner = draw(st.sets(st.integers(1, max(1, slots.count - 1)), max_size=4))
    edges = Edges(at=tuple(slots.start(at) for at in sorted({0, slots.count, *inner})))
    return edges, Slicing(slots=slots, objective=draw(OBJECTIVES))


@st.composite
def surveys(draw):
    """Up to five surveys, with slices or without, some of them alike."""
    edges = st.lists(
        st.integers(START - 300, START + LENGTH + 300), min_size=2, max_size=9, unique=True
    ).map(lambda at: (Edges(at=tuple(sorted(at))), None))
    shapes = draw(st.lists(slicings() | edges, min_size=1, max_size=3))
    found = []
    for number in range(draw(st.integers(1, 5))):
        between, slices = draw(st.sampled_from(shapes))
        found.append(
            Survey(
                id=f"s{number}", selection=draw(SELECTIONS | WIDE), edges=between, slices=slices,
                by=draw(st.none() | NAMES), events=draw(st.none() | PREDICATES),
            )
        )  # fmt: skip
    return found


def surveyed(name, wanted, found, threads=1):
    """The sums; every part is of a run of its own if its number is odd."""
    numbers = {part: index % 2 * index for index, part in enumerate(found)}
    with plugins.find("engines", name).reading(found, threads) as series:
        return series.survey(wanted, numbers)


@another
@settings(max_examples=40)
@given(
    single=st.just([]) | rows(max_size=12), fine=steps(), coarse=st.just([]) | steps(max_size=8),
    twice=st.booleans(), wanted=surveys(),
)  # fmt: skip
def test_sums_equal_the_reference(name, single, fine, coarse, twice, wanted):
    """Spans and slices of any kind, labels, buckets and steps of several runs, what counts."""
    with tempfile.TemporaryDirectory() as folder:
        found = [
            *parts(Path(folder), single[::2], single[1::2]),
            *step_parts(Path(folder), fine[::2], fine[1::2]),
            *step_parts(Path(folder), fine if twice else coarse, series="counts"),
        ]

        assert surveyed(name, wanted, found) == surveyed("memory", wanted, found)


MINUTE = 60_000_000


def minute(ts):
    """So many whole minutes as there are µs."""
    return START // MINUTE * MINUTE + (ts - START) * MINUTE


def in_minutes(wanted):
    """The surveys, with a minute for each µs."""
    for each in wanted:
        edges, slices = Edges(at=tuple(map(minute, each.edges.at))), each.slices
        if slices is not None:
            start, step_us = minute(slices.slots.start_ts), slices.slots.step_us * MINUTE
            slots = Every(start_ts=start, step_us=step_us, count=slices.slots.count)
            slices = replace(slices, slots=slots)
        yield replace(each, edges=edges, slices=slices)


@another
@settings(max_examples=25)
@given(
    single=st.just([]) | rows(max_size=12), fine=steps(), wanted=surveys(),
    twice=st.booleans(), longest=st.sampled_from([MINUTE, MINUTE, 1, 2 * MINUTE]),
)  # fmt: skip
def test_sums_by_the_minute_equal_the_reference(name, single, fine, wanted, twice, longest):
    """Where no step reaches beyond a minute less has to be told apart."""
    single = [{**each, "ts": minute(each["ts"])} for each in single]
    fine = [{**each, "ts": minute(each["ts"]), "step_us": longest} for each in fine]
    asked = [*in_minutes(wanted)]
    with tempfile.TemporaryDirectory() as folder:
        found = [
            *parts(Path(folder), single[::2], single[1::2]),
            *step_parts(Path(folder), fine[::2], fine[1::2]),
            *step_parts(Path(folder), fine if twice else [], series="counts"),
        ]

        assert surveyed(name, asked, found) == surveyed("memory", asked, found)


@engine
def test_too_many_values_of_a_label_are_a_crowd(name, tmp_path):
    """They are counted, a few are named, and no more is told of them."""
    single = [row(0, labels=[("user", f"u{number:05}")]) for number in range(MOST_VALUES)]
    again = [row(2, labels=[("user", "u00000")])] * 3
    found = parts(tmp_path, [*single, row(1), *again])
    edges = Edges(at=(START, START + 1))
    wanted = [
        Survey(id="none", selection=Selection(), edges=Edges(at=(START, START + 2)), by="user"),
        Survey(id="few", selection=Selection(), edges=edges, by="user"),
    ]

    told = surveyed(name, wanted, found)

    assert told["none"] == Crowd(MOST_VALUES + 1, ("u00000", "u00001", "u00002"))
    assert len(told["few"]) == MOST_VALUES


@another
def test_values_of_a_label_that_come_late_are_told(name, tmp_path):
    """Two labels: one has few values throughout, of one most come in the middle."""
    groups = [[("zone", "a")], [("zone", f"z{at}") for at in range(99)], [("zone", "b")]]
    groups = [[row(0, labels=[each, ("size", "s")]) for each in some] for some in groups]
    found = parts(tmp_path, *groups)
    edges = Edges(at=(START, START + 2))
    wanted = [
        Survey(id=f"{by}", selection=Selection(), edges=edges, by=by)
        for by in ("zone", "size", None)
    ]

    told = surveyed(name, wanted, found)

    assert told == surveyed("memory", wanted, found)
    assert len(told["zone"]) == 101


@engine
@pytest.mark.parametrize("series", [None, "histograms", "counts"])
def test_damaged_parts_are_refused_wherever_their_rows_lie(name, series, tmp_path):
    """Rows of another endpoint, long before; of the series that is read, or of the other."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = [*parts(tmp_path, [row(-(10**9), endpoint="/other"), row(0)])]
    for kind in ("histograms", "counts"):
        steps_of = [step(-(10**9), endpoint="/other"), step(0)]
        found += step_parts(tmp_path, steps_of, series=kind)
    broken = next(part for part in found if f"/{series or 'requests'}/" in part)
    data, column = pq.ParquetFile(broken).read(), "step_us" if series else "duration_us"
    at = data.schema.get_field_index(column)
    field = data.schema.field(at)
    pq.write_table(data.set_column(at, field, pa.array([-1, 1], field.type)), broken)
    wanted = Survey(
        id="s", selection=Selection(endpoint=Endpoint(method=None, name="/")),
        edges=Edges(at=(START, START + 100)),
    )  # fmt: skip

    with pytest.raises(StoreError, match=rf"{Path(broken).name} is damaged"):
        surveyed(name, [wanted], found)


@engine
@pytest.mark.parametrize("threads", [1, 4])
def test_slices_are_summed_by_span(name, threads, tmp_path):
    """A slice with a step across an end of it is hazy, whatever else is in it."""
    slots = Every(start_ts=START, step_us=100, count=10)
    survey = Survey(
        id="s", selection=Selection(), edges=Edges(at=(START, START + 500, START + LENGTH)),
        slices=Slicing(slots=slots, objective=Fraction(1, 2)),
    )  # fmt: skip
    bad = {"ok": False}
    single = [row(0), row(1, **bad), row(100, **bad), row(399), row(400), row(999, **bad)]
    found = [*parts(tmp_path, single), *step_parts(tmp_path, [step(350, 0, 9, 4, 100)])]

    assert surveyed(name, [survey], found, threads)["s"] == {
        None: Sums(
            (Tally(0, 0, 9, 7, 7), Tally(1, 1, 1, 0, 0)),
            (Slices(0, 2, 2, 0, 4, 1, 1), Slices(1, 1, 0, 9, 9, 1, 1)),
        )
    }
