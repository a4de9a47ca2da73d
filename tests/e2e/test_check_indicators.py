"""`slogate check` on what a real Prometheus has: counts that are known to the event."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from backfilled import END_S, HTTP, START_S, Backfilled
from exporter import NAME, ask
from jsonschema import Draft202012Validator
from ports import free_port
from projects import Project, new_project
from recorded import Recorded

import slogate

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("prometheus")]

SCHEMA = Path(slogate.__file__).parent / "schemas" / "verdict.v1.schema.json"
AT = "2026-03-31T12:00Z"
BAD = {"429", "500", "503"}
TOTAL_QUERY = 'sum(rate(http_request_duration_seconds_count{job="myservice"}[5m]))'
BAD_QUERY = TOTAL_QUERY.replace("}", ',code=~"(5..|429)"}')
NATIVE = f"""slogate: 1
service: shop
slos:
  - name: week
    indicator: &failures
      bad: {{type: prometheus, spec: {{query: '{BAD_QUERY}'}}}}
      total: {{type: prometheus, spec: {{query: '{TOTAL_QUERY}'}}}}
    objective: 99%
    window: [2d, {{calendar: day, timezone: Europe/Berlin}}, {{calendar: month, timezone: UTC}}]
    alerts:
      - {{budget: 2%, long: 1h, short: 5m}}
    policy:
      - {{remaining: 0%, message: Frozen., freeze: true}}
  - {{name: slices, indicator: *failures, objective: 95%, window: 2d,
     budgeting: timeslices, slice: 5m, slice_objective: 98%}}
  - {{name: ratios, indicator: *failures, objective: 98%, window: 1d,
     budgeting: ratio_timeslices, slice: 10m}}
corrections:
  - {{start: 2026-03-31T10:00Z, end: 2026-03-31T10:30Z, reason: upgrade}}
"""
SHUT = tuple(
    int(datetime(2026, 3, 31, 10, minute, tzinfo=UTC).timestamp()) for minute in (0, 30)
)  # fmt: skip


@pytest.fixture(name="project")
def _project(tmp_path) -> Project:
    """A project without a store."""
    return new_project(tmp_path)


def counts(made: Backfilled, start_s: float, end_s: float) -> tuple[int, int]:
    """Bad events and all of them, by the traffic itself."""
    bad = made.count(HTTP, start_s, end_s, lambda labels: labels["code"] in BAD)
    return bad, made.count(HTTP, start_s, end_s, lambda _: True)


def checked(project: Project, made: Any, spec: str, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and objectives by id of a check of a spec."""
    project.write("asked.yaml", spec)
    done = project.slogate("check", "asked.yaml", "--json", "--prometheus", made.url, *words)
    assert done.out, done.err
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(done.document)
    return done.code, {each["id"]: each for each in done.document["objectives"]}


def test_windows_and_slices_are_those_of_a_plain_reckoning(project, history):
    """All three budgetings, rolling and calendar windows, a correction, a restart: exact."""
    code, found = checked(project, history, NATIVE, "--at", AT)

    begin, end = SHUT
    shut = counts(history, begin, end)
    for window, start in (
        ("2d", END_S - 2 * 86_400),
        ("day", int(datetime(2026, 3, 30, 22, tzinfo=UTC).timestamp())),
        ("month", START_S),
    ):
        bad, total = counts(history, start, END_S)
        budget = found[f"shop/week/{window}"]["budget"]
        assert (budget["bad"], budget["total"]) == (bad - shut[0], total - shut[1]), window
        assert (budget["uncorrected"]["bad"], budget["uncorrected"]["total"]) == (bad, total)
    steps = range(END_S - 2 * 86_400, END_S, 300)
    slices = [
        counts(history, at, at + 300) for at in steps if not begin - 300 < at < end
    ]  # fmt: skip
    budget = found["shop/slices/2d"]["budget"]
    assert budget["total"] == len(slices)
    assert budget["bad"] == sum(50 * bad > total for bad, total in slices)
    steps = range(END_S - 86_400, END_S, 600)
    ratios = [counts(history, at, at + 600) for at in steps if not begin - 600 < at < end]
    exact = sum((Fraction(bad, total) for bad, total in ratios), Fraction(0))
    budget = found["shop/ratios/1d"]["budget"]
    assert (budget["bad"], budget["total"]) == (float(exact), len(ratios))
    assert (code, found["shop/week/2d"]["outcome"]) == (1, "fail")
    assert found["shop/week/2d"]["budget"]["source"]["resets"] > 0


