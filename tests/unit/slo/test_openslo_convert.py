"""Conversion of specs: what is kept, what is believed, Sloth and Pyrra."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import yaml
from foreign import DATA

from slogate.errors import SpecError
from slogate.slo.convert import native_to_openslo, natives_of, openslo_to_native, stream_of
from slogate.slo.convert_foreign import foreign_to_native
from slogate.slo.convert_words import label, native_window, percent_of, same, share_of, window_of
from slogate.slo.openslo.read import read_documents
from slogate.slo.openslo.upgrade import upgraded
from slogate.stats.burn_rate import workbook
from slogate.units import parse_duration, parse_share

NATIVE = """\
slogate: 1
service: Corner shop
owner: us
slos:
  - name: fast
    endpoint: POST /order
    good: ok and duration <= 400ms
    objective: 99.50%
    window: 1h30m
    min_events: 100
    policy: [{remaining: 0%, message: stop, freeze: true}]
"""


def openslo(native: str) -> list[dict[str, Any]]:
    """The objects that a native text becomes."""
    text = native_to_openslo([("f", native)]).texts["openslo"]
    return list(yaml.safe_load_all(text))


def native(stream: str) -> dict[str, Any]:
    """The one native file that a stream becomes."""
    documents = read_documents([("f", stream)], profile="lenient")
    (text,) = openslo_to_native(documents).texts.values()
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_what_openslo_says_and_what_is_annotated() -> None:
    """Fields where there are fields; annotations for the rest and for other spellings."""
    service, slo = openslo(NATIVE)

    assert service["metadata"] == {
        "name": label("Corner shop"),
        "annotations": {"slogate.dev/owner": "us", "slogate.dev/service": "Corner shop"},
    }
    assert slo["metadata"] == {
        "name": "fast",
        "annotations": {
            "slogate.dev/objective": "99.50%",
            "slogate.dev/window": "1h30m",
            "slogate.dev/min_events": "100",
            "slogate.dev/policy": "[{remaining: 0%, message: stop, freeze: true}]",
        },
    }
    assert slo["spec"]["timeWindow"] == [{"duration": "90m", "isRolling": True}]
    assert slo["spec"]["objectives"] == [{"target": 0.995}]
    good = slo["spec"]["indicator"]["spec"]["ratioMetric"]["good"]["metricSource"]
    assert good == {
        "type": "slogate",
        "spec": {"endpoint": "POST /order", "events": "ok and duration <= 400ms"},
    }


def test_an_edited_field_is_believed_and_its_note_is_not() -> None:
    """Whoever changes the target of the OpenSLO file gets the new one."""
    text = native_to_openslo([("f", NATIVE)]).texts["openslo"]
    found = native(text.replace("target: 0.995", "target: 0.9"))["slos"][0]

    assert found["objective"] == "90%"
    assert found["min_events"] == 100


SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: up, displayName: Up and running}
spec:
  service: shop
  indicatorRef: ratio
  timeWindow: [{duration: 1M, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: good, targetPercent: 99.90}, {displayName: fair, target: 0.9}]
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: ratio}
spec:
  ratioMetric:
    good: {metricSource: {type: prometheus, spec: {query: a}}}
    total: {metricSource: {type: prometheus, spec: {query: b}}}
"""


def test_an_slo_of_several_objectives_and_a_reference() -> None:
    """An SLO each, the indicator at its place, the rest kept."""
    found = native(SLO)

    assert [slo["name"] for slo in found["slos"]] == ["up: good", "up: fair"]
    assert [slo["objective"] for slo in found["slos"]] == ["99.9%", "90%"]
    assert {slo["window"] for slo in found["slos"]} == {"30d"}
    assert found["slos"][0]["indicator"]["good"] == {"type": "prometheus", "spec": {"query": "a"}}
    assert [kept["kind"] for kept in found["openslo"]] == ["SLI"]


def test_an_edited_native_slo_is_believed_and_what_was_kept_is_not() -> None:
    """The kept `targetPercent` and `1M` give way to what is written by hand."""
    documents = read_documents([("f", SLO)], profile="lenient")
    (text,) = openslo_to_native(documents).texts.values()
    back = openslo(text.replace("objective: 99.9%", "objective: 95%"))

    assert [each["spec"]["objectives"] for each in back if each["kind"] == "SLO"] == [
        [{"displayName": "good", "target": 0.95}],
        [{"displayName": "fair", "target": 0.9}],
    ]


