"""Production as a subject: the moment, the runs, what is wrong with them; and the laws of SLOs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from builders import PLACE
from hypothesis import given
from hypothesis import strategies as st

from slogate.model.calendar import Rolling
from slogate.model.run import Reconciliation, Run
from slogate.model.selection import Selection
from slogate.model.slots import Tally
from slogate.model.survey import Sums, condense
from slogate.promises.production import (
    EVERYTHING,
    Production,
    newest_end,
    reaching,
    surveys,
    verdict_of,
)
from slogate.promises.promise import Promise, plan
from slogate.promises.surveys import survey_of
from slogate.verdict import Outcome, Verdict

MINUTE = 60_000_000
DAY = 1_440 * MINUTE
AT = 1_793_491_200_000_000
PROMISE = Promise(
    service="shop", name="ok", selection=Selection(), place=PLACE, objective=Fraction(99, 100),
    window=Rolling(length_us=DAY), window_text="1d",
)  # fmt: skip
RUN = Run(
    id="r1", service="shop", kind="production", state="complete", start_ts=AT - 2 * DAY,
    end_ts=AT - 1, parts=("series/requests/x.parquet",), rows=Reconciliation(seen=9, written=9),
)  # fmt: skip
STEPPED = replace(RUN, parts=("series/histograms/x.parquet",))


@pytest.mark.parametrize(
    ("run", "end", "expected"),
    [
        pytest.param(RUN, AT - 1, AT, id="a start within a minute"),
        pytest.param(RUN, AT, AT + MINUTE, id="a start at its beginning"),
        pytest.param(STEPPED, AT, AT, id="a step that ends with a minute"),
        pytest.param(STEPPED, AT - 1, AT, id="a step that ends within"),
        pytest.param(replace(STEPPED, rolled_up=9), AT, AT + MINUTE, id="rolled up"),
    ],
)
def test_the_moment_is_the_end_of_the_newest_minute(run, end, expected):
    """No request is left out, and no minute added."""
    assert newest_end([replace(run, end_ts=end), replace(run, end_ts=end - DAY)]) == expected


def test_without_runs_there_is_no_moment():
    """Nor with runs that have no rows."""
    assert newest_end([]) is None
    assert newest_end([replace(RUN, end_ts=None)]) is None


def test_runs_that_reach_into_the_time_are_taken():
    """Neither those before what is counted nor those after the moment; oldest first."""
    since = plan(PROMISE, AT).since
    old = replace(RUN, id="old", start_ts=since - 9, end_ts=since - 1)
    touching = replace(RUN, id="touching", start_ts=since - 9, end_ts=since)
    late = replace(RUN, id="late", start_ts=AT, end_ts=AT + 9)

    found = reaching([RUN, late, touching, old], [plan(PROMISE, AT)])

    assert [run.id for run in found] == ["touching", "r1"]


def judged(*runs: Run, bad: int = 0) -> Verdict:
    """The verdict on a hundred requests of the last minute."""
    made = plan(PROMISE, AT)
    last = made.slots.count - 1
    tallies = {None: (Tally(last, last, 100, 100 - bad, 100 - bad),)}
    production = Production(service="shop", at=AT, runs=runs)
    surveyed = {
        PROMISE.id: condense(survey_of(made), tallies),
        EVERYTHING: {None: Sums((Tally(0, 0, 100, 100, 100),))},
    }
    return verdict_of(production, [made], surveyed, specs={"ab" * 32: "slogate: 1"}, version="0")


@pytest.mark.parametrize(
    ("changes", "bad", "outcome"),
    [
        pytest.param({}, 0, Outcome.PASS, id="whole"),
        pytest.param({"state": "running"}, 0, Outcome.PASS, id="followed"),
        pytest.param({"state": "incomplete"}, 0, Outcome.INVALID, id="incomplete"),
        pytest.param({"state": "interrupted"}, 2, Outcome.FAIL, id="interrupted, and bad"),
        pytest.param(
            {"rows": Reconciliation(seen=9, written=8)}, 0, Outcome.INVALID, id="rows lost"
        ),
        pytest.param({"untold": ("failures",)}, 0, Outcome.INCONCLUSIVE, id="failures untold"),
        pytest.param({"untold": ("failures",)}, 2, Outcome.FAIL, id="failures untold, and bad"),
        pytest.param(
            {"rows": Reconciliation(seen=9, written=9, unreadable=2)},
            0,
            Outcome.INCONCLUSIVE,
            id="rows unread that could break it",
        ),
        pytest.param(
            {"rows": Reconciliation(seen=9, written=9, unreadable=1)},
            0,
            Outcome.PASS,
            id="a row unread that could not",
        ),
        pytest.param(
            {"rows": Reconciliation(seen=9, written=9, unreadable=9)},
            2,
            Outcome.FAIL,
            id="rows unread, and bad",
        ),
        pytest.param(
            {"rows": Reconciliation(seen=9, written=9, unreadable=9), "end_ts": AT - 2 * DAY},
            0,
            Outcome.PASS,
            id="rows unread before the window",
        ),
        pytest.param(
            {"state": "interrupted", "end_ts": AT - 2 * DAY},
            0,
            Outcome.PASS,
            id="interrupted before the window",
        ),
        pytest.param(
            {"state": "interrupted", "end_ts": None},
            0,
            Outcome.INVALID,
            id="interrupted, and nobody knows when",
        ),
        pytest.param(
            {"untold": ("failures",), "end_ts": AT - 2 * DAY},
            0,
            Outcome.PASS,
            id="failures untold before the window",
        ),
    ],
)
def test_data_that_are_not_whole_never_pass(changes, bad, outcome):
    """They can show a breach, not that there is none."""
    assert judged(replace(RUN, **changes), bad=bad).outcome is outcome


def test_the_verdict_says_what_it_is_about():
    """All of the service's production up to the moment."""
    found = judged(RUN)

    assert (found.subject.run.id, found.subject.rows) == ("production-20261101-0000", 100)
    assert found.subject.window == (AT - DAY, AT)
    assert found.id != judged(replace(RUN, rows=Reconciliation(seen=8, written=8))).id
    assert found.id != judged(replace(RUN, rolled_up=9)).id


