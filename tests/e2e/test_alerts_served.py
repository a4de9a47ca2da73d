"""`slogate alerts` on what a real Prometheus has: who burns, since when, and what fired."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from alert_receivers import receiving
from backfilled import HTTP
from projects import Project, new_project

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("prometheus")]

SPEC = f"""slogate: 1
service: shop
slos:
  - name: week
    indicator:
      bad: {{type: prometheus, spec: {{metric: '{HTTP}{{code=~"(5..|429)"}}'}}}}
      total: {{type: prometheus, spec: {{metric: '{HTTP}'}}}}
    by: instance
    objective: 99%
    window: 2d
    alerts: [{{budget: 2%, long: 1h, short: 5m}}]
"""
BURNS = "2026-03-31T09:59Z"
A, B = (f"shop/week/2d/{instance}/page/1h/5m" for instance in ("a:1", "b:1"))


@pytest.fixture(name="project")
def _project(tmp_path) -> Project:
    """A project without a store."""
    made = new_project(tmp_path)
    made.write("asked.yaml", SPEC)
    return made


def states(project: Project, url: str, at: str) -> dict[str, str]:
    """How the alerts stand at a moment."""
    words = ("--json", "--prometheus", url, "--at", at)
    done = project.slogate("alerts", "check", "asked.yaml", *words)
    assert done.out, done.err
    return {each["id"]: each["state"] for each in done.document["alerts"]}


def test_who_burns_since_when_is_what_each_minute_says(project, history):
    """Within an incident both instances do; the replay has the same minutes."""
    words = ("asked.yaml", "--json", "--prometheus", history.url)
    now = project.slogate("alerts", "check", *words, "--at", BURNS)
    past = project.slogate(
        "alerts", "check", *words, "--from", "2026-03-31T08:00Z", "--to", "2026-03-31T12:00Z"
    )

    found = {each["id"]: each for each in now.document["alerts"]}
    assert (now.code, {each: found[each]["state"] for each in found}) == (
        1, {A: "firing", B: "firing"},
    )  # fmt: skip
    assert now.document["services"][0]["source"] == "server"
    before = datetime.fromisoformat(found[A]["since"]) - timedelta(minutes=1)
    assert states(project, history.url, before.isoformat())[A] == "quiet"
    assert states(project, history.url, found[A]["since"])[A] == "firing"
    spans = next(each["spans"] for each in past.document["alerts"] if each["id"] == A)
    assert spans[0]["from"] == found[A]["since"]
    assert states(project, history.url, spans[-1]["to"])[A] == "quiet"


def test_receivers_are_told_of_what_a_server_keeps(project, history):
    """A webhook is told when it begins, and when it has ended."""
    with receiving() as hook:
        words = ("alerts", "send", "asked.yaml", "--to", f"webhook={hook.url}")
        asked = (*words, "--prometheus", history.url, "--at")
        codes = [project.slogate(*asked, at).code for at in (BURNS, "2026-03-31T12:00Z")]

    told = [(alert["status"], alert["labels"]["alertname"]) for alert in hook.alerts()]
    assert codes == [0, 0]
    assert sorted(told) == [
        *[("firing", "ErrorBudgetBurn")] * 2, *[("resolved", "ErrorBudgetBurn")] * 2,
    ]  # fmt: skip


def test_a_server_that_nobody_names_is_exit_2(project):
    """It is never taken for quiet, and other services are told of all the same."""
    done = project.slogate("alerts", "check", "asked.yaml")

    assert (done.code, done.out) == (2, "")
    assert "an indicator asks a Prometheus, and nothing says where it is" in done.err
    assert "--prometheus URL" in done.err
