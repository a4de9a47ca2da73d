"""Locust's CSV files as versions before 2.1 wrote them: other names, other percentiles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from foreign import Taken, take
from summaries import counted

from slogate import plugins
from slogate.errors import SourceError

OLD = (
    '"Name","# requests","# failures","Median response time","Average response time",'
    '"Min response time","Max response time","Average Content Size","Requests/s"'
)
NOW = (
    '"Type","Name","Request Count","Failure Count","Median Response Time","Average Response Time",'
    '"Min Response Time","Max Response Time","Average Content Size","Requests/s","Failures/s",'
    '"50%","99.999%","100%"'
)
HISTORY = (
    "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,100%,Total Request Count,"
    "Total Failure Count,Total Median Response Time,Total Average Response Time,"
    "Total Min Response Time,Total Max Response Time,Total Average Content Size"
)
EARLIER = (
    '"Type","Name","Timestamp","# requests","# failures","Requests/s","Requests Failed/s",'
    '"Median response time","Average response time","Min response time","Max response time",'
    '"Average Content Size","50%","99.999","100%"'
)
AT = 1_795_544_034


def read(folder: Path, name: str, *lines: str) -> Taken:
    """What the source makes of these lines."""
    options = {"start": "2026-11-24T10:00:00Z"} if name == "locust-stats" else {}
    source = plugins.find("sources", name)
    assert source.sniff("\n".join(lines).encode()) == 1
    return take(folder, "\n".join(lines), source=source, name="l", **options)


def test_before_0_12_failures_are_counted_beside(tmp_path):
    """The last row is called Total; a failure has no response time and is no request there."""
    rows = read(
        tmp_path, "locust-stats", f'"Method",{OLD}',
        '"GET","/a",5,2,20,30,8,95,100,2.50', '"POST","/b",0,1,0,0,0,0,0,0.00',
        '"None","Total",5,3,20,30,8,95,100,2.50',
    ).rows  # fmt: skip

    assert counted(rows, "ok") == {True: 5, False: 3}
    assert {(row["method"], row["endpoint"]) for row in rows} == {("GET", "/a"), ("POST", "/b")}
    assert {row["step_us"] for row in rows} == {2_000_000}
    # 95 ms were cut off, and the median is a bucket
    assert max(row["hi_us"] or 0 for row in rows) == 95_999
    assert (19_499, 20_500) in {(row["lo_us"], row["hi_us"]) for row in rows}


@pytest.mark.parametrize(
    ("header", "last"),
    [
        pytest.param(f'"Method",{OLD}', "3.00", id="0.12"),
        pytest.param(f'"Type",{OLD},"Requests Failed/s","50%","99.999","100%"',
                     "3.00,1.00,20,95,95", id="0.14"),
        pytest.param(NOW, "3.00,1.00,20,95,95", id="1.0"),
    ],
)  # fmt: skip
def test_then_they_are_among_the_requests(tmp_path, header: str, last: str):
    """Whatever the columns are called, and though the row of all says that its type is None."""
    rows = read(
        tmp_path, "locust-stats", header, f'"GET","/a",6,2,20,30,8,95,100,{last}',
        f'"None","Aggregated",6,2,20,30,8,95,100,{last}',
    ).rows  # fmt: skip

    assert counted(rows, "ok") == {True: 4, False: 2}
    assert max(row["hi_us"] for row in rows) == (95_999 if last == "3.00" else 95_500)


def test_a_distribution_alone_is_refused_by_name(tmp_path):
    """It tells of no failure."""
    source = plugins.find("sources", "locust-stats")

    with pytest.raises(SourceError, match="Locust's distribution") as caught:
        take(tmp_path, '"Name","# requests","50%","66%","75%"\n"GET /a",6,20,25,30', source=source)
    assert "PREFIX_requests.csv" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("shares", "windowed"),
    [
        pytest.param(["N/A,N/A", "20,90", "25,240"], False, id="of the run"),
        pytest.param(["N/A,N/A", "0,0", "25,240"], True, id="none at first"),
        pytest.param(["N/A,N/A", "20,80", "25,240"], True, id="not the longest"),
        pytest.param(["N/A,N/A", "20,90", "0,0"], True, id="none at last"),
    ],
)
def test_percentiles_of_ten_seconds_are_not_those_of_the_run(tmp_path, shares, windowed: bool):
    """Before 2.1 all are, though no endpoint has a row; the median is of the run even so."""
    counts = ["0,0,0,0.0,0,0,0", "4,0,18,30.5,8.5,90.25,5.0", "9,0,22,40.5,8.5,240.5,5.0"]
    rows = [
        f"{AT + second},5,,Aggregated,7.1,0.0,{share},{count}"
        for second, (share, count) in enumerate(zip(shares, counts, strict=True))
    ]

    rows, tally = read(tmp_path, "locust-history", HISTORY, *rows)

    assert any("this version of Locust" in note for note in tally.notes) == windowed
    assert counted(rows, "ok") == {True: 9}
    middle = (24_499, 25_500) if not windowed else (21_499, 22_500)
    assert middle in {(row["lo_us"], row["hi_us"]) for row in rows}


def test_a_history_before_1_0(tmp_path):
    """The columns stand in another order; totals are not called so."""
    rows, tally = read(
        tmp_path, "locust-history", EARLIER,
        f'"None","Aggregated","{AT}",0,0,0.00,0.00,0,0,0,0.00,0.00,"N/A","N/A","N/A"',
        f'"GET","/a","{AT + 2}",4,1,0.00,0.00,18,30,8,90.25,5.00,0,0,0',
        f'"None","Aggregated","{AT + 2}",4,1,0.00,0.00,18,30,8,90.25,5.00,0,0,0',
    )  # fmt: skip

    assert counted(rows, "endpoint", "ok") == {("/a", True): 3, ("/a", False): 1}
    assert max(row["hi_us"] for row in rows) == 90_250
    assert any("--csv-full-history" in note for note in tally.notes)


def test_before_2_44_tens_are_written_as_fractions(tmp_path):
    """So Python writes what it rounds to tens and more in `--json`."""
    told = {
        "name": "/a", "method": "GET", "last_request_timestamp": AT + 9.5, "start_time": AT + 0.5,
        "num_requests": 3, "num_none_requests": 0, "num_failures": 0, "max_response_time": 1840.5,
        "min_response_time": 2.4, "response_times": {"2": 1, "240.0": 1, "1800.0": 1},
    }  # fmt: skip

    rows = read(tmp_path, "locust-json", json.dumps([told], indent=4)).rows

    assert [(row["lo_us"], row["hi_us"]) for row in rows] == [
        (2_399, 2_500), (234_999, 245_000), (1_749_999, 1_840_500)
    ]  # fmt: skip
