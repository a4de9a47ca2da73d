"""Every real log of Gatling, imported through the command line: what is known of it."""

from __future__ import annotations

import numpy as np
import pytest
from real_files import Done, import_all

pytestmark = pytest.mark.e2e
TEXT = "gatling/gatling/known_stats_text/simulation_with_known_stats.log"
BINARY = "gatling/gatling/known_stats/simulation.log"

# format, OK, KO
FILES = {
    TEXT: ("gatling-text", 8, 0),
    BINARY: ("gatling-binary", 104, 1),
    "gatling/taurus/gatling-1-000/simulation.log": ("gatling-text", 6, 0),
    "gatling/taurus/gatling-2-000/simulation.log": ("gatling-text", 4, 1),
    "gatling/taurus/gatling-3-000/simulation.log": ("gatling-text", 243, 0),
    "gatling/taurus/gatling-4-000/simulation.log": ("gatling-text", 642, 2),
    "gatling/taurus/gatling-331-000/simulation.log": ("gatling-text", 100, 0),
}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """All files, each imported by itself."""
    return import_all(tmp_path_factory.mktemp("gatling"), {name: [] for name in FILES})


def times(found: Done) -> np.ndarray:
    """The response times of a run, in ms."""
    return np.array([row["duration_us"] for row in found.rows]) / 1000


@pytest.mark.parametrize("name", FILES)
def test_requests_are_counted_and_groups_are_not(done: dict[str, Done], name: str):
    """OK and KO are those that Gatling's own reports or a script of others count."""
    kind, fine, failed = FILES[name]
    found = done[name]

    said = [row["ok"] for row in found.rows]
    assert (found.document["format"], found.document["bad"]) == (kind, {})
    assert found.document["requests"] == len(said)
    assert (said.count(True), said.count(False)) == (fine, failed)
    assert all((row["error"] is None) == row["ok"] for row in found.rows)


def test_the_known_statistics_of_a_text_log(done: dict[str, Done]):
    """Extremes, percentiles, deviation and ranges are those of Gatling's own test."""
    took = times(done[TEXT])

    assert (took.min(), took.max(), round(took.std(ddof=1))) == (2000, 9000, 2138)
    assert [float(np.percentile(took, q)) for q in (70, 99)] == [5000, pytest.approx(8860)]
    assert [(took < 2500).sum(), (took <= 5000).sum(), (took > 5000).sum()] == [1, 1 + 5, 2]


def test_the_known_statistics_of_a_binary_log(done: dict[str, Done]):
    """Extremes and percentiles are those of Gatling's own test."""
    took = times(done[BINARY])

    assert (took.min(), took.max()) == (87, 368)
    assert [np.percentile(took, q, method="inverted_cdf") for q in (70, 99)] == [113, 368]


def test_a_status_is_read_from_the_words_of_a_failed_check(done: dict[str, Done]):
    """Gatling tells a status only there; the others are not known."""
    failed = [row for row in done[BINARY].rows if not row["ok"]]

    assert [(row["status"], row["error"]) for row in failed] == [
        (200, "status.find.is(201), but actually found 200")
    ]
    assert {row["status"] for row in done[BINARY].rows if row["ok"]} == {None}


def test_the_groups_of_a_request_are_its_label(done: dict[str, Done]):
    """Nested groups are one label, as Gatling writes them."""
    rows = done["gatling/taurus/gatling-2-000/simulation.log"].rows

    assert [row["labels"] for row in rows][:2] == [
        {"group": "User-Login,Auth-POST"}, {"group": "User-Login,Members-Id-GET"}
    ]  # fmt: skip
    assert [row["endpoint"] for row in rows][:2] == ["POST", "GET"]
