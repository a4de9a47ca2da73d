"""OpenSLO documents: forms of streams, rules one by one, references across files."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from foreign import DATA
from hypothesis import given, settings
from hypothesis import strategies as st
from spec_strategies import TEXTS

from slogate.cli.docs import find_page, pages
from slogate.slo.openslo.durations import length_us, parse_shorthand, shorthand
from slogate.slo.openslo.profile import RULES, Profile
from slogate.slo.openslo.read import Documents, read_documents
from slogate.slo.writing import node_of, yaml_text

HEAD = {"apiVersion": "openslo/v1"}
SOURCE = {"metricSource": {"type": "prometheus", "spec": {"query": "up"}}}
TOTAL = {"metricSource": {"type": "prometheus", "spec": {"query": "all"}}}


def made(kind: str, name: str, spec: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    """An object of version 1."""
    return {**HEAD, "kind": kind, "metadata": {"name": name, **more}, "spec": spec}


def slo(*, objective: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """An SLO without fault, with these fields changed; None leaves one out."""
    whole = {
        "service": "shop",
        "indicator": {
            "metadata": {"name": "up"},
            "spec": {"ratioMetric": {"good": SOURCE, "total": TOTAL}},
        },
        "timeWindow": [{"duration": "28d", "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [{"target": 0.99} if objective is None else objective],
        **spec,
    }
    return made("SLO", "availability", {k: v for k, v in whole.items() if v is not None})


def read(*objects: Any, profile: Profile = "strict") -> Documents:
    """What is read from one file a object, as JSON."""
    files = [(f"{number}.json", json.dumps(each)) for number, each in enumerate(objects)]
    return read_documents(files, profile=profile)


def rules(*objects: Any, profile: Profile = "strict") -> list[tuple[str, str]]:
    """Rule and path of all that is found."""
    return [
        (remark.rule.removeprefix("openslo/"), remark.path)
        for remark in read(*objects, profile=profile).remarks
    ]


def vectors(name: str) -> list[Any]:
    """The cases of a file of vectors, none where it is absent."""
    file = DATA / "vectors" / name
    return json.loads(file.read_text())["cases"] if file.exists() else []


def test_an_slo_without_fault() -> None:
    """The base of the other tests is clean."""
    assert rules(slo()) == []


@pytest.mark.parametrize("case", vectors("openslo_durations.json"), ids=lambda case: case["in"])
def test_durations(case: dict[str, Any]) -> None:
    """Every case of the vectors: its length, or a refusal."""
    if "seconds" in case:
        assert length_us(case["in"]) == case["seconds"] * 1_000_000
        return
    with pytest.raises(ValueError, match="is no whole number followed by"):
        length_us(case["in"])


@pytest.mark.parametrize("text", ["1 m", "+1m", "1m junk", "0w", "", "١m", "1m\n", "999999999999m"])
def test_durations_that_the_reference_lets_pass(text: str) -> None:
    """What only a loose scan accepts is refused."""
    with pytest.raises(ValueError, match="is no whole number followed by"):
        parse_shorthand(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("4w", "28d", id="weeks are days"),
        pytest.param("90m", "90m", id="minutes"),
        pytest.param("120m", "2h", id="hours"),
    ],
)
def test_lengths_as_shorthand(text: str, written: str) -> None:
    """The largest unit without rest; what is shorter than minutes has none."""
    assert shorthand(length_us(text)) == written
    assert shorthand(length_us(text) + 1) is None


def _bounds(case: dict[str, Any]) -> dict[str, Any]:
    """The object that a case of the bounds speaks of."""
    field, value = case["field"], case.get("in")
    if field == "description":
        return slo(description="x" * case["len"])
    if field == "metadata.displayName":
        return made("Service", "shop", {}, displayName="x" * case["len"])
    if field == "timeWindow":
        window = {"duration": "28d", "isRolling": True}
        return slo(timeWindow=[window] * case["len"])
    if field == "calendar":
        calendar = {"startTime": "2026-01-01 00:00:00", "timeZone": "UTC"}
        window = {"duration": "1w", "isRolling": "true" in value}
        more = {} if "no calendar" in value else {"calendar": calendar}
        return slo(timeWindow=[{**window, **more}])
    if field == "target+targetPercent":
        both = {"target": 0.9, "targetPercent": 90}
        return slo(objective=both if value == "both" else {"displayName": "none"})
    if field == "timeSliceTarget":
        objective = {"target": 0.9, "timeSliceTarget": value, "timeSliceWindow": "1m"}
        return slo(objective=objective, budgetingMethod="Timeslices")
    more = {"target": 0.9} if field == "compositeWeight" else {}
    return slo(objective={field: value, **more})


@pytest.mark.parametrize(
    "case",
    vectors("openslo_bounds.json"),
    ids=lambda case: f"{case['field']} {case.get('in', case.get('len'))}",
)
def test_bounds(case: dict[str, Any]) -> None:
    """Every case of the vectors is valid or not as they say."""
    assert read(_bounds(case)).valid == bool(case["valid"])


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        pytest.param(slo(service=None), ("required", "spec.service"), id="no service"),
        pytest.param(slo(indicator=None), ("required", "spec"), id="no indicator"),
        pytest.param(
            slo(budgetingMethod="TimeSlices"), ("choice", "spec.budgetingMethod"), id="case"
        ),
        pytest.param(
            slo(budgetingMethod="RatioTimeslices"),
            ("slices", "spec.objectives[0].timeSliceWindow"),
            id="no slice",
        ),
        pytest.param(
            slo(objective={"targetPercent": 0.99}),
            ("percent", "spec.objectives[0].targetPercent"),
            id="percent as fraction",
        ),
        pytest.param(
            slo(objective={"target": "0.99"}), ("type", "spec.objectives[0].target"), id="text"
        ),
        pytest.param(
            slo(objective={"target": 0.99, "op": "lt"}),
            ("ratio-op", "spec.objectives[0].op"),
            id="op",
        ),
        pytest.param(
            slo(timeWindow=[{"duration": "1m", "isRolling": True}]),
            ("short-window", "spec.timeWindow[0].duration"),
            id="a minute for a month",
        ),
        pytest.param(
            slo(timeWindow=[{"duration": "1M", "isRolling": True}]),
            ("rolling-month", "spec.timeWindow[0].duration"),
            id="rolling month",
        ),
        pytest.param(slo(objectives=[]), ("count", "spec.objectives"), id="no objective"),
        pytest.param(slo(titel="x"), ("unknown-field", "spec.titel"), id="unknown field"),
        pytest.param(
            slo(alertPolicies=[{"alertPolicyRef": "page"}]),
            ("dangling-reference", "spec.alertPolicies[0].alertPolicyRef"),
            id="no such policy",
        ),
        pytest.param(
            made("Service", "shop", {}, annotations={"openslo.com/x": "y"}),
            ("reserved-prefix", "metadata.annotations.openslo.com/x"),
            id="reserved prefix",
        ),
        pytest.param(
            made("Service", "shop", {}, labels={"team": 1}),
            ("type", "metadata.labels.team"),
            id="a label that is a number",
        ),
        pytest.param(
            made("DataSource", "prom", {"type": "prometheus"}),
            ("required", "spec.connectionDetails"),
            id="no connection",
        ),
    ],
)
def test_a_rule(broken: dict[str, Any], found: tuple[str, str]) -> None:
    """One thing is wrong, and that is said, at its path."""
    assert rules(broken) == [found]


SLI = made("SLI", "up", {"ratioMetric": {"good": SOURCE, "total": TOTAL}})
THRESHOLD = made("SLI", "slow", {"thresholdMetric": SOURCE})
REFERRING = slo(indicator=None, indicatorRef="up")
CONDITION = made(
    "AlertCondition",
    "fast",
    {
        "severity": "page",
        "condition": {"kind": "burnrate", "op": "gt", "threshold": 14.4, "lookbackWindow": "1h"},
    },
)
TARGET = made("AlertNotificationTarget", "mail", {"target": "email"})
POLICY = made(
    "AlertPolicy",
    "page",
    {
        "alertWhenBreaching": True,
        "conditions": [{"conditionRef": "fast"}],
        "notificationTargets": [{"targetRef": "mail"}],
    },
)


def test_references_across_files() -> None:
    """All are resolved over the files together, whatever their order."""
    referring = slo(indicator=None, indicatorRef="up", alertPolicies=[{"alertPolicyRef": "page"}])

    assert rules(referring, POLICY, TARGET, CONDITION, SLI) == []


@pytest.mark.parametrize(
    ("objects", "path"),
    [
        pytest.param([REFERRING], "spec.indicatorRef", id="SLI"),
        pytest.param(
            [slo(indicator=None, objective={"target": 0.9, "indicatorRef": "up"})],
            "spec.objectives[0].indicatorRef",
            id="SLI of an objective",
        ),
        pytest.param(
            [slo(alertPolicies=[{"alertPolicyRef": "page"}])],
            "spec.alertPolicies[0].alertPolicyRef",
            id="policy",
        ),
        pytest.param([POLICY, TARGET], "spec.conditions[0].conditionRef", id="condition"),
        pytest.param([POLICY, CONDITION], "spec.notificationTargets[0].targetRef", id="target"),
        pytest.param(
            [
                made(
                    "SLI",
                    "up",
                    {
                        "thresholdMetric": {
                            "metricSource": {"metricSourceRef": "p", "spec": {"q": "x"}}
                        }
                    },
                )
            ],
            "spec.thresholdMetric.metricSource.metricSourceRef",
            id="data source",
        ),
    ],
)
def test_a_dangling_reference(objects: list[Any], path: str) -> None:
    """Each of the six kinds of reference is named where it leads to nothing."""
    assert rules(*objects) == [("dangling-reference", path)]


def test_names_taken_twice() -> None:
    """The second of two objects of one kind and name is a fault, with the place of the first."""
    found = read(REFERRING, SLI, SLI).remarks

    assert [(r.rule, r.file, r.message) for r in found] == [
        ("openslo/duplicate-name", "2.json", "the SLI 'up' is already there, at 1.json:1")
    ]


def test_what_is_referred_to_decides_on_op_and_value() -> None:
    """A threshold by reference needs both, a ratio by reference neither."""
    objective = {"target": 0.99, "op": "lt", "value": 5}

    assert rules(slo(indicator=None, indicatorRef="slow"), THRESHOLD) == [
        ("threshold", "spec.objectives[0].op"),
        ("threshold", "spec.objectives[0].value"),
    ]
    assert rules(slo(indicator=None, indicatorRef="slow", objective=objective), THRESHOLD) == []
    assert [
        rule
        for rule, _ in rules(
            {**REFERRING, "spec": {**REFERRING["spec"], "objectives": [objective]}}, SLI
        )
    ] == ["ratio-op", "ratio-op"]


def test_an_unused_object_is_told() -> None:
    """It is good to know, and no more."""
    found = read(slo(), SLI).remarks

    assert [(r.rule, r.severity) for r in found] == [("openslo/unused", "info")]


SERVICE = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: %s}\n"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param(SERVICE % "a", ["a"], id="one object"),
        pytest.param(f"{SERVICE % 'a'}---\n{SERVICE % 'b'}", ["a", "b"], id="a stream"),
        pytest.param(f"---\n---\n{SERVICE % 'a'}---\n", ["a"], id="empty documents"),
        pytest.param(json.dumps(made("Service", "a", None)), ["a"], id="JSON"),
        pytest.param(
            json.dumps([made("Service", "a", None), made("Service", "b", {})], indent="\t"),
            ["a", "b"],
            id="a JSON list with tabs",
        ),
        pytest.param(
            f"- {json.dumps(made('Service', 'a', {}))}\n---\n{SERVICE % 'b'}",
            ["a", "b"],
            id="a list, then an object",
        ),
        pytest.param(
            SERVICE % "a" + "spec:\n  description: |\n    x\n    ---\n    y\n",
            ["a"],
            id="a text with three dashes",
        ),
    ],
)
def test_forms(text: str, names: list[str]) -> None:
    """Streams, lists and JSON hold the same objects in their order."""
    documents = read_documents([("f", text)], profile="strict")

    assert documents.remarks == ()
    assert [entity.name for entity in documents.objects] == names


def test_a_kind_list_is_read_with_a_remark() -> None:
    """Kubernetes has such lists, OpenSLO does not: strictly an error, leniently a warning."""
    bundle = {"apiVersion": "v1", "kind": "List", "items": [made("Service", "a", {})]}
    lenient = read({"apiVersion": "openslo/v1", **bundle}, profile="lenient")

    assert rules(bundle) == [("list-kind", "")]
    assert ([e.name for e in lenient.objects], lenient.valid) == (["a"], True)


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        pytest.param("", 1, 1, "the file holds no object", id="empty"),
        pytest.param("- 5\n", 1, 3, "an object is expected, not the number 5", id="no object"),
        pytest.param(
            f"{SERVICE % 'a'}---\nkind: [\n", 6, 1, "a value is missing here", id="broken stream"
        ),
        pytest.param(
            f"{SERVICE % 'a'}kind: SLO\n", 4, 1, "'kind' is written twice, first at 2:1", id="twice"
        ),
        pytest.param(
            f"{SERVICE % 'a'}spec: {{description: *x}}\n",
            4,
            21,
            "there is no anchor &x",
            id="alias",
        ),
    ],
)
def test_form_is_held(text: str, line: int, column: int, said: str) -> None:
    """Faults of form have their place and do not hide what stands before them."""
    found = read_documents([("f", text)], profile="strict").remarks[-1]

    assert (found.line, found.column, found.message) == (line, column, said)


def test_times_are_texts() -> None:
    """A start without quotes is not taken for a date, a wrong one is refused."""
    calendar = "startTime: 2022-01-01 12:00:00, timeZone: Europe/Berlin"
    text = json.dumps(slo(timeWindow=["@"])).replace(
        '"@"', "{duration: 1w, isRolling: false, calendar: {%s}}"
    )

    def found(written: str) -> list[str]:
        return [r.rule for r in read_documents([("f", text % written)], profile="strict").remarks]

    assert found(calendar) == []
    assert found(calendar.replace("01-01", "02-30")) == ["openslo/start-time"]
    assert found(calendar.replace("Berlin", "Bielefeld")) == ["openslo/time-zone"]


def test_the_manual_has_every_rule_with_its_severities() -> None:
    """The table of the page is the table of the code."""
    rows = {
        rule: (row[2].strip(), row[3].strip())
        for row in (
            line.replace("\\|", "").split("|")
            for line in find_page(pages(), "openslo").text.splitlines()
        )
        if len(row) > 4
        for rule in re.findall(r"`([a-z-]+)`", row[1])
    }

    assert rows == {name: (rule.strict, rule.lenient) for name, rule in RULES.items()}


def test_lenient_is_never_stricter() -> None:
    """No rule is graver in the lenient profile than in the strict one."""
    grave = ["info", "warning", "error"]

    assert [
        name for name, rule in RULES.items() if grave.index(rule.lenient) > grave.index(rule.strict)
    ] == []


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_any_text_is_read(text: str) -> None:
    """Whatever stands in a file, there are remarks and never an exception."""
    found = read_documents([("f", text)], profile="strict")

    assert found.objects or found.remarks


BROKEN = ("null", "[]", "{}", "1e999", "1e-99999999", '"', "x: y", "true", "-1", "~", "'", "string")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_objects_are_read(data: st.DataObject) -> None:
    """A value replaced, a line lost or repeated: remarks, never an exception."""
    text = "---\n".join(yaml_text(node_of(each)) for each in (REFERRING, SLI, CONDITION, POLICY))
    lines = text.splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    value = data.draw(st.sampled_from(BROKEN))
    kept, after = lines[number].partition(":")[0], data.draw(st.sampled_from([0, 1, 2]))
    damaged = [*lines[:number], f"{kept}: {value}", *lines[number + after :]]

    for profile in ("strict", "lenient"):
        assert read_documents([("f", "\n".join(damaged))], profile=profile).remarks is not None