def test_a_composite_is_kept_whole_and_told() -> None:
    """What has no words natively comes back as it was."""
    composite = (
        SLO.replace("  indicatorRef: ratio\n", "")
        .replace("displayName: good", "indicatorRef: ratio")
        .replace("displayName: fair", "indicatorRef: ratio")
    )
    documents = read_documents([("f", composite)], profile="lenient")
    assert documents.valid, documents.remarks
    converted = openslo_to_native(documents)

    assert converted.notes == ("the SLO 'up' cannot be said natively: kept as it is",)


@pytest.mark.parametrize("name", ["getting-started.yml", "kubernetes-apiserver.yml"])
@pytest.mark.skipif(not DATA.exists(), reason="the real files are not here")
def test_openslo_of_sloth_comes_back(name: str) -> None:
    """v1alpha is brought to version 1, and that comes back whole."""
    text = (DATA / "sloth" / f"openslo-{name}").read_text()
    documents = read_documents([(name, text)], profile="strict")
    objects = [each for entity in documents.objects for each in upgraded(entity)]
    back = [each for made in natives_of(objects) for each in stream_of(made)]

    assert len(back) == len(objects)
    assert all(same(*pair) for pair in zip(back, objects, strict=True))


def test_inline_sources_of_v2alpha_become_data_sources() -> None:
    """Words of version 1, and an object for each inline source."""
    text = """\
apiVersion: openslo.com/v2alpha
kind: SLO
metadata: {name: up, labels: {a.example/team: x, tier: y}}
spec:
  serviceRef: shop
  sli:
    metadata: {name: up}
    spec:
      thresholdMetric:
        dataSourceSpec: {type: prometheus, connectionDetails: {url: http://x}}
        spec: {query: q}
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{op: lt, value: 1, target: 0.9}]
"""
    (entity,) = read_documents([("f", text)], profile="strict").objects
    slo, source = upgraded(entity)

    assert slo["metadata"] == {
        "name": "up", "labels": {"tier": "y"}, "annotations": {"a.example/team": "x"},
    }  # fmt: skip
    assert source["metadata"]["name"] == "up-thresholdmetric"
    assert slo["spec"]["indicator"]["spec"]["thresholdMetric"]["metricSource"] == {
        "metricSourceRef": "up-thresholdmetric", "type": "prometheus", "spec": {"query": "q"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "window",
    [
        "28d",
        "4w",
        {"calendar": "month", "timezone": "UTC"},
        {"calendar": "week", "timezone": "Europe/Berlin"},
        {"every": "2w", "start": "2026-01-05 09:00:00", "timezone": "UTC"},
    ],
)
def test_windows_come_back(window: Any) -> None:
    """Rolling, of the calendar, and from a moment on."""
    assert native_window(window_of(window)) == window


@pytest.mark.parametrize(
    ("percent", "share"),
    [("99.5%", "0.995"), ("50%", "0.5"), ("0.001%", "0.00001"), ("100%", "1")],
)
def test_shares_are_exact(percent: str, share: str) -> None:
    """Decimals there and back, never a float."""
    assert (share_of(percent), percent_of(share)) == (share, percent)


def sloth(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A spec of Sloth, and the native one that it becomes."""
    text = (DATA / "sloth" / name).read_text()
    (made,) = foreign_to_native([(name, text)]).texts.values()
    return yaml.safe_load(text), yaml.safe_load(made)


@pytest.mark.parametrize(
    "name", ["getting-started.yml", "home-wifi.yml", "kubernetes-apiserver.yml"]
)
@pytest.mark.skipif(not DATA.exists(), reason="the real files are not here")
def test_sloth_files(name: str) -> None:
    """Objectives and queries are those of the file, labels and alerts are kept."""
    spec, made = sloth(name)

    assert (made["service"], made.get("labels")) == (spec["service"], spec.get("labels"))
    for before, after in zip(spec["slos"], made["slos"], strict=True):
        events = before["sli"]["events"]
        indicator = after["indicator"]
        assert after["name"] == before["name"]
        assert parse_share(after["objective"]) == Fraction(str(before["objective"])) / 100
        assert indicator["bad"]["spec"]["query"] == events["error_query"]
        assert indicator["total"]["spec"]["query"] == events["total_query"]
        assert (after["window"], after["alerts"]) == ("30d", "google")
        kept = after["openslo"]["metadata"]
        assert yaml.safe_load(kept["annotations"]["sloth.dev/alerting"]) == before["alerting"]
        assert kept.get("labels") == before.get("labels")


@pytest.mark.skipif(not DATA.exists(), reason="the real files are not here")
def test_google_means_the_windows_of_sloth() -> None:
    """The pairs of windows in the rules that Sloth writes are those of `alerts: google`."""
    rules = (DATA / "sloth/_gen/getting-started.yml").read_text()
    written = {f"sloth_window: {word}" for word in ("5m", "30m", "1h", "2h", "6h", "1d", "3d")}
    pairs = workbook(parse_duration("30d"))
    windows = {us for pair in pairs for us in (pair.long_us, pair.short_us)}

    assert all(word in rules for word in written)
    assert windows == {parse_duration(word.split()[1]) for word in written}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("pageAlert: {}", "unknown key 'pageAlert'", id="a key that Sloth drops"),
        pytest.param("name: x}\n    objectiv: {a: 1", "unknown key 'objectiv'", id="a slip"),
    ],
)
def test_faults_of_sloth_specs(text: str, said: str) -> None:
    """What Sloth drops in silence is a fault with its place."""
    spec = (
        "version: prometheus/v1\nservice: s\nslos:\n  - name: a\n    objective: 99\n"
        f"    sli: {{events: {{error_query: e, total_query: t}}}}\n    alerting: {{{text}}}\n"
    )
    with pytest.raises(SpecError, match=said):
        foreign_to_native([("f", spec)])


def test_a_resource_of_sloth_with_half_its_alerts() -> None:
    """The Kubernetes spelling; what is disabled is left out."""
    spec = """\
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: x}
spec:
  service: s
  slos:
    - name: a
      objective: 99.0
      sli: {raw: {errorRatioQuery: e}}
      alerting: {name: A, pageAlert: {disable: true}, ticketAlert: {}}
"""
    (made,) = foreign_to_native([("f", spec)]).texts.values()
    (slo,) = yaml.safe_load(made)["slos"]

    assert slo["indicator"] == {
        "raw": {"type": "prometheus", "spec": {"query": "e"}}, "raw_type": "failure",
    }  # fmt: skip
    assert [pair["severity"] for pair in slo["alerts"]] == ["ticket", "ticket"]


PYRRA = """\
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: api, namespace: web, labels: {team: a}}
spec:
  target: "99.5"
  window: 4w
  indicator:
    latency:
      success: {metric: 'd_bucket{le="1"}'}
      total: {metric: d_count}
      grouping: [route]
  alerting: {absent: false}
