"""The rules of whole specs: what promtool takes, what is noted, what is refused, what is inert."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from promtool import check_rules, run_expressions, said_by

from slogate.errors import SpecError
from slogate.rulebook.book import Book, book
from slogate.rulebook.groups import operator_text, prometheus_text, resource_name
from slogate.rulebook.metric import Metric
from slogate.rulebook.recordings import recordings
from slogate.rulebook.routes import routes_text
from slogate.slo.asked import asked
from slogate.slo.load import load_specs
from slogate.stats.proportion import bounds

HISTOGRAM = Metric(name="x_seconds", kind="classic", status="code", endpoint="handler")
NATIVE = Metric(name="x_seconds", kind="native", status="code", endpoint="handler")
HOSTILE = "{{ .Name }} \"'\\ #: ${datasource} [[x]] (none)\u2028é"


def spec(*slos: dict[str, Any], **top: Any) -> str:
    """A spec as JSON, which is YAML."""
    usual = {"objective": "99.5%", "window": "28d", "good": "ok", "alerts": "google"}
    named = [{"name": f"slo-{at}", **usual, **slo} for at, slo in enumerate(slos)]
    found = [{k: v for k, v in slo.items() if v is not None} for slo in named]
    return json.dumps({"slogate": 1, "service": "shop", "slos": found, **top})


def made(*slos: dict[str, Any], metric: Metric | None = HISTOGRAM, **top: Any) -> Book:
    """The rules of a spec."""
    return book(asked(load_specs([("shop.yaml", spec(*slos, **top))])), metric)


def indicator(**sides: Any) -> dict[str, Any]:
    """An SLO with queries of Prometheus."""
    queries = {
        side: {"type": "prometheus", "spec": {"query": said}} if "raw_" not in side else said
        for side, said in sides.items()
    }
    return {"good": None, "indicator": queries}


SLICES = {"budgeting": "timeslices", "slice": "1m", "slice_objective": "95%"}
SHARES = {"budgeting": "ratio_timeslices", "slice": "5m"}
BERLIN = "Europe/Berlin"
EVERY = [
    {},
    {"good": "ok and duration <= 400ms", "by": "region"},
    {"window": ["28d", "7d", {"calendar": "quarter", "timezone": BERLIN}]},
    {"window": {"every": "2w", "start": "2026-01-05", "timezone": BERLIN}},
    {"alerts": [{"budget": "10%", "long": "90m", "short": "90s", "severity": "wake up"}]},
    {"alerts": None},
    {**SLICES, "by": "region", "empty_slices": "bad"},
    {**SLICES, "empty_slices": "good"},
    SHARES,
    indicator(good="sum(rate(a[{{.window}}]))", total="b"),
    indicator(bad="a", total="b"),
    {**indicator(raw="a", raw_type="failure"), "on_no_data": "warn"},
]


@pytest.mark.parametrize(
    "metric", [pytest.param(HISTOGRAM, id="classic"), pytest.param(NATIVE, id="native")]
)
def test_promtool_takes_all_of_it(system_program, tmp_path: Path, metric: Metric):
    """Every budgeting, window and kind of query gives rules that promtool checks."""
    program = system_program("promtool", package="prometheus")
    rules = prometheus_text(made(*EVERY, metric=metric, owner="team", labels={"tier": "1"}))

    assert check_rules(program, tmp_path, rules) == ""


def test_hostile_names_are_text(system_program, tmp_path: Path):
    """What is written in a spec is a name in rules, routes and resources, and nothing else."""
    program = system_program("promtool", package="prometheus")
    slo = {
        "name": HOSTILE, "endpoint": f"GET {HOSTILE}", "where": {"region": HOSTILE},
        "description": HOSTILE,
        "alerts": [{"budget": "2%", "long": "1h", "short": "5m", "severity": HOSTILE}],
    }  # fmt: skip
    found = made(slo, service=HOSTILE, owner=HOSTILE, labels={"tier": HOSTILE, "on": "y"})
    rules = prometheus_text(found)
    document = yaml.safe_load(rules)
    record, *_ = document["groups"][0]["rules"]
    alert = next(rule for rule in document["groups"][0]["rules"] if "alert" in rule)

    assert check_rules(program, tmp_path, rules) == ""
    assert record["labels"] == {"service": HOSTILE, "slo": HOSTILE, "window": "28d"}
    assert alert["labels"]["owner"] == HOSTILE.replace("{{", '{{"{{"}}')
    assert document["groups"][0]["name"] == f"slogate/{HOSTILE}/{HOSTILE}/28d"
    (resource,) = yaml.safe_load_all(operator_text(found))
    assert resource["spec"] == document
    assert resource["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "slogate", "on": "y"}
    assert resource["metadata"]["name"] == resource_name(f"slogate-{HOSTILE}")


def test_labels_show_as_they_are_written(system_program, tmp_path: Path):
    """A template in a name is shown by an alert, not run."""
    program = system_program("promtool", package="prometheus")
    slo = {
        "name": "{{ .x", "alerts": [{"budget": "2%", "long": "1h", "short": "5m"}],
        **indicator(bad="x", total="x"),
    }  # fmt: skip
    found = made(slo, metric=None, labels={"tier": "{{{ $value }}"})
    labels = {
        "__name__": "ALERTS", "alertname": "ErrorBudgetBurn", "alertstate": "firing",
        "service": "shop", "slo": "{{ .x", "window": "28d", "severity": "page",
        "tier": "{{{ $value }}",
    }  # fmt: skip
    query = 'ALERTS{alertname="ErrorBudgetBurn"}'

    told = run_expressions(
        program, tmp_path, {"x": [n * 100 for n in range(70)]}, [(query, 65, [(labels, 1)])],
        rules=prometheus_text(found),
    )  # fmt: skip

    assert told == ""


def test_the_same_specs_give_the_same_bytes():
    """Nothing of the hour, or of the order of a set, is in what is written."""
    assert prometheus_text(made(*EVERY)) == prometheus_text(made(*EVERY))


def test_names_do_not_collide():
    """No two groups of several services and windows are of one name, no two rules alike."""
    slos = [{}, {"window": ["28d", "7d"]}]
    texts = [(name, spec(*slos, service=name)) for name in ("a", "b", "a/slo-0", "a/slo-0/28d")]
    found = [
        yaml.safe_load(prometheus_text(book(asked(load_specs([one])), HISTOGRAM)))["groups"]
        for one in texts
    ]
    groups = [group["name"] for one in found for group in one]
    rules = [
        (rule.get("record") or rule["alert"], str(sorted(rule["labels"].items())))
        for one in found for group in one for rule in group["rules"]
    ]  # fmt: skip

    assert len(groups) == len(set(groups))
    assert len(rules) == len(set(rules))


@pytest.mark.parametrize(
    ("slo", "note"),
    [
        pytest.param({"alerts": None}, "asks for no alerts", id="no alerts"),
        pytest.param(
            {"window": {"calendar": "month", "timezone": BERLIN}}, "are those of 28d", id="calendar"
        ),
        pytest.param(SLICES, "slices of 1m begin where Prometheus", id="slices"),
        pytest.param({"good": "duration <= 300ms"}, 'le="0.3"', id="a bound that is assumed"),
    ],
)
def test_what_differs_is_noted(slo: dict[str, Any], note: str):
    """What is assumed, or done in another way, is told with the SLO that it is about."""
    (line,) = made(slo).notes

    assert line.startswith("shop/slo-0: ")
    assert note in line


def test_corrections_are_noted():
    """Planned downtime is not known to the rules."""
    correction = {"start": "2026-11-01T02:00Z", "end": "2026-11-01T04:00Z", "reason": "upgrade"}

    assert any("amtool silence add" in note for note in made({}, corrections=[correction]).notes)


def test_labels_that_no_alert_can_carry_are_noted():
    """A label with a name of its own kind, or one of the rules', is left out and told."""
    found = made({"by": "tier"}, labels={"a-b": "1", "slo": "2", "tier": "3", "team": "x"})
    labels = found.sheets[0].alerts[0].labels

    assert [name for name in ("a-b", "slo", "tier") if f"'{name}'" in "".join(found.notes)] == [
        "a-b", "slo", "tier",
    ]  # fmt: skip
    assert labels["team"] == "x"
    assert labels["slo"] == "slo-0"
    assert "tier" not in labels


