"""A verdict that passes never hides another that was made beside it."""

from __future__ import annotations

import pytest

from slogate.cli.production import named, newest_of

CODES = {"pass": 0, "fail": 1}


def document(run: str, outcome: str, end: str = "2026-11-26T21:50:00Z", service: str = "shop"):
    """A stored verdict on production."""
    code = CODES.get(outcome, 3)
    return {
        "run": {"id": f"production-{run}", "end": end, "service": service},
        "outcome": outcome,
        "exit_code": code,
    }


@pytest.mark.parametrize("order", [1, -1], ids=["first", "last"])
@pytest.mark.parametrize(
    ("slos", "composed", "shown"),
    [
        ("fail", "pass", ""),
        ("pass", "fail", "-composed"),
        ("no_data", "inconclusive", ""),
        ("fail", "no_data", ""),
    ],
)
def test_the_worst_of_one_check_is_meant(slos, composed, shown, order):
    """Whichever was stored last; the other is named."""
    both = [document("20261126-2150", slos), document("20261126-2150-composed", composed)]
    found, beside = newest_of(both[::order])

    assert found["run"]["id"] == f"production-20261126-2150{shown}"
    assert len(beside) == 1
    assert beside[0] in named(beside)


def test_what_was_judged_anew_counts_as_it_was_judged_last():
    """At one moment, and at a later one."""
    first = document("20261126-2150", "fail")
    again = document("20261126-2150", "pass")
    later = document("20261126-2210", "inconclusive", end="2026-11-26T22:10:00Z")

    assert newest_of([first, again]) == (again, [])
    assert newest_of([later, first, again]) == (later, [])


def test_others_and_long_gone_verdicts_are_no_part_of_it():
    """Of another service, or of a promise that nobody has judged for days."""
    old = document("20261101-0000-composed", "fail", end="2026-11-01T00:00:00Z")
    other = document("20261126-2100-queried", "fail", "2026-11-26T21:00:00Z", "cart")
    mine = document("20261126-2150", "pass")

    assert newest_of([old, other, mine]) == (mine, [])
    assert newest_of([document("x", "pass", end="unknown")])[1] == []
