"""Sloth's golden rules beside what the same spec means here: windows, factors, queries."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest
import yaml
from foreign import DATA, needs_data

from slogate.promises.promise import Promise
from slogate.slo.every import load_every
from slogate.units import parse_duration

GOLDEN = DATA / "sloth" / "_gen"
NAMES = (
    "getting-started.yml", "home-wifi.yml", "kubernetes-apiserver.yml",
    "openslo-getting-started.yml", "openslo-kubernetes-apiserver.yml",
)  # fmt: skip
_BURNS = re.compile(r"ratio_rate(\w+)\{[^}]*\} > \(([\d.]+) \* ([\d.]+)\)")
by_name = pytest.mark.parametrize("name", NAMES)


def both(name: str) -> tuple[dict[str, list[dict[str, Any]]], list[Promise]]:
    """The golden rules by their SLO, in order, and our promises of the spec."""
    needs_data()
    rules: dict[str, list[dict[str, Any]]] = {}
    for document in yaml.safe_load_all((GOLDEN / name).read_text()):
        for group in document["groups"]:
            of = re.sub("^sloth-slo-(sli-recordings|meta-recordings|alerts)-", "", group["name"])
            rules.setdefault(of, []).extend(group["rules"])
    specs = load_every([(name, (DATA / "sloth" / name).read_text())])
    return rules, [promise for spec in specs for promise in spec.queried]


@by_name
def test_objectives_are_those_of_the_rules(name: str) -> None:
    """One SLO for one, over 30 days, with the same objective but for the noise of floats."""
    rules, promises = both(name)

    written = [
        round(Fraction(re.sub(r"vector\((.*)\)", r"\1", rule["expr"])), 9)
        for some in rules.values()
        for rule in some
        if rule.get("record") == "slo:objective:ratio"
    ]
    assert [promise.objective for promise in promises] == written
    assert {promise.window_text for promise in promises} == {"30d"}


@by_name
def test_queries_are_those_of_the_rules(name: str) -> None:
    """What Sloth records over five minutes is what we ask, with the window in its place."""
    rules, promises = both(name)

    for some, promise in zip(rules.values(), promises, strict=True):
        [five] = [r["expr"] for r in some if r.get("record") == "slo:sli_error:ratio_rate5m"]
        assert promise.indicator is not None
        for _, query in promise.indicator.queries:
            assert query.text.replace("{{.window}}", "5m") in five


@by_name
def test_burn_rates_are_those_of_the_rules(name: str) -> None:
    """The same pairs of windows, each with the same share of bad events to exceed."""
    rules, promises = both(name)

    for some, promise in zip(rules.values(), promises, strict=True):
        text = "\n".join(rule["expr"] for rule in some if "alert" in rule)
        theirs = {
            (parse_duration(window), Fraction(factor) * round(Fraction(budget), 9))
            for window, factor, budget in _BURNS.findall(text)
        }
        period = promise.period(10**16).length_us
        ours = {
            (us, pair.factor(period) * (1 - promise.objective))
            for pair in promise.alerts
            for us in (pair.long_us, pair.short_us)
        }
        assert ours == theirs
