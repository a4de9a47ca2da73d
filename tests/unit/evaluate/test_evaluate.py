from __future__ import annotations

from dataclasses import replace

import pytest
from builders import SECOND, START, evidence, objective, run, spec, subject

from slogate.evaluate import judge, judged_window, plan
from slogate.model.run import Health, Reconciliation, Users
from slogate.objectives._base import Waiver
from slogate.trust import are_outside, omission_of, remarks
from slogate.verdict import Outcome

GOOD, BAD = evidence(1, max_us=250_000), evidence(20)
CLOSE = evidence([4] * 5 + [5] * 5)

FEWER = "users: for 30 s of the 3.3 min after the ramp there were fewer than 10 users, at times 4"
LEFT = (
    "left: 1 of 2 generator processes left in order while the test went on; "
    "Locust gives their users to the others"
)


def verdict(found, it=None, line="p95: 300ms", rows=1_000, **scope):
    """Judge one objective on one run."""
    one = objective(line, **scope)
    mapping = {} if found is None else {one.id: found}
    return judge([spec(one)], subject(it, rows), mapping, {}, "0")


@pytest.mark.parametrize(
    ("found", "scope", "outcome", "code"),
    [
        pytest.param(GOOD, {}, Outcome.PASS, 0, id="pass"),
        pytest.param(BAD, {}, Outcome.FAIL, 1, id="breach"),
        pytest.param(CLOSE, {}, Outcome.INCONCLUSIVE, 3, id="no-verdict"),
        pytest.param(BAD, {"severity": "warn"}, Outcome.FAIL, 0, id="warn-never-blocks"),
        pytest.param(BAD, {"severity": "info"}, Outcome.FAIL, 0, id="info-never-blocks"),
        pytest.param(CLOSE, {"on_inconclusive": "warn"}, Outcome.INCONCLUSIVE, 0, id="downgraded"),
        pytest.param(
            evidence([5] * 5 + [6] * 5),
            {"on_inconclusive": "pass"},
            Outcome.INCONCLUSIVE,
            3,
            id="no-downgrade-when-over-the-limit",
        ),
        pytest.param(BAD, {"on_inconclusive": "pass"}, Outcome.FAIL, 1, id="a-breach-stays"),
        pytest.param(evidence(0, 0), {}, Outcome.NO_DATA, 3, id="no-request"),
        pytest.param(evidence(0, 0), {"on_no_data": "warn"}, Outcome.NO_DATA, 0, id="allowed"),
        pytest.param(evidence([0] * 10, [1] * 9 + [0]), {}, Outcome.NO_DATA, 3, id="nine-requests"),
        pytest.param(
            evidence(0, 0, matched=1_000, failed=1_000),
            {"on_no_data": "pass", "failures": "drop"},
            Outcome.NO_DATA,
            3,
            id="all-failed-and-dropped-is-no-absence",
        ),
    ],
)
def test_the_outcome_is_what_was_found_and_policies_decide_what_blocks(found, scope, outcome, code):
    """Severity and downgrades change the exit code, never the outcome."""
    it = verdict(found, **scope)

    assert (it.findings[0].outcome, it.exit_code) == (outcome, code)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"state": "running"}, "never closed it", id="recorder-killed"),
        pytest.param({"state": "incomplete", "note": "disk full"}, "disk full", id="incomplete"),
        pytest.param({"state": "interrupted"}, "interrupted", id="interrupted"),
        pytest.param({"state": "aborted", "note": "errors > 50%"}, "errors > 50%", id="aborted"),
        pytest.param({"rows": Reconciliation(seen=1_001, written=1_000)}, "1 requests", id="lost"),
        pytest.param(
            {"rows": Reconciliation(seen=1_000, written=1_000, counted=1_200)},
            "200 requests",
            id="fewer-than-locust-counted",
        ),
        pytest.param({"health": Health(cpu=0.97)}, "97% of a core", id="cpu"),
        pytest.param({"health": Health(lag_p99_us=200_000)}, "late by 200 ms", id="lag"),
        pytest.param({"health": Health(lag_us=1_300_000)}, "stood still for 1.3 s", id="stall"),
        pytest.param({"health": Health(missed=0.2)}, "20% of its starts", id="missed"),
        pytest.param({"health": Health(lost_processes=1)}, "processes were lost", id="worker-died"),
    ],
)
def test_a_run_that_is_not_to_be_trusted_cannot_pass(changes, words):
    """It is invalid, whatever its numbers say, and says why; a breach stays a breach."""
    it = run(**changes)

    passing, failing = verdict(GOOD, it), verdict(BAD, it)

    assert (passing.findings[0].outcome, passing.exit_code) == (Outcome.INVALID, 3)
    assert words in passing.findings[0].reason
    assert (failing.findings[0].outcome, failing.exit_code) == (Outcome.FAIL, 1)