def test_all_refusals_at_once():
    """Each SLO that no rule can express is told with its place."""
    gauge = indicator(threshold="temp")
    gauge["indicator"] |= {"op": "lte", "value": 3}
    with pytest.raises(SpecError) as caught:
        made(
            {"by": "service"},
            {"where": {"a-b": "x"}},
            {"good": "duration > 1s"},
            gauge,
            {**SLICES, "slice": "10m", "alerts": "google"},
            indicator(good="sum(rate(x[5m]))", total="x"),
        )

    told = [(fault.path, fault.file, fault.line) for fault in caught.value.faults]
    assert sorted(told) == [(f"slo-{at}", "shop.yaml", 1) for at in range(6)]


def test_without_a_metric():
    """SLOs about requests need a metric; those with queries do not."""
    with pytest.raises(SpecError, match="no metric is named"):
        made({}, metric=None)

    assert made(indicator(bad="a", total="b"), metric=None).sheets


def test_absence_is_an_alert_unless_it_may_pass():
    """What is not measured is told, but not where the SLO lets it pass."""
    names = [[a.name for a in made(slo).sheets[0].alerts] for slo in ({}, {"on_no_data": "pass"})]

    assert names[0] == ["ErrorBudgetBurn", "ErrorBudgetBurn", "ErrorBudgetNotMeasured"]
    assert names[1] == names[0][:2]


