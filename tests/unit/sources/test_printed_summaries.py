"""What oha prints, k6's summary, and the forms in which other tools' output reaches people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from foreign import Taken, take
from summaries import at, counted, example, summary

from slogate import plugins
from slogate.errors import SourceError
from slogate.recognition import recognise

START = "2026-11-24T10:00:00Z"


def text_of(folder: Path, name: str, text: str) -> Taken:
    """What the source makes of this text."""
    return take(folder, text, source=plugins.find("sources", name), start=START)


def k6(metrics: dict[str, Any], *, nested: bool = False, **more: Any) -> str:
    """A summary of k6, as it exports it or gives it to handleSummary."""
    told = {name: {"values": said} if nested else said for name, said in metrics.items()}
    return json.dumps({"metrics": told, "root_group": {}} | more)


TIMES = {"avg": 20.5, "min": 10.5, "med": 20.25, "max": 90.125, "p(90)": 40.5, "p(99.9)": 90}


def test_what_oha_prints_is_what_its_json_says(tmp_path):
    """Statuses as often as told, errors without a time, percentiles at oha's ranks."""
    rows = summary(tmp_path, "oha-summary").rows

    assert counted(rows, "status", "ok") == {(200, None): 190, (500, None): 7, (None, False): 3}
    assert {row["step_us"] for row in rows} == {2_004_150}
    one = summary(
        tmp_path, "oha-summary", ("[200] 190", "[200] 197"), ("  [500] 7 responses\n", "")
    ).rows
    assert (at(one, 50), at(one, 99)) == ((1849, 1950), (11_749, 11_850))


@pytest.mark.parametrize(
    ("unit", "scale"),
    [pytest.param("sec", 1, id="s"), pytest.param("ms", 1e-3, id="ms"),
     pytest.param("us", 1e-6, id="us"), pytest.param("µs", 1e-6, id="µs")],
)  # fmt: skip
def test_oha_chooses_its_unit(tmp_path, unit: str, scale: float):
    """By the slowest request; the rate is of the same run."""
    rate = f"{200 / (2.0041 * scale):.4f}"
    text = example("oha-summary").replace(" secs", f" {unit}").replace("99.7954", rate)

    rows = text_of(tmp_path, "oha-summary", text).rows

    assert max(row["hi_us"] or 0 for row in rows) == -(-12_350 * scale // 1)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        pytest.param(("  [3] connection error: connection refused\n", ""), "is cut off",
                     id="errors"),
        pytest.param(("[200] 190", "[200] 19"), "is cut off", id="statuses"),
        pytest.param(("[200]", "[20]"), "status 20 is none of HTTP", id="status"),
        pytest.param(("[200]", "[0]"), "status 0 is none of HTTP", id="status 0"),
        pytest.param(("99.99% in 0.0123", "99.99% in 0.0001"), "contradict", id="contradiction"),
        pytest.param(("Details", "D"), "as a whole", id="no details"),
    ],
)  # fmt: skip
def test_output_of_oha_that_was_changed_is_refused(tmp_path, edit: tuple[str, str], reason: str):
    """Nothing that was cut off or edited looks whole."""
    with pytest.raises(SourceError, match=reason):
        summary(tmp_path, "oha-summary", edit)


def test_older_versions_of_oha(tmp_path):
    """They called it latency, as hey does, and wrote fewer percentiles, in whole percent."""
    older = (
        ("Success rate:\t98.50%", "Success rate:\t0.9850"), ("Response time di", "Latency di"),
        ("  99.99% in 0.0123 secs\n", ""), ("90.00%", "90%"), ("50.00%", "50%"),
    )  # fmt: skip

    rows = summary(tmp_path, "oha-summary", *older).rows

    assert at(rows, 90) == at(summary(tmp_path, "oha-summary").rows, 90)
    source = plugins.find("sources", "oha-summary")
    assert (
        source.sniff(example("oha-summary").replace("Response time d", "Latency d").encode()) == 1
    )


