"""What wrk, wrk2, hey and ab print, and percentile spectra: counts, bounds, refusals."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime

import pytest
from summaries import at, counted, example, summary

from slogate import plugins
from slogate.errors import SourceError
from slogate.sources._summaries import ONE_STEP

TEXTS = ("wrk", "wrk2", "hey-summary", "ab")


@pytest.mark.parametrize("name", [*TEXTS, "hdrplot"])
def test_the_start_is_asked_for(tmp_path, name: str):
    """A run whose start is not in the file is refused until it is said."""
    with pytest.raises(SourceError, match="does not say when the run began") as caught:
        summary(tmp_path, name, start=None)

    assert "--option start=" in (caught.value.hint or "")


@pytest.mark.parametrize("name", TEXTS)
def test_two_runs_in_one_file_are_refused(tmp_path, name: str):
    """Nothing says which run is meant, so that none is taken."""
    text = example(name)

    with pytest.raises(SourceError, match="2 times; import each"):
        summary(tmp_path, name, (text, text + text))


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        pytest.param("yesterday", "no time of RFC 3339", id="no time"),
        pytest.param("2026-11-24T10:00:00", "no time zone", id="no zone"),
        pytest.param("1996-11-24T10:00:00Z", "not between 2001 and 2100", id="too early"),
    ],
)
def test_odd_starts_are_refused(tmp_path, start: str, reason: str):
    """A start is a time of RFC 3339 with its zone, between 2001 and 2100."""
    with pytest.raises(SourceError, match=reason):
        summary(tmp_path, "wrk", start=start)


def test_wrk_counts_every_request_once(tmp_path):
    """Responses, those from status 400 on, the late ones and socket errors add up."""
    rows = summary(tmp_path, "wrk").rows

    assert counted(rows, "ok") == {True: 3278 - 1 - 12, False: 12 + 1 + 2}
    assert counted([r for r in rows if r["lo_us"] is None], "ok") == {False: 2}
    assert counted([r for r in rows if r["lo_us"] is not None and r["hi_us"] is None], "lo_us") == {
        11_974: 1
    }
    assert {(r["endpoint"], r["method"], r["ts"].isoformat(), r["step_us"]) for r in rows} == {
        ("/hello", "", "2026-11-24T10:00:00+00:00", 2_100_084)
    }


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [("http://h:8080/hello?a=1", "/hello"), ("http://h", "/"), ("http://[", "")],
)
def test_the_path_of_its_url_is_the_endpoint(tmp_path, url: str, endpoint: str):
    """A host alone is asked for its root."""
    rows = summary(tmp_path, "wrk", ("http://127.0.0.1:8080/hello", url)).rows

    assert {row["endpoint"] for row in rows} == {endpoint}


def test_the_bounds_of_wrk_are_those_that_it_rounded(tmp_path):
    """2.43ms were whole µs from 2,425 to 2,435, whichever requests failed."""
    fine = (
        ("  Non-2xx or 3xx responses: 12\n", ""),
        ("  Socket errors: connect 0, read 2, write 0, timeout 1\n", ""),
    )

    rows = summary(tmp_path, "wrk", *fine).rows

    assert [at(rows, share) for share in (50, 75, 90, 99, 100)] == [
        (-1, 2435), (2524, 2535), (2734, 2745), (6854, 6865), (6854, 11_985)
    ]  # fmt: skip


def test_wrk_without_percentiles_knows_the_longest(tmp_path):
    """Without --latency all requests have one bound."""
    spread = "     50%    2.43ms\n     75%    2.53ms\n     90%    2.74ms\n     99%    6.86ms\n"

    rows = summary(tmp_path, "wrk", (f"  Latency Distribution\n{spread}", "")).rows

    assert {(r["lo_us"], r["hi_us"]) for r in rows if r["ok"]} == {(-1, 11_985)}


@pytest.mark.parametrize(
    ("name", "edit", "reason"),
    [
        pytest.param("wrk", ("Transfer/sec:    176.82KB\n", ""), "as a whole", id="wrk cut"),
        pytest.param("wrk", ("Non-2xx or", "Non-2xx 0r"), "as a whole", id="wrk odd line"),
        pytest.param("wrk", ("1560.89", "2560.89"), "not 2560.89 requests a second", id="wrk rate"),
        pytest.param("wrk", ("75%    2.53ms", "75%    1.53ms"), "contradict", id="wrk falls"),
        pytest.param("wrk", ("responses: 12", "responses: 9999"), "more failures", id="failed"),
        pytest.param("wrk", ("11.98ms", "99.00h"), "over a day", id="wrk absurd"),
        pytest.param("wrk2", ("4.099     1.00", "4.099     0.99"), "cut off", id="wrk2 cut"),
        pytest.param("wrk2", ("count    =        39539", "count    =        39540"), "total count",
                     id="wrk2 count"),
        pytest.param("wrk2", ("        29655", "        19655"), "not ascend", id="wrk2 falls"),
        pytest.param("wrk2", ("60018 requests", "30018 requests"), "more responses", id="wrk2 few"),
        pytest.param("hey-summary", ("[200]\t180", "[200]\t179"), "cut off", id="hey status"),
        pytest.param("hey-summary", ("  [2]\tGet", "  [9]\tGet"), "cut off", id="hey errors"),
        pytest.param("hey-summary", ("003 [159]\t|", "003 159\t|"), "as a whole", id="hey odd"),
        pytest.param("hey-summary", ("in 0.0027", "in 0.0087"), "contradict", id="hey falls"),
        pytest.param("ab", (" 100%     16 (longest request)\n", ""), "cut off", id="ab cut"),
        pytest.param("ab", ("Percentage of the requests", "x"), "run with -d", id="ab -d"),
        pytest.param("ab", ("Server Software", "<table >"), "run ab without -w", id="ab -w"),
        pytest.param("ab", ("Length: 20", "Length: 21"), "not the sum", id="ab sum"),
        pytest.param("ab", ("Complete requests:      200", "Complete requests:      x"),
                     "as a whole", id="ab odd"),
        pytest.param("hdrplot", ("1.000000    1998", "0.999900    1998"), "cut off", id="plot cut"),
        pytest.param("hdrplot", ("1.000000    1998", f"1.{'0' * 5000}    1998"), "cut off",
                     id="plot digits"),
    ],
)  # fmt: skip
def test_what_is_not_whole_is_refused(tmp_path, name: str, edit: tuple[str, str], reason: str):
    """Cut off, contradicting or absurd: refused with the reason, never half of it."""
    source_edit = [edit]
    if name == "wrk2" and edit[0].startswith("60018"):
        source_edit += [("30.00s", "15.01s")]

    with pytest.raises(SourceError, match=reason):
        summary(tmp_path, name, *source_edit)


def test_what_hey_did_not_keep_is_told(tmp_path):
    """It keeps a million responses: the percentiles of the first are not those of all."""
    edits = [("[159]", "[999959]"), ("[200]\t180", "[200]\t999980"), ("1439.4449", "9000000.0000")]

    with pytest.raises(SourceError, match="about 1263149 requests and kept the first 1000000 only"):
        summary(tmp_path, "hey-summary", *edits)


def test_wrk_pads_seconds(tmp_path):
    """Units of one letter have a space behind them: all lines of percentiles are as wide."""
    slow = ("90%    2.74ms\n     99%    6.86ms\n", "90%    1.50s \n     99%    1.98s \n")

    edits = (slow, ("11.98ms", "2.00s"), ("  Non-2xx or 3xx responses: 12\n", ""))
    rows = summary(tmp_path, "wrk", *edits).rows

    assert at(rows, 99)[0] == 1_974_999


def test_wrk2_pads_seconds(tmp_path):
    """As wrk does."""
    plain, padded = summary(tmp_path, "wrk2"), summary(tmp_path, "wrk2", ("1.42ms\n", "1.42s \n"))

    assert padded.rows == plain.rows


def test_the_output_of_wrk_may_be_indented(tmp_path):
    """As it stands in notes and READMEs."""
    text = example("wrk")

    rows = summary(tmp_path, "wrk", (text, textwrap.indent(text, "    "))).rows

    assert {row["endpoint"] for row in rows} == {"/hello"}


def test_wrk2_leaves_its_calibration_out(tmp_path):
    """Requests beyond the spectrum came first: the step begins after them, at the same rate."""
    rows, tally = summary(tmp_path, "wrk2")

    assert counted(rows, "ok") == {True: 39_539 - 7, False: 7}
    assert dict(tally.left_out) == {
        "requests of wrk2's calibration, whose times it does not tell": 60_018 - 39_539
    }
    [(start, length)] = {(r["ts"].timestamp(), r["step_us"]) for r in rows}
    begun = datetime(2026, 11, 24, 10, tzinfo=UTC).timestamp()
    whole = 60_018 / 2000.28
    assert length / 1e6 == pytest.approx(39_539 / 2000.28, abs=1e-3)
    assert start + length / 1e6 == pytest.approx(begun + whole, abs=1e-3)


def test_wrk2_without_a_measured_request(tmp_path):
    """Socket errors are counted over the whole run; nothing of it was measured."""
    text = example("wrk2")
    rows = text[text.index("       0.105") : text.index("#[Mean")]
    edits = [
        (rows, "       0.000     1.000000            0          inf\n"),
        ("count    =        39539", "count    =        0"),
        ("  Non-2xx", "  Socket errors: connect 3, read 0, write 0, timeout 1\n  Non-2xx"),
    ]

    [row], tally = summary(tmp_path, "wrk2", *edits)

    assert (row["count"], row["ok"], row["lo_us"], row["step_us"] > 29_900_000) == (
        4, False, None, True,
    )  # fmt: skip
    assert list(tally.left_out.values()) == [60_018]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("wrk", "others that it makes up", id="wrk"),
        pytest.param("ab", "whether 3 more have failed", id="ab"),
        pytest.param("hdrplot", "does not say what failed", id="hdrplot"),
    ],
)
def test_what_a_summary_cannot_tell_is_said(tmp_path, name: str, told: str):
    """People read with the import what they must know about the file."""
    notes = summary(tmp_path, name).tally.notes
    assert told in " ".join(notes)
    assert notes[0] == ONE_STEP


def test_wrk2_spectrum_is_exact(tmp_path):
    """A line says how many took its value or less: whole µs, and none is between two lines."""
    rows = summary(tmp_path, "wrk2", ("  Non-2xx or 3xx responses: 7\n", "")).rows

    assert [(r["lo_us"], r["hi_us"], r["count"]) for r in rows if r["lo_us"] is not None] == [
        (-1, 105, 1), (105, 1102, 19_802), (1102, 1422, 9852), (1422, 3007, 9845), (3007, 4099, 39)
    ]  # fmt: skip


def test_more_failures_than_times(tmp_path):
    """Failures beyond the spectrum were in the calibration; none is known to be a success."""
    rows = summary(tmp_path, "wrk2", ("responses: 7", "responses: 39540")).rows

    assert counted(rows, "ok") == {False: 39_539}


def test_the_uncorrected_latency_of_wrk2(tmp_path):
    """With -U there are two spectra, and the corrected one is taken unless asked otherwise."""
    text = example("wrk2")
    block = text[text.index("  Latency Distribution") : text.index("  60018 requests")]
    second = block.replace("Recorded Latency", "Uncorrected Latency (measured without)")
    both = (block, block + "\n" + second.replace("1.422", "1.222"))

    taken = summary(tmp_path, "wrk2", both).rows
    asked = summary(tmp_path, "wrk2", both, latency="uncorrected").rows

    assert (at(taken, 74)[1], at(asked, 74)[1]) == (1422, 1222)
    with pytest.raises(SourceError, match="0 spectra of uncorrected latency"):
        summary(tmp_path, "wrk2", latency="uncorrected")


def test_hey_counts_statuses_and_errors(tmp_path):
    """Each status has its responses, errors have no response time."""
    rows = summary(tmp_path, "hey-summary").rows

    assert counted(rows, "status", "ok") == {(200, None): 180, (500, None): 20, (None, False): 2}
    assert counted([r for r in rows if r["lo_us"] is None], "ok") == {False: 2}


def test_hey_bounds_come_from_histogram_and_percentiles(tmp_path):
    """The printed digits bound the requests on both sides: 0.0027 is 2,650 to 2,750 µs."""
    one_status = ("  [500]\t20 responses\n", ""), ("[200]\t180", "[200]\t200")

    rows = summary(tmp_path, "hey-summary", *one_status, endpoint="GET /cart").rows

    assert [at(rows, share) for share in (1, 50, 95, 100)] == [
        (2249, 2450), (2449, 2750), (3049, 3750), (7499, 8250)
    ]  # fmt: skip
    assert {(r["method"], r["endpoint"]) for r in rows} == {("GET", "/cart")}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({}, {True: 177, False: 20, None: 3}, id="which are the same is unknown"),
        pytest.param({"length": "ok"}, {True: 197, False: 3}, id="lengths may differ"),
    ],
)
def test_ab_failures_are_told_apart_as_far_as_they_are_told(tmp_path, options, expected):
    """20 of another length and 3 of another status are 20 to 23 failures."""
    assert counted(summary(tmp_path, "ab", **options).rows, "ok") == expected


def test_ab_bounds_are_half_a_millisecond_wide_on_each_side(tmp_path):
    """Whole ms were rounded to the nearest."""
    none_failed = (
        ("Failed requests:        20\n   (Connect: 0, Receive: 0, Length: 20, Exceptions: 0)\n",
         "Failed requests:        0\n"), ("Non-2xx responses:      3\n", ""),
    )  # fmt: skip

    rows = summary(tmp_path, "ab", *none_failed).rows

    assert [at(rows, share) for share in (50, 75, 99, 100)] == [
        (2499, 5500), (5499, 7500), (12_499, 16_500), (15_499, 16_500)
    ]  # fmt: skip
    assert counted(rows, "endpoint", "ok") == {("/cart", True): 200}


def test_ab_connections_that_failed_were_no_complete_requests(tmp_path):
    """They count as failures without a response time."""
    edits = (
        ("Failed requests:        20", "Failed requests:        22"),
        ("Connect: 0", "Connect: 2"),
    )

    rows = summary(tmp_path, "ab", *edits).rows

    assert counted([r for r in rows if r["lo_us"] is None], "ok") == {False: 2}
    assert sum(r["count"] for r in rows) == 202


def test_a_spectrum_of_vegeta(tmp_path):
    """Its values are ms; what failed is unknown unless it is said."""
    rows = summary(tmp_path, "hdrplot").rows

    assert counted(rows, "ok", "step_us") == {(None, 20_000_000): 1998}
    assert [at(rows, share) for share in (10, 50, 100)] == [(76, 440), (439, 514), (555, 2659)]
    assert counted(summary(tmp_path, "hdrplot", ok="true").rows, "ok") == {True: 1998}


def test_a_spectrum_without_a_unit(tmp_path):
    """HdrHistogram's own text does not say its unit: it is asked for, and rounded outward."""
    plain = ("Value(ms)", "Value"), ("Value  Percentile", "\n   Value  Percentile")
    with pytest.raises(SourceError, match="does not say the unit") as caught:
        summary(tmp_path, "hdrplot", *plain)

    rows = summary(tmp_path, "hdrplot", *plain, unit="us").rows

    assert "unit=ms" in (caught.value.hint or "")
    assert counted(rows, "lo_us", "hi_us") == {(0, 1): 1798, (0, 3): 200}


