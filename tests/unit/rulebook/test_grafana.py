"""The dashboards: what they show, on which series, and that Grafana finds no variable in names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from promtool import check_queries

from slogate.rulebook.book import book
from slogate.rulebook.grafana import dashboard_text
from slogate.rulebook.groups import prometheus_text
from slogate.rulebook.metric import Metric
from slogate.slo.asked import asked
from slogate.slo.load import load_specs

SPEC = """
slogate: 1
service: shop
slos:
  - {name: fast, good: ok and duration <= 400ms, objective: 99.5%, window: [28d, 7d], alerts: google}
  - {name: up, good: ok, objective: 99%, window: 28d, by: region, where: {a: "$datasource"}}
  - name: slices
    good: ok
    objective: 99%
    window: 28d
    budgeting: timeslices
    slice: 5m
    slice_objective: 99%
  - name: gauge
    indicator: {raw: {type: prometheus, spec: {query: up}}, raw_type: success}
    objective: 99%
    window: 28d
"""  # noqa: E501


def dashboard(kind: Any = "classic", spec: str = SPEC) -> tuple[dict[str, Any], str]:
    """The dashboard of the service, and the rules that it shows."""
    metric = Metric(name="x_seconds", kind=kind, status="code")
    made = book(asked(load_specs([("shop.yaml", spec)])), metric)
    return json.loads(dashboard_text(made, made.services[0])), prometheus_text(made)


def queries(found: dict[str, Any]) -> list[str]:
    """All queries of its panels."""
    return [
        target["expr"] for panel in found["panels"] for target in panel.get("targets", ())
    ]  # fmt: skip


def test_structure():
    """What Grafana needs is there: a schema version, ids, panels that do not overlap."""
    found, _ = dashboard()
    panels = found["panels"]
    places = [panel["gridPos"] for panel in panels]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert found["schemaVersion"] == 39
    assert re.fullmatch("[a-zA-Z0-9_-]{1,40}", found["uid"])
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
    for panel in panels:
        letters = [target["refId"] for target in panel.get("targets", ())]
        assert letters == [chr(ord("A") + at) for at in range(len(letters))]


def test_a_row_for_each_slo_and_window():
    """Each SLO shows what is left, how it burns, how good it is, how many, how fast."""
    found, _ = dashboard()
    rows: dict[str, list[str]] = {}
    for panel in found["panels"]:
        if panel["type"] == "row":
            rows[panel["title"]] = []
        else:
            rows[list(rows)[-1]].append(panel["title"])

    usual = ["Budget left", "Budget left", "Burn rate", "Good share"]
    assert rows == {
        "fast: 99.5% over 28d": [*usual, "Requests a second", "Latency"],
        "fast: 99.5% over 7d": [*usual, "Requests a second", "Latency"],
        "up: 99% over 28d": [*usual, "Requests a second", "Latency"],
        "slices: 99% over 28d": [*usual, "Slices judged", "Latency"],
        "gauge: 99% over 28d": usual,
    }


@pytest.mark.parametrize("kind", ["classic", "native", "counter"])
def test_queries_are_promql_on_recorded_series(system_program, tmp_path: Path, kind: str):
    """Prometheus takes each query, and what it reads the rules record."""
    program = system_program("promtool", package="prometheus")
    spec = SPEC.replace("ok and duration <= 400ms", "ok")
    found, rules = dashboard(kind, spec)
    recorded = set(re.findall(r"record: (\S+)", rules))
    read = set(re.findall(r"slogate:[a-z_:0-9]+", " ".join(queries(found))))

    assert check_queries(program, tmp_path, queries(found)) == ""
    assert read <= recorded
    assert ("histogram_quantile" in " ".join(queries(found))) is (kind != "counter")


def test_lines_at_the_factors():
    """The burn rate is drawn beside the factors that alerts wait for."""
    found, _ = dashboard()
    panel = next(panel for panel in found["panels"] if panel["title"] == "Burn rate")
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]

    assert [round(step["value"], 2) for step in steps[1:]] == [0.93, 2.8, 5.6, 13.44]


def test_names_hold_no_variables():
    """A `$` in a name is a `$`: the only variables are the data source and Grafana's interval."""
    hostile = SPEC.replace("service: shop", 'service: "$datasource [[x]]"')
    found, _ = dashboard(spec=hostile.replace("name: fast", 'name: "${datasource}"'))
    text = json.dumps(found, ensure_ascii=False)
    variables = re.findall(r"\$\{?\w+", text)

    assert set(variables) == {"${datasource", "$__rate_interval"}
    assert text.count("${datasource") == text.count('"uid": "${datasource}"')
    assert "[[" not in found["title"]
    assert '\\x24datasource"' in " ".join(queries(found))
