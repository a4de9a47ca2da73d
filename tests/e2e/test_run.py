from __future__ import annotations

import json
from functools import partial

import pytest
from projects import new_project, rows_on_disk
from together import together

from slogate.store.layout import open_store
from slogate.store.manifest import list_runs

pytestmark = pytest.mark.e2e


# what the shop is started with, the arguments of the run
RUNS = {
    "passed": ([], ["--label", "purpose=test"]),
    "slowed": (["--slow", "POST /cart=+1s"], ["--json"]),
    "failed": (["--fail-window", "6s+1500ms"], ["--json"]),
    "aborted": (["--errors", "*=100%"], ["--run-time", "120s", "--abort-on", "errors > 50%"]),
}
ERRORS = "slogate: 1\nservice: shop\ndefaults: {warmup: 1s}\nbudgets: [{name: all, errors: 1%}]\n"
HIGH = (
    "slogate: 1\nservice: shop\ndefaults: {warmup: 1s}\n"
    "budgets: [{name: browse, endpoint: GET /browse, p99.99: 5s}]\n"
)


@pytest.fixture(scope="module", name="ran")
def _ran(tmp_path_factory):
    """Projects after a run: name -> (project, what the run printed)."""

    def run_twice():
        project = new_project(tmp_path_factory.mktemp("twice"))
        project.write("slo/shop.yaml", HIGH)
        return project.slogate("run"), project.slogate("run", "-t", "6s")

    def run(name):
        shop, arguments = RUNS[name]
        project = new_project(tmp_path_factory.mktemp(name), *shop)
        if name == "failed":
            project.write("slo/shop.yaml", ERRORS)
        return project, project.slogate("run", *arguments)

    acts = {name: partial(run, name) for name in RUNS}
    # the longest first; no more at once: what is judged here are real latencies
    with together({"twice": run_twice, **acts}, at_once=2) as ran:
        yield ran


@pytest.fixture(scope="module", name="passed")
def _passed(ran):
    """A project after one passing run: (project, what the run printed)."""
    return ran("passed")


def test_a_healthy_service_passes(passed):
    """Exit 0, a table of objectives, all passing."""
    _, done = passed

    assert done.code == 0, done.err + done.out
    assert "browse" in done.out
    assert "exit 0" in done.out


def test_a_check_of_the_same_run_gives_the_same_bytes_on_any_threads(passed):
    """The verdict holds no wall clock and no order of threads."""
    project, _ = passed

    one, two = (project.slogate("check", "--json", "--threads", n) for n in ("1", "2"))

    assert one.code == two.code == 0
    assert one.out == two.out
    stored = project.folder / ".slogate" / "verdicts" / f"{one.document['id']}.json"
    assert json.loads(stored.read_text(encoding="utf-8")) == one.document


def test_every_count_agrees(passed):
    """Rows written = rows stored = warm-up + judged = Locust's own count."""
    project, _ = passed

    run = project.slogate("check", "--json").document["run"]

    counts = run["reconciliation"]
    assert run["rows"] == run["warmup"] + run["judged"] == rows_on_disk(project)
    assert counts["written"] == counts["seen"] == run["rows"] > 500
    assert counts["written"] == (counts["counted"] + counts["uncountable"] + counts["before_reset"])
    assert run["labels"] == {"purpose": "test"}
    assert run["state"] == "complete"


def test_users_are_counted_as_they_come(passed):
    """Each change of their number, and the page draws them."""
    project, _ = passed
    [run] = list_runs(open_store(project.folder / ".slogate"))
    page = project.slogate("report", "--format", "html").out

    assert run.users[-1].count == 40
    assert run.start_ts <= run.users[0].ts <= run.users[-1].ts < run.stop_ts
    assert '<desc id="p0-users-d">40 users at most.</desc>' in page


def test_progress_goes_to_stderr_in_plain_lines(passed):
    """One line every ten seconds where there is no terminal."""
    _, done = passed

    assert "of 13 s" in done.err
    assert "\x1b[" not in done.err + done.out


