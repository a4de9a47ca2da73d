"""What the store knows of earlier verdicts: the base, the course, and what is none of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from verdict_examples import finding, verdict

from slogate.reports.json import document
from slogate.store.layout import open_store
from slogate.store.verdicts import write_verdict
from slogate.talk.past import past_of

HOUR = 3_600_000_000


def judged(hour, observed, *, branch="main", name=None, **changes):
    """A verdict on a run of that hour."""
    found = verdict(finding(observed=observed, interval=None))
    end = found.subject.run.end_ts + hour * HOUR
    run = replace(
        found.subject.run, id=name or f"r{hour}", branch=branch, end_ts=end, **changes
    )  # fmt: skip
    key = hashlib.sha256(repr((hour, observed, run)).encode()).hexdigest()[:16]
    return replace(found, id=key, subject=replace(found.subject, run=run))


@pytest.fixture(name="store")
def _store(tmp_path):
    """A store that keeps what it is given."""
    store = open_store(tmp_path / ".slogate", create=True)

    def keep(*found):
        for each in found:
            write_verdict(store, each.id, document(each))
        return store

    return keep


def course(past):
    """The values that the sparkline begins with."""
    return list(past.courses.get("shop/checkout/p95", ()))


def test_the_base_is_the_newest_of_its_branch(store):
    """By when the run ended, not by when it was judged; later runs are no past."""
    kept = store(judged(2, 22.0), judged(1, 11.0), judged(9, 99.0), judged(3, 33.0, branch="x"))
    past = past_of(kept, judged(4, 44.0, branch="x"), "main")

    assert (past.name, past.base.subject.run.id, course(past)) == ("main", "r2", [11.0, 22.0])
    assert past.before.subject.run.id == "r3"


def test_without_a_base_it_is_the_run_before(store):
    """Of the own branch, else of any."""
    kept = store(judged(1, 11.0), judged(2, 22.0, branch="y"))

    own = past_of(kept, judged(4, 44.0), "release")
    other = past_of(kept, judged(4, 44.0, branch="x"), None)

    assert (own.name, own.base.subject.run.id) == ("before", "r1")
    assert (other.base.subject.run.id, other.before) == ("r2", None)


def test_a_run_counts_as_it_was_judged_last(store):
    """And has one point of the course."""
    kept = store(judged(1, 11.0), judged(1, 12.0))

    assert course(past_of(kept, judged(4, 44.0), None)) == [12.0]


def test_what_is_of_something_else_is_no_past(store):
    """Another service, production, composites beside slos, the verdict's own run."""
    moment = {"kind": "production", "name": "production-20261101-0400"}
    kept = store(
        judged(1, 1.0, service="cart"),
        judged(1, 2.0, kind="production", name="production-20261101-0100"),
        judged(1, 3.0, kind="production", name="production-20261101-0100-composed"),
        judged(2, 4.0, name="r4"),
    )

    assert course(past_of(kept, judged(4, 44.0, name="r4"), None)) == []
    assert course(past_of(kept, judged(4, 44.0, **moment), None)) == [2.0]
    moment["name"] += "-composed"
    assert course(past_of(kept, judged(4, 44.0, **moment), None)) == [3.0]


def test_a_damaged_verdict_is_no_past(store):
    """Neither one that is no JSON, nor one that only looks whole: the one before it is taken."""
    kept = store(judged(1, 11.0), judged(2, 22.0))
    (kept.verdicts / "odd.json").write_text("{")
    (newest,) = [path for path in kept.verdicts.glob("*.json") if '"id": "r2"' in path.read_text()]
    newest.write_text(newest.read_text().replace('"total": ', '"total": -'))

    past = past_of(kept, judged(4, 44.0), None)

    assert (past.base.subject.run.id, course(past)) == ("r1", [11.0])


def test_only_the_last_of_a_long_past_are_read(store):
    """The course has so many points, and no more."""
    kept = store(*(judged(hour, float(hour + 1)) for hour in range(20)))

    assert course(past_of(kept, judged(30, 1.0), None)) == [float(n) for n in range(14, 21)]


def test_no_store_is_no_past():
    """A document can be told of without one."""
    past = past_of(None, verdict(finding()), "main")

    assert (past.base, past.before, dict(past.courses)) == (None, None, {})