"""


def test_pyrra() -> None:
    """Selectors stay as they are; the SLO is of the service that is given."""
    (made,) = foreign_to_native([("f", PYRRA)], service="shop").texts.values()
    found = yaml.safe_load(made)

    assert found["service"] == "shop"
    assert found["slos"] == [
        {
            "name": "api",
            "indicator": {
                "good": {
                    "type": "prometheus",
                    "spec": {"metric": 'd_bucket{le="1"}', "grouping": ["route"]},
                },
                "total": {
                    "type": "prometheus",
                    "spec": {"metric": "d_count", "grouping": ["route"]},
                },
                "counter": True,
            },
            "objective": "99.5%",
            "window": "4w",
            "alerts": "google",
            "openslo": {
                "metadata": {
                    "labels": {"team": "a"},
                    "annotations": {
                        "pyrra.dev/namespace": "web",
                        "pyrra.dev/alerting": "{absent: false}",
                    },
                }
            },
        }
    ]


def test_pyrra_with_a_target_as_a_fraction() -> None:
    """The commonest slip is named with what was meant."""
    with pytest.raises(SpecError, match=r"from 0 to 100 \(99\.5\), not from 0 to 1 \(0\.995\)"):
        foreign_to_native([("f", PYRRA.replace("99.5", "0.995"))])


def test_alerts_out_of_reach_are_left_out_and_told() -> None:
    """At 50% no traffic burns 14.4 times as fast; the SLO is converted without them."""
    converted = foreign_to_native([("f", PYRRA.replace("99.5", "50"))])
    (made,) = converted.texts.values()

    assert "alerts" not in yaml.safe_load(made)["slos"][0]
    assert converted.notes[0].startswith("the alerts of 'api' are left out: ")
