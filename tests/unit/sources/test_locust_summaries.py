from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from foreign import Taken, take
from summaries import counted

from slogate import plugins
from slogate.errors import SourceError

START = "2026-11-24T10:00:00Z"
HEADER = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,"
    "Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,50%,99%,100%\n"
)
HISTORY = (
    "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,100%,Total Request Count,"
    "Total Failure Count,Total Median Response Time,Total Average Response Time,"
    "Total Min Response Time,Total Max Response Time,Total Average Content Size\n"
)
AT = 1_795_544_034


def read(folder: Path, name: str, content: str | bytes, **options: str) -> Taken:
    """What the source makes of it."""
    if name == "locust-stats":
        options = {"start": START, **options}
    return take(folder, content, source=plugins.find("sources", name), name="l", **options)


def entry(**given: Any) -> dict[str, Any]:
    """An entry of Locust's statistics: three requests."""
    return {
        "name": "/a", "method": "GET", "last_request_timestamp": AT + 16.5, "start_time": AT + 0.5,
        "num_requests": 3, "num_none_requests": 0, "num_failures": 0, "max_response_time": 240.5,
        "min_response_time": 2.4, "response_times": {"240": 1, "3": 1, "2": 1},
    } | given  # fmt: skip


def stats(*rows: str) -> str:
    """A file of totals, `Aggregated` last."""
    return HEADER + "".join(f"{row}\r\n" for row in rows)


def moment(second: int, count: int, name: str = "Aggregated", *, kind: str = "",
           shares: str = "3,240") -> str:  # fmt: skip
    """A row of the history."""
    if not count:
        return f"{AT + second},0,{kind},{name},0.0,0.0,N/A,N/A,0,0,0,0.0,0,0,0\n"
    return f"{AT + second},5,{kind},{name},7.1,0.0,{shares},{count},1,3,3.5,2.4,240.5,5.0\n"


def test_an_entry_is_one_step_of_buckets(tmp_path):
    """The step begins before the first request ended, and every bucket is outward."""
    taken = read(tmp_path, "locust-json", json.dumps([entry()]))

    first = taken.rows[0]
    assert (first["method"], first["endpoint"], first["ok"]) == ("GET", "/a", True)
    assert first["ts"].timestamp() == pytest.approx(AT + 0.5 - 0.2405)
    assert first["step_us"] == 16_240_500
    assert [(row["lo_us"], row["hi_us"], row["count"]) for row in taken.rows] == [
        (2_399, 2_500, 1), (2_499, 3_500, 1), (234_999, 240_500, 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param({"num_none_requests": 2, "num_requests": 5},
                     {(True, True): 3, (True, False): 2}, id="no failure"),
        pytest.param({"num_failures": 3}, {(False, True): 3}, id="all failed"),
        pytest.param({"num_none_requests": 1, "num_requests": 4, "num_failures": 1},
                     {(True, True): 2, (None, True): 1, (None, False): 1}, id="either"),
        pytest.param({"num_none_requests": 1, "num_requests": 4, "num_failures": 3},
                     {(False, True): 2, (None, True): 1, (None, False): 1}, id="most"),
    ],
)  # fmt: skip
def test_requests_without_a_time(tmp_path, given: dict[str, int], wanted: dict[Any, int]):
    """They count, and only what surely failed is said to have failed."""
    taken = read(tmp_path, "locust-json", json.dumps([entry(**given)]))

    found: dict[Any, int] = {}
    for row in taken.rows:
        key = (row["ok"], row["lo_us"] is not None)
        found[key] = found.get(key, 0) + row["count"]
    assert found == wanted


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        pytest.param({"num_failures": 4}, "/a: .*more failures than requests", id="failures"),
        pytest.param({"response_times": {"2": 2}}, "of 2 requests, not of 3", id="sum"),
        pytest.param({"response_times": {"241": 3}}, "'241' is none that Locust's", id="digits"),
        pytest.param({"response_times": {"2.5": 3}}, "'2.5' is none that", id="fraction"),
        pytest.param({"response_times": {"990": 3}}, "contradict each other", id="longest"),
        pytest.param({"response_times": [3]}, "no response_times", id="list"),
        pytest.param({"max_response_time": -1}, "no time in ms", id="negative"),
        pytest.param({"max_response_time": 1e300}, "no time in ms", id="absurd"),
        pytest.param({"start_time": AT * 1000}, "no time in s between 2001", id="unit"),
        pytest.param({"start_time": None}, "start_time is 'None'", id="no start"),
        pytest.param({"num_requests": 2.5}, "no count", id="half"),
        pytest.param({"num_requests": True}, "no count", id="bool"),
        pytest.param({"name": None}, "an entry without a name", id="name"),
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(tmp_path, given, sentence: str):
    """The endpoint is named, and what is wrong with it."""
    with pytest.raises(SourceError, match=f"^l: .*{sentence}"):
        read(tmp_path, "locust-json", json.dumps([entry(**given)]))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("[]", "tells of no request", id="empty"),
        pytest.param("{}", "no list of Locust's statistics", id="object"),
        pytest.param(json.dumps([entry()])[:-1], "l:1: it is no whole JSON", id="cut"),
        pytest.param("[" * 100_000, "nested too deeply|no whole JSON", id="deep"),
        pytest.param("[1" + "0" * 10_000 + "]", "absurd number", id="number"),
        pytest.param(b"[\n\xff]", "l:2: it is not UTF-8", id="encoding"),
        pytest.param(json.dumps([entry(num_requests=0)]), "tells of no request", id="nothing"),
    ],
)
def test_what_is_no_whole_list_is_refused(tmp_path, content, sentence: str):
    """A part of a list would look like a smaller run."""
    with pytest.raises(SourceError, match=sentence):
        read(tmp_path, "locust-json", content)


