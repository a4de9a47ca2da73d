"""k6's CSV: columns by name, timestamps of every unit, tags in one column, bad rows."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from foreign import take

from slogate import plugins
from slogate.errors import SourceError
from slogate.sources import _lines

K6 = plugins.find("sources", "k6-csv")
HEADER = (
    "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,"
    "proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata\n"
)
BARE = "metric_name,timestamp,metric_value,method,name,status\n"
SECOND = 1_764_000_000
read = partial(take, source=K6, name="k6.csv")


def bare(*rows: str, end: str = "\n") -> str:
    """A file of these rows with few columns."""
    return end.join([BARE.strip(), *rows, ""])


def good(value: str = "1.5", time: object = SECOND, metric: str = "http_req_duration") -> str:
    """A row of `bare`."""
    return f"{metric},{time},{value},GET,/a,200"


def test_a_row_becomes_a_request(tmp_path):
    """Each column lands where the series has it; the start is the end less the duration."""
    row = (
        "http_req_duration,1764000000,245.591442,,busy,1503,false,::cart,GET,/a,HTTP/2.0,peak,,503,,"
        "tls1.3,http://h/a,tier=1&region=eu,vu=3&trace_id=0af7651916cd\n"
    )

    rows, tally = read(tmp_path, HEADER + row, tags="region,proto,none")

    assert (rows, tally.bad) == ([
        {
            "ts": datetime(2025, 11, 24, 15, 59, 59, 754_408, UTC),
            "duration_us": 245_592, "late_us": None, "pace_us": None, "endpoint": "/a",
            "method": "GET", "status": 503, "ok": False, "error": "busy", "bytes": None,
            "worker": None, "trace_id": "0af7651916cd",
            "labels": [
                ("scenario", "peak"), ("group", "::cart"), ("region", "eu"), ("proto", "HTTP/2.0"),
            ],
        }
    ], {})  # fmt: skip


@pytest.mark.parametrize(
    ("time", "start"),
    [
        pytest.param("1764000000", "2025-11-24T15:59:59.998500Z", id="s"),
        pytest.param("1764000000123", "2025-11-24T16:00:00.121500Z", id="ms"),
        pytest.param("1764000000123456", "2025-11-24T16:00:00.121956Z", id="us"),
        pytest.param("1764000000123456789", "2025-11-24T16:00:00.121956Z", id="ns"),
        pytest.param("2025-11-24T17:00:00+01:00", "2025-11-24T15:59:59.998500Z", id="RFC 3339"),
        pytest.param("2025-11-24T16:00:00.123456789Z", "2025-11-24T16:00:00.121956Z", id="nano"),
    ],
)
def test_the_unit_of_times_is_told_by_their_digits(tmp_path, time, start):
    """Every format that k6 can write."""
    rows, _ = read(tmp_path, bare(good(time=time)))

    assert rows[0]["ts"] == datetime.fromisoformat(start)


def test_nanoseconds_are_exact(tmp_path):
    """The start is floored to µs after the subtraction, not before."""
    rows, _ = read(tmp_path, bare(good("0.000700", "1764000000000001699"), good("0.0007",
                   "1764000000000001700")))  # fmt: skip

    assert [row["ts"].microsecond for row in rows] == [0, 1]
    assert [row["duration_us"] for row in rows] == [1, 1]


def test_old_headers_and_any_order_are_read(tmp_path):
    """Columns are found by name; what has none is unknown."""
    content = (
        "metric_name,timestamp,metric_value,status,url,extra_tags\n"
        "vus,1764000000,5,,,\n"
        "http_req_duration,1764000000,7.000000,302,http://h/a,\n"
        "http_req_duration,1764000000,0.000000,0,http://h/a,\n"
    )

    rows, tally = read(tmp_path, content, tags="region")

    assert [(r["endpoint"], r["method"], r["status"], r["ok"], r["duration_us"], r["labels"])
            for r in rows] == [
        ("http://h/a", "", 302, True, 7_000, None), ("http://h/a", "", None, False, None, None)
    ]  # fmt: skip
    assert (tally.bad, tally.left_out) == ({}, {})


def test_whole_seconds_keep_the_order_of_the_file(tmp_path):
    """Rows of one second come out as they stand."""
    rows, _ = read(tmp_path, bare(*(f"http_req_duration,{SECOND},5,GET,/{i},200"
                                    for i in range(300))))  # fmt: skip

    assert [row["endpoint"] for row in rows] == [f"/{i}" for i in range(300)]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_what_is_quoted(tmp_path, end):
    """Names with separators, quotes and line ends."""
    row = f'http_req_duration,{SECOND},1,GET,"a, ""b""\nc",200'

    assert read(tmp_path, bare(row, end=end)).rows[0]["endpoint"] == 'a, "b"\nc'


TIME = "its time is none between 2001 and 2100"
VALUE = "its value is no time between 0 and a day"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(good("-1"), VALUE, id="negative"),
        pytest.param(good("86400000.1"), VALUE, id="over a day"),
        pytest.param(good("1e300"), VALUE, id="huge"),
        pytest.param(good("NaN"), VALUE, id="NaN"),
        pytest.param(good("fast"), VALUE, id="word"),
        pytest.param(good(""), VALUE, id="none"),
        pytest.param(good(time=1_764_000_000_000), TIME, id="another unit"),
        pytest.param(good(time="-176400000"), TIME, id="before the epoch"),
        pytest.param(good(time="0000000001"), TIME, id="long ago"),
        pytest.param(good(time="2025-11-24T16:00:00Z"), TIME, id="another format"),
        pytest.param(good(time=""), TIME, id="no time"),
        pytest.param(f"http_req_duration,{SECOND}", "it has too few columns", id="too few"),
        pytest.param(f"{good()},x", "it has too many columns", id="too many"),
    ],
)
def test_a_bad_row_is_counted_and_told_with_its_line(tmp_path, row, reason):
    """The others are kept; rows of other metrics are not looked into."""
    rows, tally = read(tmp_path, bare(good(), good("odd", "odd", "vus"), row, good("3")))

    assert [r["duration_us"] for r in rows] == [1500, 3000]
    assert (tally.bad, tally.shown) == ({reason: 1}, [f"k6.csv:4: {reason}"])


def test_a_line_of_ten_megabytes_is_one_bad_row(tmp_path):
    """It is skipped and named, the others are kept."""
    taken = read(tmp_path, bare(good(), f"http_req_duration,{SECOND},1,{'x' * 10_000_000}", good()))

    assert (len(taken.rows), taken.tally.shown) == (2, ["k6.csv:3: it has too few columns"])


@pytest.mark.parametrize(
    "row",
    [
        pytest.param('http_req_duration,{},2,GET,"a",200', id="all of it"),
        pytest.param('http_req_duration,{},2,GET,a"b,200', id="one in a name"),
        pytest.param('"http_req_duration","{}","2","GET","a","200"', id="everywhere"),
        pytest.param('http_req_duration,{},2,GET,"a\n\nb",200', id="over lines"),
        pytest.param('http_req_duration,{},2,GET,"a, ""b""",200', id="twice"),
        pytest.param('checks,{},1,GET,"a, b\nc",200', id="another metric"),
        pytest.param('http_reqs,{},1,GET,"a, b\nc",200', id="another metric of requests"),
        pytest.param("iterations,{},1,,,", id="another metric without"),
    ],
)
def test_quotes_leave_the_lines_of_others_alone(tmp_path, row):
    """What is bad behind them is told with its line, whatever they hold."""
    row = row.format(SECOND)
    rows, tally = read(tmp_path, bare(good(), row, good("x"), good("3")))

    assert [r["duration_us"] for r in rows if r["duration_us"] != 2000] == [1500, 3000]
    assert len(rows) == 2 + ("http_req_duration" in row)
    assert tally.shown == [f"k6.csv:{4 + row.count(chr(10))}: {VALUE}"]


