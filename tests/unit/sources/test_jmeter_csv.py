from __future__ import annotations

import gzip
import tracemalloc
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from foreign import HEADER, START_MS, good, jtl, take

from slogate.errors import SourceError
from slogate.sources._base import read_origin
from slogate.sources._csv import Dialect, bad_rows
from slogate.sources.jmeter_csv import sniff

FULL = (
    "1551783627191,351,JR-OK,200,Good request,users 1-1,text,true,,18,8,1,1,null,0,0,0\n"
    "1551783627543,192,JR-KO,500,Bad,users 1-1,text,false,,18,8,1,1,null,0,0,0\n"
)


def test_a_row_becomes_a_request(tmp_path):
    """Each used column lands where the series has it, in its units."""
    header = f"{HEADER.strip()},failureMessage,bytes,Hostname\n"
    row = f"{START_MS},34,POST /cart,503,busy,false,expected 200,546,gen-1"

    assert take(tmp_path, jtl(row, header=header)).rows == [
        {
            "ts": datetime.fromtimestamp(START_MS / 1000, UTC), "duration_us": 34_000,
            "late_us": None, "pace_us": None, "endpoint": "/cart", "method": "POST",
            "status": 503, "ok": False, "error": "expected 200", "bytes": 546,
            "worker": "gen-1", "trace_id": None, "labels": None,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("success,label,elapsed,timeStamp", id="order"),
        pytest.param("timeStamp,elapsed,label,success,Connect,IdleTime", id="unused"),
        pytest.param('timeStamp,elapsed,label,success,"user","my, own"', id="quoted variables"),
        pytest.param("timeStamp;elapsed;label;success", id="semicolon"),
        pytest.param("timeStamp\telapsed\tlabel\tsuccess", id="tab"),
        pytest.param("timeStamp|elapsed|label|success", id="bar"),
        pytest.param("\ufefftimeStamp,elapsed,label,success", id="byte order mark"),
    ],
)
def test_any_columns_in_any_order(tmp_path, header: str):
    """The header says which columns there are, in which order, and what separates them."""
    delimiter = next(char for char in header if char in ",;\t|")
    names = header.lstrip("\ufeff").replace('"my, own"', "own").split(delimiter)
    known = {"timeStamp": str(START_MS), "elapsed": "7", "label": "Home", "success": "true"}
    row = delimiter.join(known.get(name, "1") for name in names)

    found = take(tmp_path, f"{header}\n{row}\n").rows

    assert [(r["endpoint"], r["duration_us"], r["ok"]) for r in found] == [("Home", 7_000, True)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_line_ends_and_what_is_quoted(tmp_path, end: str):
    """A quoted field keeps separators, quotes and line ends, whatever ends the rows."""
    message = '"first, ""second""\nthird\r\nfourth"'
    content = jtl(f"{START_MS},1,a,500,{message},false", good(1), end=end)

    assert [r["error"] for r in take(tmp_path, content).rows] == [
        'first, "second"\nthird\r\nfourth', None
    ]  # fmt: skip


def test_without_a_header_the_default_order_is_taken(tmp_path):
    """A first row that reads as JMeter's default order is data, not names."""
    found = take(tmp_path, FULL).rows

    assert [(r["endpoint"], r["status"], r["ok"], r["bytes"]) for r in found] == [
        ("JR-OK", 200, True, 18), ("JR-KO", 500, False, 18)
    ]  # fmt: skip


def test_without_a_header_an_odd_width_invents_nothing(tmp_path):
    """Beyond the columns that every version writes, an unknown layout is left alone."""
    found = take(tmp_path, "1551783627191,351,JR-OK,200,Good,users 1-1,text,true,77,88\n").rows

    assert [(r["duration_us"], r["bytes"], r["worker"]) for r in found] == [(351_000, None, None)]


@pytest.mark.parametrize(
    ("code", "success", "status", "ok"),
    [
        pytest.param("500", "true", 500, True, id="success decides"),
        pytest.param("200", "false", 200, False, id="failed assertion"),
        pytest.param("", "true", None, True, id="no code"),
        pytest.param("Non HTTP response code: java.net.X", "false", None, False, id="text"),
        pytest.param("1e2", "true", None, True, id="looks like a number"),
        pytest.param("0200", "TRUE", None, True, id="four digits"),
    ],
)
def test_success_decides_and_no_status_is_invented(tmp_path, code, success, status, ok):
    """What is no status is null, and the code never decides what failed."""
    row = take(tmp_path, jtl(f"{START_MS},1,a,{code},,{success}")).rows[0]

    assert (row["status"], row["ok"]) == (status, ok)


def test_without_success_only_a_missing_response_is_a_failure(tmp_path):
    """Where JMeter said nothing of success, nothing is said, unless no response came."""
    header = "timeStamp,elapsed,label,responseCode\n"
    rows = (f"{START_MS},1,a,503", f"{START_MS},1,a,Non HTTP response code: java.net.X")

    found = take(tmp_path, jtl(*rows, header=header)).rows

    assert [(r["ok"], r["status"]) for r in found] == [(None, 503), (False, None)]


def test_transaction_controllers_are_left_out_and_counted(tmp_path):
    """They repeat their samples; asked to, the source keeps them."""
    message = '"Number of samples in transaction : 1, number of failing samples : 0"'
    content = jtl(good(), f"{START_MS},264,Checkout,200,{message},true")

    taken = take(tmp_path, content)
    kept = take(tmp_path, content, transactions="keep")

    assert ([r["endpoint"] for r in taken.rows], sum(taken.tally.left_out.values())) == (["/a"], 1)
    assert [r["endpoint"] for r in kept.rows] == ["/a", "Checkout"]
    assert kept.tally.left_out == {}


@pytest.mark.parametrize(
    "text",
    ["2016-02-01T13:00:00.123+01:00", "2016-02-01T13:00:00.123+0100", "2016-02-01T12:00:00.123Z"],
)
def test_dates_with_their_zone_need_none(tmp_path, text: str):
    """As Java's patterns with X or Z write them; one that is none is bad."""
    rows, tally = take(
        tmp_path, jtl(f"{text},1,a,200,OK,true", "2016-02-31T12:00Z,1,a,200,OK,true")
    )

    assert [row["ts"] for row in rows] == [datetime(2016, 2, 1, 12, 0, 0, 123_000, UTC)]
    assert tally.shown == ["results.jtl:3: its timeStamp is no time between 2001 and 2100"]


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        pytest.param("2016/02/01 12:00:00.123", "UTC", id="slashes"),
        pytest.param("2016-02-01 14:00:00.123", "+02:00", id="dashes, east"),
        pytest.param("2016-02-01T06:30:00.123", "-05:30", id="T, west"),
    ],
)
def test_dates_are_read_in_the_zone_that_is_said(tmp_path, text: str, zone: str):
    """A date pattern needs the zone that JMeter did not write."""
    found = take(tmp_path, jtl(f"{text},1,a,200,OK,true"), timezone=zone).rows

    assert found[0]["ts"] == datetime(2016, 2, 1, 12, 0, 0, 123_000, UTC)


