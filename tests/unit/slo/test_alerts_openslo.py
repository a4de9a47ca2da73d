"""Alert policies of OpenSLO as native alerts, and alerts by factor or of a single window."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
import yaml

from slogate.errors import SpecError
from slogate.slo.convert import native_to_openslo, openslo_to_native
from slogate.slo.load import load_specs
from slogate.slo.openslo.read import read_documents
from slogate.stats.burn_rate import Pair

HOUR = 3_600_000_000
ROLLING = {"duration": "28d", "isRolling": True}
CALENDAR = {
    "duration": "1M", "isRolling": False,
    "calendar": {"startTime": "2024-01-01 00:00:00", "timeZone": "UTC"},
}  # fmt: skip
CONDITION = {"kind": "burnrate", "op": "gt", "threshold": 14.4, "lookbackWindow": "1h"}


def policy(name: str = "fast", severity: str = "page", when: dict | None = None, **asked) -> dict:
    """An alert policy with its condition inline."""
    return {
        "kind": "AlertPolicy",
        "metadata": {"name": name},
        "spec": {
            **({"alertWhenBreaching": True} if when is None else when),
            "conditions": [
                {"kind": "AlertCondition", "metadata": {"name": f"{name}-c"},
                 "spec": {"severity": severity, "condition": {**CONDITION, **asked}}}
            ],
            "notificationTargets": [{"targetRef": "oncall"}],
        },
    }  # fmt: skip


def slo(*policies: dict, window: dict = ROLLING, targets: tuple[float, ...] = (0.99,)) -> dict:
    """An SLO of the store with these policies."""
    stored = {"metricSource": {"type": "slogate", "spec": {"events": "ok"}}}
    total = {"metricSource": {"type": "slogate", "spec": {"events": "all"}}}
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": "avail"},
        "spec": {
            "service": "shop",
            "indicator": {
                "metadata": {"name": "avail"},
                "spec": {"ratioMetric": {"good": stored, "total": total}},
            },
            "timeWindow": [window],
            "budgetingMethod": "Occurrences",
            "objectives": [
                {"displayName": f"o{n}", "target": target} for n, target in enumerate(targets)
            ],
            "alertPolicies": [*policies],
        },
    }


TARGET = {"apiVersion": "openslo/v1", "kind": "AlertNotificationTarget",
          "metadata": {"name": "oncall"}, "spec": {"target": "chat"}}  # fmt: skip


def converted(*objects: dict):
    """The native file of the objects, and the notes."""
    text = "---\n".join(json.dumps(each) + "\n" for each in (*objects, TARGET))
    found = openslo_to_native(read_documents([("o.yaml", text)], profile="lenient"))
    return found.texts["shop"], found.notes


def promised(text: str) -> list[tuple[Pair, ...]]:
    """The pairs of each promise of a native file."""
    return [promise.alerts for spec in load_specs([("n.yaml", text)]) for promise in spec.promises]


def back(text: str) -> list[dict]:
    """The OpenSLO objects of a native file."""
    stream = native_to_openslo([("n.yaml", text)]).texts["openslo"]
    return [*yaml.safe_load_all(stream)]


def ordered(data: dict) -> str:
    """Data in one order of keys."""
    return json.dumps(data, sort_keys=True)


def test_a_policy_that_says_the_same_is_an_alert():
    """The burn rate of its one window, to exceed exactly, by the threshold."""
    text, notes = converted(
        slo(policy(), policy("slow", "ticket", threshold=1, lookbackWindow="3d"))
    )

    ((fast, slow),) = promised(text)
    assert (fast.factor(28 * 24 * HOUR), slow.factor(28 * 24 * HOUR)) == (Fraction("14.4"), 1)
    assert (fast.long_us, fast.short_us, fast.severity) == (HOUR, HOUR, "page")
    assert (slow.long_us, slow.severity) == (72 * HOUR, "ticket")
    assert notes == ()


def test_references_are_followed():
    """A policy and a condition that stand elsewhere say the same as inline ones."""
    whole = {"apiVersion": "openslo/v1", **policy()}
    condition = {"apiVersion": "openslo/v1", **whole["spec"]["conditions"][0]}
    whole["spec"]["conditions"] = [{"conditionRef": condition["metadata"]["name"]}]
    objects = (slo({"alertPolicyRef": "fast"}), whole, condition)

    text, notes = converted(*objects)

    assert promised(text) == promised(converted(slo(policy()))[0])
    assert notes == ()
    assert sorted(map(ordered, back(text))) == sorted(map(ordered, [*objects, TARGET]))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"op": "gte"}, "op gte has no word"),
        ({"op": "lt"}, "op lt has no word"),
        ({"alertAfter": "5m"}, "alertAfter has no word"),
        ({"threshold": 100}, "no traffic can set it off"),
        ({"threshold": 250}, "no traffic can set it off"),
        ({"lookbackWindow": "29d"}, "further than the window"),
        ({"lookbackWindow": "1M"}, "no fixed length"),
        ({"when": {"alertWhenNoData": True}}, "alertWhenBreaching"),
    ],
    ids=lambda it: str(it)[:40],
)
def test_what_cannot_be_said_is_kept_and_told(changed, why):
    """No alert, a note that says why, nothing lost, and the SLO is judged nevertheless."""
    given = slo(policy(**changed))

    text, notes = converted(given)

    assert promised(text) == [()]
    assert [why in note for note in notes] == [True]
    assert back(text) == [given, TARGET]


def test_a_calendar_window_has_no_fixed_factor():
    """The burn rate of a share changes with the month; the policy is kept."""
    given = slo(policy(), window=CALENDAR)

    text, notes = converted(given)

    assert promised(text) == [()]
    assert "calendar" in notes[0]
    assert back(text) == [given, TARGET]


def test_each_objective_has_what_it_can_reach():
    """Of two objectives the looser one can never burn as fast: both are judged, nothing is lost."""
    given = slo(policy(), targets=(0.99, 0.9))

    text, notes = converted(given)

    assert [len(alerts) for alerts in promised(text)] == [1, 0]
    assert ["no traffic" in note for note in notes] == [True]
    assert back(text) == [given, TARGET]


def test_an_edited_alert_is_believed():
    """Whoever changes the native alert is right: the policy of old is left out, others stay."""
    text, _ = converted(slo(policy(), policy("waits", alertAfter="5m")))

    (changed, *_) = back(text.replace("factor: 14.4", "factor: 10"))

    assert "factor: 10" in changed["metadata"]["annotations"]["slogate.dev/alerts"]
    names = [each["metadata"]["name"] for each in changed["spec"]["alertPolicies"]]
    assert names == ["waits"]


NATIVE = "slogate: 1\nservice: shop\nslos:\n  - {name: a, good: ok, objective: 99%%, %s}\n"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("window: 28d, alerts: [{long: 1h}]", "'budget' is missing"),
        ("window: 28d, alerts: [{budget: 2%, factor: 3, long: 1h}]", "in two ways"),
        ("window: {calendar: month, timezone: UTC}, alerts: [{factor: 3, long: 1h}]", "calendar"),
        ("window: 28d, alerts: [{factor: 0, long: 1h}]", "over 0"),
        ("window: 28d, alerts: [{factor: 1e3, long: 1h}]", "like 14.4"),
        ("window: 28d, alerts: [{factor: 100, long: 1h}]", "never fire"),
        ("window: 28d, alerts: [{factor: 3, long: 1h, short: 1h}]", "not shorter"),
    ],
)
def test_alerts_that_mean_nothing_are_refused(line, told):
    """Neither or both of budget and factor, a factor that changes, one that is never exceeded."""
    with pytest.raises(SpecError, match=told):
        load_specs([("n.yaml", NATIVE % line)])


def test_a_factor_is_exact():
    """A third of a window: no decimal share of the budget says it, the factor does."""
    (((pair,)),) = promised(NATIVE % "window: 7d, alerts: [{factor: 14.4, long: 9h}]")

    assert pair.factor(7 * 24 * HOUR) == Fraction("14.4")
    assert pair.share == Fraction("14.4") * 9 / (7 * 24)
