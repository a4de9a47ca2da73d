"""Every real file of JMeter, imported through the command line: what its authors say of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from foreign import DATA
from real_files import Done, call, import_all

pytestmark = pytest.mark.e2e
APACHE, TAURUS = "jmeter/apache-jmeter", "jmeter/taurus"
ENDS_EARLY = {"the file ends before </testResults>": 1}
REPORT = f"{APACHE}/HTMLReportTestFile.csv"
NO_CODES = f"{APACHE}/HTMLReportFalseTestFile.csv"
LOG = f"{APACHE}/sample_log1c.jtl"
TRANSACTIONS = f"{TAURUS}/tranctl.jtl"
BUG = f"{TAURUS}/error-bug1.jtl"

# rows, failed, shortest and longest in ms, labels, bad rows; None: not told
FILES = {
    REPORT: ("jmeter-csv", 255, 3, 100, 353, 2, {}),
    NO_CODES: ("jmeter-csv", 50, 50, 0, 0, 1, {}),
    LOG: ("jmeter-xml", 2000, 0, None, 3195, 2, {}),
    f"{TAURUS}/tabs.jtl": ("jmeter-csv", 4, 0, 253, 1008, 1, {}),
    f"{TAURUS}/unicode.jtl": ("jmeter-csv", 13, 13, None, None, 2, {}),
    f"{TAURUS}/doublequoting.jtl": ("jmeter-csv", 2, 2, 1391, 3205, 1, {}),
    f"{TAURUS}/quote-guessing-crash.jtl": ("jmeter-csv", 10, 0, 284, 2137, 1, {}),
    f"{TAURUS}/kpi1.jtl": ("jmeter-csv", 21, 9, 2, 34, 2, {}),
    f"{TAURUS}/simple.kpi.jtl": ("jmeter-csv", 6, 3, None, None, 2, {}),
    f"{TAURUS}/500-success/kpi.jtl": ("jmeter-csv", 1, 0, 772, 772, 1, {}),
    TRANSACTIONS: ("jmeter-csv", 2, 1, None, None, 2, {}),
    f"{TAURUS}/slow-stdev.jtl": ("jmeter-csv", 599, None, None, None, 18, {}),
    f"{TAURUS}/standard-errors.jtl": ("jmeter-xml", 185, 185, None, None, 2, ENDS_EARLY),
    f"{TAURUS}/resource-errors-no-fail.jtl": ("jmeter-xml", 2, 1, None, 419, 1, {}),
    BUG: ("jmeter-xml", 14, 14, None, None, 14, ENDS_EARLY),
    f"{TAURUS}/many-errors-unique-responses.jtl": ("jmeter-xml", 189, 189, None, None, 3, {}),
}
OPTIONS = {TRANSACTIONS: ["transactions=keep"], BUG: ["transactions=keep"]}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """All files, each imported by itself."""
    folder = tmp_path_factory.mktemp("jmeter")
    return import_all(folder, {name: OPTIONS.get(name, []) for name in FILES})


def times(found: Done) -> np.ndarray:
    """The response times of a run, in ms."""
    return np.array([row["duration_us"] for row in found.rows]) / 1000


@pytest.mark.parametrize("name", FILES)
def test_counts_and_extremes(done: dict[str, Done], name: str):
    """Rows, failures, shortest, longest and labels are those that the file's authors state."""
    kind, rows, failed, shortest, longest, labels, bad = FILES[name]
    found = done[name]

    document = found.document
    assert (document["format"], document["requests"], len(found.rows)) == (kind, rows, rows)
    assert (document["bad"], document["left_out"], document["endpoints"]) == (bad, {}, labels)
    values = (sum(row["ok"] is False for row in found.rows), times(found).min(), times(found).max())
    for wanted, value in zip((failed, shortest, longest), values, strict=True):
        assert wanted in (None, value)


def test_the_report_of_jmeter_itself_agrees(done: dict[str, Done]):
    """Mean, percentiles and rate are those of JMeter's own report of the same file."""
    found = done[REPORT]

    took = times(found)
    fine = np.array([r["duration_us"] for r in found.rows if r["endpoint"] == "JR-OK"]) / 1000
    ends = [row["start_us"] + row["duration_us"] for row in found.rows]
    seconds = (max(ends) - found.rows[0]["start_us"]) / 1e6
    assert (len(fine), f"{fine.mean():.6f}", f"{took.mean():.6f}") == (
        252, "235.900794", "235.474510"
    )  # fmt: skip
    assert [float(np.percentile(took, q, method="weibull")) for q in (50, 90, 95, 99)] == [
        232, 337, pytest.approx(339.2), 353
    ]  # fmt: skip
    assert f"{255 / seconds:.7f}" == "4.2369361"


