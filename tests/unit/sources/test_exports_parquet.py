"""Parquet as DuckDB, polars, Spark and BigQuery write it: structures, intervals, bytes, dates."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from foreign import Taken, take

from slogate import plugins
from slogate.errors import SourceError

AT = datetime(2025, 11, 24, 16, 0, 0, 250_000, tzinfo=UTC)
WITHIN = """\
time: at
duration: {column: request.took, unit: ms}
path: request.path
status: request.http.status
trace_id: request.trace.id
"""


def read(folder: Path, columns: dict[str, object], mapping: str = "") -> Taken:
    """What a file of these columns gives."""
    kept = io.BytesIO()
    pq.write_table(pa.table(columns), kept)
    options = {}
    if mapping:
        (folder / "mapping.yaml").write_text(mapping)
        options["mapping"] = str(folder / "mapping.yaml")
    source = plugins.find("sources", "export-parquet")
    return take(folder, kept.getvalue(), source=source, **options)


def rows(**columns: object) -> dict[str, object]:
    """A file of one row, of which these columns are others."""
    return {"at": [AT], "path": ["/a"], "latency_ms": [34.2]} | columns


def test_what_is_within_structures_is_reached_by_dots(tmp_path):
    """A structure that is not there tells of no request; a name may hold a dot itself."""
    request = {"took": 34.2, "path": "/a", "http": {"status": 503}, "trace.id": "4bf9"}

    found = read(tmp_path, {"at": [AT, AT], "request": [request, None]}, WITHIN)

    [row] = found.rows
    assert (row["duration_us"], row["endpoint"], row["status"]) == (34_200, "/a", 503)
    assert row["trace_id"] == "4bf9"
    assert found.tally.left_out == {"rows that tell of no request": 1}


def test_a_column_with_a_dot_is_meant_before_what_is_within_one(tmp_path):
    """Spark lets a column be called so."""
    mapping = "time: at\nduration: {column: latency_ms}\nstatus: http.status\npath: path\n"
    columns = rows(http=[{"status": 200}], **{"http.status": [503]})

    assert [row["status"] for row in read(tmp_path, columns, mapping).rows] == [503]


def test_what_can_be_named_is_listed(tmp_path):
    """Who completes a mapping learns what is within."""
    with pytest.raises(SourceError, match=r"request, request\.took, request\.path"):
        read(tmp_path, {"at": [AT], "request": [{"took": 1.0, "path": "/a"}]})
    with pytest.raises(SourceError, match=r"no column 'request\.http\.status'") as fault:
        read(tmp_path, {"at": [AT], "request": [{"took": 1.0, "path": "/a", "status": 1}]}, WITHIN)
    assert "did you mean 'request.status'?" in str(fault.value.hint)


@pytest.mark.parametrize(
    ("column", "hint"),
    [
        pytest.param([["/a"]], "one value a row", id="a list"),
        pytest.param(pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string())), "", id="a map"),
        pytest.param([{"raw": "/a"}], r"name what is within by a dot: path\.raw", id="a structure"),
    ],
)
def test_columns_of_many_values_are_refused(tmp_path, column, hint):
    """No row is made of several, and no value of a text of them."""
    with pytest.raises(SourceError, match="column 'path' holds") as fault:
        read(tmp_path, rows(path=column))
    assert re.search(hint, str(fault.value.hint))


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(date(2025, 11, 24), id="a date"),
        pytest.param(time(16, 0, 0), id="a time"),
    ],
)
def test_a_date_alone_is_no_moment(tmp_path, at):
    """All requests of a day at its midnight would be another history."""
    with pytest.raises(SourceError, match=r"column 'at' is a (date|time) alone"):
        read(tmp_path, rows(at=[at]))


@pytest.mark.parametrize("took", ["TIME '00:00:01.5'", "INTERVAL '1500 milliseconds'"])
def test_times_and_intervals_are_durations(tmp_path, took):
    """What databases give for one moment less another needs no unit."""
    path = tmp_path / "rows.parquet"
    duckdb.sql(
        f"COPY (SELECT TIMESTAMPTZ '2025-11-24 16:00:00.25+00' AS at, {took} AS took, "
        f"'/a' AS path) TO '{path}' (FORMAT parquet)"
    )

    [row] = take(tmp_path, path.read_bytes(), source=plugins.find("sources", "export-parquet")).rows

    assert (row["ts"], row["duration_us"]) == (AT, 1_500_000)


def test_bytes_are_texts_where_they_are_some(tmp_path):
    """Some writers do not say that a text is one; ids of spans are bytes."""
    columns = rows(path=["/café".encode()], trace_id=pa.array([bytes(range(16))], pa.binary(16)))

    [row] = read(tmp_path, columns).rows

    assert row["endpoint"] == "/café"
    assert row["trace_id"] == "000102030405060708090a0b0c0d0e0f"
