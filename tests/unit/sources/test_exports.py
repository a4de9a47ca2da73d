from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from foreign import Taken, take

from slogate import plugins
from slogate.errors import SourceError
from slogate.ingest import import_files
from slogate.sources._naming import is_known
from slogate.sources._records import NO_TIMES
from slogate.store.layout import open_store

AT = datetime(2025, 11, 24, 16, 0, tzinfo=UTC)
TS = 1_764_000_000_000
ROW: dict[str, object] = {
    "ts": TS, "latency_ms": 34.2, "method": "GET", "path": "/a?b", "status": 200
}  # fmt: skip
MAPPING = """\
time: {column: began, unit: ms}
duration: {column: took, unit: ms}
endpoint: route
"""


def read(folder: Path, rows: list[dict[str, object]], kind: str = "csv", **options: str) -> Taken:
    """What the rows give as an export of that kind."""
    source = plugins.find("sources", f"export-{kind}")
    return take(folder, written(rows, kind), source=source, **options)


def written(rows: list[dict[str, object]], kind: str) -> bytes:
    """The rows as a file of that kind."""
    if kind == "csv":
        lines = [list(rows[0]), *(list(row.values()) for row in rows)]
        return "".join(",".join(map(str, line)) + "\n" for line in lines).encode()
    if kind == "ndjson":
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


def mapped(folder: Path, text: str) -> str:
    """A mapping, kept in a file."""
    path = folder / "mapping.yaml"
    path.write_text(text)
    return str(path)


kinds = pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet"])


@kinds
def test_plain_names_need_no_mapping(tmp_path, kind: str):
    """Columns whose names leave no doubt are taken as they are called."""
    rows, tally = read(tmp_path, [ROW, {**ROW, "ts": TS + 5, "status": 503}], kind)

    assert (len(rows), tally.bad, tally.notes) == (2, {}, [])
    row = rows[0]
    assert (row["ts"], row["method"], row["endpoint"], row["status"], row["duration_us"]) == (
        AT, "GET", "/a", 200, 34_200
    )  # fmt: skip
    assert rows[1]["ts"] == AT + timedelta(milliseconds=5)


@kinds
@pytest.mark.parametrize(
    ("method", "expected"),
    [
        pytest.param("get", ("get", "/a"), id="small letters"),
        pytest.param("M-SEARCH", ("M-SEARCH", "/a"), id="an unusual method"),
        pytest.param("", ("", "/a"), id="no method"),
        pytest.param("\\x16\\x03", ("", "-"), id="no request at all"),
    ],
)
def test_a_path_does_not_vanish_with_its_method(
    tmp_path, kind: str, method: str, expected: tuple[str, str]
):
    """A column of methods may be written in any way; what holds no request has neither."""
    rows, _ = read(tmp_path, [ROW, {**ROW, "method": method}], kind)

    assert (rows[1]["method"], rows[1]["endpoint"]) == expected


@kinds
def test_a_mapping_says_what_the_columns_are(tmp_path, kind: str):
    """Any names, the time as the end, a success, labels under names of their own."""
    mapping = mapped(
        tmp_path,
        "time: {column: t, unit: s, at: end}\nduration: {column: d, unit: us}\nendpoint: e\n"
        "ok: good\nerror: why\nbytes: n\nworker: w\nlabels: {region: r}\n",
    )
    row: dict[str, object] = {
        "t": 1_764_000_000, "d": 1_000_000, "e": "POST /pay", "good": "false", "why": "odd", "n": 7,
        "w": "a", "r": "eu",
    }  # fmt: skip

    [found] = read(tmp_path, [row], kind, mapping=mapping).rows

    assert found["ts"] == AT - timedelta(seconds=1)
    assert [found[name] for name in ("method", "endpoint", "ok", "error", "bytes", "worker")] == [
        "POST", "/pay", False, "odd", 7, "a"
    ]  # fmt: skip
    assert dict(found["labels"]) == {"region": "eu"}