def test_blank_lines_in_output_of_oha_are_passed_over(tmp_path):
    """A pattern that tries all ways to divide them would never end."""
    blank = ("\n\n\nDetails", "\n" + "  \n" * 5000 + "Details")

    assert summary(tmp_path, "oha-summary", blank).rows == summary(tmp_path, "oha-summary").rows
    with pytest.raises(SourceError, match="as a whole"):
        summary(tmp_path, "oha-summary", blank, ("Status code", "Status"))


def test_oha_in_colours_and_cut_off_by_its_deadline(tmp_path):
    """As a terminal was recorded; what the deadline cut off is left out."""
    text = example("oha-summary").replace("[3] connection error: connection refused",
                                          "[3] aborted due to deadline")  # fmt: skip
    coloured = "".join(f"\x1b[1;32m{line}\x1b[0m\n" for line in text.splitlines())

    taken = text_of(tmp_path, "oha-summary", coloured)

    assert list(taken.tally.left_out.values()) == [3]
    assert counted(taken.rows, "status") == {200: 190, 500: 7}


def test_successes_of_k6_have_percentiles_of_their_own(tmp_path):
    """Failed connections took nothing for k6, which is no time of a success."""
    rows = summary(tmp_path, "k6-summary").rows

    assert counted(rows, "ok") == {True: 196, False: 4}
    fine = [row for row in rows if row["ok"]]
    assert min(row["lo_us"] for row in fine) == 110_249
    # the 95th lies between two requests, on whose sides the bounds are known
    assert at(fine, 94)[1] == 141_250
    assert at(fine, 96)[0] == 141_249
    assert {row["step_us"] for row in rows} == {10_042_500}


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        pytest.param(None, {None: 100}, id="before 0.31"),
        pytest.param({"passes": 3, "fails": 97}, {True: 97, False: 3}, id="all told"),
        pytest.param({"passes": 3, "fails": 90}, {True: 90, False: 3, None: 7}, id="some told"),
    ],
)
def test_outcomes_of_k6(tmp_path, nested: bool, failed: Any, expected: dict[Any, int]):
    """What passes as a failure has failed; what is not told is unknown, and a note says so."""
    metrics: dict[str, Any] = {
        "http_req_duration": TIMES, "http_reqs": {"count": 100, "rate": 10.0},
    }  # fmt: skip
    metrics |= {"http_req_failed": failed} if failed else {}

    taken = text_of(tmp_path, "k6-summary", k6(metrics, nested=nested))

    assert counted(taken.rows, "ok") == expected
    assert {row["step_us"] for row in taken.rows} == {10_000_000}
    assert any("does not say what failed" in note for note in taken.tally.notes) == (not failed)


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        pytest.param({"http_req_duration": TIMES}, "no request was made", id="no count"),
        pytest.param({"vus": {"value": 1}, "http_reqs": {"count": 1, "rate": 1}},
                     "no request was made", id="no duration"),
        pytest.param({"http_reqs": {"values": "@{count=1; rate=1}"}, "http_req_duration": TIMES},
                     "PowerShell wrote it", id="cut off"),
        pytest.param({"http_req_duration": TIMES, "http_reqs": {"count": True, "rate": 1}},
                     "no count", id="true"),
        pytest.param({"http_req_duration": TIMES, "http_reqs": {"count": 9, "rate": 0}},
                     "no rate", id="no rate"),
        pytest.param({"http_req_duration": {"med": -1}, "http_reqs": {"count": 9, "rate": 1}},
                     "no duration", id="negative"),
        pytest.param({"http_req_duration": TIMES | {"p(101)": 1},
                      "http_reqs": {"count": 9, "rate": 1}}, "percentile", id="percentile"),
        pytest.param({"http_req_duration": TIMES | {"p(95)": 4},
                      "http_reqs": {"count": 9, "rate": 1}}, "contradict", id="contradiction"),
        pytest.param({"http_req_duration": TIMES, "http_reqs": {"count": 9, "rate": 1},
                      "http_req_failed": {"passes": 9, "fails": 9}}, "18 outcomes", id="outcomes"),
    ],
)  # fmt: skip
def test_a_summary_of_k6_that_cannot_be_is_refused(tmp_path, metrics: Any, reason: str):
    """With a sentence that names the file."""
    with pytest.raises(SourceError, match=reason) as caught:
        text_of(tmp_path, "k6-summary", k6(metrics))

    assert caught.value.message.startswith("results.jtl: ")


