"""`slogate report --format html` on stored runs, and the page in a real browser."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

import pytest
from browser import TOUCHING, browsing
from pages import inert

from slogate.cli.app import run

SPEC = """slogate: 1
service: shop
budgets:
  - name: checkout
    endpoint: POST /checkout
    p95: 300ms
    errors: 1%
"""
HEADER = "ts,duration_ms,endpoint,method,status\n"
GOLDEN = Path(__file__).parents[1] / "golden"
SHOWN = [GOLDEN / "pages" / "fail.html", GOLDEN / "pages" / "buckets.html",
         GOLDEN / "reports" / "hostile" / "html.html"]  # fmt: skip


@pytest.fixture
def judged(tmp_path, monkeypatch, capsys):
    """A store with an imported and judged run, in the working directory."""
    monkeypatch.chdir(tmp_path)
    rows = "".join(
        f"2026-11-01T02:00:{i // 20:02}.{i % 20 * 5:02}Z,{50 + i % 37},/checkout,POST,200\n"
        for i in range(900)
    )
    Path("log.csv").write_text(HEADER + rows)
    Path("slo.yaml").write_text(SPEC)
    assert run(["import", "log.csv", "--kind", "load", "--service", "shop"]) == 0
    assert run(["check", "slo.yaml"]) == 0
    capsys.readouterr()
    return tmp_path


def test_a_run_is_shown_with_its_pictures(judged, capsys):
    """The page on stdout and in a file are the same, and have what the series holds."""
    assert run(["report", "--format", "html"]) == 0
    text = capsys.readouterr().out
    assert run(["report", "--format", "html", "-o", "page.html"]) == 0

    assert Path("page.html").read_text("utf-8") == text
    said = inert(text).said
    assert "900 requests in slices of 1 s" in said
    assert "p95 ≤ 300 ms ✓" in said
    assert "No request failed." in said


def test_a_verdict_is_shown_when_its_series_has_gone(judged, capsys):
    """Without parts there are no pictures, and the page says why."""
    for part in (judged / ".slogate" / "series").rglob("*.parquet"):
        part.unlink()

    assert run(["report", "--format", "html"]) == 0
    said = inert(capsys.readouterr().out).said
    assert "There are no pictures: run" in said
    assert "PASS" in said


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """What a browser was asked to open: the user's is a script that notes it down."""
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    script.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{script} %s")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("webbrowser._tryorder", None)
    return tmp_path / "opened"


def test_open_writes_a_page_and_shows_it(judged, opened, capsys):
    """Without another wish it is the page, in a file that stays."""
    assert run(["report", "--open"]) == 0

    address = opened.read_text().strip()
    assert address.startswith("file:///")
    assert Path(address.removeprefix("file://")).read_text("utf-8").startswith("<!DOCTYPE html>")
    assert capsys.readouterr().out == ""


def test_open_shows_the_file_that_was_written(judged, opened):
    """With -o that file is opened, whatever its format."""
    assert run(["report", "--open", "--format", "markdown", "-o", "verdict.md"]) == 0

    assert opened.read_text().strip() == (judged / "verdict.md").as_uri()


def test_without_a_browser_there_is_a_note(judged, opened, monkeypatch, capsys):
    """The page is written all the same, and the note says where."""
    monkeypatch.setenv("BROWSER", "no-such-browser %s")
    monkeypatch.setattr("webbrowser.register_standard_browsers", lambda: None)
    monkeypatch.setattr("webbrowser._tryorder", [])

    assert run(["report", "--open", "-o", "page.html"]) == 0
    assert "open it yourself: page.html" in capsys.readouterr().err


@pytest.fixture(scope="module")
def tab(system_program, tmp_path_factory):
    """A tab of a real Chromium."""
    found = filter(shutil.which, ("chromium", "google-chrome", "chromium-browser"))
    chromium = system_program(next(found, "chromium"), package="chromium")
    with browsing(chromium, tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture(scope="module")
def axe():
    """The accessibility checks of axe-core, as one script."""
    [folder] = importlib.util.find_spec("axe_core_python").submodule_search_locations
    return (Path(folder) / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1_400, 390])
@pytest.mark.parametrize("page", SHOWN, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_a_page_is_quiet_in_a_browser(tab, axe, page, width, dark):
    """No complaint, no request but the page itself, all in its place, nothing inaccessible."""
    tab.open(page, width=width, dark=dark)

    assert tab.complaints == []
    assert tab.requests == [page.resolve().as_uri()]
    assert tab.value("document.documentElement.scrollWidth") <= width
    assert tab.value(TOUCHING) == []
    tab.value(f"{axe}; 1")
    found = "axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
    assert tab.value(found) == []


def test_a_page_shows_the_same_without_javascript(tab):
    """Every picture is there, and nothing complains."""
    tab.open(SHOWN[0], width=1_400, script=False)

    assert tab.complaints == []
    assert tab.value("document.querySelectorAll('.chart svg[role=img]').length") >= 8
    assert tab.value("document.querySelector('.plot').getBoundingClientRect().width") > 300
    assert tab.value("document.querySelectorAll('.hair, .tip, [tabindex].chart').length") == 0


def test_a_crosshair_tells_the_figures_of_a_slice(tab):
    """By pointer and by arrow keys, over all pictures of a panel at once."""
    tab.open(SHOWN[0], width=1_400)
    x, y = tab.value(
        "(b => [b.left + b.width / 2, b.top + 20])"
        "(document.querySelector('.chart').getBoundingClientRect())"
    )
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    told = tab.value("document.querySelector('.tip').textContent")

    assert told.startswith("2026-11-01 02:00:2")
    assert re.search(r"UTC60 requests, \d+ failedp50  \d", told.replace("\n", ""))
    assert tab.value("document.querySelectorAll('.hair:not([hidden])').length") == 4
    tab.value("document.querySelector('.chart').focus()")
    tab.key("ArrowRight")
    assert tab.value("document.querySelector('.tip').textContent") != told
    tab.key("Escape")
    assert tab.value("document.querySelector('.tip').hidden") is True