def test_a_spectrum_of_java(tmp_path):
    """Its last line ends where others write what is infinite; a footer follows."""
    last = "2.658916   1.000000    1998        10000000.000000\n"
    java = "2.658916 1.000000000000       1998\n#[Mean    =        1.130, StdDeviation   = 0.500]\n"

    assert summary(tmp_path, "hdrplot", (last, java)).rows == summary(tmp_path, "hdrplot").rows


def test_a_spectrum_made_of_a_log(tmp_path):
    """HistogramLogProcessor says what it took: the start, and how long after it that begins."""
    head = "Value(ms)  Percentile"
    told = (
        "#[Overall percentile distribution between 2.500 and <Infinite> seconds (relative to "
        "StartTime)]\n#[StartTime: 1764000000.250 (seconds since epoch), Mon Nov 24]\n"
    )

    made = summary(tmp_path, "hdrplot", (head, told + head), start=None).rows

    assert {row["ts"] for row in made} == {datetime(2025, 11, 24, 16, 0, 2, 750_000, tzinfo=UTC)}
    given = summary(tmp_path, "hdrplot", (head, told + head)).rows
    assert given == summary(tmp_path, "hdrplot").rows


def test_a_spectrum_as_csv(tmp_path):
    """HdrHistogram's libraries write it so, too, with the end that they do not print."""
    names = ("Value(ms)  Percentile  TotalCount  1/(1-Percentile)",
             '"Value","Percentile","TotalCount","1/(1-Percentile)"')  # fmt: skip
    rows = example("hdrplot").splitlines()[1:]
    edits = [(row, ",".join(row.split())) for row in dict.fromkeys(rows)]

    plain = summary(tmp_path, "hdrplot", ("Value(ms)", "Value"), unit="ms").rows

    assert summary(tmp_path, "hdrplot", names, *edits, unit="ms").rows == plain


def test_blank_files_are_no_spectrum():
    """A pattern that tries all ways to divide them would never end."""
    source = plugins.find("sources", "hdrplot")

    blanks = (b" ", b"\t", b"\n", b" \n", b"#\n", b"# \n\n")
    assert [source.sniff(blank * 65_536) for blank in blanks] == [0] * 6
    assert source.sniff(b"\n \n" + source.example) == 1


def test_a_spectrum_with_odd_marks_is_refused_at_once(tmp_path):
    """A pattern that tries all ways to divide them would never end."""
    with pytest.raises(SourceError, match="as a whole"):
        summary(
            tmp_path, "hdrplot", ("10000000.000000\n", "10000000.000000\n" + "#[" * 400 + "\nx\n")
        )


@pytest.mark.parametrize(
    ("duration", "reason"),
    [(None, "does not say how long"), ("30", "has no unit"), ("soon", "is not a duration")],
)
def test_the_length_of_a_spectrum_is_asked_for(tmp_path, duration: str | None, reason: str):
    """A duration with its unit must be given."""
    with pytest.raises(SourceError, match=reason):
        summary(tmp_path, "hdrplot", duration=duration)