def test_alerts_are_those_of_the_same_counts(project, history):
    """Burn rates within an incident and within a correction of it, replayed by --at."""
    _, burning = checked(project, history, NATIVE, "--at", "2026-03-31T09:59Z")
    _, found = checked(project, history, NATIVE, "--at", "2026-03-31T10:25Z")

    now = END_S - 7_260
    rates = {
        each["seconds"]: each["rate"] for each in burning["shop/week/2d"]["budget"]["burn_rates"]
    }
    for seconds in (3_600, 300):
        bad, total = counts(history, now - seconds, now)
        assert rates[seconds] == pytest.approx(bad / total / 0.01, rel=1e-12)
    assert [a["burning"] for a in burning["shop/week/2d"]["budget"]["alerts"]] == [True]

    budget = found["shop/week/2d"]["budget"]
    [long] = [each for each in budget["burn_rates"] if each["seconds"] == 3_600]
    now = END_S - 5_700
    bad, total = counts(history, now - 3_600, SHUT[0])
    assert long["rate"] == pytest.approx(bad / total / 0.01, rel=1e-12)
    [short] = [each for each in budget["burn_rates"] if each["seconds"] == 300]
    assert (short["rate"], short["total"]) == (None, 0)
    assert [alert["burning"] for alert in budget["alerts"]] == [False]


def test_the_same_moment_gives_the_same_bytes(project, history):
    """A verdict that was judged once is judged again, and kept with the spec it was judged by."""
    project.write("asked.yaml", NATIVE)
    words = ("check", "asked.yaml", "--json", "--prometheus", history.url, "--at", AT)

    once, again = project.slogate(*words), project.slogate(*words)

    assert once.out == again.out
    kept = list(project.folder.glob(".slogate/verdicts/*.json"))
    assert len(kept) == 1
    assert list(json.loads(kept[0].read_text())["specs"].values()) == [NATIVE]


def test_for_people(project, history):
    """The report says what was counted and where."""
    project.write("asked.yaml", NATIVE)

    done = project.slogate("check", "asked.yaml", "--prometheus", history.url, "--at", AT)

    assert f"series at {history.url}" in done.out
    assert "events of shop were good in" in done.out
    assert done.code == 1
    again = project.slogate("report", "slos")
    assert again.out.splitlines()[0] == done.out.splitlines()[0]


def test_a_query_that_the_server_reckons_says_so(project, history):
    """A ratio each minute, as the server itself reckons it at that minute."""
    ratio = f"{BAD_QUERY} / {TOTAL_QUERY}"
    spec = (
        "slogate: 1\nservice: shop\nslos:\n- {name: r, objective: 90%, window: 1h, indicator: "
        f"{{raw: {{type: prometheus, spec: {{query: '{ratio}'}}}}, raw_type: failure}}}}\n"
    )

    _, found = checked(project, history, spec, "--at", "2026-03-31T11:00Z")

    at = range(END_S - 7_200 + 60, END_S - 3_600 + 1, 60)
    values = [float(ask(history.url, ratio, moment)[0]["value"][1]) for moment in at]
    budget = found["shop/r/1h"]["budget"]
    assert budget["bad"] == pytest.approx(sum(values), abs=1e-6)
    assert (budget["total"], budget["unit"]) == (60, "slices")
    assert budget["source"]["method"] == "sampled"


GROUPED = """apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: shop}
spec:
  target: "99"
  window: 2d
  indicator:
    ratio:
      errors: {metric: 'http_request_duration_seconds_count{job="myservice",code=~"(5..|429)"}'}
      total: {metric: 'http_request_duration_seconds_count{job="myservice"}'}
      grouping: [instance]
"""


