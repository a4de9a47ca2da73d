"""What pandas, BigQuery, Google's load balancers, Caddy and Excel write."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from foreign import Taken, take

from slogate import plugins
from slogate.errors import SourceError

AT = datetime(2025, 11, 24, 16, 0, 0, 250_000, tzinfo=UTC)
NESTED = {
    "ts": 1_764_000_000.25,
    "request": {"method": "GET", "uri": "/a?b", "headers": {}},
    "took": 0.034,
    "status": 200,
}
BY_DOTS = """\
time: {column: ts, at: end}
duration: {column: took, unit: s}
path: request.uri
method: request.method
status: status
"""


def read(folder: Path, content: str, kind: str = "csv", **options: str) -> Taken:
    """What an export of that kind gives."""
    return take(folder, content, source=plugins.find("sources", f"export-{kind}"), **options)


def mapped(folder: Path, text: str) -> str:
    """A mapping, kept in a file."""
    path = folder / "mapping.yaml"
    path.write_text(text)
    return str(path)


def test_the_index_of_pandas_has_no_name(tmp_path):
    """A first column without a name is one that means nothing."""
    content = ",ts,latency_ms,path,status\n0,2025-11-24 16:00:00.250+00:00,34.2,/a,200.0\n"

    assert plugins.find("sources", "export-csv").sniff(content.encode()) > 0.5
    [row] = read(tmp_path, content).rows
    assert (row["ts"], row["duration_us"], row["status"]) == (AT, 34_200, 200)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("1764000000.25", id="seconds with decimals"),
        pytest.param("1764000000250.0", id="a whole number as a fraction"),
        pytest.param("2025-11-24 16:00:00.250000 UTC", id="BigQuery"),
    ],
)
def test_moments_that_are_plain(tmp_path, moment: str):
    """A number of seconds may have decimals, and UTC be written out."""
    [row] = read(tmp_path, f"ts,latency_ms,path\n{moment},34.2,/a\n").rows
    assert row["ts"] == AT


def test_times_of_python_and_java(tmp_path):
    """A comma before the milliseconds, and no zone: that is asked for."""
    content = "ts;latency_ms;path\n2025-11-24 18:00:00,250;34.2;/a\n"

    with pytest.raises(SourceError, match="has no time zone"):
        read(tmp_path, content)
    assert read(tmp_path, content, timezone="+02:00").rows[0]["ts"] == AT


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_durations_that_tell_their_unit(tmp_path, kind: str):
    """Their own unit counts, row by row; one without any is bad, a dash no time."""
    texts = ["34.2ms", "0.0005s", "1m2.5s", "120.5µs", "90ns", "34.2", "-"]
    rows = [{"ts": 1_764_000_000_250 + at, "latency": text, "path": "/a"}
            for at, text in enumerate(texts)]  # fmt: skip
    lines = [json.dumps(row) for row in rows]
    if kind == "csv":
        lines = ["ts,latency,path", *(",".join(map(str, row.values())) for row in rows)]

    taken = read(tmp_path, "\n".join(lines), kind)

    took = [row["duration_us"] for row in taken.rows]
    assert took == [34_200, 500, 62_500_000, 121, 1, None]
    assert taken.tally.bad.total() == 1


def test_their_own_unit_is_above_that_of_a_mapping(tmp_path):
    """As Google's load balancers write it, which need some unit in the mapping."""
    row = {"ts": AT.isoformat(), "httpRequest": {"latency": "1.500s", "requestUrl": "http://a/b"}}
    mapping = "time: ts\nduration: {column: httpRequest.latency, unit: ms}\n"
    mapping = mapped(tmp_path, mapping + "path: httpRequest.requestUrl\n")

    [taken] = read(tmp_path, json.dumps(row), "ndjson", mapping=mapping).rows
    assert (taken["duration_us"], taken["endpoint"]) == (1_500_000, "/b")


def test_decimal_commas_are_told_and_read_where_they_are_said(tmp_path):
    """A comma may also stand between thousands, so that it is asked for."""
    content = "ts;latency_ms;path\n2025-11-24T16:00:00.250Z;34,2;/a\n"

    with pytest.raises(SourceError, match="with a comma: '34,2'") as caught:
        read(tmp_path, content)
    [hint] = yaml.safe_load(str(caught.value.hint).partition("mapping: ")[2]).items()
    mapping = mapped(tmp_path, f"time: ts\n{yaml.safe_dump(dict([hint]))}path: path\n")
    assert read(tmp_path, content, mapping=mapping).rows[0]["duration_us"] == 34_200
    thousands = content.replace("34,2", "34,200,000")
    with pytest.raises(SourceError, match="with a comma: '34,200,000'") as caught:
        read(tmp_path, thousands)
    assert "thousands" in str(caught.value.hint)
    with pytest.raises(SourceError, match="decimal is 'x'"):
        read(tmp_path, content, mapping=mapped(
            tmp_path, "time: ts\npath: path\nduration: {column: latency_ms, decimal: x}\n"
        ))  # fmt: skip


