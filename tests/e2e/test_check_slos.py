"""`slogate check` on slos: windows of production, from single requests and from rollups."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime

import pytest
from projects import new_project

pytestmark = pytest.mark.e2e

HEAD = "timeStamp,elapsed,label,responseCode,responseMessage,success\n"
DAY_MS = 86_400_000
END_MS = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1000)
SPEC = """slogate: 1
service: shop
slos:
  - name: availability
    good: ok
    objective: 99.5%
    window: [7d, {calendar: month, timezone: Europe/Berlin}]
    alerts: google
    policy:
      - {remaining: 50%, message: Only reliability work ships.}
      - {remaining: 0%, message: Releases are frozen., freeze: true}
  - name: fast
    endpoint: POST /checkout
    good: ok and duration <= 400ms
    objective: 96%
    window: 7d
    budgeting: timeslices
    slice: 1h
    slice_objective: 95%
corrections:
  - {start: 2026-10-30T02:00Z, end: 2026-10-30T04:00Z, reason: upgrade}
"""


def traffic(days: int, bad_of: int = 400) -> str:
    """A request a minute up to the end, each so many-th one failed, slow for an hour of a day."""
    lines = []
    for i in range(days * 1_440):
        ts = END_MS - days * DAY_MS + i * 60_000 + i * 7 % 60_000
        fine = i % bad_of != 0
        elapsed = 900 if i % 1_440 < 60 else 100 + i % 300
        lines.append(f"{ts},{elapsed},POST /checkout,{200 if fine else 500},,{str(fine).lower()}\n")
    return HEAD + "".join(lines)


@pytest.fixture(name="project", scope="module")
def _project(tmp_path_factory):
    """A project with ten days of production in two imports."""
    project = new_project(tmp_path_factory.mktemp("slos"))
    project.write("slo/shop.yaml", SPEC)
    text = traffic(10)
    lines = text.removeprefix(HEAD).splitlines(keepends=True)
    for name, some in (("a.jtl", lines[:9_000]), ("b.jtl", lines[9_000:])):
        project.write(name, HEAD + "".join(some))
        done = project.slogate("import", name, "--service", "shop", "--kind", "production")
        assert done.code == 0, done.err
    return project


def objectives(done) -> dict:
    """The objectives of the one document that was printed, by id."""
    return {each["id"]: each for each in json.loads(done.out)["objectives"]}


def test_slos_are_judged_to_the_end_of_the_data(project):
    """The budgets of both windows, exact, with what people do about it."""
    done = project.slogate("check", "--json")

    found = objectives(done)
    week, month = found["shop/availability/7d"], found["shop/availability/month"]
    assert week["budget"]["total"] == 7 * 1_440 - 120
    bad = [i for i in range(3 * 1_440, 14_400) if i % 400 == 0]
    shut = range(8 * 1_440 + 120, 8 * 1_440 + 240)
    assert week["budget"]["bad"] == len([i for i in bad if i not in shut])
    assert week["outcome"] == "pass"
    assert week["window"]["end"] == "2026-11-01T00:00:00.000000Z"
    assert week["budget"]["policy"] == {
        "remaining": 0.5, "message": "Only reliability work ships.", "freeze": False
    }  # fmt: skip
    assert month["window"]["start"] == "2026-10-31T23:00:00.000000Z"
    assert month["budget"]["total"] == 60
    assert found["shop/fast/7d"]["outcome"] == "fail"
    assert (found["shop/fast/7d"]["budget"]["bad"], done.code) == (7, 1)


def test_any_moment_can_be_judged_again(project):
    """As of a moment the same bytes on any number of threads, and nothing later counts."""
    at = ("check", "--json", "--at", "2026-10-29T12:00Z")
    once, again = (project.slogate(*at, "--threads", str(n)) for n in (1, 4))

    assert once.out == again.out
    week = objectives(once)["shop/availability/7d"]
    assert week["window"]["start"] == "2026-10-22T12:00:00.000000Z"
    assert week["budget"]["total"] == 10_080
    early = objectives(project.slogate("check", "--json", "--at", "2026-10-20T00:00Z"))
    assert {each["outcome"] for each in early.values()} == {"no_data"}


def test_rollups_say_the_same(project):
    """Counts by the minute answer exactly what single requests answered, figure by figure."""
    before = objectives(project.slogate("check", "--json"))
    done = project.slogate("store", "compact", "--roll-up", "--older-than", "0s")
    assert done.code == 0, done.err

    after = objectives(project.slogate("check", "--json"))

    assert {name: each["budget"] for name, each in after.items()} == {
        name: each["budget"] for name, each in before.items()
    }


def test_reports_show_the_budget(project):
    """What is left, how fast it burns, and the policy, for people."""
    done = project.slogate("check")

    assert "Error budgets:" in done.out
    assert "Only reliability work ships." in done.out
    assert done.code == 1


def test_a_spent_budget_freezes_releases(tmp_path):
    """Exit 1 by a policy that freezes, beside budgets that have no run yet: a document each."""
    project = new_project(tmp_path)
    lines = "".join(
        f"{END_MS - 60_000 * (i + 1)},100,GET /,{500 if i < 10 else 200},,{str(i >= 10).lower()}\n"
        for i in range(1_000)
    )
    project.write("prod.jtl", HEAD + lines)
    project.write("slo/shop.yaml", (
        "slogate: 1\nservice: shop\nbudgets: [{name: all, p95: 1s}]\nslos:\n"
        "  - {name: ok, good: ok, objective: 98%, window: 1d,\n"
        "     policy: [{remaining: 50%, message: Frozen., freeze: true}]}\n"
    ))  # fmt: skip
    assert project.slogate(
        "import", "prod.jtl", "--service", "shop", "--kind", "production"
    ).code == 0  # fmt: skip

    done = project.slogate("check", "--json")
    slos = project.slogate("check", "--only", "slos")
    alone = project.slogate("check", "--run", "latest")

    assert "has no load run" in done.err
    assert (alone.code, alone.out) == (3, "")
    assert "has no load run" in alone.err
    (document,) = json.loads(done.out)
    assert (document["outcome"], document["objectives"][0]["budget"]["frozen"]) == ("fail", True)
    assert (done.code, slos.code) == (1, 1)
    assert project.slogate("check", "--only", "budgets").code == 3


def test_data_of_the_future_are_not_judged_as_if_now(tmp_path):
    """One request of a wrong clock would leave a window of it alone, and pass."""
    project = new_project(tmp_path)
    project.write("slo/shop.yaml", SPEC)
    late = int(datetime(2099, 1, 1, tzinfo=UTC).timestamp() * 1000)
    project.write("a.jtl", f"{traffic(2, 10)}{late},100,POST /checkout,200,,true\n")
    done = project.slogate("import", "a.jtl", "--service", "shop", "--kind", "production")
    assert done.code == 0, done.err

    newest = project.slogate("check")
    named = project.slogate("check", "--at", "2026-11-01T00:00Z")

    assert newest.code == 3
    assert "in the future, so that a clock was wrong" in newest.err
    assert "--at TIME" in newest.err
    assert named.code == 1


def test_a_fast_clock_does_not_move_the_window(tmp_path):
    """What bears a time to come is left out, and said to be."""
    project = new_project(tmp_path)
    now = int(time.time() * 1000)
    lines = "".join(
        f"{now - 60_000 * (i + 2)},100,POST /checkout,{code},,{str(code == 200).lower()}\n"
        for i in range(100)
        for code in (500 if i < 50 else 200,)
    )
    late = "".join(f"{now + 7_200_000 + i},100,POST /checkout,200,,true\n" for i in range(1_000))
    project.write("slo/shop.yaml", (
        "slogate: 1\nservice: shop\nslos:\n  - {name: ok, good: ok, objective: 90%, window: 1h}\n"
    ))  # fmt: skip
    project.write("a.jtl", HEAD + lines + late)
    taken = project.slogate("import", "a.jtl", "--service", "shop", "--kind", "production")
    assert taken.code == 0, taken.err

    done = project.slogate("check", "--json")

    # up to the end of the last minute, which may be the next one's, from when the check begins
    ahead = r"reach (1 h 59 min|2 h|2 h 1 min) into the future, so that a clock is fast"
    assert re.search(ahead, done.err)
    assert done.code == 1
    assert 50 <= done.document["objectives"][0]["total"] <= 60


def test_verdicts_on_slos_are_reported_again(project):
    """`slos` is the newest moment that was judged; an older one has its id."""
    old = project.slogate("check", "--json", "--at", "2026-10-31T12:00Z")
    new = project.slogate("check", "--json")
    page = project.slogate("report", "slos", "--format", "html", "-o", "slos.html")

    assert project.slogate("report", "slos", "--json").out == new.out
    assert project.slogate("report", "production-20261031-1200", "--json").out == old.out
    assert page.code == 0, page.err
    assert "availability" in (project.folder / "slos.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["slos", "--service", "bank"], "no verdict on slos of the service 'bank'",
                     id="service"),
        pytest.param(["production-1999"], "with the id production-1999", id="moment"),
        pytest.param([], "slogate report slos", id="no load run"),
    ],
)  # fmt: skip
def test_what_was_not_judged_is_not_reported(project, arguments, words):
    """With what to do instead."""
    project.slogate("check")
    done = project.slogate("report", *arguments)

    assert done.code == 2
    assert words in done.err


def test_the_course_of_slos(project):
    """A row a moment, with what was left of the budget and how fast it burned."""
    for day in (25, 26):
        project.slogate("check", "--quiet", "--at", f"2026-10-{day}")
    done = project.slogate("history", "availability/7d", "--json", "--since", "2026-10-25")
    sheet = project.slogate("history", "availability/7d", "--since", "2026-10-25")
    (found,) = done.document["objectives"]

    assert found["changes"] == []
    assert [row["time"][:10] for row in found["rows"]][:2] == ["2026-10-25", "2026-10-26"]
    assert all(row["budget"]["remaining"] is not None for row in found["rows"])
    assert {"left", "burn"} <= set(sheet.out.splitlines()[2].split())
