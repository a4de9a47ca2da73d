"""OpenSLO documents as specs: what is promised, where it stands, what cannot be judged."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
import yaml

from slogate.errors import SpecError, UsageError
from slogate.model.predicate import And, Comparison, Not, Ok
from slogate.model.selection import Endpoint
from slogate.slo.convert import native_to_openslo
from slogate.slo.every import load_every
from slogate.slo.spec import Spec

QUERY = {"metricSource": {"type": "Prometheus", "spec": {"query": "a_total"}}}
RATIO = {"ratioMetric": {"counter": True, "good": QUERY, "total": QUERY}}


def thing(kind: str, name: str, spec: Any, version: str = "openslo/v1", **more: Any) -> Any:
    """An object."""
    metadata = {"name": name, **more}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def slo(name: str = "a", service: str = "shop", notes: Any = None, **spec: Any) -> Any:
    """An SLO with one objective and an inline indicator, unless it is told otherwise."""
    whole = {
        "service": service,
        "indicator": {"metadata": {"name": "i"}, "spec": RATIO},
        "timeWindow": [{"duration": "28d", "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [{"target": 0.99}],
        **spec,
    }
    kept = {key: value for key, value in whole.items() if value is not None}
    return thing("SLO", name, kept, **({"annotations": notes} if notes else {}))


def specs(*objects: Any, **files: list[Any]) -> list[Spec]:
    """The specs of one file, or of several."""
    texts = files or {"one": list(objects)}
    return load_every([(f"{name}.yaml", yaml.safe_dump_all(some)) for name, some in texts.items()])


def test_each_objective_is_a_promise_at_its_target():
    """At the line of the target in the document, called by its display name."""
    objectives = [
        {"displayName": "good", "target": 0.99},
        {"displayName": "better", "targetPercent": 99.9},
    ]
    text = yaml.safe_dump(slo(objectives=objectives), sort_keys=False)

    [spec] = load_every([("a.yaml", text)])

    assert [(p.id, p.objective) for p in spec.queried] == [
        ("shop/a: good/28d", Fraction(99, 100)), ("shop/a: better/28d", Fraction(999, 1000)),
    ]  # fmt: skip
    lines = text.splitlines()
    assert ["target" in lines[p.place.line - 1] for p in spec.queried] == [True, True]
    assert (spec.text, spec.file, spec.service) == (text, "a.yaml", "shop")
    assert {p.place.sha256 for p in spec.queried} == {spec.sha256}


def test_references_are_resolved_across_files():
    """An SLI here, a DataSource there; each file is among the specs, so that it is kept."""
    source = {"metricSource": {"metricSourceRef": "prod", "spec": {"query": "a_total"}}}
    sli = {"ratioMetric": {"bad": source, "total": source}}
    details = {"url": "http://prom:9090", "tenant": "t"}

    found = specs(
        slos=[slo(indicator=None, indicatorRef="errors")],
        slis=[thing("SLI", "errors", sli)],
        sources=[thing("DataSource", "prod", {"type": "prometheus", "connectionDetails": details})],
    )

    assert [spec.file for spec in found] == ["slos.yaml", "slis.yaml", "sources.yaml"]
    [promise] = [promise for spec in found for promise in spec.queried]
    assert promise.place.file == "slos.yaml"
    assert promise.indicator is not None
    server = promise.indicator.query.server
    assert (server.name, server.url) == ("prod", "http://prom:9090")
    assert server.options == (("tenant", "t"),)
    assert promise.indicator.measure == "bad"


def test_services_of_one_file_are_specs_of_their_own():
    """Each with its own promises."""
    found = specs(slo(), slo("b", "cart"), slo("c"))

    by_service = {spec.service: [promise.name for promise in spec.queried] for spec in found}
    assert by_service == {"shop": ["a", "c"], "cart": ["b"]}


def test_sources_of_type_slogate_are_read_from_the_store():
    """As plain `good:`, or with the requests that count as events."""

    def stored(events: str) -> Any:
        return {"metricSource": {"type": "slogate", "spec": {"events": events, "endpoint": "/a"}}}

    [spec] = specs(
        slo("all", indicator={"metadata": {"name": "i"}, "spec": {
            "ratioMetric": {"good": stored("ok"), "total": stored("all")}}}),
        slo("some", indicator={"metadata": {"name": "i"}, "spec": {
            "ratioMetric": {"bad": stored("status == 500"), "total": stored("status != 404")}}}),
    )  # fmt: skip

    every, some = spec.promises
    assert (every.selection.success, every.events) == (Ok(), None)
    assert every.selection.endpoint == some.selection.endpoint == Endpoint.parse("/a")
    events = Comparison("status", "!=", 404)
    assert some.events == events
    assert some.selection.success == And(events, Not(Comparison("status", "==", 500)))


def test_annotations_hold_as_in_a_native_spec():
    """Of an SLO its minimum and its policy, of the Service its corrections."""
    down = "[{start: 2026-11-01T02:00Z, end: 2026-11-01T04:00Z, reason: upgrade}]"

    [spec] = specs(
        thing("Service", "shop", {}, annotations={"slogate.dev/corrections": down}),
        slo(notes={
            "slogate.dev/min_events": "100",
            "slogate.dev/policy": "[{remaining: 0%, message: Frozen., freeze: true}]",
        }),
    )  # fmt: skip

    [promise] = spec.queried
    assert (promise.min_events, promise.policy[0].freeze) == (100, True)
    assert [correction.reason for correction in promise.corrections] == ["upgrade"]


@pytest.mark.parametrize(
    "name", ["Check out", "<b>../é", "1e3", "null", "010", "a: b # c", "'", "- x", "x" * 100]
)
def test_any_name_survives_the_way_to_openslo(name):
    """What is no label there is told by an annotation, and the promise stands at its target."""
    slos = [
        {"name": name, "good": "ok", "objective": "99%", "window": "28d"},
        {"name": "other", "good": "not ok", "objective": "99%", "window": ["7d", "1d"]},
    ]
    native = {"slogate": 1, "service": "My Shop", "slos": slos}
    text = native_to_openslo([("a.yaml", json.dumps(native))]).texts["openslo"]

    [spec] = load_every([("b.yaml", text)])

    assert [p.id for p in spec.promises] == [
        f"My Shop/{name}/28d", "My Shop/other/7d", "My Shop/other/1d",
    ]  # fmt: skip
    assert {"target" in text.splitlines()[p.place.line - 1] for p in spec.promises} == {True}


def test_an_inline_source_of_v2alpha_is_asked():
    """The address stands where the query does."""
    source = {
        "dataSourceSpec": {"type": "prometheus", "connectionDetails": {"url": "http://p"}},
        "spec": {"query": "a_total"},
    }
    whole = slo()
    whole["apiVersion"] = "openslo.com/v2alpha"
    whole["spec"]["serviceRef"] = whole["spec"].pop("service")
    del whole["spec"]["indicator"]
    sli = {"ratioMetric": {"good": source, "total": source}}
    whole["spec"]["sli"] = {"metadata": {"name": "i"}, "spec": sli}

    [spec] = specs(whole)

    assert spec.unsupported == ()
    [promise] = spec.queried
    assert promise.indicator is not None
    assert promise.indicator.query.server.url == "http://p"


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        pytest.param(
            [slo(indicator=None, objectives=[
                {"target": 0.9, "indicator": {"metadata": {"name": "i"}, "spec": RATIO}},
                {"target": 0.8, "indicator": {"metadata": {"name": "j"}, "spec": RATIO}},
            ])],
            "a composite", id="composite",
        ),
        pytest.param([slo(objectives=[{"target": 0}])], "a target of 0", id="zero"),
        pytest.param(
            [slo(timeWindow=[{"duration": "30m", "isRolling": True}])], "under an hour", id="short"
        ),
        pytest.param(
            [slo(timeWindow=[{"duration": "11Y", "isRolling": True}])], "over ten years", id="long"
        ),
        pytest.param(
            [slo(indicator={"metadata": {"name": "i"}, "spec": {"thresholdMetric": {
                "metricSource": {"type": "Datadog", "spec": {"query": "x"}}}}},
                objectives=[{"target": 0.9, "op": "lt", "value": 1}])],
            "'datadog' cannot be asked", id="datadog",
        ),
        pytest.param(
            [thing("Service", "shop", {}, annotations={"slogate.dev/corrections": "never"}), slo()],
            "its annotation slogate.dev/corrections is not understood", id="annotation",
        ),
        pytest.param(
            [slo(notes={"slogate.dev/min_events": "few"})], "cannot be judged", id="note"
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_told_at_its_place(objects, said):
    """Valid OpenSLO that has no verdict is never left out in silence."""
    [spec] = specs(*objects, slo("good"))

    assert [fault.file for fault in spec.unsupported] == ["one.yaml"]
    [fault] = spec.unsupported
    assert said in fault.message
    assert fault.line > 1 or fault.path


def test_faults_of_both_formats_come_at_once():
    """A native file with a slip and a document with another: two faults, each with its file."""
    native = (
        "slogate: 1\nservice: cart\nslos: [{name: a, good: okay, objective: 99%, window: 28d}]\n"
    )
    broken = yaml.safe_dump(slo(objectives=[{"target": 1}]))

    with pytest.raises(SpecError) as raised:
        load_every([("native.yaml", native), ("open.yaml", broken)])

    assert {fault.file for fault in raised.value.faults} == {"native.yaml", "open.yaml"}


def test_names_taken_twice_in_two_formats_are_a_fault():
    """Their courses in the history would be one."""
    native = "slogate: 1\nservice: shop\nslos: [{name: a, good: ok, objective: 99%, window: 28d}]\n"

    with pytest.raises(SpecError, match="the id 'shop/a/28d' is already taken"):
        load_every([("native.yaml", native), ("open.yaml", yaml.safe_dump(slo()))])


def test_files_without_an_slo_are_refused():
    """There is nothing to judge, and that is no pass."""
    with pytest.raises(UsageError, match="no SLO"):
        specs(thing("Service", "shop", {}))


def test_rules_of_prometheus_are_refused():
    """They are made of specs, not specs."""
    with pytest.raises(UsageError, match=r"rules\.yaml: rules of Prometheus"):
        load_every([("rules.yaml", "groups: []\n")])


def test_files_of_sloth_and_pyrra_are_specs():
    """Each promise at the line where its SLO is named."""
    sloth = """version: prometheus/v1
service: shop
slos:
  - name: errors
    objective: 99.9
    sli: {events: {error_query: 'a_total', total_query: 'b_total'}}
    alerting: {page_alert: {disable: true}, ticket_alert: {disable: true}}
"""
    pyrra = """apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: cart}
spec:
  target: '99'
  window: 4w
  indicator: {ratio: {errors: {metric: 'a_total{code="500"}'}, total: {metric: a_total}}}
"""

    found = load_every([("sloth.yml", sloth), ("pyrra.yml", pyrra)])

    told = [(p.id, p.place.file, p.place.line) for spec in found for p in spec.queried]
    assert told == [("shop/errors/30d", "sloth.yml", 4), ("cart/cart/28d", "pyrra.yml", 3)]
