from __future__ import annotations

import csv
import io
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from foreign import Taken, take
from hypothesis import given, settings
from hypothesis import strategies as st

from slogate import plugins
from slogate.errors import SourceError
from slogate.sources.locust_requests import sniff

HEADER = "timestamp,request_type,name,response_time_ms,response_length,status_code,exception\r\n"
AT = "1795544381.538276"


def read(folder: Path, *rows: str, header: str = HEADER) -> Taken:
    """What the source makes of a file of these rows."""
    content = header + "".join(f"{row}\r\n" for row in rows)
    return take(folder, content, source=plugins.find("sources", "locust-requests"), name="r.csv")


def test_a_row_becomes_a_request(tmp_path):
    """Times are exact: of µs, rounded up."""
    row = read(tmp_path, f'{AT},GET,/a?x,5.54,17,500,"no, ""really""\nnot"').rows[0]

    assert (row["method"], row["endpoint"], row["duration_us"]) == ("GET", "/a?x", 5_540)
    assert row["ts"].timestamp() == 1795544381.538276
    assert (row["status"], row["ok"], row["bytes"]) == (500, False, 17)
    assert row["error"] == 'no, "really"\nnot'


@pytest.mark.parametrize(
    ("row", "status", "ok"),
    [
        pytest.param("GET,/,5,0,404,", 404, True, id="said to be fine"),
        pytest.param("GET,/,5,0,200,too slow", 200, False, id="said to be bad"),
        pytest.param("GET,/,5,0,0,refused", None, False, id="no response"),
        pytest.param("GET,/,5,0,0,", None, None, id="nothing said"),
        pytest.param("grpc,/x.Y/Z,5,0,0,", None, True, id="no HTTP"),
    ],
)
def test_the_exception_decides(tmp_path, row: str, status: Any, ok: Any):
    """Not the status, which is none where it is 0."""
    found = read(tmp_path, f"{AT},{row}").rows[0]

    assert (found["status"], found["ok"]) == (status, ok)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("1795544381538,GET,/,5,0,200,", "its timestamp is no time in sec", id="ms"),
        pytest.param("x,GET,/,5,0,200,", "its timestamp is no time", id="text"),
        pytest.param(f"{AT},GET,/,-5,0,200,", "its response_time_ms", id="negative"),
        pytest.param(f"{AT},GET,/,1e99,0,200,", "its response_time_ms", id="absurd"),
        pytest.param(f"{AT},GET,/,1e999999,0,200,", "its response_time_ms", id="endless"),
        pytest.param("1e999999999999999999,GET,/,5,0,200,", "its timestamp", id="endless time"),
        pytest.param(f"{AT},GET,/,86400000.01,0,200,", "its response_time_ms", id="over a day"),
        pytest.param(f"{AT},GET,/,5,0,OK,", "its status_code", id="status"),
        pytest.param(f"{AT},GET,/,5,0,200", "too few columns", id="cut"),
    ],
)
def test_a_bad_row_is_told_with_its_line(tmp_path, row: str, reason: str):
    """It is counted and left out; the others are kept."""
    taken = read(tmp_path, f"{AT},GET,/,5,0,200,", row)

    assert (len(taken.rows), taken.tally.bad.total()) == (1, 1)
    assert taken.tally.shown[0].startswith("r.csv:3: ")
    assert reason in taken.tally.shown[0]


def test_a_request_without_a_time_counts(tmp_path):
    """Locust writes nothing there where it measured nothing."""
    row = read(tmp_path, f"{AT},WS,/,,0,0,").rows[0]

    assert (row["duration_us"], row["ok"]) == (None, True)


@pytest.mark.parametrize(
    ("header", "rows", "sentence"),
    [
        pytest.param(HEADER, (), "no row after the header", id="header only"),
        pytest.param("timestamp,name\n", ("1,2",), "no column request_type", id="columns"),
        pytest.param(HEADER.replace("\r\n", ",name\n"), (f"{AT},GET,/,5,0,200,,x",), "twice",
                     id="twice"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_the_logger_is_refused(tmp_path, header: str, rows: Any, sentence: str):
    """The file is named, and what is wrong with it."""
    with pytest.raises(SourceError, match=f"r.csv.*{sentence}"):
        read(tmp_path, *rows, header=header)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)
rows = st.tuples(
    st.floats(1.7e9, 1.8e9).map(lambda ts: round(ts, 6)),
    texts,
    texts,
    st.floats(0, 86_000_000).map(lambda ms: round(ms, 2)) | st.just(""),
    st.integers(0, 10**9),
    st.integers(0, 599),
    texts,
)


@settings(max_examples=30)
@given(st.lists(rows, min_size=1, max_size=20))
def test_any_file_reads_as_it_was_written(drawn):
    """What Python's CSV writer wrote comes out, whatever the words."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows(drawn)
    with tempfile.TemporaryDirectory() as folder:
        found = take(
            Path(folder), HEADER + out.getvalue(), source=plugins.find("sources", "locust-requests")
        )

    assert found.tally.bad == {}
    for row, (ts, method, name, took, size, status, error) in zip(found.rows, drawn, strict=True):
        assert (row["method"], row["endpoint"], row["bytes"]) == (method, name, size)
        assert abs(row["ts"].timestamp() - ts) < 2e-6
        assert (row["status"], row["error"]) == (status or None, error or None)
        if took != "":
            assert 0 <= row["duration_us"] - Decimal(repr(took)) * 1000 < 1
        if error:
            assert row["ok"] is False


def test_what_it_recognises():
    """Only the header of the logger is claimed."""
    assert (sniff(HEADER.encode()), sniff(b"timestamp,name\n"), sniff(b"")) == (1.0, 0.0, 0.0)