@pytest.mark.parametrize(
    ("changes", "outcome", "code"),
    [
        pytest.param({}, Outcome.FAIL, 1, id="in a run to be trusted"),
        pytest.param({"state": "incomplete", "note": "the clock was set"}, Outcome.INVALID, 3),
        pytest.param({"health": Health(lost_processes=1)}, Outcome.INVALID, 3),
        pytest.param({"rows": Reconciliation(seen=1_001, written=1_000)}, Outcome.INVALID, 3),
        pytest.param({"health": Health(cpu=0.97)}, Outcome.INVALID, 3),
        pytest.param({"state": "aborted", "note": "errors > 50%"}, Outcome.FAIL, 1, id="aborted"),
        pytest.param({"state": "interrupted"}, Outcome.FAIL, 1, id="interrupted"),
    ],
)
def test_too_low_a_rate_is_proved_only_where_all_was_counted(changes, outcome, code):
    """A wrong span, lost rows or a late generator lower it by themselves."""
    it = verdict(GOOD, run(**changes), "throughput: 5000/s")

    assert (it.findings[0].outcome, it.exit_code) == (outcome, code)


def test_a_breach_in_a_run_that_is_not_to_be_trusted_says_so():
    """Whoever reads it would look for the fault in the service alone."""
    warnings = verdict(BAD, run(health=Health(cpu=0.97))).findings[0].warnings

    assert any(told.startswith("untrusted: the run is invalid: the gen") for told in warnings)
    assert not any(told.startswith("untrusted") for told in verdict(BAD).findings[0].warnings)


@pytest.mark.parametrize(
    ("users", "left", "told"),
    [
        pytest.param([(0, 5), (2, 10)], 0, [], id="all stay"),
        pytest.param([(2, 10), (100, 9), (101, 10)], 0, [], id="for a moment"),
        pytest.param(
            [(2, 10), (100, 5), (120, 4), (130, 10)], 0,
            [FEWER], id="for long",
        ),
        pytest.param(
            [(2, 10), (100, 5), (101, 10)], 1,
            [LEFT], id="a worker left",
        ),
    ],
)  # fmt: skip
def test_a_load_that_was_lower_than_asked_for_is_told(users, left, told):
    """Users that go, whose worker left or who stopped by themselves, lighten the test."""
    counts = tuple(Users(START + at * SECOND, count) for at, count in users)
    it = run(users=counts, health=Health(processes=2, left_processes=left))

    assert [text for text in remarks(subject(it)) if text[:5] in {"users", "left:"}] == told
    asked = remarks(subject(run(users=counts, asked_users=11)))
    assert any("all the time" in text or "fewer than 11 users" in text for text in asked)
    shape = run(users=counts, ramped_ts=START)
    assert not any(text.startswith("users") for text in remarks(subject(shape)))


@pytest.mark.parametrize(
    ("source", "code", "told"), [("locust", 2, True), ("locust", 1, False), ("k6-csv", 2, False)]
)
def test_an_exception_that_nobody_caught_is_told(source, code, told):
    """A `test_start` that fails to seed its data stops no test, and makes it another one."""
    found = remarks(subject(run(source=source, generator_exit=code)))

    assert any(text.startswith("exception: ") for text in found) is told


@pytest.mark.parametrize(
    ("line", "scope", "outcome"),
    [
        pytest.param("p95: 300ms", {}, Outcome.INCONCLUSIVE, id="a failure is slow"),
        pytest.param("p95: 300ms", {"failures": "drop"}, Outcome.PASS, id="successes alone"),
        pytest.param("errors: 5%", {}, Outcome.INCONCLUSIVE, id="errors"),
        pytest.param("throughput: 1/s", {}, Outcome.PASS, id="successes are told"),
    ],
)
def test_where_failures_are_untold_no_budget_that_counts_them_passes(line, scope, outcome):
    """The CSV of hey leaves failed requests out; they may breach a budget, not keep it."""
    it = run(untold=("failures",), source="hey-csv")

    passing, failing = (verdict(found, it, line, **scope) for found in (GOOD, BAD))

    assert passing.findings[0].outcome is outcome
    assert ("hey-csv does not tell" in passing.findings[0].reason) is (outcome is not Outcome.PASS)
    assert failing.findings[0].outcome is verdict(BAD, None, line, **scope).findings[0].outcome


