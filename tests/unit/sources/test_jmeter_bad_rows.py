from __future__ import annotations

import pytest
from foreign import HEADER, START_MS, good, jtl, take

from slogate.errors import SourceError

TIME = "its timeStamp is no time between 2001 and 2100"
ELAPSED = "its elapsed is no whole number of ms between 0 and a day"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(f"{START_MS},-5,a,200,OK,true", ELAPSED, id="negative"),
        pytest.param(f"{START_MS},86400001,a,200,OK,true", ELAPSED, id="over a day"),
        pytest.param(f"{START_MS},99999999999999999999,a,200,OK,true", ELAPSED, id="huge"),
        pytest.param(f"{START_MS},1.5,a,200,OK,true", ELAPSED, id="a fraction"),
        pytest.param(f"{START_MS},NaN,a,200,OK,true", ELAPSED, id="NaN"),
        pytest.param(f"{START_MS},1e3,a,200,OK,true", ELAPSED, id="an exponent"),
        pytest.param(f"{START_MS},,a,200,OK,true", ELAPSED, id="no elapsed"),
        pytest.param("1764000000,5,a,200,OK,true", TIME, id="seconds"),
        pytest.param("1764000000000000,5,a,200,OK,true", TIME, id="microseconds"),
        pytest.param("-1764000000000,5,a,200,OK,true", TIME, id="before the epoch"),
        pytest.param(",5,a,200,OK,true", TIME, id="no time"),
        pytest.param("timeStamp,elapsed,label,responseMessage,responseCode,success", TIME,
                     id="a header of other columns"),
        pytest.param(f"{START_MS},5,a,200,OK,maybe", "its success is neither true nor false",
                     id="success"),
        pytest.param(f"{START_MS},5,a,200", "it has too few columns", id="too few"),
        pytest.param(f"{START_MS},5,a,200,OK,true,x", "it has too many columns", id="too many"),
        pytest.param(f'{START_MS},5,"a"b,200,OK,true',
                     "a quote is not closed, or text follows it", id="quote"),
    ],
)  # fmt: skip
def test_a_bad_row_is_counted_and_told_with_its_line(tmp_path, row: str, reason: str):
    """The others are kept; an embedded line end before it does not shift the line."""
    message = f'{START_MS},1,a,500,"one\ntwo",false'

    taken = take(tmp_path, jtl(good(), message, row, good(2)))

    assert len(taken.rows) == 3
    assert taken.tally.bad == {reason: 1}
    assert taken.tally.shown == [f"results.jtl:5: {reason}"]


def test_rows_that_sum_up_samples_are_bad(tmp_path):
    """The single times of a summed row are lost, so it can be no request."""
    header = f"{HEADER.strip()},SampleCount\n"
    taken = take(tmp_path, jtl(f"{good()},1", f"{good()},20", f"{good()},", header=header))

    assert (len(taken.rows), list(taken.tally.bad.values())) == (2, [1])
    assert taken.tally.shown[0].startswith("results.jtl:3: it sums up several samples")


@pytest.mark.parametrize(
    "tail", [f"{START_MS},5", f'{START_MS},5,a,500,"cut', "1"], ids=["field", "quote", "digit"]
)
def test_a_truncated_last_line_is_one_bad_row(tmp_path, tail: str):
    """What was whole before the cut is kept."""
    taken = take(tmp_path, jtl(good(), good(1)) + tail)

    assert (len(taken.rows), taken.tally.bad.total()) == (2, 1)
    assert taken.tally.shown[0].startswith("results.jtl:4: ")


def test_a_line_of_ten_megabytes_is_one_bad_row(tmp_path):
    """An absurd line is skipped and named, not read into memory for good."""
    taken = take(tmp_path, jtl(good(), f"{START_MS},5,{'x' * 10_000_000},200,OK,true", good(2)))

    assert (len(taken.rows), taken.tally.shown) == (2, ["results.jtl:3: it is longer than 2 MB"])


