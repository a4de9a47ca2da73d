"""A revision follows what an objective means, never how or where it is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from spec_strategies import SPECS

from slogate.model.definition import revision
from slogate.objectives import _definition as of_budgets
from slogate.objectives._base import Objective, Scope
from slogate.promises import definition as of_slos
from slogate.promises.promise import Promise
from slogate.slo.load import load_specs
from slogate.units import parse_duration

BUDGET = {"name": "submit", "endpoint": "POST /checkout", "p95": "300ms"}
SLO = {
    "name": "latency", "endpoint": "POST /checkout", "good": "ok and duration <= 400ms",
    "objective": "99.5%", "window": "28d",
}  # fmt: skip
TIMES = {"p95", "p50", "max", "mean", "warmup", "slice", "window", "long", "short"}
SHARES = {"errors", "confidence", "objective", "slice_objective", "remaining", "budget"}


def dumped(spec: dict[str, Any], *, flow: bool = False) -> str:
    """The spec as YAML in which each key is on a line of its own, or all are on one."""
    return yaml.safe_dump(
        spec, sort_keys=False, allow_unicode=True, width=10**6, default_flow_style=flow
    )


def revisions(text: str, file: str = "slo/shop.yaml") -> dict[str, str]:
    """The revision of each objective of a spec, by id."""
    (spec,) = load_specs([(file, text)])
    return {
        **{each.id: revision(of_budgets.definition_of(each)) for each in spec.objectives},
        **{each.id: revision(of_slos.definition_of(each)) for each in spec.promises},
    }


def only(room: str, entry: dict[str, Any], **top: Any) -> str:
    """The revision of the one objective of a spec."""
    (found,) = revisions(
        dumped({"slogate": 1, "service": "shop", **top, room: [entry]})
    ).values()  # fmt: skip
    return found


def rewritten(value: Any, key: str = "") -> Any:
    """The same spec with keys in the other order, durations in µs, per cents with zeros."""
    if isinstance(value, dict):
        return {key: rewritten(value[key], key) for key in reversed(value)}
    if isinstance(value, list):
        return [rewritten(each, key) for each in value]
    if isinstance(value, str) and (key in TIMES or key.startswith("p9")):
        return f"{parse_duration(value)}us"
    if isinstance(value, str) and key in SHARES and value.endswith("%"):
        return f"{Decimal(value[:-1]):.6f} %"
    return value


@given(SPECS, st.booleans())
def test_another_spelling_is_no_new_revision(spec, flow):
    """Order of keys, style, comments, file and spelling of values change nothing."""
    lines = dumped(rewritten(spec), flow=flow).splitlines()
    again = "# rewritten\n" + "".join(f"{line}\n# so it is\n" for line in lines)

    assert revisions(again, "other/file.yaml") == revisions(dumped(spec))


def test_another_spelling_of_slos_is_no_new_revision():
    """Nor does it of slos; lengths are one length however they are written."""
    slo = {
        **SLO, "budgeting": "timeslices", "slice": "1m", "slice_objective": "95%",
        "where": {"region": "eu", "tier": 1},
        "policy": [{"remaining": "25%", "message": "Slow down."},
                   {"remaining": "0%", "message": "Stop.", "freeze": True}],
    }  # fmt: skip
    spec = {"slogate": 1, "service": "shop", "slos": [slo]}
    again = rewritten(spec)
    again["slos"][0] |= {"window": "4w", "slice": "60s", "good": "duration <= 0.4s and ok"}

    assert revisions(dumped(again)) == revisions(dumped(spec))
    assert list(revisions(dumped(spec))) == ["shop/latency/28d"]


def test_a_percentile_has_one_id_however_it_is_written():
    """`p95.0` is `p95`, so that its history goes on."""
    spec = {
        "slogate": 1,
        "service": "shop",
        "budgets": [{"name": "a", "p95.0": "1s", "p99.90": "2s"}],
    }

    assert list(revisions(dumped(spec))) == ["shop/a/p95", "shop/a/p99.9"]


MEANING_OF_BUDGETS = {
    "limit": {"p95": "301ms"},
    "endpoint": {"endpoint": "GET /checkout"},
    "any method": {"endpoint": "/checkout"},
    "where": {"where": {"region": "eu"}},
    "ok": {"ok": "status < 400"},
    "warmup": {"warmup": "1s"},
    "confidence": {"confidence": "99%"},
    "failures": {"failures": "drop"},
    "judge": {"judge": "observed"},
}
NO_MEANING_OF_BUDGETS = {
    "severity": {"severity": "warn"},
    "on_inconclusive": {"on_inconclusive": "warn"},
    "on_no_data": {"on_no_data": "pass"},
    "waive": {"waive": {"until": "2026-12-01", "reason": "known"}},
    "defaults written out": {"warmup": "0s", "confidence": "95%", "failures": "slow",
                             "judge": "interval"},
    "success as it is": {"ok": "ok"},
    "empty filter": {"where": {}},
}  # fmt: skip
MEANING_OF_SLOS = {
    "objective": {"objective": "99.51%"},
    "good": {"good": "ok and duration <= 401ms"},
    "endpoint": {"endpoint": "GET /checkout"},
    "where": {"where": {"region": "eu"}},
    "window": {"window": "30d"},
    "calendar": {"window": {"calendar": "month", "timezone": "UTC"}},
    "by": {"by": "region"},
    "min_events": {"min_events": 100},
    "freeze": {"policy": [{"remaining": "0%", "message": "Stop.", "freeze": True}]},
}
SLICES = {"budgeting": "timeslices", "slice": "1m", "slice_objective": "95%"}
MEANING_OF_SLICES = {
    "budgeting": {"budgeting": "ratio_timeslices", "slice_objective": None},
    "slice": {"slice": "2m"},
    "slice_objective": {"slice_objective": "96%"},
    "empty_slices": {"empty_slices": "bad"},
}
NO_MEANING_OF_SLOS = {
    "description": {"description": "for people"},
    "severity": {"severity": "warn"},
    "on_no_data": {"on_no_data": "pass"},
    "alerts": {"alerts": "google"},
    "message": {"policy": [{"remaining": "25%", "message": "Slow down."}]},
    "min_events of one": {"min_events": 1},
}


def named(table: dict[str, Any]) -> Any:
    """A row a case."""
    return pytest.mark.parametrize(
        "change", [pytest.param(change, id=name) for name, change in table.items()]
    )


@named(MEANING_OF_BUDGETS)
def test_what_a_budget_means_is_in_its_revision(change):
    """Whoever changes that has another objective."""
    assert only("budgets", {**BUDGET, **change}) != only("budgets", BUDGET)


@named(NO_MEANING_OF_BUDGETS)
def test_what_changes_no_outcome_of_a_budget_is_not_in_its_revision(change):
    """The history goes on."""
    assert only("budgets", {**BUDGET, **change}) == only("budgets", BUDGET)


@named(MEANING_OF_SLOS)
def test_what_an_slo_means_is_in_its_revision(change):
    """Whoever changes that has another objective."""
    assert only("slos", {**SLO, **change}) != only("slos", SLO)


@named(MEANING_OF_SLICES)
def test_what_slices_mean_is_in_the_revision(change):
    """Slices and how they are counted belong to the objective."""
    sliced = {**SLO, **SLICES}
    other = {key: value for key, value in {**sliced, **change}.items() if value is not None}

    assert len({only("slos", each) for each in (SLO, sliced, other)}) == 3


@named(NO_MEANING_OF_SLOS)
def test_what_changes_no_outcome_of_an_slo_is_not_in_its_revision(change):
    """The history goes on."""
    assert only("slos", {**SLO, **change}) == only("slos", SLO)


def test_the_file_s_own_words_count_where_they_matter():
    """`ok:` and `defaults:` of a file are part of each objective, owner and labels are not."""
    same = only("budgets", BUDGET, owner="payments", labels={"tier": "1"})

    assert same == only("budgets", BUDGET)
    assert only("budgets", BUDGET, ok="status < 400") != same
    assert only("budgets", BUDGET, defaults={"warmup": "5s"}) != same
    assert only("slos", SLO, ok="status < 400") != only("slos", SLO)


def test_downtime_starts_no_revision():
    """Corrections are facts about the time, not about what was promised."""
    downtime = {"start": "2026-11-01T02:00Z", "end": "2026-11-01T04:00Z", "reason": "upgrade"}

    assert only("slos", SLO, corrections=[downtime]) == only("slos", SLO)


@pytest.mark.parametrize(
    ("line", "setting", "matters"),
    [
        pytest.param({"errors": "1%"}, {"confidence": "99%"}, True, id="share"),
        pytest.param({"errors": "1%"}, {"failures": "drop"}, False, id="failures counted"),
        pytest.param({"errors": "0%"}, {"confidence": "99%"}, False, id="a fact"),
        pytest.param({"max": "5s"}, {"confidence": "99%"}, False, id="max is a fact"),
        pytest.param({"max": "5s"}, {"failures": "drop"}, False, id="max is of all"),
        pytest.param({"throughput": "5/s"}, {"judge": "observed"}, False, id="throughput"),
        pytest.param({"mean": "1s"}, {"failures": "drop"}, True, id="mean"),
    ],
)
def test_what_a_kind_does_not_look_at_does_not_count(line, setting, matters):
    """A default for percentiles starts no revision of a fact."""
    budget = {"name": "a", **line}

    assert (only("budgets", {**budget, **setting}) != only("budgets", budget)) is matters


def fields() -> Iterator[str]:
    """All fields that decide what an objective means."""
    for noun, unsaid in (
        (Objective, {"key", "text", "place", "scope"}),
        (Scope, of_budgets.UNSAID),
        (Promise, of_slos.UNSAID),
    ):
        yield from {field.name for field in dataclasses.fields(noun)} - unsaid


def test_every_field_was_thought_of():
    """A field that is added means something until its room says that it changes no outcome."""
    assert set(fields()) == {
        "kind", "limit", "quantile", "selection", "failures", "warmup_us", "confidence", "judge",
        "objective", "window", "budgeting", "slice_us", "slice_objective", "empty", "by",
        "min_events", "policy", "events", "indicator", "components",
    }  # fmt: skip