@pytest.mark.parametrize(
    ("line", "unread", "outcome"),
    [
        pytest.param("p95: 300ms", 30, Outcome.PASS, id="few that could all be slow"),
        pytest.param("p95: 300ms", 60, Outcome.INCONCLUSIVE, id="so many that it could break"),
        pytest.param("errors: 5%", 60, Outcome.INCONCLUSIVE, id="errors"),
        pytest.param("max: 5s", 1, Outcome.INCONCLUSIVE, id="a fact needs every row"),
        pytest.param("throughput: 1/s", 60, Outcome.PASS, id="more successes would only help"),
    ],
)
def test_rows_that_could_not_be_read_let_no_budget_pass_that_they_could_break(
    line, unread, outcome
):
    """Under the allowed share of bad rows an import is kept, but what was in them is not known."""
    it = run(rows=Reconciliation(seen=1_000, written=1_000, unreadable=unread), source="k6-csv",
             note=f"{unread} bad rows were not kept")  # fmt: skip
    found = verdict(GOOD, it, line)

    assert found.findings[0].outcome is outcome
    assert f"source: {unread} bad rows were not kept" in found.warnings


@pytest.mark.parametrize(
    ("line", "untimed", "outcome"),
    [
        pytest.param("p95: 300ms", 30, Outcome.PASS, id="few"),
        pytest.param("p95: 300ms", 60, Outcome.INCONCLUSIVE, id="too many"),
        pytest.param("mean: 300ms", 9, Outcome.PASS, id="mean, few"),
        pytest.param("mean: 300ms", 60, Outcome.INCONCLUSIVE, id="mean, too many"),
        pytest.param("errors: 5%", 600, Outcome.PASS, id="errors need no time"),
    ],
)
def test_requests_without_a_time_let_no_latency_budget_pass_that_they_could_break(
    line, untimed, outcome
):
    """A log that tells the time of one request in fifty knows nothing of the others."""
    found = verdict(replace(GOOD, untimed=untimed, matched=1_000 + untimed), line=line)

    assert found.findings[0].outcome is outcome


def test_rows_missing_from_the_store_make_the_run_invalid():
    """The store holds fewer rows than were written."""
    it = verdict(GOOD, rows=999)

    assert it.findings[0].outcome is Outcome.INVALID


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"end_ts": START + 4 * SECOND}, "inside the warm-up of 5 s", id="warm-up"),
        pytest.param({"ramped_ts": None}, "before all users were spawned", id="ramp"),
        pytest.param({"end_ts": None}, "has no requests", id="nothing-recorded"),
    ],
)
def test_a_run_without_a_judged_window_has_no_data(changes, words):
    """Shorter than its ramp or warm-up: never a pass."""
    it = verdict(None, run(**changes), warmup_us=5 * SECOND)

    assert (it.findings[0].outcome, it.exit_code) == (Outcome.NO_DATA, 3)
    assert words in it.findings[0].reason


def test_a_run_of_one_moment_without_a_warm_up_is_told_as_such():
    """No warm-up is blamed that the spec does not have."""
    it = verdict(None, run(end_ts=START), warmup_us=0)

    assert it.findings[0].outcome is Outcome.NO_DATA
    assert "nothing is to judge" in it.findings[0].reason
    assert "warm-up" not in it.findings[0].reason


def test_under_ten_seconds_is_too_little():
    """Nine seconds judged are no verdict."""
    it = verdict(GOOD, run(seconds=11))

    assert it.findings[0].outcome is Outcome.NO_DATA
    assert "at least 10 s needed" in it.findings[0].reason


@pytest.mark.parametrize(
    ("until", "code"),
    [pytest.param(START + 900 * SECOND, 0, id="in-force"), pytest.param(START, 1, id="run-out")],
)
def test_a_waiver_holds_until_its_day_by_the_runs_clock(until, code):
    """The run's end decides, not the wall clock: the same run gives the same verdict for ever."""
    waiver = Waiver(until_ts=until, until="2023-11-14", reason="known")

    it = verdict(BAD, waiver=waiver)

    assert it.findings[0].outcome is Outcome.FAIL
    assert it.exit_code == code


def test_a_waiver_does_not_hide_an_invalid_run():
    """What cannot be trusted is no known breach."""
    waiver = Waiver(until_ts=START + 900 * SECOND, until="2023-11-14", reason="known")

    assert verdict(GOOD, run(state="running"), waiver=waiver).exit_code == 3


