"""What a store holds, by service, kind and series."""

from __future__ import annotations

import pyarrow as pa
import pytest
from series_strategies import START, row, table

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.store.layout import open_store
from slogate.store.manifest import write_run
from slogate.store.parts import SCHEMA, write_part
from slogate.store.rollup import roll_up
from slogate.store.summary import summarise

ONE = {"ts": START, "step_us": 1, "endpoint": "/", "method": "", "lo_us": 0, "hi_us": 9}


def keep(store, run_id, *parts):
    """A run of parts of (series, rows)."""
    names = tuple(
        write_part(store, run_id, "shop", "production", rows, sequence=n, worker=None, series=name)
        for n, (name, rows) in enumerate(parts)
    )
    run = Run(id=run_id, service="shop", kind="production", state="complete", parts=names)
    write_run(store, run)
    return run


def counted(name, *counts):
    """A series of rows that stand for so many requests each."""
    rows = [{**ONE, "count": count} for count in counts]
    return name, pa.Table.from_pylist(rows, SCHEMA(name))


def requests(count):
    """So many requests."""
    return "requests", table([row(i) for i in range(count)])


@pytest.fixture(name="store")
def _store(tmp_path):
    """An empty store."""
    return open_store(tmp_path / "s", create=True)


def test_requests_are_counted_by_what_the_rows_stand_for(store):
    """Raw ones, those of a source that has histograms only, and those that were rolled up, once."""
    keep(store, "raw", requests(5))
    keep(store, "both", requests(2), counted("histograms", 3, 4))
    roll_up(store, keep(store, "rolled", requests(6)), [50])
    summary = summarise(store)
    [holding] = summary.holdings

    assert (summary.requests, holding.requests) == (5 + 2 + 7 + 6,) * 2
    assert [(s.series, s.runs, s.parts, s.requests) for s in holding.series] == [
        ("requests", 2, 2, 7), ("counts", 1, 1, 6), ("histograms", 2, 2, 13),
    ]  # fmt: skip
    assert (holding.runs, holding.parts, holding.rows) == (3, 5, 7 + 1 + 2 + 1)
    assert holding.bytes == sum(s.bytes for s in holding.series)


def test_a_run_without_parts_is_a_run(store):
    """It holds nothing."""
    keep(store, "empty")
    [holding] = summarise(store).holdings

    assert (holding.runs, holding.requests, holding.series) == (1, 0, ())


def test_a_part_that_cannot_be_read_is_named(store):
    """Nothing is left out in silence."""
    run = keep(store, "r", counted("histograms", 3))
    path = store.root / run.parts[0]
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(StoreError, match=path.name):
        summarise(store)