def test_old_versions_count_failures_beside_requests(tmp_path):
    """One entry with more failures than requests proves it for all of the file."""
    old = entry(last_request_timestamp=AT + 3)
    del old["num_none_requests"]
    reports = [{"stats": [old | {"num_failures": 1}], "client_id": "w1"},
               {"stats": [old | {"num_failures": 5}], "client_id": "w2"}]  # fmt: skip
    lines = [json.dumps(report) for report in reports]

    beside = read(tmp_path, "locust-workers", "\n".join(lines)).rows
    among = read(tmp_path, "locust-workers", lines[0]).rows

    assert counted(beside, "ok", "worker") == {
        (True, "w1"): 3, (False, "w1"): 1, (True, "w2"): 3, (False, "w2"): 5
    }  # fmt: skip
    assert counted([row for row in beside if row["lo_us"] is None], "ok") == {False: 6}
    assert counted(among, "ok") == {True: 2, False: 1}
    # the last request is of a whole second, of which nothing more is known
    assert {row["step_us"] for row in beside} == {3_740_500}


def test_a_line_that_is_no_report_is_bad(tmp_path):
    """It is told with its line, whatever it holds, and nothing of it is kept."""
    good = json.dumps({"stats": [entry()]})
    half = json.dumps({"stats": [entry(), entry(num_failures=9)]})
    lines = [good, "{", "[]", half, "x" * (17 << 20), '{"stats": 1}', good]

    taken = read(tmp_path, "locust-workers", "\n".join(lines))

    assert (taken.tally.requests, taken.tally.bad.total()) == (6, 5)
    assert [line.split(":")[1] for line in taken.tally.shown] == ["2", "3", "4", "5", "6"]
    with pytest.raises(SourceError, match="no report of a worker in it"):
        read(tmp_path, "locust-workers", "{}\n")


