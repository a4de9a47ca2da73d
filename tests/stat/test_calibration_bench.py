"""The bench that measures false alarms can tell a good rule from a bad one; its page shows it.

Few repeats with a fixed seed, so bounds are wide; the figures of the manual come from many.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1] / "benchmarks" / "calibration"
FEW = 80


@cache
def bench(name: str):
    """A file of the bench, which is no package."""
    if str(HERE) not in sys.path:
        sys.path.append(str(HERE))
    return __import__(name)


@cache
def gate() -> dict[str, dict]:
    """The rules on a few runs a process."""
    names = ["independent", "AR(1) 0.5", "bursts"]
    return {row["process"]: row for row in bench("gate_rules").measure(FEW, 3, None, names)}


@pytest.mark.parametrize("process", ["AR(1) 0.5", "bursts"])
def test_the_gate_is_told_from_rules_that_are_wrong(process):
    """At the limit ours fails few, the i.i.d. interval many, the point rule half."""
    row = gate()[process]

    assert row["slogate, with history|1|fail"] <= 0.09
    assert row["i.i.d. interval|1|fail"] >= 0.15
    assert 0.3 <= row["point rule (k6, Gatling)|1|fail"] <= 0.7


def test_independent_requests_are_no_trouble_for_any_interval():
    """Where the i.i.d. interval is right the bench does not call it wrong."""
    row = gate()["independent"]

    assert row["i.i.d. interval|1|fail"] <= 0.1
    assert row["slogate, first run|0.5|pass"] >= 0.97
    assert row["slogate, first run|2|fail"] >= 0.97


def test_a_base_is_told_from_itself():
    """Raw Mann-Whitney calls unchanged builds slower, turns side by side do not."""
    (row,) = bench("compare_rules").measure(20, 3, ["AR(1) 0.9"])

    assert row["slogate, side by side|same"] <= 0.05
    assert row["Mann-Whitney, raw requests (Kayenta)|same"] >= 0.2


def test_steps_are_found_and_quiet_courses_left_alone():
    """The rank scan; a point rule of 10% finds its noise."""
    rows = {row["process"]: row for row in bench("history_rules").measure(6, 3)}
    quiet = rows["independent"]

    assert quiet["slogate|same"] == 0
    assert quiet["slogate|found"] >= 0.8
    assert quiet["over 10% (point rule)|same"] >= 0.5


def test_the_page_has_the_tables_of_the_stored_results():
    """What the manual shows is what was measured, to the digit."""
    tables = bench("tables")
    stored = tables.stored(HERE / "results")
    text = tables.PAGE.read_text(encoding="utf-8")

    assert [found["section"] for found in stored] == list(tables.HEADINGS)
    for found in stored:
        assert tables.placed(text, found) == text, found["section"]


def test_another_result_changes_the_page():
    """The comparison above can fail."""
    tables = bench("tables")
    found = tables.stored(HERE / "results")[0]
    rows = [{**row, "slogate, first run|1|fail": 0.5} for row in found["rows"]]
    text = tables.PAGE.read_text(encoding="utf-8")

    assert tables.placed(text, {**found, "rows": rows}) != text
