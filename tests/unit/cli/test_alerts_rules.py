"""`slogate alerts rules`: options as a metric, formats, files, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from slogate.cli.app import run as slogate

SPEC = """
slogate: 1
service: {service}
slos:
  - {{name: fast, endpoint: POST /cart, good: ok and duration <= 400ms, objective: 99.5%,
     window: 28d, alerts: google}}
"""
USUAL = (
    "--metric", "http_request_duration_seconds", "--label", "job=shop", "--endpoint-label",
    "handler", "--method-label", "method", "--status-label", "code",
)  # fmt: skip


@pytest.fixture(name="spec")
def _spec(tmp_path: Path) -> Path:
    """The spec of one service."""
    path = tmp_path / "shop.yaml"
    path.write_text(SPEC.format(service="shop"), encoding="utf-8")
    return path


@pytest.fixture(name="specs")
def _specs(tmp_path: Path) -> Path:
    """A folder with the specs of two services."""
    folder = tmp_path / "slo"
    folder.mkdir()
    for name in ("shop", "The Bank"):
        (folder / f"{name}.yaml").write_text(SPEC.format(service=name), encoding="utf-8")
    return folder


def test_rules_on_stdout(spec: Path, capsys):
    """Rules go to stdout, what is assumed to stderr."""
    assert slogate(["alerts", "rules", str(spec), *USUAL]) == 0

    told = capsys.readouterr()
    first = yaml.safe_load(told.out)["groups"][0]["rules"][0]["expr"]
    matchers = 'job="shop", method="POST", handler="/cart"'
    assert first == f"sum (increase(http_request_duration_seconds_count{{{matchers}}}[5m]))"
    assert 'note: shop/fast: 400 ms has to be a bucket bound (le="0.4")' in told.err


def test_quiet_and_json(spec: Path, capsys):
    """`--json` has the files with the notes, `--quiet` no notes on stderr."""
    assert slogate(["alerts", "rules", str(spec), *USUAL, "--json", "--quiet"]) == 0

    told = capsys.readouterr()
    document = json.loads(told.out)
    assert told.err == ""
    assert document["format"] == "prometheus"
    assert list(document["files"]) == ["slogate.rules.yaml"]
    assert len(document["notes"]) == 1


def test_known_bounds_are_not_noted(spec: Path, capsys):
    """A limit that is one of the bounds is no assumption; another is rounded down and told."""
    bounds = ["--bounds", "0.1,0.4,1,+Inf"]
    assert slogate(["alerts", "rules", str(spec), *USUAL, *bounds]) == 0
    assert capsys.readouterr().err == ""

    assert slogate(["alerts", "rules", str(spec), *USUAL, "--bounds", "100ms, 250ms,1s"]) == 0
    assert "requests over 250 ms count as bad" in capsys.readouterr().err


def test_dashboards_of_several_services(specs: Path, tmp_path: Path, capsys):
    """They go into a folder, each a file of its own; stdout takes one alone."""
    arguments = ["alerts", "rules", str(specs), *USUAL, "--format", "grafana"]
    assert slogate(arguments) == 2
    assert "--output FOLDER" in capsys.readouterr().err

    assert slogate([*arguments, "--output", str(tmp_path / "out")]) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names[0] == "shop.json"
    assert names[1].startswith("the-bank-")
    titles = {json.loads(path.read_text())["title"] for path in (tmp_path / "out").iterdir()}
    assert titles == {f"{name}: service level objectives" for name in ("shop", "The Bank")}


def test_rules_of_several_services_are_one_file(specs: Path, tmp_path: Path):
    """Rule files hold the groups of all services, resources are one for each."""
    for wanted, count in (("prometheus", 1), ("operator", 2), ("alertmanager", 1)):
        path = tmp_path / wanted
        arguments = ["alerts", "rules", str(specs), *USUAL, "--format", wanted, "-o", str(path)]

        assert slogate([*arguments, "--quiet"]) == 0
        assert len(list(yaml.safe_load_all(path.read_text(encoding="utf-8")))) == count


def test_pending_and_usual_alerts(spec: Path, tmp_path: Path, capsys):
    """`--for` is on each burn alert; `--google` gives alerts where none are asked for."""
    silent = tmp_path / "silent.yaml"
    silent.write_text(spec.read_text().replace(", alerts: google", ""), encoding="utf-8")
    assert slogate(["alerts", "rules", str(silent), *USUAL]) == 0
    told = capsys.readouterr()
    assert "alert:" not in told.out
    assert "--google" in told.err

    assert slogate(["alerts", "rules", str(silent), *USUAL, "--google", "--for", "90s"]) == 0
    rules = yaml.safe_load(capsys.readouterr().out)["groups"][0]["rules"]
    pending = [rule["for"] for rule in rules if rule.get("alert") == "ErrorBudgetBurn"]
    assert pending == ["90s", "90s"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param([], "no metric is named", id="no metric"),
        pytest.param(["--label", "job=shop"], "without --metric", id="nothing to select of"),
        pytest.param(["--metric", "a{b='c'}"], "not the name of a metric", id="a selector"),
        pytest.param(["--metric", "a_seconds", "--label", "job"], "no label with its value",
                     id="no value"),
        pytest.param(["--metric", "a_seconds", "--label", 'job="shop"'], "is in quotes",
                     id="quotes"),
        pytest.param(["--metric", "a_seconds", "--label", "job=~("], "no regular expression",
                     id="no expression"),
        pytest.param(["--metric", "a_seconds", "--status-label", "a-b"], "cannot be the name",
                     id="no label"),
        pytest.param(["--metric", "latency"], "the unit of latency is not in its name",
                     id="no unit"),
        pytest.param(["--metric", "latency", "--unit", "m"], "there is no unit 'm'",
                     id="unknown unit"),
        pytest.param(["--metric", "a_seconds", "--type", "summary"], "no type 'summary'",
                     id="unknown type"),
        pytest.param(["--metric", "a_seconds", "--bounds", "1ns"], "--bounds: ", id="no bound"),
        pytest.param(["--metric", "a_total", "--bounds", "1s"], "have no meaning with --type",
                     id="bounds of a counter"),
        pytest.param(["--metric", "a_seconds", "--for", "2"], "--for: '2' has no unit",
                     id="no length"),
        pytest.param(["--format", "yaml"], "no format 'yaml'", id="unknown format"),
        pytest.param(["--metric", "a_seconds"], "no label is named that tells endpoints",
                     id="no endpoint"),
        pytest.param([*USUAL, "-o", "/nowhere/x.yaml"], "cannot write to /nowhere/x.yaml",
                     id="no folder"),
    ],
)  # fmt: skip
def test_refused(spec: Path, capsys, options: list[str], message: str):
    """What cannot be meant is refused with a sentence, and nothing is written."""
    assert slogate(["alerts", "rules", str(spec), *options]) == 2

    told = capsys.readouterr()
    assert message in told.err
    assert told.out == ""


def test_specs_without_slos(tmp_path: Path, capsys):
    """Budgets of load tests are no rules."""
    path = tmp_path / "load.yaml"
    path.write_text("slogate: 1\nservice: a\nbudgets: [{name: b, p95: 1s}]\n", encoding="utf-8")

    assert slogate(["alerts", "rules", str(path)]) == 2
    assert "there are no slos" in capsys.readouterr().err


def test_rules_are_no_spec(spec: Path, tmp_path: Path, capsys):
    """What the command wrote is not taken for a spec."""
    path = tmp_path / "rules.yaml"
    assert slogate(["alerts", "rules", str(spec), *USUAL, "-o", str(path), "-q"]) == 0
    assert slogate(["alerts", "rules", str(path)]) == 2
    assert "rules of Prometheus are no specs" in capsys.readouterr().err


SLOTH = """
version: prometheus/v1
service: shop
slos:
  - name: up
    objective: 90
    sli: {events: {error_query: "sum(rate(e[{{.window}}]))", total_query: "sum(rate(t[5m]))"}}
    alerting: {name: Down, annotations: {runbook: "{{ $labels.slo }}"}}