@pytest.mark.parametrize(
    ("name", "value", "took"),
    [
        pytest.param("latency_ms", "34.0001", 34_001, id="rounded up"),
        pytest.param("duration_s", "0.034", 34_000, id="s"),
        pytest.param("responseTimeMillis", "34", 34_000, id="camels"),
        pytest.param("elapsed_ns", "33999001", 34_000, id="ns"),
        pytest.param("took (µs)", "34000", 34_000, id="µs"),
        pytest.param("http_request_duration_seconds", "3.4e-2", 34_000, id="exponent"),
        pytest.param("duration_seconds", "1e-7", 1, id="tiny"),
        pytest.param("latency_in_ms", "0", 0, id="zero"),
    ],
)
def test_units_in_names(tmp_path, name: str, value: str, took: int):
    """The unit is what the column's name says, and fractions are rounded up."""
    row = {"ts": TS, name: value, "path": "/a"}

    assert read(tmp_path, [row]).rows[0]["duration_us"] == took


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        pytest.param(["ts", "latency", "path"], "in which unit 'latency' is", id="no unit"),
        pytest.param(["ts", "size", "path"], "no column is plainly the duration", id="none"),
        pytest.param(["ts", "latency_ms", "took_us", "path"], "several columns", id="two"),
        pytest.param(["when", "latency_ms", "path"], "plainly the time", id="no time"),
        pytest.param(["ts", "latency_ms", "x"], "plainly the endpoint", id="no endpoint"),
    ],
)
@kinds
def test_what_is_not_plain_is_asked(tmp_path, kind: str, columns: list[str], fault: str):
    """The error lists the columns and gives a mapping to complete."""
    row: dict[str, object] = {name: TS if name == "ts" else 7 for name in columns}

    with pytest.raises(SourceError, match=fault) as caught:
        read(tmp_path, [row], kind)

    assert f"its columns are {', '.join(columns)}" in str(caught.value)
    assert "--option mapping=FILE:\n  time: " in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("a: [", "mapping.yaml:1: it is no YAML", id="no YAML"),
        pytest.param("- a", "is no mapping", id="a list"),
        pytest.param("tme: began", "'tme' is not known", id="unknown"),
        pytest.param("time: began\nendpoint: [a]", "endpoint is no column", id="no column"),
        pytest.param("time: began\nduration: took\npath: a", "duration has no unit", id="no unit"),
        pytest.param("duration: {column: took, unit: h}", "'h'", id="odd unit"),
        pytest.param("time: {column: began, at: noon}", "at is 'noon'", id="odd moment"),
        pytest.param("time: {column: began, zone: x}", "knows no 'zone'", id="odd key"),
        pytest.param("endpoint: route", "which column is the time", id="no time"),
        pytest.param("time: began", "neither endpoint nor path", id="no endpoint"),
        pytest.param(f"{MAPPING}labels: 7", "labels is no list", id="labels"),
        pytest.param(f"{MAPPING}status: code", "there is no column 'code'", id="no such column"),
        pytest.param(MAPPING.replace("route", "took"), "two meanings", id="twice"),
        pytest.param(
            MAPPING.replace("took, unit: ms", "took, unit: s"), "longer than a day", id="s"
        ),
    ],
)
def test_mappings_that_cannot_be_used(tmp_path, text: str, fault: str):
    """The mapping's file is named, with what is wrong."""
    row = {"began": TS, "took": 90_000, "route": "/a"}

    with pytest.raises(SourceError, match=fault):
        read(tmp_path, [row], mapping=mapped(tmp_path, text))


def test_a_mapping_that_is_not_there(tmp_path):
    """The file is named."""
    with pytest.raises(SourceError, match=r"nowhere\.yaml: it cannot be read"):
        read(tmp_path, [ROW], mapping="nowhere.yaml")


