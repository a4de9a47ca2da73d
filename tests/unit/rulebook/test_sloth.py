"""Our rules beside those that Sloth writes for the same specs: the same windows and factors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from foreign import DATA, needs_data
from promtool import check_rules

from slogate.cli.rulespecs import read_asked
from slogate.rulebook.book import book
from slogate.rulebook.groups import prometheus_text

SPECS = ("getting-started", "home-wifi", "kubernetes-apiserver")
_SIDE = re.compile(r"ratio(?:_rate)?(\d+[mhd])\{[^}]*\} > (\([\d.e* -]+\)|[\d.e-]+)")


def rules_of(text: str) -> list[dict[str, Any]]:
    """All rules of a file, in order."""
    documents = filter(None, yaml.safe_load_all(text))
    return [rule for each in documents for group in each["groups"] for rule in group["rules"]]


def pairs(rule: dict[str, Any]) -> list[tuple[str, str, float]]:
    """The long window, the short one and the share of errors that both must exceed, ascending."""
    sides = [(window, _product(limit)) for window, limit in _SIDE.findall(rule["expr"])]
    found = zip(sides[::2], sides[1::2], strict=True)
    ordered = [sorted(pair, key=lambda side: _minutes(side[0])) for pair in found]
    assert all(short[1] == long[1] for short, long in ordered)
    return sorted((long[0], short[0], long[1]) for short, long in ordered)


def _product(text: str) -> float:
    one, _, other = text.strip("()").partition("*")
    return float(one) * (float(other) if other else 1)


def _minutes(window: str) -> int:
    return int(window[:-1]) * {"m": 1, "h": 60, "d": 1440}[window[-1]]


def burning(rules: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The alerts on burn rates."""
    return (rule for rule in rules if " > " in rule.get("expr", "") and "alert" in rule)


@pytest.fixture(name="both", params=SPECS)
def _both(request) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str]:
    needs_data()
    folder: Path = DATA / "sloth"
    asked, _ = read_asked([folder / f"{request.param}.yml"], recursive=False, service=None)
    text = prometheus_text(book(asked, None))
    golden = (folder / "_gen" / f"{request.param}.yml").read_text(encoding="utf-8")
    return rules_of(text), rules_of(golden), text


def test_windows_and_factors(both):
    """Each alert of Sloth's is there, with its windows, and its limits to the noise of floats."""
    ours, theirs, _ = both
    mine, golden = list(burning(ours)), list(burning(theirs))

    assert len(mine) == len(golden) > 0
    for own, other in zip(mine, golden, strict=True):
        for (*windows, limit), (*wanted, expected) in zip(pairs(own), pairs(other), strict=True):
            assert windows == wanted
            assert limit == pytest.approx(expected, rel=1e-9)


def test_names_and_labels(both):
    """Alerts are named and labelled as the spec has it for Sloth."""
    ours, theirs, _ = both
    for own, other in zip(burning(ours), burning(theirs), strict=True):
        wanted = {k: v for k, v in other["labels"].items() if not k.startswith("sloth_")}

        assert own["alert"] == other["alert"]
        assert wanted.items() <= own["labels"].items()
        said = {k: v for k, v in other["annotations"].items() if k not in {"title", "summary"}}
        assert said.items() <= own["annotations"].items()


def test_promtool_takes_them(both, system_program, tmp_path: Path):
    """What is made of Sloth's specs are rules."""
    program = system_program("promtool", package="prometheus")

    assert check_rules(program, tmp_path, both[2]) == ""


@pytest.mark.parametrize("name", ["openslo-getting-started", "openslo-kubernetes-apiserver"])
def test_openslo(name: str):
    """OpenSLO of Sloth's asks for no alerts and gets none; its SLOs are recorded over as much."""
    needs_data()
    asked, _ = read_asked([DATA / "sloth" / f"{name}.yml"], recursive=False, service=None)
    golden = rules_of((DATA / "sloth" / "_gen" / f"{name}.yml").read_text(encoding="utf-8"))
    mine = rules_of(prometheus_text(book(asked, None)))

    assert not [rule for rule in (*mine, *golden) if "alert" in rule]
    assert recorded(mine) == [window for window in recorded(golden) if window != "30d"]


def recorded(rules: list[dict[str, Any]]) -> list[str]:
    """The windows over which shares of errors are recorded, of all SLOs."""
    found = (re.search(r":ratio(?:_rate)?(\d+[mhd])$", rule["record"]) for rule in rules)
    return sorted(window[1] for window in found if window is not None)
