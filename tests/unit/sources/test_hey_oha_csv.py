"""The CSV of oha and of hey: seconds from a start that is given, and no word about errors."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from foreign import take

from slogate import plugins
from slogate.errors import SourceError

OHA = plugins.find("sources", "oha-csv")
HEY = plugins.find("sources", "hey-csv")
OHA_HEADER = "request-start,DNS,DNS+dialup,Response-delay,request-duration,bytes,status\n"
HEY_HEADER = (
    "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset\n"
)
START = "2026-11-24T10:00:00Z"
GOOD = {OHA.name: "0.5,0,0,0,0.1,612,200", HEY.name: "0.1000,0,0,0,0.1,0,200,0.5000"}
HEADERS = {OHA.name: OHA_HEADER, HEY.name: HEY_HEADER}
both = pytest.mark.parametrize("source", [OHA, HEY], ids=lambda source: source.name)


def test_rows_of_oha(tmp_path):
    """Starts are floored and durations rounded up to µs, without errors of binary fractions."""
    given = "0.000007,0,0,0,0.000007,0,200\n12.345678901,0.1,0.2,0,0.001000001,5,503\n"

    rows, tally = take(tmp_path, OHA_HEADER + given, source=OHA, start=START, endpoint="GET /a")

    assert tally.bad == {}
    assert [(r["ts"], r["duration_us"], r["status"], r["bytes"], r["ok"]) for r in rows] == [
        (datetime(2026, 11, 24, 10, 0, 0, 7, UTC), 7, 200, 0, None),
        (datetime(2026, 11, 24, 10, 0, 12, 345_678, UTC), 1001, 503, 5, None),
    ]
    assert {(r["method"], r["endpoint"]) for r in rows} == {("GET", "/a")}


def test_every_microsecond_is_exact(tmp_path):
    """What oha writes as a decimal fraction of a second comes out as these µs."""
    times = range(1, 3_000_000, 997)
    content = OHA_HEADER + "".join(f"{us / 1e6},0,0,0,{us / 1e6},0,200\n" for us in times)

    rows, _ = take(tmp_path, content, source=OHA, start="2026-11-24T11:00:00+01:00")

    assert [row["duration_us"] for row in rows] == list(times)
    assert [row["ts"].second * 1_000_000 + row["ts"].microsecond for row in rows] == list(times)


def test_rows_of_hey(tmp_path):
    """The offset is the start; rows keep the order of the file, that of the ends."""
    content = HEY_HEADER + "0.1001,0,0,0,0,0,200,2.0007\n0.0032,0,0,0,0,0,404,1.5\n"

    rows, tally = take(tmp_path, content, source=HEY, start=START)

    assert tally.bad == {}
    assert [(r["ts"], r["duration_us"], r["status"], r["endpoint"]) for r in rows] == [
        (datetime(2026, 11, 24, 10, 0, 2, 700, UTC), 100_100, 200, ""),
        (datetime(2026, 11, 24, 10, 0, 1, 500_000, UTC), 3_200, 404, ""),
    ]


@both
def test_whoever_imports_it_is_told_what_it_does_not_say(tmp_path, source):
    """No row is invented for failures, so the error rate is unknown: the note says so."""
    _, tally = take(tmp_path, HEADERS[source.name] + GOOD[source.name], source=source, start=START)

    assert len(tally.notes) == 1
    assert "says nothing about the error rate" in tally.notes[0]


@both
@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        pytest.param(None, "does not say when the run began", id="none"),
        pytest.param("2026-11-24T10:00:00", "which has no time zone", id="no zone"),
        pytest.param("yesterday", "no time of RFC 3339", id="word"),
    ],
)
def test_the_start_has_to_be_given(tmp_path, source, start, sentence):
    """It is in no such file, and the clock of the file system is no measurement."""
    options = {} if start is None else {"start": start}

    with pytest.raises(SourceError, match=sentence):
        take(tmp_path, HEADERS[source.name] + GOOD[source.name], source=source, **options)


@pytest.mark.parametrize(
    ("source", "row", "wrong"),
    [
        pytest.param(OHA, "-1,0,0,0,0.1,612,200", "request-start is no number", id="before"),
        pytest.param(OHA, "x,0,0,0,0.1,612,200", "request-start is no number", id="start"),
        pytest.param(OHA, "1e300,0,0,0,0.1,612,200", "request-start is no number", id="never"),
        pytest.param(OHA, "9223372036854,0,0,0,0.1,612,200", "request-start is no", id="longest"),
        pytest.param(OHA, "nan,0,0,0,0.1,612,200", "request-start is no number", id="NaN"),
        pytest.param(OHA, "0.5,0,0,0,-0.1,612,200", "request-duration is no number", id="took"),
        pytest.param(OHA, "0.5,0,0,0,86401,612,200", "request-duration is no number", id="day"),
        pytest.param(OHA, "0.5,0,0,0,inf,612,200", "request-duration is no number", id="inf"),
        pytest.param(OHA, "0.5,0,0,0,0.1,612,0", "status is no status of HTTP", id="0"),
        pytest.param(OHA, "0.5,0,0,0,0.1,612,OK", "status is no status of HTTP", id="word"),
        pytest.param(HEY, "x,0,0,0,0.1,0,200,0.5", "response-time is no number", id="hey took"),
        pytest.param(HEY, "0.1,0,0,0,0.1,0,200,-1", "offset is no number", id="hey offset"),
        pytest.param(HEY, "0.1,0,0,0,0.1,0,,1", "status-code is no status", id="hey status"),
    ],
)
def test_a_bad_row_is_counted_and_told_with_its_line(tmp_path, source, row, wrong):
    """In the tool's own words for its columns."""
    content = "\n".join([HEADERS[source.name].strip(), GOOD[source.name], row, GOOD[source.name]])

    rows, tally = take(tmp_path, content, source=source, name="f.csv", start=START)

    assert (len(rows), tally.bad.total()) == (2, 1)
    assert tally.shown[0].startswith(f"f.csv:3: its {wrong}")


@both
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("", "f.csv is empty", id="empty"),
        pytest.param("{header}", "there is no row after the header", id="header only"),
        pytest.param("{header}\n\n", "there is no row after the header", id="blank"),
        pytest.param("a,b\n1,2\n", "f.csv:1: its first line is no header", id="other"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(tmp_path, source, content, sentence):
    """The file is named, and what is wrong with it."""
    with pytest.raises(SourceError, match=sentence):
        take(tmp_path, content.format(header=HEADERS[source.name]), source=source, name="f.csv",
             start=START)  # fmt: skip


def test_hey_without_offsets_is_refused(tmp_path):
    """Old versions do not say when a request began."""
    header = ",".join(HEY_HEADER.split(",")[:6])

    assert HEY.sniff(header.encode()) == 0.6
    with pytest.raises(SourceError, match="no header") as caught:
        take(tmp_path, f"{header}\n1,1,1,1,1,1\n", source=HEY, start=START)
    assert "hey is too old" in caught.value.hint


@both
def test_what_it_recognises(source):
    """Its own header and not the other's, with either line end."""
    mine = HEADERS[source.name]

    assert [source.sniff(head.encode()) for head in (mine, mine.replace("\n", "\r\n"))] == [1, 1]
    assert OHA.sniff((mine.strip() + ",x\n").encode()) == 0
    assert [other.sniff(mine.encode()) for other in (OHA, HEY) if other is not source] == [0]