def test_unsorted_and_repeated_rows_are_kept_as_they_are(tmp_path):
    """JMeter writes in the order of ends; equal rows are equal requests."""
    taken = take(tmp_path, jtl(good(50), good(3), good(3)))

    assert [row["duration_us"] for row in taken.rows] == [60_000, 13_000, 13_000]
    assert (taken.tally.first_ts, taken.tally.last_ts) == (
        (START_MS + 3) * 1000, (START_MS + 50) * 1000
    )  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_cut_row_is_told_with_its_line_whatever_ends_it(tmp_path, end: str):
    """The line is that of the row, not of the one before."""
    taken = take(tmp_path, jtl(good(), "cut", good(), end=end))

    assert taken.tally.shown == ["results.jtl:3: it has too few columns"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", "results.jtl is empty", id="empty"),
        pytest.param(HEADER.encode(), "there is no row after the header", id="header only"),
        pytest.param(HEADER.encode()[:-1], "there is no row after the header", id="no line end"),
        pytest.param(b"\xff\xfet\0i\0", "it is UTF-16", id="UTF-16"),
        pytest.param(b"<?xml?><testResults>", "this is XML, no CSV", id="XML"),
        pytest.param(b"hello", "its first line is no header", id="no CSV"),
        pytest.param(b"timeStamp,label\n1,a\n", "no column elapsed, success", id="columns"),
        pytest.param(b"timeStamp,elapsed,label,success,label\n", "'?label'? twice", id="twice"),
        pytest.param(jtl("1764000000,1,a,,,true").encode(), "is in seconds", id="seconds"),
        pytest.param(jtl("1764000000.5,1,a,,,true").encode(), "another unit", id="fraction"),
        pytest.param(jtl("1764000000000000,1,a,,,true").encode(), "microseconds", id="micro"),
        pytest.param(jtl("1764000000000000000,1,a,,,true").encode(), "nanosec", id="nano"),
        pytest.param(jtl("12 o'clock,1,a,,,true").encode(), "no known format", id="date"),
        pytest.param(jtl("2.1.2016 12:00,1,a,,,true").encode(), "has no seconds", id="minutes"),
        pytest.param(jtl("12:00:07,1,a,,,true").encode(), "has no date", id="time of day"),
        pytest.param(jtl("1.764E+12,1,a,,,true").encode(), "by a spreadsheet", id="rounded"),
        pytest.param(jtl("1764000000000.0,1,a,,,true").encode(), "decimal point", id="point"),
        pytest.param(jtl("2016/02/01 12:00:00.123,1,a,,,true").encode(), "without a time zone",
                     id="zone"),
        pytest.param(jtl(good()).encode() + good(1).encode() + b"\r\n" + good(2).encode(),
                     "results.jtl:3: line ends change here", id="line ends"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(tmp_path, content, sentence):
    """The file is named, and what is wrong with it."""
    with pytest.raises(SourceError, match=sentence) as caught:
        take(tmp_path, content)

    assert caught.value.message.startswith("results.jtl")


@pytest.mark.parametrize(
    ("option", "value"),
    [("timezone", "Europe/Berlin"), ("transactions", "yes"), ("timestamp", "x"), ("encoding", "x")],
)
def test_an_option_with_an_odd_value_is_refused(tmp_path, option: str, value: str):
    """Nothing is guessed."""
    with pytest.raises(SourceError, match=f"option {option} is '{value}', it must be"):
        take(tmp_path, jtl("2016/02/01 12:00:00.123,1,a,,,true"), **{option: value})


def test_thousands_of_malformed_lines_are_counted_exactly(tmp_path):
    """Every malformed line counts, a few are shown."""
    rows = [good(i) if i % 3 else f"{START_MS},1" for i in range(9000)]

    taken = take(tmp_path, jtl(*rows))

    assert (len(taken.rows), taken.tally.bad.total(), len(taken.tally.shown)) == (6000, 3000, 5)
    assert taken.tally.shown[1] == "results.jtl:5: it has too few columns"


def test_more_malformed_lines_than_are_recorded_are_refused(tmp_path):
    """A count that cannot be exact is no count."""
    with pytest.raises(
        SourceError, match=r"results.jtl:3: it has too few columns, and too many lines are bad"
    ):
        take(tmp_path, jtl(good(), *["x"] * 100_001))