@pytest.mark.parametrize(
    ("options", "start"),
    [({}, "2026-11-24T10:00:00"), ({"start": "2026-11-24T09:00:00Z"}, "2026-11-24T09:00:00")],
)
def test_the_structured_summary_of_k6(tmp_path, options: dict[str, str], start: str):
    """It says when it was written, which is when the run ended."""
    metrics = [
        {"name": "http_reqs", "type": "counter", "values": {"count": 100}},
        {"name": "http_req_failed", "type": "rate",
         "values": {"matches": 3, "total": 100, "rate": 0.03}},
        {"name": "http_req_duration", "type": "trend", "values": TIMES},
    ]  # fmt: skip
    text = json.dumps({
        "version": "1.0.0", "config": {"duration": 10.5, "execution": "local"},
        "metadata": {"k6Version": "1.5.0", "generatedAt": "2026-11-24T10:00:10.5Z"},
        "results": {"checks": {}, "metrics": metrics},
    })  # fmt: skip
    source = plugins.find("sources", "k6-summary")

    rows = take(tmp_path, text, source=source, **options).rows

    assert source.sniff(text.encode()) == 1
    assert counted(rows, "ok") == {True: 97, False: 3}
    assert {(row["ts"].isoformat()[:19], row["step_us"]) for row in rows} == {(start, 10_500_000)}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("first", ["checks", "metrics"])
def test_a_summary_of_k6_with_much_before_its_counts(tmp_path, first: str, indent: int | None):
    """Many checks, or metrics of many tags, may fill all that is looked at."""
    checks = [{"name": f"check {number}", "passes": 1, "fails": 0} for number in range(2_000)]
    tagged = {f"http_req_duration{{name:{number}}}": TIMES for number in range(1_000)}
    metrics = {"http_req_duration": TIMES, "http_reqs": {"count": 9, "rate": 1.5}}
    if first == "metrics":
        checks, metrics = [], tagged | metrics
    text = json.dumps({"root_group": {"checks": checks}, "metrics": metrics}, indent=indent)
    (tmp_path / "summary").write_text(text)

    found = recognise("summary", tmp_path / "summary", "auto", {}).source

    assert found.name == "k6-summary"
    assert counted(text_of(tmp_path, "k6-summary", text).rows, "ok") == {None: 9}


def test_points_of_k6_are_no_summary():
    """Each is known as what it is."""
    points = plugins.find("sources", "k6-json").example

    assert plugins.find("sources", "k6-summary").sniff(points) == 0


def test_hey_copied_from_a_terminal(tmp_path):
    """Where tabs have become spaces, it says the same."""
    text = example("hey-summary").expandtabs(8)

    assert plugins.find("sources", "hey-summary").sniff(text.encode()) == 1
    assert text_of(tmp_path, "hey-summary", text).rows == summary(tmp_path, "hey-summary").rows


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(("Receive: 0, ", ""), id="before 2.3"),
        pytest.param(("Non-2xx responses:      3\n", "Broken pipe errors:     0\n"), id="1.3"),
    ],
)
def test_older_versions_of_ab(tmp_path, edit: tuple[str, str]):
    """They tell fewer kinds of failures, or others."""
    rows = summary(tmp_path, "ab", edit).rows

    assert sum(row["count"] for row in rows) == 200


def test_wrk2_without_its_percentiles_is_not_taken_for_wrk(tmp_path):
    """Its longest is of another part of the run than its count."""
    text = example("wrk2")
    bare = text[: text.index("  Latency Dist")] + text[text.index("  60018 requests") :]

    with pytest.raises(SourceError, match=r"wrk2.*--latency"):
        text_of(tmp_path, "wrk", bare)