def test_between_percentiles_lies_a_known_number(tmp_path):
    """Each percentile is one request of known rank; the others lie between two of them."""
    rows = read(tmp_path, "locust-stats", stats(
        "WS,/a,200,0,3,9.5,2.4,240.5,5,20,0,3,140,240",
        ",Aggregated,200,0,3,9,2.4,240.5,5,20,0,3,1,9",
    )).rows  # fmt: skip

    assert [(row["lo_us"], row["hi_us"], row["count"]) for row in rows] == [
        (2_399, 3_500, 100), (2_499, 3_500, 1), (2_499, 145_000, 97), (134_999, 145_000, 1),
        (234_999, 240_500, 1),
    ]  # fmt: skip
    assert (rows[0]["method"], rows[0]["step_us"], rows[-1]["max_us"]) == (
        "WS",
        10_000_000,
        240_500,
    )
    assert rows[0]["ts"].isoformat() == "2026-11-24T10:00:00+00:00"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(HEADER, "does not end with Locust's row Aggregated", id="header only"),
        pytest.param(stats("GET,/a,1,0,3,3,3,3,5,1,0,3,3,3"), "does not end with", id="cut"),
        pytest.param("Method,Name,# requests,# failures,Average response time,Min response time,"
                     "Max response time,Requests/s\nGET,/a,1,0,3,3,3,1\nNone,Total,1,0,3,3,3,1\n",
                     "no column Median Response Time", id="neither median nor percentiles"),
        pytest.param(stats("GET,/a,1,0,3,3,3,3,5,1,0,3,3,3", ",Aggregated,2,0,3,3,3,3,5,1,0,3,3,3"),
                     "do not add up to the Request Count", id="torn"),
        pytest.param(stats("GET,/a,1,0,3,3,3,3,5,1,0,3", ",Aggregated,2,0,3,3,3,3,5,1,0,3,3,3"),
                     "l:2: its columns are not those", id="columns"),
        pytest.param(stats("GET,/a,1,0,3,3,3,3,5,1,0,x,3,3", ",Aggregated,1,0,3,3,3,3,5,1,0,3,3,3"),
                     "l:2: its response time 'x'", id="percentile"),
        pytest.param(stats("GET,/a,1,0,3,3,9,3,5,1,0,3,3,3", ",Aggregated,1,0,3,3,3,3,5,1,0,3,3,3"),
                     "l:2: .*contradict", id="limits"),
        *(pytest.param(stats("GET,/a,1,0,3,3,3,3,5,1,0,3,3,3",
                             f",Aggregated,1,0,3,3,3,3,5,{rate},0,3,3,3"),
                       rf"its Requests/s is '{rate}', no rate", id=f"rate {rate}")
          for rate in ("x", "-1", "NaN", "inf", "1e-300", "1e99", "1e999999991764000000999999999")),
        pytest.param(stats("GET,/a,1,0,3,3,3,3,5,1,0,3,3,3",
                           ",Aggregated,1,0,3,3,3,3,5,1e-10,0,3,3,3"),
                     "a run of over a year", id="eternal"),
        *(pytest.param(stats(f"GET,/a,1,0,3,{average},3,0,5,1,0,3,3,3",
                             ",Aggregated,1,0,3,3,3,3,5,1,0,3,3,3"),
                       f"l:2: its average response time is '{average}'", id=f"average {average}")
          for average in ("x", "NaN", "1e9999999999999999999")),
        pytest.param(stats(",Aggregated,0,0,0,0,0,0,0,0,0,N/A,N/A,N/A"), "tells of no request",
                     id="nothing"),
        pytest.param(HEADER.replace("99%", "50%"), "a column twice", id="twice"),
        pytest.param("Method,Name,Error,Occurrences\n", "list of errors", id="errors"),
        pytest.param(b"Type,Name,Request Count,Failure Count,\xff", "not UTF-8", id="encoding"),
    ],
)  # fmt: skip
def test_totals_that_cannot_be_used_are_refused(tmp_path, content, sentence: str):
    """The file is named, where it can be the line, and what is wrong."""
    with pytest.raises(SourceError, match=sentence) as caught:
        read(tmp_path, "locust-stats", content)

    assert caught.value.message.startswith("l:")


def test_totals_need_a_start(tmp_path):
    """The file holds no time, so it is asked for."""
    content = stats("GET,/a,1,0,3,3,3,3,5,1,0,3,3,3", ",Aggregated,1,0,3,3,3,3,5,1,0,3,3,3")
    source = plugins.find("sources", "locust-stats")

    with pytest.raises(SourceError) as caught:
        take(tmp_path, content, source=source, name="l")

    assert "--option start=" in (caught.value.hint or "")


