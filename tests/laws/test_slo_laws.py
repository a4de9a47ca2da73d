"""Laws of SLOs: what never improves an outcome, and what changes nothing, through the engine."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from builders import PLACE
from hypothesis import given, settings
from hypothesis import strategies as st
from series_strategies import START, parts, row

from slogate.engines import duckdb
from slogate.model.calendar import Rolling
from slogate.model.predicate import And, Comparison, Ok
from slogate.model.selection import Endpoint, Selection
from slogate.promises.judge import Known, judge_sums
from slogate.promises.promise import Promise, plan
from slogate.promises.surveys import survey_of
from slogate.verdict import WORST_LAST, Outcome

MINUTE = 60_000_000
AT = (START // MINUTE + 60) * MINUTE
# each example opens a database
few = settings(max_examples=15, deadline=None)

PROMISES = st.sampled_from([
    {"budgeting": "occurrences"},
    {"budgeting": "timeslices", "slice_us": 5 * MINUTE, "slice_objective": Fraction(9, 10)},
    {"budgeting": "ratio_timeslices", "slice_us": MINUTE},
    {"budgeting": "timeslices", "slice_us": MINUTE, "empty": "good"},
]).map(
    lambda more: Promise(
        service="shop", name="ok", place=PLACE, objective=Fraction(4, 5), window_text="1h",
        window=Rolling(length_us=60 * MINUTE),
        selection=Selection(success=And(Ok(), Comparison("duration", "<=", 200))), **more,
    )
)  # fmt: skip
ROWS = st.lists(
    st.tuples(st.integers(0, 59), st.integers(1, 400), st.booleans(), st.sampled_from("ab")),
    max_size=25,
)


def rows(events, shift=0):
    """Requests in the hour before the moment."""
    start = AT - 60 * MINUTE - START + shift
    return [
        row(start + minute * MINUTE, took, ok=ok, endpoint=name, labels=[("region", name)])
        for minute, took, ok, name in events
    ]


def found(promise, *groups, at=AT):
    """The findings on rows in parts of their own."""
    made = plan(promise, at)
    with tempfile.TemporaryDirectory() as folder:
        paths = parts(Path(folder), *groups)
        with duckdb.PLUGIN.reading(paths) as series:
            summed = series.survey([survey_of(made)], dict.fromkeys(paths, 0))
    return judge_sums(made, summed[promise.id], Known())


def said(findings):
    """What was found and how the budgets stand."""
    return [(each.outcome, each.budget) for each in findings]


@few
@given(promise=PROMISES, events=ROWS, more=ROWS)
def test_more_bad_requests_never_improve_an_outcome(promise, events, more):
    """Whatever is added, if all of it is bad, and however the budget is reckoned."""
    minutes = {minute for minute, *_ in events}
    bad = [(minute, 500, False, name) for minute, _, _, name in more]
    if promise.slice_us:  # a slice of its own is one more to be bad
        bad = [each for each in bad if each[0] in minutes]

    (before,), (after,) = found(promise, rows(events)), found(promise, rows([*events, *bad]))

    if before.outcome is not Outcome.NO_DATA:
        assert WORST_LAST.index(after.outcome) >= WORST_LAST.index(before.outcome)


@few
@given(promise=PROMISES, events=ROWS, cut=st.integers(0, 25), days=st.integers(-900, 900))
def test_splitting_and_shifting_change_nothing(promise, events, cut, days):
    """Neither how requests lie in parts nor when all of it happened."""
    later = days * 1_440 * MINUTE
    whole = said(found(promise, rows(events)))

    assert said(found(promise, rows(events[:cut]), rows(events[cut:]))) == whole
    assert said(found(promise, rows(events, later), at=AT + later)) == whole


@few
@given(promise=PROMISES, events=ROWS)
def test_renaming_changes_nothing(promise, events):
    """Other words for endpoints and labels, in the spec and in the data, have the same budgets."""
    names = {"a": "/été %_*", "b": "'; --"}
    other = [(*event[:3], names[event[3]]) for event in events]

    def of(word):
        only = replace(promise.selection, endpoint=Endpoint(method=None, name=word))
        return replace(promise, selection=only)

    for name, word in (("a", "/été %_*"), ("b", "'; --")):
        assert said(found(of(word), rows(other))) == said(found(of(name), rows(events)))
    before = {each.id: said([each]) for each in found(replace(promise, by="region"), rows(events))}
    after = {each.id: said([each]) for each in found(replace(promise, by="region"), rows(other))}
    renamed = {f"shop/ok/1h/{names.get(key[-1])}": each for key, each in before.items()}
    assert after == (renamed if events else before)


@few
@given(promise=PROMISES, events=ROWS)
def test_dropping_all_data_never_passes(promise, events):
    """Nor does a window that lies beside all of it."""
    beside = AT + 66 * MINUTE  # a window of slices begins up to a slice earlier

    for outcome in (found(promise)[0].outcome, found(promise, rows(events), at=beside)[0].outcome):
        assert outcome is Outcome.NO_DATA
