"""What the page shows beside a run: earlier runs, a pinned one, error budgets as they burnt."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

import pytest
from browser import TOUCHING, browsing
from pages import inert

from slogate.cli.app import run

HEADER = "ts,duration_ms,endpoint,method,status\n"
BUDGETS = """slogate: 1
service: shop
budgets:
  - {name: checkout, endpoint: POST /checkout, p95: 300ms, errors: 1%}
"""
SLOS = """slogate: 1
service: shop
slos:
  - {name: fast, good: ok and duration <= 100ms, objective: 90%, window: 2h}
  - {name: slices, good: ok, objective: 90%, window: 2h, budgeting: timeslices, slice: 1m,
     slice_objective: 95%}
"""


def load(number: int, slowest: int) -> str:
    """A run of 40 s on that day of November."""
    return HEADER + "".join(
        f"2026-11-{number:02}T02:00:{i // 20:02}.{i % 20 * 5:02}Z,{50 + i % slowest},"
        f"/checkout,POST,{500 if number == 3 and i % 50 == 0 else 200}\n"
        for i in range(800)
    )


def production() -> str:
    """Two hours of a request a second; all of minutes 60 to 65 fail, and 90 to 95 are slow."""
    rows = []
    for second in range(7_200):
        minute = second // 60
        status = 500 if 60 <= minute < 66 else 200
        took = 250 if 90 <= minute < 96 else 20
        moment = f"{second // 3600:02}:{minute % 60:02}:{second % 60:02}"
        rows.append(f"2026-11-01T{moment}Z,{took},/checkout,POST,{status}\n")
    return HEADER + "".join(rows)


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory):
    """A store with judged runs, the second of them pinned, and judged production."""
    folder = tmp_path_factory.mktemp("beside")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("slo").mkdir()
        Path("slo/shop.yaml").write_text(BUDGETS)
        for number, slowest in enumerate((40, 60, 90, 30, 240), start=1):
            Path("run.csv").write_text(load(number, slowest))
            branch, label = "other" if number == 4 else "main", f"name=day{number}"
            of = ["--service", "shop", "--branch", branch, "--label", label]
            assert run(["import", "run.csv", *of]) == 0
            assert run(["check", "--report-only"]) == 0
        assert run(["runs", "pin", "day2"]) == 0
        Path("slos.yaml").write_text(SLOS)
        Path("production.csv").write_text(production())
        done = run(["import", "production.csv", "--kind", "production", "--service", "shop"])
        assert done == 0
        assert run(["check", "slos.yaml", "--report-only"]) == 0
        assert run(["report", "day5", "--format", "html", "-o", "load.html"]) == 0
        assert run(["report", "slos", "--format", "html", "-o", "slos.html"]) == 0
    return folder


def test_the_table_has_the_course_of_earlier_runs(folder):
    """Runs of the branch, oldest first; a run of another branch is none of them."""
    text = (folder / "load.html").read_text("utf-8")

    assert "Last runs" in inert(text).said
    assert "4 runs: 87 ms in the first, 276 ms in the last, limit ≤ 300 ms" in text
    [trend] = re.findall(r'<svg class="trend".*?</svg>|<svg[^>]*class="trend".*?</svg>', text)[:1]
    assert len(re.findall(r"<circle|<rect", trend)) == 4


def test_the_distribution_is_held_against_the_pinned_run(folder):
    """A second line, named by its pin."""
    text = (folder / "load.html").read_text("utf-8")

    assert "pinned: baseline (" in inert(text).said
    assert 'class="line pin"' in text


def test_a_budget_is_drawn_as_it_burnt(folder):
    """Two pictures for each promise; what the last moment says is what was judged."""
    text = (folder / "slos.html").read_text("utf-8")

    said = inert(text).said
    # each has its words twice, over the picture and as its title; a column of the table once
    assert said.count("Budget left") == said.count("Burn rate") == 5
    # 12 minutes of 120 are bad, all that 90% allows; six minutes of slices half of it
    assert "at the end 0% is left" in said
    assert "at the end 50% is left" in said
    assert "10 at most" in said


def test_production_that_changed_since_has_no_picture(folder, monkeypatch):
    """A picture of other data than those that were judged would say what the verdict does not."""
    monkeypatch.chdir(folder)
    more = HEADER + "2026-11-01T00:30:00Z,999,/checkout,POST,500\n" * 200
    Path("more.csv").write_text(more)
    assert run(["import", "more.csv", "--kind", "production", "--service", "shop"]) == 0

    assert run(["report", "slos", "--format", "html", "-o", "again.html"]) == 0

    assert "times faster than evenly" not in inert(Path("again.html").read_text("utf-8")).said


@pytest.fixture(scope="module")
def tab(system_program, tmp_path_factory):
    """A tab of a real Chromium."""
    found = filter(shutil.which, ("chromium", "google-chrome", "chromium-browser"))
    chromium = system_program(next(found, "chromium"), package="chromium")
    with browsing(chromium, tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.mark.parametrize(("width", "dark"), [(1_400, False), (390, True)])
@pytest.mark.parametrize("page", ["load.html", "slos.html"])
def test_pages_are_quiet_in_a_browser(tab, folder, page, width, dark):
    """No complaint, no sideways scrolling, nothing inaccessible."""
    [axe] = importlib.util.find_spec("axe_core_python").submodule_search_locations
    tab.open(folder / page, width=width, dark=dark)

    assert tab.complaints == []
    assert tab.value("document.documentElement.scrollWidth") <= width
    assert tab.value(TOUCHING) == []
    tab.value(f"{(Path(axe) / 'axe.min.js').read_text('utf-8')}; 1")
    found = "axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
    assert tab.value(found) == []


def test_a_crosshair_tells_how_a_budget_burnt(tab, folder):
    """What was left and how fast it went, over both pictures at once."""
    tab.open(folder / "slos.html", width=1_400)
    tab.value("document.querySelector('.chart').focus()")
    tab.key("End")
    told = tab.value("document.querySelector('.tip').textContent").split("\n")

    assert told[0].endswith("11-01 02:00 UTC")
    assert told[1:] == ["0% left", "burnt at 0×"]
    assert tab.value("document.querySelectorAll('.hair:not([hidden])').length") == 2