def test_the_last_whole_group_is_the_run(tmp_path):
    """Rows after the traffic count nothing twice, and a cut group is told and left."""
    content = HISTORY + "".join([
        moment(0, 0), moment(1, 0), moment(6, 4), moment(7, 7), moment(8, 7), moment(9, 7),
        moment(10, 9, "/a", kind="GET"),
    ])  # fmt: skip

    taken = read(tmp_path, "locust-history", content)

    assert counted(taken.rows, "endpoint", "ok") == {
        ("Aggregated", True): 6,
        ("Aggregated", False): 1,
    }
    first = taken.rows[0]
    assert (first["ts"].timestamp(), first["step_us"]) == (AT, 8_000_000)
    assert taken.tally.shown == ["l:8: the file ends within the rows of this moment"]


def test_with_full_history_percentiles_are_not_of_the_run(tmp_path):
    """Then there are rows of endpoints, and only shortest, median and longest are used."""
    content = HISTORY + "".join([
        moment(0, 0), moment(1, 2, "/a", kind="GET", shares="90,90"),
        moment(1, 2, "/b", kind="GET", shares="0,0"), moment(1, 4, shares="90,90"),
    ])  # fmt: skip
    content = content.replace(",4,1,3,", ",4,2,3,")

    rows = read(tmp_path, "locust-history", content).rows

    assert counted(rows, "endpoint") == {"/a": 2, "/b": 2}
    assert {row["hi_us"] for row in rows} <= {3_500, 240_500}


def test_a_reset_begins_anew(tmp_path):
    """What Locust forgot on purpose is not counted."""
    content = HISTORY + "".join([moment(0, 0), moment(5, 40), moment(9, 3), moment(10, 6)])

    rows = read(tmp_path, "locust-history", content).rows

    assert (sum(row["count"] for row in rows), rows[0]["ts"].timestamp()) == (6, AT + 5)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(HISTORY, "no whole group", id="header only"),
        pytest.param(HISTORY + moment(0, 0), "tells of no request", id="nothing"),
        pytest.param(HISTORY + moment(0, 3).replace(str(AT), "x"), "l:2: its Timestamp", id="time"),
        pytest.param(HISTORY + moment(0, 3).replace(str(AT), f"{AT}000"), "l:2: its Timestamp",
                     id="unit"),
        pytest.param(HISTORY + moment(-700_000_000, 0) + moment(0, 3) + moment(1, 4),
                     "a run of over a year", id="eternal"),
        pytest.param(HISTORY + moment(1, 2, "/a", kind="GET") + moment(1, 3), "l:3: .*add up",
                     id="torn"),
        pytest.param("Timestamp,User Count,Type,Name\n", "no column Total", id="old"),
    ],
)  # fmt: skip
def test_a_history_that_cannot_be_used_is_refused(tmp_path, content: str, sentence: str):
    """The file is named, where it can be the line, and what is wrong."""
    with pytest.raises(SourceError, match=sentence):
        read(tmp_path, "locust-history", content)


def test_a_history_of_a_short_run_says_what_holds_more(tmp_path):
    """Its rows are written every ten seconds: the last of a short run are none."""
    with pytest.raises(SourceError) as caught:
        read(tmp_path, "locust-history", HISTORY + moment(0, 0))

    assert "PREFIX_stats.csv" in (caught.value.hint or "")


@pytest.mark.parametrize("name", ["locust-stats", "locust-history"])
def test_a_line_without_end_is_not_read_whole(tmp_path, name: str):
    """A small compressed file can hold a line that fills the memory."""
    content = (HEADER if name == "locust-stats" else HISTORY) + "a" * 20_000_000
    packed = gzip.compress(content.encode(), 1)

    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match=r"^l:2: the line is over a million characters"):
            read(tmp_path, name, packed)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < len(content) // 2