def test_keys_within_objects_are_listed(tmp_path):
    """Who completes a mapping has to know what they are called, in words that YAML can read."""
    line = json.dumps({"@timestamp": AT.isoformat(), "duration": 3, "request": {"uri": "/a"}})
    assert plugins.find("sources", "export-ndjson").sniff(line.encode()) > 0

    with pytest.raises(
        SourceError, match=r"columns are @timestamp, duration, request\.uri$"
    ) as told:
        read(tmp_path, line, "ndjson")
    lines = str(told.value.hint).splitlines()[1:-1]
    mapping = yaml.safe_load("\n".join(lines))
    assert mapping["time"] == "@timestamp"
    assert mapping["duration"]["column"] == "duration"


def test_a_key_within_objects_that_no_line_has_is_told(tmp_path):
    """A slip in its name would make one endpoint of all; what few lines have may be missing."""
    line = json.dumps(NESTED)
    [row] = read(tmp_path, line, "ndjson", mapping=mapped(tmp_path, BY_DOTS)).rows
    assert (row["method"], row["endpoint"]) == ("GET", "/a")
    assert row["ts"] == AT - timedelta(milliseconds=34)

    slip = mapped(tmp_path, BY_DOTS.replace("request.uri", "request.urii"))
    with pytest.raises(SourceError, match=r"no column 'request\.urii'") as told:
        read(tmp_path, line, "ndjson", mapping=slip)
    assert told.value.hint == "did you mean 'request.uri'?"
    rare = mapped(tmp_path, BY_DOTS + "error: why\nlabels: {tenant: request.tenant}\n")
    late = "\n".join([line] * 250 + [json.dumps({**NESTED, "why": "gone"})])
    taken = read(tmp_path, late, "ndjson", mapping=rare)
    assert {row["error"] for row in taken.rows[:250]} == {None}
    assert taken.rows[250]["error"] == "gone"
    assert taken.tally.notes == [
        "none of its first 200 lines has why, request.tenant; it is read where it comes"
    ]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize(
    "mapping", [None, "time: ts\nduration: {column: took, unit: s}\npath: path\n"]
)
def test_moments_and_durations_by_their_types(tmp_path, unit: str, mapping: str | None):
    """As pandas and others write them: in ns or coarser, with and without a zone."""
    exact = AT.replace(microsecond=0)
    rows = {
        "ts": pa.array([exact], pa.timestamp(unit, "Europe/Berlin")),
        "local": pa.array([exact.replace(tzinfo=None)], pa.timestamp(unit)),
        "took": pa.array([timedelta(seconds=2)], pa.duration(unit)),
        "path": ["/a"],
    }
    zoned, local = io.BytesIO(), io.BytesIO()
    pq.write_table(pa.table(rows), zoned)
    pq.write_table(pa.table({**rows, "ts": rows["local"]}), local)
    options = {} if mapping is None else {"mapping": mapped(tmp_path, mapping)}
    source = plugins.find("sources", "export-parquet")

    found = [
        take(tmp_path, zoned.getvalue(), source=source, **options),
        take(tmp_path, local.getvalue(), source=source, timezone="UTC", **options),
    ]

    assert [(row["ts"], row["duration_us"]) for taken in found for row in taken.rows] == [
        (exact, 2_000_000)
    ] * 2


def test_spans_of_a_warehouse(tmp_path):
    """Keys within objects may hold dots themselves; a span's status that is not set is no error."""
    mapping = (
        "time: Timestamp\nduration: {column: Duration, unit: ns}\nok: StatusCode\n"
        "endpoint: SpanAttributes.http.route\nstatus: SpanAttributes.http.status_code\n"
    )
    rows = [
        {"Timestamp": AT.isoformat(), "Duration": 34_000_000, "StatusCode": code, "SpanAttributes":
         {"http.route": "/a", "http.status_code": 200}}
        for code in ("STATUS_CODE_UNSET", "Unset", "Ok", "Error", "STATUS_CODE_ERROR", "Fine")
    ]  # fmt: skip

    taken = read(
        tmp_path, "\n".join(map(json.dumps, rows)), "ndjson", mapping=mapped(tmp_path, mapping)
    )

    assert [row["ok"] for row in taken.rows] == [True, True, True, False, False]
    assert {(row["endpoint"], row["status"]) for row in taken.rows} == {("/a", 200)}
    assert taken.tally.bad.total() == 1