def test_a_time_stamp_at_the_end_is_moved_to_the_start(tmp_path):
    """With `timestamp=end` the start is the end less the elapsed time."""
    found = take(tmp_path, jtl(f"{START_MS},1500,a,200,OK,true"), timestamp="end").rows

    assert found[0]["ts"] == datetime.fromtimestamp((START_MS - 1500) / 1000, UTC)


def test_another_encoding_is_read_when_it_is_said(tmp_path):
    """Latin-1 is bad rows by default and text with the option."""
    content = jtl(good(), f"{START_MS},1,Requête,200,OK,true").encode("latin-1")

    taken = take(tmp_path, content)

    assert ([r["endpoint"] for r in taken.rows], taken.tally.shown) == (
        ["/a"], ["results.jtl:3: it is not UTF-8"]
    )  # fmt: skip
    assert take(tmp_path, content, encoding="latin-1").rows[1]["endpoint"] == "Requête"


@pytest.mark.parametrize("packed", ["gzip", "zstd"])
def test_compressed_files_are_read_and_their_ends_missed(tmp_path, packed: str):
    """Gzip and zstd are told by content; a truncated archive is refused whole."""
    plain = jtl(*map(good, range(3000))).encode()
    data = gzip.compress(plain)
    if packed == "zstd":
        data = pa.compress(plain, codec="zstd", asbytes=True)

    assert len(take(tmp_path, data).rows) == 3000
    with pytest.raises(SourceError, match=r"results.jtl: its \w+ compression is damaged"):
        take(tmp_path, data[:-20])


