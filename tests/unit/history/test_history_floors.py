from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from builders import SECOND, objective, run
from histories import HOUR, judged

from slogate.errors import StoreError
from slogate.evaluate import judged_window
from slogate.history.floors import floors
from slogate.reports.json import document
from slogate.stats.proportion import Batch, design_effect

CLUMPED = [15, *[0] * 9]
EVEN = [2, 1, 2, 1, 2, 1, 2, 1, 2, 1]
OUT = {
    "failed": {"bad": 40},
    "aborted": {"state": "aborted"},
    "never closed": {"state": "running"},
    "shorter": {"seconds": 150},
    "another limit": {"line": "p95: 301ms"},
    "another percentile": {"line": "p99: 300ms"},
    "other failures": {"scope": {"failures": "drop"}},
    "another budget": {"scope": {"name": "other"}},
    "another service": {"service": "bank", "scope": {"service": "bank"}},
    "production": {"kind": "production"},
}


def floor_of(verdicts, *, at=100, seconds=200, **scope):
    """The floor of the objective on the run of that number."""
    start = run().start_ts + at * HOUR
    it = run(
        id=f"run-{at:03}", start_ts=start, ramped_ts=start + 2 * SECOND, stop_ts=None,
        end_ts=start + seconds * SECOND,
    )  # fmt: skip
    asked = objective("p95: 300ms", **scope)
    window = judged_window(it, asked.scope.warmup_us)
    found = floors([document(each) for each in verdicts], it, [(asked, window)])
    return found.get(asked.id)


def effect(bad):
    """The design effect of ten batches of a hundred requests."""
    return design_effect([Batch(total=100, bad=each) for each in bad]).measured


def test_the_floor_is_that_of_the_newest_ten():
    """Older ones no longer count, however they clumped."""
    old = [judged(number, 100, bad=CLUMPED) for number in range(5)]
    new = [judged(10 + number, 100, bad=EVEN) for number in range(10)]
    found = floor_of(old + new)

    assert found.runs == tuple(f"run-{number:03}" for number in range(19, 9, -1))
    assert found.value == pytest.approx(max(1, effect(EVEN)))
    assert floor_of(old).value == pytest.approx(effect(CLUMPED))


@pytest.mark.parametrize("change", [pytest.param(it, id=name) for name, it in OUT.items()])
def test_what_is_not_comparable_takes_no_place(change):
    """Fifty such runs in between neither count nor push the others out."""
    told = [judged(number, 100, bad=CLUMPED) for number in range(10)]
    between = [
        judged(20 + number, 100, **({"bad": [9, *[0] * 9]} | change)) for number in range(50)
    ]

    assert floor_of(told + between) == floor_of(told)
    assert floor_of(between) is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"seconds": 400}, id="longer"),
        pytest.param({"seconds": 192}, id="as long but for jitter"),
        pytest.param({"scope": {"warmup_us": 5 * SECOND}, "seconds": 205}, id="another warm-up"),
        pytest.param({"scope": {"confidence": Fraction(99, 100)}}, id="another confidence"),
        pytest.param({"scope": {"severity": "warn"}}, id="another severity"),
        pytest.param({"branch": "fix"}, id="another branch"),
    ],
)  # fmt: skip
def test_what_is_comparable_counts(change):
    """The same requests against the same limit, over at least as long."""
    assert floor_of([judged(number, 100, bad=CLUMPED, **change) for number in range(3)]) is not None


def test_a_run_that_was_judged_again_counts_once():
    """Judging it ten times makes it no ten runs."""
    verdicts = [judged(number, 100, bad=CLUMPED) for number in range(3)]
    again = [
        replace(judged(2, 100, bad=CLUMPED), id=f"again{number}") for number in range(10)
    ]  # fmt: skip

    assert floor_of(verdicts + again) == floor_of(verdicts)


def test_what_came_later_does_not_count():
    """A verdict on an old run is that of its time, whenever it is judged; its own counts not."""
    verdicts = [judged(number, 100, bad=CLUMPED) for number in range(6)]

    assert floor_of(verdicts, at=3).runs == ("run-002", "run-001", "run-000")
    assert floor_of(verdicts, at=0) is None


def test_too_few_bad_requests_are_no_history():
    """Nine bad requests say nothing of how they clump."""
    assert floor_of([judged(0, 100, bad=[9, *[0] * 9])]) is None
    assert floor_of([judged(0, 100, bad=[10, *[0] * 9])]) is not None


def test_the_order_of_reading_does_not_matter():
    """Nor does a copy of the store."""
    verdicts = [judged(n, 100, bad=CLUMPED if n % 3 else EVEN) for n in range(30)]

    assert floor_of(verdicts) == floor_of(verdicts[::-1])


def test_old_verdicts_count_as_far_as_they_tell():
    """Without a definition limit and endpoint must be the same."""
    documents = []
    for number in range(4):
        old = document(judged(number, 100, bad=CLUMPED, line=f"p95: {300 + number // 2}ms"))
        for key in ("definition", "revision"):
            del old["objectives"][0][key]
        documents.append(old)
    asked = objective("p95: 300ms")
    it = run(id="now", start_ts=run().start_ts + 10**12, end_ts=run().end_ts + 10**12,
             ramped_ts=run().ramped_ts + 10**12)  # fmt: skip
    found = floors(documents, it, [(asked, judged_window(it, 0))])

    assert found[asked.id].runs == ("run-001", "run-000")


def test_a_damaged_verdict_of_the_history_is_named():
    """The floor is never taken around a hole."""
    bad = document(judged(0, 100, bad=CLUMPED))
    bad["objectives"][0]["window"]["end"] = "soon"
    with pytest.raises(StoreError, match="is damaged"):
        floors([bad], run(id="x", start_ts=run().start_ts + HOUR), [
            (objective("p95: 300ms"), judged_window(run(), 0))
        ])  # fmt: skip