@pytest.mark.parametrize(
    ("value", "options"),
    [
        pytest.param(str(TS // 1000), {}, id="s"),
        pytest.param(str(TS), {}, id="ms"),
        pytest.param(str(TS * 1000), {}, id="us"),
        pytest.param(str(TS * 1_000_000), {}, id="ns"),
        pytest.param("2025-11-24T16:00:00Z", {}, id="iso"),
        pytest.param("2025-11-24 18:00:00+02:00", {}, id="offset"),
        pytest.param("2025-11-24 18:00:00", {"timezone": "+02:00"}, id="local"),
    ],
)
def test_kinds_of_times(tmp_path, value: str, options: dict[str, str]):
    """A moment of a plain kind is known; a local one needs its zone."""
    assert read(tmp_path, [{**ROW, "ts": value}], **options).rows[0]["ts"] == AT
    if options:
        with pytest.raises(SourceError, match="has no time zone"):
            read(tmp_path, [{**ROW, "ts": value}])


def test_times_of_no_plain_kind_are_asked_for(tmp_path):
    """Decimals and dates of people are not guessed, a mapping says them."""
    row = {**ROW, "ts": "24.11.2025 16:00"}

    with pytest.raises(SourceError, match="is not plain"):
        read(tmp_path, [row])
    time = "time: {column: ts, format: '%d.%m.%Y %H:%M', timezone: UTC}"
    text = f"{time}\nduration: latency_ms\npath: path"
    assert read(tmp_path, [row], mapping=mapped(tmp_path, text)).rows[0]["ts"] == AT


def test_moments_of_parquet(tmp_path):
    """A typed moment needs no unit, one without a zone its zone."""
    aware, naive = {**ROW, "ts": AT}, {**ROW, "ts": AT.replace(tzinfo=None)}

    assert read(tmp_path, [aware], "parquet").rows[0]["ts"] == AT
    with pytest.raises(SourceError, match="have no time zone"):
        read(tmp_path, [naive], "parquet")
    assert read(tmp_path, [naive], "parquet", timezone="UTC").rows[0]["ts"] == AT


def test_keys_within_keys(tmp_path):
    """A mapping reaches into objects of NDJSON by dots, but for keys that hold a dot."""
    row: dict[str, object] = {
        "t": TS, "http": {"url": "/a", "took": 34}, "http.code": 200,
    }  # fmt: skip
    text = "time: t\npath: http.url\nduration: {column: http.took, unit: ms}\nstatus: http.code"

    [found] = read(tmp_path, [row], "ndjson", mapping=mapped(tmp_path, text)).rows

    assert (found["endpoint"], found["duration_us"], found["status"]) == ("/a", 34_000, 200)


@kinds
def test_without_durations(tmp_path, kind: str):
    """A mapping without a duration is a decision: the import says what cannot be judged."""
    text = "time: ts\npath: path\nstatus: status"

    rows, tally = read(tmp_path, [ROW], kind, mapping=mapped(tmp_path, text))

    assert (rows[0]["duration_us"], tally.notes) == (None, [NO_TIMES])


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        pytest.param({"latency_ms": -1}, "its response time", id="negative"),
        pytest.param({"latency_ms": 86_400_001}, "its response time", id="over a day"),
        pytest.param({"latency_ms": "x"}, "its response time", id="no number"),
        pytest.param({"ts": TS // 1000}, "its time is no time", id="another unit"),
        pytest.param({"status": 20}, "its status is no HTTP status", id="status"),
        pytest.param({"ok": "meh"}, "its success is neither true nor false", id="success"),
    ],
)
@kinds
def test_bad_rows_are_named(tmp_path, kind: str, odd: dict[str, object], reason: str):
    """They are counted and named by their line, in Parquet by their number."""
    if kind == "parquet" and "x" in odd.values():
        pytest.skip("a column has one type")
    row = {**ROW, "ok": "OK"}
    rows, tally = read(tmp_path, [row, row, {**row, **odd}, {**row, "ok": "failed"}], kind)

    line = {"csv": 4, "ndjson": 3, "parquet": 3}[kind]
    assert [found["ok"] for found in rows] == [True, True, False]
    assert [shown.startswith(f"results.jtl:{line}: {reason}") for shown in tally.shown] == [True]


def test_a_line_that_is_no_json(tmp_path):
    """It is bad for its form; one that is another value of JSON has no time."""
    row = json.dumps(ROW)
    content = "\n".join([row, row, row[:-2], f"{row} {row}", f"[{row}]", row])

    rows, tally = take(tmp_path, content, source=plugins.find("sources", "export-ndjson"))

    assert len(rows) == 3
    assert [shown.partition(": ")[2][:12] for shown in tally.shown] == [
        "it does not ", "it does not ", "its time is "
    ]  # fmt: skip
    assert [shown.partition(": ")[0][-1] for shown in tally.shown] == ["3", "4", "5"]


def test_quotes_separators_and_line_ends(tmp_path):
    """A quoted field keeps what separates others, whatever separates; bad rows know their lines."""
    content = 'ts;latency_ms;endpoint;error\n1764000000000;1;a;"x;\n""y"""\n1764000000000;-1;b;\n'

    rows, tally = take(tmp_path, content, source=plugins.find("sources", "export-csv"))

    assert [row["error"] for row in rows] == ['x;\n"y"']
    assert tally.shown[0].startswith("results.jtl:4: its response time")


@pytest.mark.parametrize(
    "names",
    [["ts", "latency_ms"], ["startedAt", "a", "durationMillis"], ["timestamp", "rt_us"]],
    ids=str,
)
def test_known_names(names: list[str]):
    """Files with such names are recognised."""
    assert is_known(names)


@pytest.mark.parametrize("names", [["ts"], ["latency_ms"], ["time", "times"], []], ids=str)
def test_unknown_names(names: list[str]):
    """A time alone or a duration alone is no sign of requests."""
    assert not is_known(names)


def test_json_that_is_no_object_is_bad(tmp_path):
    """A line that is cut or holds no object is counted and named."""
    content = f"{json.dumps(ROW)}\n[1]\n{json.dumps(ROW)}\n" + json.dumps(ROW)[:-5]

    rows, tally = take(tmp_path, content, source=plugins.find("sources", "export-ndjson"))

    assert (len(rows), [shown.split(":")[1] for shown in tally.shown]) == (2, ["2", "4"])


def test_another_mapping_is_another_import(tmp_path):
    """What the mapping's file holds counts, not how it is called."""
    file = tmp_path / "rows.csv"
    file.write_bytes(written([{"began": TS, "took": 7, "route": "/a"}], "csv"))
    store = open_store(tmp_path / "store", create=True)
    done = []
    for text in (MAPPING, MAPPING, MAPPING.replace("took, unit: ms", "took, unit: us")):
        options = {"mapping": mapped(tmp_path, text)}
        files = [("rows.csv", file)]
        done.append(
            import_files(
                store, files, service="shop", now_ts=1, format="export-csv", options=options
            )
        )

    assert [each.new for each in done] == [True, False, True]