@pytest.mark.parametrize("size", [4, 9, 64, 1 << 20])
def test_records_are_whole_wherever_a_block_ends(tmp_path, monkeypatch, size):
    """A record over several lines is read in one piece, and all lines keep their numbers."""
    monkeypatch.setattr(_lines, "_BLOCK", size)
    monkeypatch.setattr(_lines, "_SPARE", size)
    over = f'http_req_duration,{SECOND},2,GET,"a\nb, ""c""\n\nd",200'
    content = "\ufeff" + bare(good(), over, good("x"), over, over, good("-1"), good("3"))

    rows, tally = read(tmp_path, content)

    assert [row["endpoint"] for row in rows] == ["/a", *['a\nb, "c"\n\nd'] * 3, "/a"]
    assert tally.shown == [f"k6.csv:7: {VALUE}", f"k6.csv:16: {VALUE}"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(good(metric="http_reqs") + good(), "many columns", id="a request behind"),
        pytest.param("http_r", "few columns", id="a part"),
        pytest.param("vus,1764000000,1,,", "few columns", id="another metric"),
        pytest.param("vus,1764000000,1,,,,,", "many columns", id="too many of another"),
        pytest.param(f'http_req_duration,{SECOND},1,GET,"a"b,200', "not closed", id="text behind"),
    ],
)
def test_rows_that_are_none(tmp_path, row, reason):
    """What cannot be a row of any metric is bad."""
    rows, tally = read(tmp_path, bare(good(), row, good("3")))

    assert [r["duration_us"] for r in rows] == [1500, 3000]
    assert len(tally.shown) == 1
    assert tally.shown[0].startswith("k6.csv:3: ")
    assert reason in tally.shown[0]


