"""Every real file of Locust, imported through the command line: what it must give."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from foreign import DATA, needs_data
from real_files import Done, call, import_all
from summaries import at, counted

pytestmark = pytest.mark.e2e
HUB, OWN = "locust/load-testing-hub", "locust/locust-2.47.0"
WORKERS = "locust/taurus/locust-workers.ldjson"
HUB_STATS, HUB_HISTORY = f"{HUB}/locust_stats.csv", f"{HUB}/locust_stats_history.csv"
REQUESTS, RAW = f"{OWN}/csv_request_logger.csv", f"{OWN}/coordinated_omission_raw.json"
START = ["start=2026-11-24T18:00:00Z"]

# format, options, requests, failures, longest in µs where it is known, endpoints
SUMMARIES = {
    # 9,962 in histograms, and the failures of an old version beside them
    WORKERS: ("locust-workers", [], 9962 + 1183, 1183, 5_038_000, 3),
    HUB_STATS: ("locust-stats", START, 11779, 0, 10_975_365, 1),
    HUB_HISTORY: ("locust-history", [], 11779, 0, 10_975_365, 1),
    f"{OWN}/single.json": ("locust-json", [], 2175, 0, 310_848, 2),
    f"{OWN}/single_stats.csv": ("locust-stats", START, 2110, 0, 310_848, 2),
    f"{OWN}/single_stats_history.csv": ("locust-history", [], 2110, 0, 310_848, 2),
    f"{OWN}/dist_stats.csv": ("locust-stats", START, 2451, 0, 419_934, 2),
    f"{OWN}/dist_stats_history.csv": ("locust-history", [], 2451, 0, 419_934, 1),
    f"{OWN}/err_stats.csv": ("locust-stats", START, 339, 26, 199_001, 3),
    f"{OWN}/err_stats_history.csv": ("locust-history", [], 339, 26, 199_001, 1),
    f"{OWN}/csv_request_logger_stats.csv": ("locust-stats", START, 566, 83, 249_699, 3),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the files are imported."""
    return tmp_path_factory.mktemp("locust")


@pytest.fixture(scope="module")
def done(folder: Path) -> dict[str, Done]:
    """All summaries, each imported by itself."""
    options = {name: wanted[1] for name, wanted in SUMMARIES.items()}
    return import_all(folder, options, table="histograms")


@pytest.fixture(scope="module")
def requests(folder: Path) -> Done:
    """The file with a row a request."""
    return import_all(folder, {REQUESTS: []})[REQUESTS]


@pytest.mark.parametrize("name", SUMMARIES)
def test_requests_failures_and_the_longest(done: dict[str, Done], name: str):
    """Counts are those of the file, and so is the longest response time."""
    kind, _, total, failed, longest, endpoints = SUMMARIES[name]
    found = done[name]

    document = found.document
    assert (document["format"], document["requests"], document["bad"]) == (kind, total, {})
    assert document["endpoints"] == endpoints
    said = counted(found.rows, "ok")
    assert (said.get(True, 0), said.get(False, 0), said.get(None, 0)) == (total - failed, failed, 0)
    assert max(row["hi_us"] or 0 for row in found.rows) == longest


def test_reports_of_workers_sum_up(done: dict[str, Done]):
    """The histograms of 74 reports of two workers sum to 9,962 requests."""
    rows = done[WORKERS].rows

    assert len({row["worker"] for row in rows}) == 2
    assert sum(row["count"] for row in rows if row["hi_us"] is not None) == 9962
    assert counted([row for row in rows if row["hi_us"] is None], "ok") == {False: 1183}


def test_percentiles_of_custom_columns(done: dict[str, Done]):
    """The 95th and 99th are in the buckets that the file names, of a method that is no HTTP."""
    rows = done[HUB_STATS].rows

    assert (at(rows, 95), at(rows, 99)) == ((7_749_999, 7_850_000), (8_149_999, 8_250_000))
    assert {row["method"] for row in rows} == {"grpc"}


