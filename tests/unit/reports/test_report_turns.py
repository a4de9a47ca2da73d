"""Tests in turns and early stops in every report, whatever names they hold; and damaged ones."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from verdict_examples import finding, verdict

from slogate import plugins
from slogate.errors import StoreError
from slogate.reports.json import document, parse

ODD = "GET /<script>alert(1)</script>|`*_[x](http://y)\u202e"
LINE = {
    "endpoint": ODD, "key": "p95", "outcome": "pass", "budget": 0.1, "unit": "ms", "base": 40.0,
    "head": 50.0, "change": 0.25, "change_interval": [0.1, 0.4], "pairs": 20, "moved": "worse",
    "reason": "so",
}  # fmt: skip
POINT = {"quantile": 0.5, "change": 0.25, "change_interval": [0.1, 0.4]}
TURNS = {
    "base": "./base", "base_run": "r1-base", "seed": 1, "slice_seconds": 1.0, "settle_seconds": 0.2,
    "pairs": 20, "notes": [], "lines": [LINE],
    "shifts": [{"endpoint": ODD, "points": [POINT, {**POINT, "quantile": 0.99}]}],
}  # fmt: skip
BOUNDS = {
    "id": "shop/submit/p95", "outcome": "pass", "alpha": 0.001, "observed": 0.99,
    "interval": [0.97, 0.999], "required": 0.95,
}  # fmt: skip
EARLY = {
    "max_seconds": 60.0, "min_seconds": 0.0, "stopped": True, "after_seconds": 20.0,
    "reason": "stopped after 20 s", "looks": [
        {"look": 1, "share": 0.3, "after_seconds": 20.0, "objectives": [BOUNDS]}
    ],
}  # fmt: skip
FOUND = replace(verdict(finding()), interleaved=TURNS, early_stop=EARLY)


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_changes_and_looks_are_told_and_names_stay_names(name):
    """The change with its interval, what is sure of it, the bounds; no markup of a name's."""
    told = plugins.find("reports", name).render(FOUND)

    assert "Head against base, in 20 pairs of slices" in told
    assert "+25%" in told
    assert "+10% to +40%" in told
    assert "slower for sure" in told
    assert "topped after 20 s" in told
    assert "1% bad (0.1%–3%), 5% allowed" in told
    assert "\u202e" not in told
    if name != "text":
        assert "<script>alert" not in told
    if name == "markdown":
        assert "](http://" not in told


def test_the_document_is_read_back_as_it_was():
    """With all that was shown and not judged."""
    assert parse(document(FOUND)) == FOUND


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("interleaved", "lines", 0, "change_interval"), [1]),
        (("interleaved", "lines", 0, "change"), "much"),
        (("interleaved", "lines", 0, "unit"), "miles"),
        (("interleaved", "shifts", 0, "points", 0, "change_interval"), [None, 1]),
        (("interleaved", "lines"), None),
        (("interleaved",), [1]),
        (("early_stop", "looks", 0, "objectives", 0, "alpha"), None),
        (("early_stop", "looks", 0, "share"), True),
        (("early_stop", "reason"), 1),
    ],
)
def test_a_damaged_document_is_refused(where, value):
    """No report is drawn of what no verdict says."""
    damaged = copy.deepcopy(document(FOUND))
    inner = damaged
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value

    with pytest.raises(StoreError):
        parse(damaged)
