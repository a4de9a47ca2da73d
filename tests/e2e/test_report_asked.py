"""The page of SLOs that a real Prometheus is asked about: their budgets as they burnt."""

from __future__ import annotations

import re

import pytest
from backfilled import END_S, HTTP, Backfilled
from pages import inert
from ports import free_port
from projects import Project, new_project

from slogate import units
from slogate.store.layout import open_store

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("prometheus")]
BAD = {"429", "500", "503"}
AT = "2026-03-31T12:00Z"
DAY_S = 86_400
TOTAL = 'sum(rate(http_request_duration_seconds_count{job="myservice"}[5m]))'
FAILED = TOTAL.replace("}", ',code=~"(5..|429)"}')
SPEC = f"""slogate: 1
service: shop
slos:
  - name: counted
    indicator: &failures
      bad: {{type: prometheus, spec: {{query: '{FAILED}'}}}}
      total: {{type: prometheus, spec: {{query: '{TOTAL}'}}}}
    objective: 99%
    window: 56h
  - {{name: slices, indicator: *failures, objective: 95%, window: 2d,
     budgeting: timeslices, slice: 5m, slice_objective: 98%}}
  - name: reckoned
    indicator:
      bad: {{type: prometheus, spec: {{query: '{FAILED} + 0'}}}}
      total: {{type: prometheus, spec: {{query: '{TOTAL} + 0'}}}}
    objective: 98%
    window: 1d
"""


@pytest.fixture(scope="module", name="project")
def _project(tmp_path_factory, history) -> Project:
    """A project whose promises were judged."""
    folder = tmp_path_factory.mktemp("asked")
    open_store(folder / ".slogate", create=True)
    made = new_project(folder)
    made.write("slo/shop.yaml", SPEC)
    done = made.slogate("check", "--report-only", "--at", AT, "--prometheus", history.url)
    assert done.code == 0, done.err
    return made


def page(project: Project, *words: str) -> str:
    """What the page says."""
    done = project.slogate("report", "slos", "--format", "html", *words)
    assert done.code == 0, done.err
    return inert(done.out).said


def share(made: Backfilled, start_s: float, end_s: float) -> float:
    """The bad share of the traffic itself."""
    bad = made.count(HTTP, start_s, end_s, lambda labels: labels["code"] in BAD)
    return bad / made.count(HTTP, start_s, end_s, lambda _: True)


def test_budgets_are_drawn_as_the_server_answers(project, history):
    """The fastest hour and what is left in the end are those of a plain reckoning."""
    said = page(project, "--prometheus", history.url)

    # a picture of what is left and one of the rate, each told twice, and a column of the table
    assert said.count("Budget left") == said.count("Burn rate") == 2 * 3 + 1
    start = END_S - 56 * 3_600
    fastest = max(share(history, start + at * 3_600, start + (at + 1) * 3_600) for at in range(56))
    assert f"{units.significant(fastest / 0.01, 3)} at most" in said
    left = 1 - share(history, start, END_S) / 0.01
    ends = f"at the end {units.format_share(left)} is left" if left >= 0 else "it is overspent"
    assert ends in said


def test_without_its_server_the_page_is_there(project):
    """It says what is missing, and the verdict."""
    gone = f"http://127.0.0.1:{free_port()}"
    said = page(project, "--prometheus", gone)

    assert "times faster than evenly" not in said
    assert re.search("Some pictures are missing: .*cannot be reached", said)
    assert "Error budgets" in said
    assert said.count("Not shown") == 2  # once where it stands, once in the contents


def test_nobody_asks_where_no_server_is_named(project):
    """It is told as such, and is no fault."""
    assert "nothing says where it is" in page(project)


def test_a_file_has_nobody_asked_unless_it_is_said(project, history):
    """The page of a file says what is not drawn and why; with the server named it is drawn."""
    done = project.slogate("report", "slos", "--json")
    project.write("verdict.json", done.out)

    def of_file(*words: str) -> str:
        made = project.slogate("report", "--from", "verdict.json", "--format", "html", *words)
        assert made.code == 0, made.err
        return inert(made.out).said

    silent, asked = of_file(), of_file("--prometheus", history.url)

    assert "no Prometheus was asked (--prometheus URL): counted/56h, slices/2d" in silent
    assert silent.count("Burn rate") == 1  # a column of the table
    assert asked == page(project, "--prometheus", history.url)