def test_every_objective_gets_a_finding_and_a_breach_wins():
    """1 before 3: the worst that blocks decides, all are told."""
    first, second, third = (objective("p95: 1s", name=name) for name in ("a", "b", "c"))
    found = {first.id: GOOD, second.id: CLOSE, third.id: BAD}

    it = judge([spec(first, second, third)], subject(), found, {}, "0")

    assert [f.outcome for f in it.findings] == [Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.FAIL]
    assert (it.outcome, it.exit_code) == (Outcome.FAIL, 1)


def test_needs_are_planned_for_the_window_after_ramp_and_warm_up():
    """Warm-up counts from the first moment all users are spawned."""
    one = objective("p95: 1s", warmup_us=5 * SECOND)

    need = plan([spec(one)], run())[0]

    assert need.window == judged_window(run(), 5 * SECOND)
    assert need.window.start_ts == START + 7 * SECOND


def test_the_identity_depends_on_spec_run_window_and_floor_only():
    """The same judgement has the same id; another run another one."""
    assert verdict(GOOD).id == verdict(GOOD).id
    assert verdict(GOOD).id != verdict(GOOD, run(id="r2")).id
    assert verdict(GOOD).id != verdict(GOOD, run(end_ts=START + 300 * SECOND)).id


def test_the_generators_state_is_remarked():
    """High CPU and lockstep are told even if they do not invalidate."""
    it = verdict(GOOD, run(health=replace(run().health, cpu=0.9, lockstep=0.8)))

    assert [w.partition(":")[0] for w in it.warnings] == ["cpu", "lockstep"]


@pytest.mark.parametrize(
    ("backfilled", "told"),
    [pytest.param(150, True, id="87% sent"), pytest.param(20, False, id="98% sent")],
)
def test_requests_that_paced_users_did_not_send_are_remarked(backfilled, told):
    """Achieved against intended: a slow service holds its users back, and is told by that."""
    judged = (START, START + 100 * SECOND)
    it = replace(subject(), paced=980, backfilled=backfilled, window=judged)

    assert any("980 of the 1,130 requests" in text for text in remarks(it)) is told
    assert any("9.8/s of 11.3/s" in text for text in remarks(it)) is told


@pytest.mark.parametrize(
    ("changes", "paced", "word"),
    [
        pytest.param({}, 7, "corrected", id="users with a pace"),
        pytest.param({}, 0, "raw", id="users without"),
        pytest.param({"source": "vegeta_json"}, 0, "open", id="a sender that waits for nobody"),
        pytest.param({"kind": "production"}, 0, "open", id="visitors"),
    ],
)
def test_what_became_of_missed_starts_has_a_name(changes, paced, word):
    """On every series."""
    assert omission_of(run(**changes), paced) == word


@pytest.mark.parametrize("state", ["running", "incomplete", "interrupted", "aborted"])
def test_no_policy_for_missing_data_lets_a_broken_run_pass(state):
    """Distrust comes before absence."""
    it = verdict(evidence(0, 0), run(state=state), on_no_data="pass")

    assert (it.findings[0].outcome, it.exit_code) == (Outcome.INVALID, 3)


def test_rows_outside_the_run_make_it_invalid():
    """Requests that started before the run or after it are never left out in silence."""
    one = objective("p95: 300ms")
    stray = replace(subject(), stray=True)

    it = judge([spec(one)], stray, {one.id: GOOD}, {}, "0")

    assert (it.findings[0].outcome, it.exit_code) == (Outcome.INVALID, 3)
    assert "times outside the run" in it.findings[0].reason


@pytest.mark.parametrize(
    ("first", "last", "outside"),
    [
        pytest.param(None, None, False, id="no rows"),
        pytest.param(0, 200, False, id="from end to end"),
        pytest.param(-0.9, 200, False, id="an event that brings a long response time"),
        pytest.param(-1.1, 200, True, id="before"),
        pytest.param(0, 200.1, True, id="behind"),
    ],
)
def test_rows_are_outside_where_no_clock_of_the_run_can_put_them(first, last, outside):
    """A second before the start is what a custom event may seem to have begun earlier."""
    ends = (None if at is None else START + int(at * SECOND) for at in (first, last))

    assert are_outside(run(), *ends) is outside


def test_a_test_that_stopped_early_is_remarked():
    """Half of the planned minute is worth a word."""
    it = verdict(GOOD, run(planned_us=400 * SECOND))

    assert it.warnings == ("ended_early: the test stopped after 3.33 min of the 6.67 min planned",)