def test_two_sources_of_the_same_time_are_remarked_on():
    """Logs and metrics of the same requests would count twice; two hosts' logs do not."""
    log = replace(RUN, source="nginx-log")
    metrics = replace(RUN, id="r2", source="prometheus", start_ts=AT - DAY)
    after = replace(RUN, id="r3", source="prometheus", start_ts=AT)

    assert judged(log, replace(log, id="r2")).warnings == ()
    assert judged(log, after).warnings == ()
    (warning,) = judged(log, metrics, replace(metrics, id="r4")).warnings
    assert warning.startswith("overlap: r1 (nginx-log) and r2 (prometheus) tell of the same time")


def test_a_run_that_is_not_closed_is_remarked_on():
    """Whether it is being taken in still, or was killed, cannot be seen."""
    (warning,) = judged(replace(RUN, state="running")).warnings

    assert warning == "open: the run r1 is still being taken in, or what took it in was killed"


def test_a_file_that_was_taken_in_twice_as_it_grew_is_remarked_on():
    """Its first requests would count twice; one that was rotated away tells of another time."""
    young = replace(RUN, origin={"access.log": "sha256:1"})
    grown = replace(young, id="r2", origin={"access.log": "sha256:2"})
    other = replace(young, id="r3", origin={"b/access.log": "sha256:3"})
    rotated = replace(young, id="r4", start_ts=AT - 1)
    followed = replace(young, origin={"lines": "9"})

    assert judged(young, other).warnings == ()
    assert judged(young, rotated).warnings == ()
    assert judged(followed, replace(followed, id="r5")).warnings == ()
    (warning,) = judged(young, grown, replace(grown, id="r5")).warnings
    assert warning.startswith("overlap: r1 and r2 tell of the same time, both from access.log")


def test_all_requests_of_the_judged_windows_are_counted_too():
    """Beside what the promises ask for."""
    asked = surveys([plan(PROMISE, AT)])

    assert [survey.id for survey in asked] == [PROMISE.id, EVERYTHING]
    assert asked[-1].edges.at == (AT - DAY, AT)


@given(
    minutes=st.lists(st.tuples(st.integers(0, 1_439), st.booleans()), max_size=40),
    days=st.integers(-300, 300),
    steps=st.sampled_from([None, MINUTE, 60 * MINUTE]),
)
def test_shifting_time_changes_nothing(minutes, days, steps):
    """The same traffic on another day has the same budget; without any it never passes."""

    def found(at: int) -> tuple[Outcome, object]:
        sliced = {} if steps is None else {"budgeting": "timeslices", "slice_us": steps}
        made = plan(replace(PROMISE, objective=Fraction(1, 2), **sliced), at)
        tallies = tuple(
            Tally(slot, slot, 1, good, good)
            for minute, good in minutes
            for slot in [made.slots.slot(at - DAY + minute * MINUTE)]
        )
        production = Production(service="shop", at=at, runs=(RUN,))
        counted = {None: tallies} if tallies else {}
        surveyed = {PROMISE.id: condense(survey_of(made), counted), EVERYTHING: {}}
        (finding,) = verdict_of(production, [made], surveyed, specs={}, version="0").findings
        return finding.outcome, finding.budget

    outcome, budget = found(AT)

    assert found(AT + days * DAY) == (outcome, budget)
    assert (outcome is Outcome.NO_DATA) is (not minutes)
