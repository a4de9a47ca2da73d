"""What a run's endpoints are called, whatever series it has."""

from __future__ import annotations

import pyarrow as pa
import pytest
from series_strategies import START, row, table

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.store.endpoints import endpoints
from slogate.store.layout import open_store
from slogate.store.manifest import find_run, write_run
from slogate.store.parts import SCHEMA, write_part
from slogate.store.rollup import roll_up

ONE = {"ts": START, "step_us": 1, "lo_us": 0, "hi_us": 9}


def keep(store, *parts):
    """A run of parts of (series, rows)."""
    names = tuple(
        write_part(store, "r", "shop", "production", rows, sequence=n, worker=None, series=name)
        for n, (name, rows) in enumerate(parts)
    )
    run = Run(id="r", service="shop", kind="production", state="complete", parts=names)
    write_run(store, run)
    return run


def requests(*names):
    """A request of each name."""
    named = zip(("POST", "", ""), names, strict=False)
    rows = [{**row(i), "method": m, "endpoint": e} for i, (m, e) in enumerate(named)]
    return "requests", table(rows)


def histograms(**counts):
    """A bucket of each endpoint that stands for so many requests."""
    rows = [{**ONE, "endpoint": e, "method": "", "count": n} for e, n in counts.items()]
    return "histograms", pa.Table.from_pylist(rows, SCHEMA("histograms"))


@pytest.fixture(name="store")
def _store(tmp_path):
    """An empty store in a folder whose name looks like a pattern."""
    return open_store(tmp_path / "s[1]*", create=True)


def test_endpoints_are_named_as_specs_name_them(store):
    """The commonest first; those of requests and of histograms are added up, none has no name."""
    run = keep(store, requests("/pay", "a", ""), histograms(a=4, b=2))

    assert endpoints(store, run) == [("a", 5), ("b", 2), ("", 1), ("POST /pay", 1)]


def test_rolled_up_requests_are_counted_once(store):
    """Counts and histograms of them stand for the same requests."""
    roll_up(store, keep(store, requests("/pay", "a", "a")), [50])

    assert endpoints(store, find_run(store, "r")) == [("a", 2), ("POST /pay", 1)]


def test_a_part_that_cannot_be_read_is_an_error(store):
    """Nothing is left out in silence."""
    run = keep(store, requests("/pay"))
    (store.root / run.parts[0]).write_bytes(b"PAR1 and no more")

    with pytest.raises(StoreError, match="its requests cannot be read"):
        endpoints(store, run)
