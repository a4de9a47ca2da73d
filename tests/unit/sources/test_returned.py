"""What `slogate store export` wrote comes back as it was, in each of its formats."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from series_strategies import START, row, table

from slogate.errors import SourceError
from slogate.ingest import import_files
from slogate.model.run import Run
from slogate.model.series import Series
from slogate.sources._returned import NOTE
from slogate.store.export import FORMS, Form, export
from slogate.store.layout import Store, open_store
from slogate.store.manifest import list_runs, write_run
from slogate.store.parts import SCHEMA, write_part
from slogate.store.reading import parts_of

ODD = "a\"b,\n\té\\ 'x' POST /y"
REQUESTS = [
    row(0, endpoint=ODD, method="", labels=[("region", 'eu,"1"'), ("é", "")], error=""),
    row(1, duration_us=None, ok=None, status=None, error=ODD, labels=[]),
    row(2, late_us=-5, pace_us=7_000, bytes=0, worker="w-1", trace_id="0af7"),
    row(2_000_000, endpoint="", ok=False, status=599, labels=None),
]
HISTOGRAMS = [
    {"ts": START, "step_us": 60, "endpoint": ODD, "method": "GET", "status": None, "ok": None,
     "lo_us": -1, "hi_us": None, "count": 3, "sum_us": None, "max_us": None, "worker": None,
     "labels": [("a", "b")]},
    {"ts": START + 60, "step_us": 60, "endpoint": "/", "method": "", "status": 200, "ok": True,
     "lo_us": None, "hi_us": None, "count": 1, "sum_us": None, "max_us": None, "worker": None,
     "labels": None},
]  # fmt: skip

forms = pytest.mark.parametrize("form", FORMS)


@pytest.fixture
def store(tmp_path) -> Store:
    """A store with a run of requests."""
    store = open_store(tmp_path / "s", create=True)
    _keep(store, "r1", table(REQUESTS), "requests")
    return store


def _keep(store: Store, run_id: str, rows: pa.Table, series: Series) -> Run:
    part = write_part(
        store, run_id, "shop", "load", rows, sequence=0, worker=None, series=series
    )  # fmt: skip
    run = Run(id=run_id, service="shop", kind="load", state="complete", parts=(part,))
    write_run(store, run)
    return run


def _rows(store: Store, run: Run) -> list[dict[str, Any]]:
    return [
        each
        for part in parts_of(store, run)
        for each in pq.read_table(part, partitioning=None).to_pylist()
    ]


def _histograms() -> pa.Table:
    schema = SCHEMA("histograms")
    columns = [
        pa.array([each[name] for each in HISTOGRAMS], pa.int64() if name == "ts" else kind)
        for name, kind in zip(schema.names, schema.types, strict=True)
    ]
    return pa.table([c.cast(k) for c, k in zip(columns, schema.types, strict=True)], schema=schema)


@forms
def test_requests_come_back_as_they_were(store, tmp_path, form: Form):
    """Odd texts, what is not there, labels, pace: all of it; what was done is told."""
    path = tmp_path / f"o.{form}"
    [run] = list_runs(store)
    export(store, [run], "requests", path, form)

    back = import_files(store, [(path.name, path)], service="again", now_ts=1)

    assert _rows(store, back.run) == _rows(store, run)
    assert NOTE in back.notes
    assert not import_files(store, [(path.name, path)], service="again", now_ts=2).new


@forms
@pytest.mark.parametrize("series", ["histograms", "counts"])
def test_buckets_come_back_as_they_were(store, tmp_path, form: Form, series: Series):
    """As histograms, whichever of the two they were."""
    run = _keep(store, "r2", _histograms(), series)
    path = tmp_path / f"o.{form}"
    export(store, [run], series, path, form)

    back = import_files(store, [(path.name, path)], service="again", now_ts=1)

    assert _rows(store, back.run) == _rows(store, run)
    assert back.requests == 4


def test_a_packed_export_comes_back(store, tmp_path):
    """Text is often kept compressed."""
    [run] = list_runs(store)
    for form in ("csv", "ndjson"):
        export(store, [run], "requests", tmp_path / f"o.{form}", form)
        packed = tmp_path / f"o.{form}.gz"
        packed.write_bytes(gzip.compress((tmp_path / f"o.{form}").read_bytes()))

        back = import_files(store, [(packed.name, packed)], service=form, now_ts=1)

        assert _rows(store, back.run) == _rows(store, run)


@pytest.mark.parametrize(
    ("form", "was", "becomes"),
    [
        ("csv", ",100,", ",fast,"), ("csv", "Z,100", "Z,100,7"), ("csv", "2023-", "when-"),
        ("ndjson", '"duration_us":100', '"duration_us":"fast"'),
        ("ndjson", '"status":200', '"status":99999999'),
    ],
)  # fmt: skip
def test_an_export_that_was_changed_is_refused(store, tmp_path: Path, form, was, becomes):
    """With the file's name, and nothing is kept."""
    path = tmp_path / f"o.{form}"
    export(store, list_runs(store), "requests", path, form)
    text = path.read_text()
    assert was in text
    path.write_text(text.replace(was, becomes, 1))

    with pytest.raises(SourceError, match=path.name):
        import_files(store, [(path.name, path)], service="again", now_ts=1)
    assert len(list_runs(store)) == 1