@pytest.mark.parametrize(
    "name", ["a[1]*.jtl", "what?.jtl", "it's.jtl", 'q".jtl', "x=1.jtl", "ünï cöde.jtl", "{a,b}.jtl"]
)
def test_a_file_name_is_a_name_and_no_pattern(tmp_path, name: str):
    """Brackets, stars and quotes in a name never read another file."""
    (tmp_path / "a1x.jtl").write_text(jtl(good(), good(), good()))

    assert len(take(tmp_path, jtl(good()), name=name).rows) == 1


@pytest.mark.parametrize(
    "label",
    [
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "'; DROP TABLE requests; --",
        'say "hi"',
        "two\nlines",
        "nul\0byte",
        "POST",
        "POST  /double",
        "ÄÖ /x",
    ],
)
def test_hostile_labels_are_just_text(tmp_path, label: str):
    """A label comes out as it went in, whatever it holds."""
    quoted = '"' + label.replace('"', '""') + '"'
    row = take(tmp_path, jtl(f"{START_MS},1,{quoted},200,OK,true")).rows[0]

    assert f"{row['method']} {row['endpoint']}".removeprefix(" ") == label


def test_without_a_response_both_messages_are_told(tmp_path):
    """Where no response came, JMeter's own words stand beside those of the assertion."""
    header = f"{HEADER.strip()},failureMessage\n"
    code = "Non HTTP response code: java.net.X"
    rows = (f"{START_MS},1,a,{code},Connection reset,false,no title",
            f"{START_MS},1,a,{code},Connection reset,false,",
            f"{START_MS},1,a,200,OK,false,no title")  # fmt: skip

    assert [r["error"] for r in take(tmp_path, jtl(*rows, header=header)).rows] == [
        "no title (Connection reset)", "Connection reset", "no title"
    ]  # fmt: skip


def test_looking_for_a_bad_row_reads_no_endless_line(tmp_path):
    """A small file may inflate to a line that no memory holds: only its beginning is read."""
    content = f"{HEADER}{good()}\n".encode()
    path = tmp_path / "f.jtl.gz"
    path.write_bytes(gzip.compress(content + b"x" * (80 << 20), 1))
    dialect = Dialect(delimiter=",", columns=tuple(HEADER.strip().split(",")), header=True)

    tracemalloc.start()
    try:
        found = list(bad_rows(read_origin("f.jtl.gz", path), dialect, lambda row: "bad"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert [row.line for row in found] == [2]
    assert peak < 70 << 20


def test_labels_of_the_import_are_on_every_row(tmp_path):
    """`--label` can be asked for by `where:`."""
    rows = take(tmp_path, jtl(good(), good()), labels={"region": "eu", "az": "1"}).rows

    assert [dict(row["labels"]) for row in rows] == [{"region": "eu", "az": "1"}] * 2


@pytest.mark.parametrize(
    ("head", "score"),
    [
        pytest.param(HEADER.encode(), 1.0, id="header"),
        pytest.param(FULL.encode(), 0.9, id="no header"),
        pytest.param(b"<?xml version='1.0'?>\n<testResults version='1.2'>", 0.0, id="XML"),
        pytest.param(b"elapsed,label,responseCode,success\n", 1.0, id="times were not saved"),
        pytest.param(b"timestamp,elapsed,label,success,dataType\n", 0.0, id="other times"),
        pytest.param(b"timestamp,latency\n1,2\n", 0.0, id="another CSV"),
        pytest.param(b'{"type":"Point"}', 0.0, id="JSON"),
        pytest.param(b"", 0.0, id="nothing"),
    ],
)
def test_what_it_recognises(head: bytes, score: float):
    """Only JMeter's own CSV is claimed."""
    assert sniff(head) == score