def test_a_stricter_spec_fails_the_same_run_and_speaks_to_github(passed, tmp_path):
    """Annotations on the spec's line, a step summary, exit 1."""
    project, _ = passed
    strict = project.write("strict/shop.yaml", (
        "slogate: 1\nservice: shop\ndefaults: {warmup: 1s}\nbudgets:\n"
        "  - name: browse\n    endpoint: GET /browse\n    p50: 1ms\n"
    ))  # fmt: skip
    summary = tmp_path / "summary.md"

    done = project.slogate(
        "check", str(strict.relative_to(project.folder)),
        environment={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)},
    )  # fmt: skip

    assert done.code == 1
    assert "::error file=strict/shop.yaml,line=7" in done.err
    assert "p50" in summary.read_text(encoding="utf-8")


def test_a_breach_wins_over_a_missing_verdict(passed):
    """1 before 3: one objective fails, another has no data."""
    project, _ = passed
    mixed = project.write("mixed/shop.yaml", (
        "slogate: 1\nservice: shop\ndefaults: {warmup: 1s}\nbudgets:\n"
        "  - {name: browse, endpoint: GET /browse, p50: 1ms}\n"
        "  - {name: nobody, endpoint: GET /nobody, p50: 1ms}\n"
    ))  # fmt: skip

    done = project.slogate("check", str(mixed), "--json")

    assert done.code == 1
    assert [o["outcome"] for o in done.document["objectives"]] == ["fail", "no_data"]


def test_report_only_reports_and_exits_0(passed):
    """For looking without gating."""
    project, _ = passed
    strict = project.write("only/shop.yaml", (
        "slogate: 1\nservice: shop\nbudgets: [{name: a, p50: 1ms}]\n"
    ))  # fmt: skip

    done = project.slogate("check", str(strict), "--report-only")

    assert done.code == 0
    assert "fail" in done.out.lower()


def test_a_run_shorter_than_the_warm_up_has_no_verdict(passed):
    """Exit 3, and the reason says why."""
    project, _ = passed
    long = project.write("long/shop.yaml", (
        "slogate: 1\nservice: shop\ndefaults: {warmup: 10m}\nbudgets: [{name: a, p50: 1s}]\n"
    ))  # fmt: skip

    done = project.slogate("check", str(long), "--json")

    assert done.code == 3
    assert "inside the warm-up of 10 min" in done.document["objectives"][0]["reason"]


def test_an_endpoint_nobody_called_has_no_verdict(passed):
    """Exit 3, never a pass."""
    project, _ = passed
    other = project.write("other/shop.yaml", (
        "slogate: 1\nservice: shop\nbudgets: [{name: a, endpoint: GET /none, errors: 1%}]\n"
    ))  # fmt: skip

    assert project.slogate("check", str(other)).code == 3


def test_a_slowed_endpoint_fails_alone(ran):
    """Only its objectives fail; the sentence names value, limit and shares."""
    _, done = ran("slowed")

    assert done.code == 1, done.err
    outcomes = {o["id"]: o["outcome"] for o in done.document["objectives"]}
    assert {name for name, outcome in outcomes.items() if outcome == "fail"} == {"shop/cart/p95"}
    reason = next(o["reason"] for o in done.document["objectives"] if o["id"] == "shop/cart/p95")
    assert "over the 600 ms budget" in reason
    assert "5% allowed" in reason


def test_a_total_failure_of_a_tenth_of_the_run_fails(ran):
    """One catastrophic batch does not hide itself."""
    _, done = ran("failed")

    assert done.code == 1, done.err
    assert 0.05 < done.document["objectives"][0]["observed"] < 0.2


def test_abort_on_stops_a_hopeless_test_and_fails_it(ran):
    """Long before its time; what was recorded is judged."""
    project, done = ran("aborted")

    [run] = list_runs(open_store(project.folder / ".slogate"))
    assert run.stop_ts - run.start_ts < 60_000_000
    assert done.code in {1, 3}, done.err
    assert "aborted: errors > 50%" in done.err


def test_a_second_run_says_what_it_is_too_short_for(ran):
    """The rates of the last run tell what the planned one can decide."""
    first, second = ran("twice")

    assert first.code == second.code == 3, first.err + second.err
    assert "preflight" not in first.err
    assert "after the warm-up: p99.99 of GET /browse cannot pass in this run" in first.err
    assert "preflight: p99.99 of GET /browse cannot pass in this run" in second.err
    assert second.err.index("preflight") < second.err.index("locust")