def test_a_label_has_a_budget_for_each_value(project, history):
    """By the SLO's label or Pyrra's grouping, counted or reckoned: each instance has its own."""
    by = "sum by (instance) (rate("
    query = f"{by}{BAD_QUERY[9:-1]}) / {by}{TOTAL_QUERY[9:-1]})"
    ratio = f"{{raw: {{type: prometheus, spec: {{query: '{query}'}}}}, raw_type: failure}}"
    spec = (
        f"slogate: 1\nservice: shop\nslos:\n"
        f"- {{name: r, objective: 90%, window: 1h, by: instance, indicator: {ratio}}}\n"
    )

    _, pyrra = checked(project, history, GROUPED, "--at", AT)
    _, sampled = checked(project, history, spec, "--at", "2026-03-31T11:00Z")

    for instance in ("a:1", "b:1"):
        mine = [
            (dict(labels)["code"] in BAD, by)
            for at, name, labels, by in history.growth
            if name == HTTP and at > END_S - 2 * 86_400 and dict(labels)["instance"] == instance
        ]
        budget = pyrra[f"shop/shop/2d/{instance}"]["budget"]
        assert budget["total"] == sum(by for _, by in mine)
        assert budget["bad"] == sum(by for bad, by in mine if bad)
    at = range(END_S - 7_200 + 60, END_S - 3_600 + 1, 60)
    values = [
        float(each["value"][1])
        for moment in at
        for each in ask(history.url, query, moment)
        if each["metric"]["instance"] == "b:1"
    ]
    assert sampled["shop/r/1h/b:1"]["budget"]["bad"] == pytest.approx(sum(values), abs=1e-6)


def test_live_counters_are_the_requests_that_were_observed(project, recorded: Recorded):
    """A real exporter, scraped through a restart of it: every request is counted once."""
    spec = f"""slogate: 1
service: shop
slos:
  - name: ok
    indicator:
      bad: {{type: prometheus, spec: {{query: 'http_requests_total{{status=~"5.."}}'}}}}
      total: {{type: prometheus, spec: {{query: 'sum(http_requests_total)'}}}}
    objective: 50%
    window: 1h
  - name: fast
    indicator:
      good: {{type: prometheus, spec: {{query: 'sum(rate({NAME}_bucket{{le="0.05"}}[1m]))'}}}}
      total: {{type: prometheus, spec: {{query: 'sum(rate({NAME}_count[1m]))'}}}}
    objective: 50%
    window: 1h
"""
    minute = recorded.end_ms // 60_000 + 1
    at = datetime.fromtimestamp(minute * 60, UTC).isoformat()

    _, found = checked(project, recorded, spec, "--at", at)

    assert found["shop/ok/1h"]["total"] == found["shop/fast/1h"]["total"] == len(recorded.raw)
    assert found["shop/ok/1h"]["failed"] == sum(who[2] == "503" for who, _ in recorded.raw)
    assert found["shop/fast/1h"]["good"] == sum(took <= 0.05 for _, took in recorded.raw)


def test_a_server_that_is_down_is_exit_2(project):
    """It is never taken for no data, and the address is told without the user."""
    spec = NATIVE.replace("objective: 99%", "objective: 99%\n    on_no_data: pass")
    project.write("asked.yaml", spec)
    url = f"http://ann@127.0.0.1:{free_port()}"

    done = project.slogate("check", "asked.yaml", "--prometheus", url)

    assert (done.code, done.out) == (2, "")
    assert f"error: {url.replace('ann@', '')}: it cannot be reached" in done.err
    assert "--prometheus URL" in done.err


def test_indicators_of_the_store_are_read_from_it(project):
    """Only what counts as an event counts: the same figures as a plain `good:` without the rest."""
    rows = [(200, 180), (404, 20), (503, 10)]
    lines = ["timeStamp,elapsed,label,responseCode,responseMessage,success"]
    for code, count in rows:
        lines += [f"{END_S * 1000 - 60_000 * n},100,GET /,{code},,true" for n in range(count)]
    project.write("prod.jtl", "\n".join(lines) + "\n")
    taken = project.slogate("import", "prod.jtl", "--service", "shop", "--kind", "production")
    assert taken.code == 0, taken.err
    spec = """slogate: 1
service: shop
slos:
  - name: valid
    indicator:
      good: {type: slogate, spec: {events: status < 400}}
      total: {type: slogate, spec: {events: status != 404}}
    objective: 90%
    window: 1d
"""
    project.write("asked.yaml", spec)

    [found] = project.slogate("check", "asked.yaml", "--json").document["objectives"]

    assert (found["outcome"], found["total"], found["failed"]) == ("pass", 190, 10)