def test_a_histogram_holds_the_percentiles_of_its_own_csv(done: dict[str, Done]):
    """`--json-file` and `_stats.csv` of one run agree on what both tell."""
    whole, totals = done[f"{OWN}/single.json"].rows, done[f"{OWN}/single_stats.csv"].rows

    for name in ("/fast", "/slow"):
        mine, theirs = ([row for row in r if row["endpoint"] == name] for r in (whole, totals))
        for share in (50, 66, 75, 80, 90):
            (low, high), (least, most) = at(mine, share), at(theirs, share)
            assert least is not None
            assert (low <= most, high is not None and least <= high) == (True, True)


def test_failures_are_bounded_not_placed(done: dict[str, Done]):
    """Which of the requests failed is not told: the bounds of both hold whichever it was."""
    rows = [row for row in done[f"{OWN}/err_stats.csv"].rows if row["endpoint"] == "/err"]

    assert counted(rows, "ok") == {True: 112 - 26, False: 26}
    for ok in (True, False):
        share = [row for row in rows if row["ok"] is ok]
        assert min(row["lo_us"] for row in share) == 853
        assert max(row["hi_us"] for row in share) == 37_829


def test_what_locust_leaves_out_is_told(done: dict[str, Done], requests: Done):
    """The totals miss the end of the run, which a note says; the requests have all of it."""
    stats = done[f"{OWN}/csv_request_logger_stats.csv"]

    assert (stats.document["requests"], requests.document["requests"]) == (566, 638)
    assert "does not write this file again when it stops" in stats.said
    assert "percentiles of --csv-full-history" in done[HUB_HISTORY].said
    assert "all endpoints are one" in done[f"{OWN}/err_stats_history.csv"].said


def test_each_request_of_the_logger(requests: Done):
    """Method, status, error and size of each request, and the file's own failures."""
    rows = requests.rows

    assert (requests.document["format"], requests.document["bad"]) == ("locust-requests", {})
    assert (len(rows), sum(not row["ok"] for row in rows)) == (638, 96)
    assert {(row["method"], row["status"], row["bytes"]) for row in rows} == {
        ("GET", 200, 5), ("GET", 500, 5)
    }  # fmt: skip
    assert all((row["error"] is None) == row["ok"] for row in rows)


@pytest.mark.parametrize(
    "name", ["err_failures.csv", "single_failures.csv", "single_exceptions.csv"]
)
def test_lists_of_errors_are_refused_by_name(folder: Path, name: str):
    """They count no requests."""
    needs_data()

    code, out, err = call(folder, "import", DATA / OWN / name, "--service", "x")

    assert (code, out) == (2, "")
    assert "this is Locust's list of errors" in err


def test_coordinated_omission_is_in_the_rows(folder: Path):
    """Requests of a paced run with a freeze: raw and back-filled percentiles are the known ones."""
    needs_data()
    raw = json.loads((DATA / RAW).read_text())
    header = "timestamp,request_type,name,response_time_ms,response_length,status_code,exception\n"
    lines = [f"{start:.6f},GET,/,{took:.4f},0,200,\n" for start, took in raw]
    (folder / "raw.csv").write_text(header + "".join(lines))

    code, out, err = call(folder, "import", "raw.csv", "--service", "raw", "--json")
    query = f"SELECT duration_us FROM requests WHERE run = '{json.loads(out or '{}').get('run')}'"
    _, rows, _ = call(folder, "store", "sql", query, "--json")

    took = np.array([row["duration_us"] for row in json.loads(rows)]) / 1000
    filled = np.concatenate([took, *(np.arange(t - 50, 49.999, -50) for t in took if t >= 100)])
    assert (code, len(took)) == (0, 1460), err
    for times, wanted in ((took, [11, 20]), (filled, [4036, 4836])):
        ranked = [np.percentile(times, q, method="inverted_cdf") for q in (95, 99)]
        assert [round(float(value)) for value in ranked] == wanted
