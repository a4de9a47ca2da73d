"""`slogate history` as a user calls it, on stores with many verdicts."""

from __future__ import annotations

import csv
import io
import json
import shutil

import pytest
from histories import commit, judged, stepped, store_of
from projects import budget, new_project, record

from slogate.evaluate import Floor

pytestmark = pytest.mark.e2e

FLOOR = Floor(value=8.0, runs=tuple(f"run-{number:03}" for number in range(59, 49, -1)))
EVEN = [2, 1, 3, 2, 2, 1, 3, 2, 2, 2]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Sixty runs of which the later thirty are slower, a new limit, and a run with a floor."""
    folder = tmp_path_factory.mktemp("stored")
    more = [
        judged(60, 205, line="p95: 250ms"),
        judged(61, 205, line="p95: 250ms", bad=EVEN, floor=FLOOR),
        judged(61, 205, line="errors: 1%", bad=0),
    ]
    return store_of(folder / ".slogate", [*stepped(180, 210), *more]).root


@pytest.fixture
def project(stored, tmp_path):
    """A project with a store of its own."""
    shutil.copytree(stored, tmp_path / ".slogate")
    return new_project(tmp_path)


def test_all_objectives_have_a_line(project):
    """Without a name: the last outcome, the course, and what is new of each."""
    done = project.slogate("history")
    head, *lines = done.out.splitlines()

    assert done.code == 0, done.err
    assert head.split() == ["objective", "verdicts", "last", "outcome", "observed", "limit",
                            "course", "changes"]  # fmt: skip
    assert [line.split()[:2] for line in lines] == [
        ["shop/submit/errors", "1"],
        ["shop/submit/p95", "62"],
    ]
    assert "worse, new" in lines[1]


def test_one_objective_is_told_in_full(project):
    """Its verdicts, revisions, changes with their commits, and the price of the floor."""
    done = project.slogate("history", "p95", "--last", "3")
    out = done.out

    assert done.code == 0, done.err
    assert out.startswith("shop/submit/p95: 62 verdicts, the newest 3  ")
    assert "r2 since 2023-11-17 (run-060, " in out
    assert "limit 300 ms → 250 ms" in out
    assert f"commits {commit(29)[:9]}..{commit(30)[:9]}" in out
    assert "without it the outcome would be pass, not inconclusive" in out
    assert "it comes from run-059, run-058, run-057 and 7 more" in out


def test_a_new_change_fails_until_somebody_acknowledges_it(project):
    """Exit 1, then a line in a file that belongs into git, then exit 0."""
    before = project.slogate("history", "p95", "--fail-on-new")
    noted = project.slogate("history", "p95", "--ack", "new cache, agreed in 4711")
    after = project.slogate("history", "p95", "--fail-on-new")
    again = project.slogate("history", "p95", "--ack", "once more")

    assert (before.code, noted.code, after.code, again.code) == (1, 0, 0, 2)
    assert "new: shop/submit/p95 went from 180 ms to 210 ms between run-029 and" in before.err
    assert "agreed in 4711" in (project.folder / "slo" / "known-changes.toml").read_text()
    assert "known: new cache, agreed in 4711" in after.out
    assert "no new change to acknowledge" in again.err


def test_a_typing_error_in_the_file_of_known_changes_stops_the_gate(project):
    """It neither passes nor passes for a breach."""
    project.write("slo/known-changes.toml", "[[changes]]\n")
    done = project.slogate("history", "--fail-on-new")

    assert done.code == 2
    assert "slo/known-changes.toml" in done.err


def test_machines_get_one_document_and_the_same_bytes(project):
    """JSON, in the order of time; nothing of the clock."""
    first, second = (project.slogate("history", "--json") for _ in range(2))
    found = first.document

    assert first.out == second.out
    assert (found["schema"], found["new_changes"]) == ("slogate.history/v1", 1)
    assert [each["id"] for each in found["objectives"]] == ["shop/submit/errors", "shop/submit/p95"]
    floor = found["objectives"][1]["rows"][-1]["floor"]
    assert (floor["runs"], floor["outcome_without"]) == (list(FLOOR.runs), "pass")


def test_spreadsheets_get_csv(project):
    """A line a verdict."""
    done = project.slogate("history", "p95", "--csv", "--last", "100")
    rows = list(csv.DictReader(io.StringIO(done.out)))

    assert len(rows) == 62
    assert [row["revision"] for row in rows[-3:]] == ["1", "2", "2"]
    assert float(rows[0]["observed"]) == pytest.approx(180, rel=0.03)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["sumbit/p95"], 2, "did you mean shop/submit/p95?", id="unknown"),
        pytest.param(["--branch", "none"], 3, "of the branch 'none'", id="no branch"),
        pytest.param(["--csv", "--json"], 2, "contradict", id="two forms"),
        pytest.param(["--since", "soon"], 2, "or an age like 30d", id="no moment"),
        pytest.param(["--last", "0"], 2, "--last", id="no rows"),
        pytest.param(["p95", "--ack", " "], 2, "needs a reason", id="no reason"),
    ],
)
def test_what_makes_no_sense_is_refused(project, arguments, code, words):
    """With a sentence, and never as a breach."""
    done = project.slogate("history", *arguments)

    assert done.code == code
    assert words in done.err


def test_a_store_without_verdicts_is_no_pass(tmp_path):
    """There is no history yet."""
    project = new_project(tmp_path)
    store_of(tmp_path / ".slogate", [])
    done = project.slogate("history", "--fail-on-new")

    assert done.code == 3
    assert json.dumps(done.out) == '""'


def test_what_check_judges_is_in_the_history(tmp_path):
    """A real run, judged by a budget, by the same one written otherwise, and by another."""
    project = new_project(tmp_path)
    record(project, "bank")
    for line in ("p95: 100ms", "p95: 0.1s # as before", "p95: 90ms"):
        budget(project, "bank", line.partition(" #")[0])
        done = project.slogate("check", "slo/bank.yaml", "--quiet")
        assert done.code == 0, done.err
    (found,) = project.slogate("history", "--json").document["objectives"]

    assert [row["revision"] for row in found["rows"]] == [1, 1, 2]
    assert found["revisions"][1]["changed"] == [
        {"what": "terms.limit_us", "before": 100_000, "after": 90_000}
    ]


def test_slos_alone_have_no_level_to_watch(tmp_path):
    """Nothing was looked at, so nothing passes."""
    project = new_project(tmp_path)
    store_of(tmp_path / ".slogate", [judged(0, 100, kind="production")])

    assert project.slogate("history").code == 0
    assert project.slogate("history", "--fail-on-new").code == 3