def test_other_messages_of_a_log_are_no_requests(tmp_path):
    """They are left out and counted; what is no JSON is bad, and a failure is none of them."""
    mapping = mapped(tmp_path, BY_DOTS)
    gone = {key: value for key, value in NESTED.items() if key not in {"took", "status"}}
    lines = [json.dumps(NESTED), json.dumps({"ts": 1_764_000_000, "msg": "renewed"}), "{nonsense",
             json.dumps(gone)]  # fmt: skip

    taken = read(tmp_path, "\n".join(lines), "ndjson", mapping=mapping)

    assert [(row["endpoint"], row["ok"]) for row in taken.rows] == [("/a", None), ("/a", False)]
    assert dict(taken.tally.left_out) == {"rows that tell of no request": 1}
    assert taken.tally.bad.total() == 1
    rows = "ts,latency_ms,path,status\n1764000000,1,/a,200\n1764000001,,,\n"
    taken = read(tmp_path, rows)
    assert (len(taken.rows), taken.tally.left_out.total(), taken.tally.bad.total()) == (1, 1, 0)


def test_headers_of_log_systems(tmp_path):
    """Names that begin with @ are names of columns; a date is never taken for a duration."""
    content = "@timestamp,requestTime,@duration,path\n{0},{0},34200000,/a\n".format(AT.isoformat())
    assert plugins.find("sources", "export-csv").sniff(content.encode()) > 0

    with pytest.raises(SourceError, match="in which unit '@duration' is") as told:
        read(tmp_path, content)
    mapping = yaml.safe_load("\n".join(str(told.value.hint).splitlines()[1:-1]))
    mapping["duration"]["unit"] = "ns"
    [row] = read(tmp_path, content, mapping=mapped(tmp_path, yaml.safe_dump(mapping))).rows
    assert (row["ts"], row["duration_us"], row["endpoint"]) == (AT, 34_200, "/a")


@pytest.mark.parametrize("offset", [" +0100", " -08:00", "+0100", " +01"])
def test_offsets_behind_a_space(tmp_path, offset: str):
    """As Snowflake and Ruby write them."""
    hours = int(offset.strip()[:3])

    [row] = read(tmp_path, f"ts,latency_ms,path\n2025-11-24 16:00:00.250{offset},34.2,/a\n").rows

    assert row["ts"] == AT - timedelta(hours=hours)


def test_a_moment_of_a_name_like_a_durations(tmp_path):
    """Akamai calls it reqTimeSec: who completes the mapping is told of it as the time."""
    content = '{"reqTimeSec":"1764000000.250","turnaround_ms":"34","path":"/a"}\n'

    with pytest.raises(SourceError, match="no column is plainly the duration") as fault:
        read(tmp_path, content, "ndjson")

    assert "time: reqTimeSec" in str(fault.value.hint)


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet"])
@pytest.mark.parametrize(
    ("decimal", "written", "took_us"),
    [
        pytest.param(",", "34,2", 34_200, id="comma"),
        pytest.param(".", "1,234.5", 1_234_500, id="thousands"),
        pytest.param(".", "1,234,567", 1_234_567_000, id="millions"),
        pytest.param(".", "34.2", 34_200, id="point"),
        pytest.param(".", "34,2", None, id="neither"),
    ],
)
def test_marks_within_numbers(tmp_path, kind: str, decimal: str, written: str, took_us: int | None):
    """What a mark is has to be said, and holds for each form of export alike."""
    took = f"duration: {{column: took, unit: ms, decimal: '{decimal}'}}"
    mapping = mapped(tmp_path, f"time: at\npath: path\n{took}\n")
    rows = [{"at": 1_764_000_000, "took": written, "path": "/a"} for _ in range(3)]
    kept = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), kept)
    table = "at,took,path\n" + f'1764000000,"{written}",/a\n' * 3
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    content: str | bytes = {"csv": table, "ndjson": lines, "parquet": kept.getvalue()}[kind]

    taken = take(
        tmp_path, content, source=plugins.find("sources", f"export-{kind}"), mapping=mapping
    )

    assert [row["duration_us"] for row in taken.rows] == ([took_us] * 3 if took_us else [])
    assert taken.tally.bad.total() == (0 if took_us else 3)


def test_durations_within_objects_are_looked_at_too(tmp_path):
    """A unit that cannot be is refused wherever the duration stands."""
    content = json.dumps({"ts": 1_764_000_000, "path": "/a", "took": {"ns": 34_000_000}}) + "\n"
    mapping = mapped(tmp_path, "time: ts\npath: path\nduration: {column: took.ns, unit: s}\n")

    with pytest.raises(SourceError, match="in s, most durations are longer than a day"):
        read(tmp_path, content, "ndjson", mapping=mapping)


@pytest.mark.parametrize("named", ["", "-", None])
def test_an_endpoint_of_no_name(tmp_path, named: str | None):
    """Whatever stands there for none, it is one and the same."""
    content = json.dumps({"ts": 1_764_000_000, "latency_ms": 1, "route": named}) + "\n"

    assert [row["endpoint"] for row in read(tmp_path, content, "ndjson").rows] == ["-"]
