"""`slogate report --window` on what a real Prometheus has: days whose counts are known."""

from __future__ import annotations

import json

import pytest
from backfilled import END_S, HTTP
from projects import Project, new_project

from slogate.store.layout import open_store

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("prometheus")]
TOTAL = 'sum(rate(http_request_duration_seconds_count{job="myservice"}[5m]))'
BAD = TOTAL.replace("}", ',code=~"(5..|429)"}')
SPEC = f"""slogate: 1
service: shop
slos:
  - name: http
    indicator:
      bad: {{type: prometheus, spec: {{query: '{BAD}'}}}}
      total: {{type: prometheus, spec: {{query: '{TOTAL}'}}}}
    objective: 99%
    window: 2d
"""


@pytest.fixture(name="project")
def _project(tmp_path) -> Project:
    """A project with an empty store."""
    open_store(tmp_path / ".slogate", create=True)
    return new_project(tmp_path)


def test_days_of_a_server_are_told(project, history):
    """Each day by itself to the event, the whole window now and before; older days had no data."""
    project.write("asked.yaml", SPEC)
    words = ["--window", "1d", "--at", "2026-03-31T12:00Z", "--spec", "asked.yaml", "--json"]
    done = project.slogate("report", *words, "--prometheus", history.url)
    (found,) = done.document["slos"]

    assert done.code == 0
    assert (found["source"], found["state"]) == ("server", "broken")
    days = []
    for back in range(2):
        end = END_S - back * 86_400
        bad = history.count(
            HTTP, end - 86_400, end, lambda labels: labels["code"] in {"429", "500", "503"}
        )
        days.append((bad, history.count(HTTP, end - 86_400, end, lambda _: True)))
    told = [(each["bad"], each["total"]) for each in (found["week"], found["previous_week"])]
    assert told == days
    assert [each["remaining"] is None for each in found["course"]] == [True] * 6 + [False] * 2
    assert {each["outcome"] for each in found["course"][:4]} <= {"no_data", "invalid"}
    checked = project.slogate(
        "check", "asked.yaml", "--at", "2026-03-31T12:00Z", "--json", "--prometheus", history.url
    )
    budget = json.loads(checked.out)["objectives"][0]["budget"]
    assert found["budget"]["remaining"] == budget["remaining"]
