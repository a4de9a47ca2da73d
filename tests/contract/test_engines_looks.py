"""Every engine shows a report what the reference shows, whatever the data."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from series_strategies import LENGTH, START, parts, row, rows
from step_strategies import step, step_parts, steps

from slogate import plugins
from slogate.engines import memory
from slogate.model.exhibit import LAST_ROW, Cell, View, row_of
from slogate.model.selection import Endpoint, Selection
from slogate.model.window import Window

ENGINES = plugins.names("engines")
engine = pytest.mark.parametrize("name", ENGINES)
another = pytest.mark.parametrize("name", [name for name in ENGINES if name != "memory"])
SECOND = 1_000_000
STRETCH = 30_000
SCENES = (Selection(), Selection(endpoint=Endpoint.parse("GET /*")), Selection(where=(("a", "*"),)))
WINDOWS = st.none() | st.tuples(st.integers(-LENGTH, LENGTH), st.integers(0, 2 * LENGTH)).map(
    lambda w: Window(start_ts=START + w[0] * STRETCH, end_ts=START + (w[0] + w[1]) * STRETCH)
)
VIEWS = st.builds(
    View, whole=WINDOWS, window=WINDOWS, scenes=st.just(SCENES),
    columns=st.integers(1, 70), endpoints=st.integers(0, 3),
)  # fmt: skip


def stretched(found):
    """The rows, their milliseconds spread over a minute."""
    return [{**each, "ts": START + (each["ts"] - START) * STRETCH} for each in found]


def look(name, found, view, extent=(None, None)):
    """What the engine shows of the parts."""
    with plugins.find("engines", name).reading(found, 1, extent) as series:
        return series.look(view)


@another
@settings(max_examples=25)
@given(
    single=st.just([]) | rows(max_size=15), fine=st.just([]) | steps(),
    coarse=st.just([]) | steps(max_size=8), twice=st.booleans(), view=VIEWS,
)  # fmt: skip
def test_what_is_shown_equals_the_reference(name, single, fine, coarse, twice, view):
    """Slices, cells, percentiles, distributions and endpoints, of any series."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        found = [
            *parts(root, stretched(single[::2]), stretched(single[1::2])),
            *step_parts(root, stretched(fine)),
            *step_parts(root, stretched(fine if twice else coarse), series="counts"),
        ]
        assert look(name, found, view) == look("memory", found, view)


@engine
def test_single_requests_are_shown_exactly(name, tmp_path):
    """Each request lies in its slice and row, and percentiles are nearest ranks."""
    quick = [row(i * SECOND, 1_000 + i) for i in range(100)]
    [scene] = look(name, parts(tmp_path, quick), View(columns=10)).scenes

    assert [each.total for each in scene.slices] == [10] * 10
    assert scene.slices[3].quantiles == (1_034, 1_038, 1_039, 1_039)
    assert scene.slices[3].max_us == 1_039
    assert scene.cells[0] == Cell(column=0, low=row_of(1_000), high=row_of(1_009), count=10)
    assert [(each.lo_us, each.hi_us) for each in scene.levels[:2]] == [
        (1_009, 1_009),
        (1_019, 1_019),
    ]
    assert scene.levels[-1].hi_us == 1_099


@engine
def test_requests_in_buckets_are_shown_as_wide_as_they_are_known(name, tmp_path):
    """A wide bucket spans rows, one without an end has none, and nothing is made up."""
    buckets = [step(0, 99, 1_000, 8), step(0, 1_000, None, 2)]
    shown = look(name, step_parts(tmp_path, buckets), View())
    [scene] = shown.scenes

    assert not shown.exact
    assert [(c.low, c.high, c.count) for c in scene.cells] == [
        (row_of(100), row_of(1_000), 8), (row_of(1_001), None, 2),
    ]  # fmt: skip
    assert scene.slices[0].quantiles == (1_000, None, None, None)
    assert (scene.levels[4].lo_us, scene.levels[4].hi_us) == (100, 1_000)


@engine
def test_failures_and_endpoints_are_told(name, tmp_path):
    """A failure is one by its source, and the busiest endpoints come first."""
    found = [
        row(0, endpoint="/a"), row(0, endpoint="/b", ok=False), row(0, endpoint="/b"),
        row(0, endpoint="/c", ok=None, status=503, duration_us=None),
        row(9 * SECOND, endpoint="/d"),
    ]  # fmt: skip
    window = Window(start_ts=START, end_ts=START + SECOND)
    shown = look(name, parts(tmp_path, found), View(window=window, endpoints=2))

    assert [(e.endpoint, e.total, e.failed) for e in shown.endpoints] == [
        ("/b", 2, 1),
        ("/a", 1, 0),
    ]
    assert shown.others == (1, 1)
    assert [(s.total, s.failed, s.timed) for s in shown.scenes[0].slices] == [(4, 2, 3), (1, 0, 1)]


@engine
def test_nothing_is_shown_of_nothing(name):
    """Without requests there is no picture."""
    assert look(name, [], View()) is None


@engine
def test_a_slice_is_no_shorter_than_a_step(name, tmp_path):
    """Requests counted by the minute are not spread over seconds."""
    found = [step(i * 60 * SECOND, count=i + 1, step_us=60 * SECOND) for i in range(5)]
    shown = look(name, step_parts(tmp_path, found), View(columns=90))

    assert (shown.step_us, [s.total for s in shown.scenes[0].slices]) == (
        60 * SECOND,
        [1, 2, 3, 4, 5],
    )


@another
def test_rows_have_the_edges_of_the_reference(name, tmp_path):
    """On both sides of each edge of each row, floats place a duration as integers do."""
    edges = sorted({max(0, int(2 ** (r / 4)) + d) for r in range(LAST_ROW) for d in (-1, 0, 1, 2)})
    found = parts(tmp_path, [row(0, us) for us in edges])
    view = View(columns=1)

    assert look(name, found, view).scenes[0].cells == look("memory", found, view).scenes[0].cells


def test_the_reference_is_there():
    """Others are held against it."""
    assert memory.PLUGIN.name in ENGINES