def test_percentiles_of_an_old_log(done: dict[str, Done]):
    """The quantiles of type 7 of JMeter's sample log are those that another program computed."""
    found = times(done[LOG])

    assert [float(np.percentile(found, q)) for q in (50, 95, 99)] == [
        180, 270, pytest.approx(1002.1)
    ]  # fmt: skip


def test_no_status_is_invented(done: dict[str, Done]):
    """A file without responseCode has no status at all."""
    assert {row["status"] for row in done[NO_CODES].rows} == {None}


def test_success_decides_not_the_code(done: dict[str, Done]):
    """A response of 500 that JMeter was told to accept is a success."""
    rows = done[f"{TAURUS}/500-success/kpi.jtl"].rows

    assert [(row["status"], row["ok"], row["error"]) for row in rows] == [(500, True, None)]


def test_labels_and_messages_come_out_as_they_went_in(done: dict[str, Done]):
    """Cyrillic labels, and messages that hold commas and quotes."""
    names = {row["endpoint"] for row in done[f"{TAURUS}/unicode.jtl"].rows}
    messages = [row["error"] for row in done[f"{TAURUS}/doublequoting.jtl"].rows]

    assert names == {"САП.АутентифицироватьРасш", "Тест.Эхо"}
    assert all("," in m and '"' in m and '""' not in m for m in messages)


def test_controllers_are_left_out_unless_asked_for(done: dict[str, Done], tmp_path: Path):
    """A file of controllers only is refused with the option that keeps them; XML has both."""
    code, _, err = call(tmp_path, "import", DATA / TRANSACTIONS, "--service", "shop")
    _, out, notes = call(tmp_path, "import", DATA / BUG, "--service", "shop")

    assert (code, "2 transaction controllers" in err, "transactions=keep" in err) == (2, True, True)
    assert [row["ok"] for row in done[TRANSACTIONS].rows] == [True, False]
    assert ("left out: 8 transaction controllers" in notes, "imported 6 requests" in out) == (
        True, True
    )  # fmt: skip


def test_the_first_of_the_standard_errors(done: dict[str, Done]):
    """Label, start, time and words of the first sample."""
    first = done[f"{TAURUS}/standard-errors.jtl"].rows[0]

    assert first["endpoint"] == "http://blazedemo.com/some-more-or-less-long-label"
    assert (first["start_us"] // 1_000_000, first["duration_us"], first["ok"]) == (
        1430825787, 11_000, False
    )  # fmt: skip
    assert first["error"].startswith("The operation lasted too long")


def test_parts_of_a_sample_do_not_count(done: dict[str, Done]):
    """A failed part neither fails the sample that it is nested in nor counts beside it."""
    rows = done[f"{TAURUS}/resource-errors-no-fail.jtl"].rows

    # both samples began at the same moment
    assert sorted((row["ok"], row["start_us"] // 1_000, row["duration_us"]) for row in rows) == [
        (False, 1440764640297, 419_000), (True, 1440764640297, 419_000)
    ]  # fmt: skip


def test_each_error_is_told(done: dict[str, Done]):
    """Nine different errors; of the first, why there was no response."""
    rows = done[BUG].rows

    assert len({row["error"] for row in rows}) == 9
    # its controller began at the same moment
    first = [row for row in rows if row["start_us"] == rows[0]["start_us"]]
    reset = [row for row in first if "Non HTTP response message: Connection reset" in row["error"]]
    assert {row["status"] for row in reset} == {None}


def test_each_label_fails_as_often(done: dict[str, Done]):
    """Find, edit and submit are refused 63 times each."""
    rows = done[f"{TAURUS}/many-errors-unique-responses.jtl"].rows

    assert {row["status"] for row in rows} == {401}
    assert Counter(row["endpoint"] for row in rows) == {"find": 63, "edit": 63, "submit": 63}


def test_a_file_that_ends_early_says_so(done: dict[str, Done]):
    """The rows before the end are kept, the end is told with its line."""
    said = done[f"{TAURUS}/standard-errors.jtl"].said

    assert "standard-errors.jtl:14664: the file ends before </testResults>" in said
