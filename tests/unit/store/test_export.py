"""What is exported is what is stored, in three formats, whole or not at all."""

from __future__ import annotations

import csv
import json
import resource

import pyarrow.parquet as pq
import pytest
from series_strategies import START, row, table

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.store.export import export
from slogate.store.layout import open_store
from slogate.store.manifest import write_run
from slogate.store.parts import write_part

ODD = 'a"b,\n\té'
ROWS = [
    row(0, endpoint=ODD, labels=[("region", "eu"), ("x", None)], error=""),
    row(1, duration_us=None, ok=None, status=None, error=ODD),
    row(2_000_000),
]


@pytest.fixture(name="kept")
def _kept(tmp_path):
    """A store and its two runs."""
    store = open_store(tmp_path / "s", create=True)
    runs = []
    for name, service in (("r1", "shop"), ("r2", "b'ank")):
        part = write_part(store, name, service, "load", table(ROWS), sequence=0, worker="w")
        runs.append(Run(id=name, service=service, kind="load", state="complete", parts=(part,)))
        write_run(store, runs[-1])
    return store, runs


def test_parquet_has_the_columns_of_the_view(kept, tmp_path):
    """With kind, service and run before those of the series; types stay."""
    store, runs = kept
    found = export(store, runs, "requests", tmp_path / "o.parquet", "parquet")
    read = pq.read_table(tmp_path / "o.parquet").to_pylist()

    assert found.rows == len(read) == 6
    assert [each["service"] for each in read] == ["shop"] * 3 + ["b'ank"] * 3
    assert int(read[2]["ts"].timestamp() * 1e6) == START + 2_000_000
    assert read[0]["labels"] == [("region", "eu"), ("x", None)]


def test_ndjson_is_one_object_a_row(kept, tmp_path):
    """Moments in ISO 8601, labels an object, nulls as null."""
    store, runs = kept
    export(store, runs[:1], "requests", tmp_path / "o.ndjson", "ndjson")
    lines = [json.loads(line) for line in (tmp_path / "o.ndjson").read_text().splitlines()]

    assert [line["ts"] for line in lines] == [
        "2023-11-14T22:13:20.000000Z", "2023-11-14T22:13:20.000001Z", "2023-11-14T22:13:22.000000Z",
    ]  # fmt: skip
    assert (lines[0]["endpoint"], lines[0]["labels"]) == (ODD, {"region": "eu", "x": None})
    assert (lines[1]["duration_us"], lines[1]["ok"]) == (None, None)


def test_csv_can_be_read_back(kept, tmp_path):
    """Quotes, commas and newlines too; labels are JSON; null and an empty text differ."""
    store, runs = kept
    export(store, runs[:1], "requests", tmp_path / "o.csv", "csv")
    text = (tmp_path / "o.csv").read_text()
    read = list(csv.DictReader(text.splitlines(keepends=True)))

    assert read[0]["endpoint"] == ODD
    assert json.loads(read[0]["labels"]) == {"region": "eu", "x": None}
    assert ',true,"",' in text
    assert (read[1]["duration_us"], read[2]["error"]) == ("", "")


def test_a_span_is_from_its_start_to_before_its_end(kept, tmp_path):
    """A row at the end belongs to the next span."""
    store, runs = kept
    spans = [(None, START + 1), (START + 1, START + 2_000_000), (START + 2_000_000, None)]
    counts = [
        export(store, runs, "requests", tmp_path / "o.csv", "csv", from_ts=a, to_ts=b).rows
        for a, b in spans
    ]

    assert counts == [2, 2, 2]


@pytest.mark.parametrize("form", ["parquet", "csv", "ndjson"])
def test_a_failed_export_leaves_what_was_there(kept, tmp_path, form):
    """No rows, a damaged part: the file that was there stays, no draft does."""
    store, runs = kept
    path = tmp_path / "out" / f"o.{form}"
    path.parent.mkdir()
    path.write_text("before")
    with pytest.raises(StoreError, match="there are no counts"):
        export(store, runs, "counts", path, form)
    (store.root / runs[1].parts[0]).write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="cannot export"):
        export(store, runs, "requests", path, form)

    assert [(each.name, each.read_text()) for each in path.parent.iterdir()] == [
        (path.name, "before")
    ]


@pytest.mark.parametrize("form", ["parquet", "csv", "ndjson"])
def test_a_full_disk_is_told_in_plain_words(kept, tmp_path, form):
    """Why the system refuses to write, and nothing of how DuckDB says it; no draft is left."""
    store, runs = kept
    path = tmp_path / "out" / f"o.{form}"
    path.parent.mkdir()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(StoreError) as caught:
            export(store, runs, "requests", path, form)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert str(caught.value) == f"cannot export to {path}: File too large"
    assert not [*path.parent.iterdir()]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nowhere/o.csv", "No such file or directory"),
        (f"{'n' * 250}.csv", "File name too long"),
        ("file/o.csv", "Not a directory"),
    ],
)
def test_where_no_file_can_be_is_told(kept, tmp_path, name, told):
    """With the path as it was given."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as caught:
        export(*kept, "requests", tmp_path / name, "csv")

    assert str(caught.value) == f"{tmp_path / name} cannot be written: {told}"