"""


def test_specs_of_sloth(tmp_path: Path, capsys):
    """Faults are told at their place in the file itself; what conversion leaves out is noted."""
    path = tmp_path / "sloth.yml"
    path.write_text(SLOTH, encoding="utf-8")
    assert slogate(["alerts", "rules", str(path)]) == 2
    assert f"{path}:5:11: up: its query does not say" in capsys.readouterr().err

    path.write_text(SLOTH.replace("5m", "{{.window}}"), encoding="utf-8")
    assert slogate(["alerts", "rules", str(path)]) == 0
    assert "the alerts of 'up' are left out" in capsys.readouterr().err

    assert slogate(["alerts", "rules", str(path), "--google"]) == 0
    rules = yaml.safe_load(capsys.readouterr().out)["groups"][0]["rules"]
    alerts = [rule for rule in rules if rule.get("alert") == "Down"]
    assert [alert["labels"]["severity"] for alert in alerts] == ["page", "ticket"]
    assert alerts[0]["expr"].count(" > ") == 3
    assert alerts[0]["annotations"]["runbook"] == "{{ $labels.slo }}"


OPENSLO = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: up}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{duration: 4w, isRolling: true}]
  indicator:
    metadata: {name: up}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: prometheus, spec: {query: 'sum(e{code!~"5.."})'}}}
        total: {metricSource: {type: prometheus, spec: {query: sum(e)}}}
  objectives: [{target: 0.999}]
"""


def test_openslo(tmp_path: Path, capsys):
    """OpenSLO is taken as it is; what no rule can ask is told at its place in the document."""
    path = tmp_path / "up.yaml"
    path.write_text(OPENSLO, encoding="utf-8")
    assert slogate(["alerts", "rules", str(path), "--google"]) == 0
    told = capsys.readouterr().out
    assert 'sum (increase(e{code!~"5.."}[5m]))' in told
    assert "shop/up/28d" in told

    path.write_text(OPENSLO.replace("sum(e)", '"sum(rate(e[5m]))"'), encoding="utf-8")
    assert slogate(["alerts", "rules", str(path)]) == 2
    assert f"{path}:16:" in capsys.readouterr().err