def test_a_limit_that_is_no_bound_is_loud(system_program, tmp_path: Path):
    """Where no series of good requests exists, none was good: the alert fires."""
    program = system_program("promtool", package="prometheus")
    found = made({"good": "ok and duration <= 333ms", "by": "region"})
    series = {
        'x_seconds_count{code="200",region="eu"}': [n * 100 for n in range(70)],
        'x_seconds_bucket{code="200",region="eu",le="0.5"}': [n * 100 for n in range(70)],
    }
    labels = {"service": "shop", "slo": "slo-0", "window": "28d", "region": "eu"}
    query = 'max without (severity) (ALERTS{alertname="ErrorBudgetBurn", alertstate="firing"})'
    fired = {**labels, "alertname": "ErrorBudgetBurn", "alertstate": "firing"}

    told = run_expressions(
        program, tmp_path, series, [(query, 65, [(fired, 1)])], rules=prometheus_text(found)
    )

    assert told == ""


def test_lower_end_of_the_interval(system_program, tmp_path: Path):
    """What PromQL reckons is never above the exact end, and near it unless most are bad."""
    program = system_program("promtool", package="prometheus")
    (sheet,) = made({}).sheets
    promise = sheet.asked.promise
    rule = next(r for r in recordings(promise, sheet.measure) if r.name.endswith("lower1h"))
    hour = 3_600_000_000
    cases = [
        (bad, total)
        for total in (1, 2, 5, 10, 30, 100, 1_000, 20_000)
        for bad in (1, 2, 3, 4, 5, 8, 10, 14, 20) if bad <= total
    ]  # fmt: skip
    series = {
        sheet.series.total(hour): [total for _, total in cases],
        sheet.series.bad(hour): [bad for bad, _ in cases],
    }
    expected = []
    for minute, (bad, total) in enumerate(cases):
        exact = bounds(bad / total, total, 0.05)[0]
        least = 0.98 if bad / total <= Fraction(1, 2) else 0.88
        query = (
            f"(({rule.expr}) <= bool {exact * 1.0001}) * (({rule.expr}) >= bool {exact * least})"
        )
        expected.append((query, minute, [(sheet.series.labels, 1)]))
    nothing = {name: [0 if "bad" in name else 9] for name in series}

    assert run_expressions(program, tmp_path, series, expected) == ""
    assert run_expressions(program, tmp_path, nothing, [(rule.expr, 0, [])]) == ""


def test_routes(system_program, tmp_path: Path):
    """A receiver for each severity, and pages keep the tickets of the same budget quiet."""
    program = system_program("amtool", package="prometheus-alertmanager")
    alerts = [
        {"budget": "2%", "long": "1h", "short": "5m"},
        {"budget": "5%", "long": "6h", "short": "30m", "severity": HOSTILE},
        {"budget": "10%", "long": "1d", "short": "2h", "severity": "default"},
    ]
    text = routes_text(made({"by": "region", "alerts": alerts}, {}))
    config = yaml.safe_load(text)

    assert check_config(program, tmp_path, text) == ""
    assert [each["name"] for each in config["receivers"]] == [
        "default", "page", HOSTILE, "ticket",
    ]  # fmt: skip
    assert config["inhibit_rules"][0] == {
        "source_matchers": ['severity="page"'],
        "target_matchers": [f"severity={json.dumps(HOSTILE, ensure_ascii=False)}"],
        "equal": ["service", "slo", "window", "region"],
    }


def check_config(program: str, folder: Path, text: str) -> str:
    """What amtool finds wrong with a configuration."""
    path = folder / "alertmanager.yml"
    path.write_text(text, encoding="utf-8")
    return said_by([program, "check-config", str(path)], folder)