def test_a_last_line_that_is_cut_off_is_bad_wherever(tmp_path):
    """Of a killed k6; of a line that has all columns nobody can tell."""
    whole = bare(good(), good(metric="http_reqs"))
    start = len(bare(good())) + 1
    for end in range(start, len(whole) - 4):
        rows, tally = read(tmp_path, whole[:end])
        assert (len(rows), tally.shown) == (1, ["k6.csv:3: it has too few columns"]), end
    assert read(tmp_path, whole[:-3]).tally.shown == []


def test_a_quote_that_is_never_closed_is_told(tmp_path):
    """It holds the rest of the file, in which no row begins."""
    taken = read(tmp_path, bare(good(), f'http_req_duration,{SECOND},1,GET,"a,200', "b", "c"))

    assert len(taken.rows) == 1
    assert taken.tally.shown == ["k6.csv:3: a quote is not closed, or text follows it"]


def test_line_ends_may_change(tmp_path):
    """Files that were put together have both."""
    content = bare(good(), good("2"), good("x")).replace("200\n", "200\r\n", 1)

    rows, tally = read(tmp_path, content)

    assert (len(rows), tally.shown) == (2, [f"k6.csv:4: {VALUE}"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("", "k6.csv is empty", id="empty"),
        pytest.param(HEADER, "there is no row after the header", id="header only"),
        pytest.param("a,b\n1,2\n", "k6.csv:1: its first line is no header", id="no header"),
        pytest.param("metric_name,timestamp,metric_value,name,name\na,1,2,3,4\n",
                     "names the column name twice", id="twice"),
        pytest.param(bare("vus,1764000000"), "k6.csv:2: no row has as many", id="columns"),
        pytest.param(bare(good(time="24.11.2025")), "k6.csv:2: timestamp '24.11.2025' is of no",
                     id="date"),
        pytest.param(bare(good(time="2025-11-24T16:00:00")), "of no known format", id="no zone"),
        pytest.param(bare(good(time=17640000001)), "of no known format", id="11 digits"),
        pytest.param(bare(good(metric="vus"), good(metric="checks")), "only of checks, vus",
                     id="no request"),
        pytest.param(BARE.encode("utf-16"), "it is UTF-16", id="UTF-16"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(tmp_path, content, sentence):
    """The file is named, and what is wrong with it."""
    with pytest.raises(SourceError, match=sentence) as caught:
        read(tmp_path, content)

    assert caught.value.message.startswith("k6.csv")


@pytest.mark.parametrize(
    ("head", "sure"), [(HEADER, 1), (BARE, 1), ("\ufeff" + HEADER, 1), ("name,timestamp\n", 0)]
)
def test_what_it_recognises(head, sure):
    """k6's header, whatever tags follow."""
    assert K6.sniff(head.encode()) == sure
