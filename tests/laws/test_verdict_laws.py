from __future__ import annotations

from builders import evidence, objective, run, spec, subject
from hypothesis import assume, given
from hypothesis import strategies as st

from slogate.evaluate import Floor, judge
from slogate.model.run import Reconciliation
from slogate.verdict import Outcome

counts = st.lists(st.integers(0, 200), min_size=10, max_size=10)
lines = st.sampled_from(["p50: 300ms", "p95: 300ms", "p99: 300ms", "errors: 1%", "errors: 10%"])
policies = st.sampled_from(["block", "warn", "pass"])


def verdict(line, totals, bads, floor=None, it=None, **scope):
    """Judge one objective on batches of (total, bad)."""
    one = objective(line, **scope)
    floors = {} if floor is None else {one.id: Floor(value=floor, runs=("r0",))}
    return judge([spec(one)], subject(it), {one.id: evidence(bads, totals)}, floors, "0")


@given(line=lines, totals=counts, share=st.lists(st.floats(0, 1), min_size=10, max_size=10))
def test_more_bad_requests_never_turn_a_breach_into_a_pass(line, totals, share):
    """Whatever the batches, making every request bad never ends better by exit code."""
    bads = [int(total * part) for total, part in zip(totals, share, strict=True)]
    before = verdict(line, totals, bads)
    assume(before.exit_code == 1)

    after = verdict(line, totals, totals)

    assert after.exit_code == 1


@given(
    line=lines,
    total=st.integers(1, 500),
    bad=st.integers(0, 500),
    more=st.integers(0, 500),
    deff=st.floats(1, 100),
)
def test_at_a_fixed_design_effect_more_bad_never_improves(line, total, bad, more, deff):
    """Even batches have no measured design effect, so the floor is the one used."""
    bad, more = min(bad, total), min(bad + more, total)
    order = [Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.FAIL]

    first = verdict(line, [total] * 10, [bad] * 10, deff).findings[0].outcome
    second = verdict(line, [total] * 10, [more] * 10, deff).findings[0].outcome

    assume(Outcome.NO_DATA not in {first, second})
    assert order.index(second) >= order.index(first)


@given(line=lines, on_inconclusive=policies)
def test_dropping_all_data_never_passes(line, on_inconclusive):
    """No request, no pass, unless a policy for absence says so in writing."""
    it = verdict(line, [0] * 10, [0] * 10, on_inconclusive=on_inconclusive)

    assert (it.findings[0].outcome, it.exit_code) == (Outcome.NO_DATA, 3)


@given(line=lines, totals=counts, order=st.permutations(range(10)))
def test_the_order_of_the_batches_changes_nothing(line, totals, order):
    """The interval knows no order of time."""
    bads = [total // 7 for total in totals]

    before = verdict(line, totals, bads).findings[0]
    after = verdict(line, [totals[i] for i in order], [bads[i] for i in order]).findings[0]

    assert (before.outcome, before.good_share) == (after.outcome, after.good_share)


@given(line=lines, totals=counts, lost=st.integers(1, 100))
def test_a_run_with_lost_rows_never_passes(line, totals, lost):
    """Whatever was counted, one lost row is enough."""
    it = run(rows=Reconciliation(seen=1_000 + lost, written=1_000))

    assert verdict(line, totals, [0] * 10, it=it).exit_code != 0


@given(line=lines, totals=counts, floor=st.floats(1, 1_000))
def test_a_floor_never_turns_no_pass_into_a_pass(line, totals, floor):
    """History can only make us less sure."""
    bads = [total // 30 for total in totals]
    assume(verdict(line, totals, bads).exit_code != 0)

    assert verdict(line, totals, bads, floor).exit_code != 0
