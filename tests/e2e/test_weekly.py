"""`slogate report --window 7d` over eight weeks of twelve services, and the page in a browser."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from browser import browsing
from pages import inert
from weeks import (
    AT,
    DAY,
    END,
    EVIL,
    SERVICES,
    Service,
    add_load_run,
    add_production,
    build,
    spec_of,
)

from slogate.cli.app import run
from slogate.cli.report_specs import readable
from slogate.measuring.measure import Asking
from slogate.measuring.servers import Addresses
from slogate.reports._weekly import document, markdown, page, words
from slogate.reports._weekly.week import LoadRun, State, Week
from slogate.store.layout import open_store
from slogate.store.manifest import find_run, write_run
from slogate.verdict import Outcome
from slogate.weekly.gather import Given, gather

pytestmark = pytest.mark.xdist_group("weekly")
SCHEMA = json.loads((files("slogate") / "schemas" / "weekly.v1.schema.json").read_text("utf-8"))
HERE = ["report", "--window", "7d", "--at", END]


def week_of(folder: Path, *paths: Path, **given) -> Week:
    """The week that ends at `AT`, of the store and the specs in a folder."""
    specs, troubles = readable([*paths] or [folder / "slo"])
    asked = {"length_us": 7 * DAY, "at": AT, "compared": True, "specs": specs,
             "troubles": troubles, "asking": Asking(addresses=Addresses())} | given  # fmt: skip
    return gather(open_store(folder / ".slogate"), Given(**asked))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with the store and its specs."""
    folder = tmp_path_factory.mktemp("weeks")
    build(folder)
    return folder


@pytest.fixture(scope="module")
def week(project):
    """The week of it."""
    return week_of(project)


def told(week: Week) -> dict:
    """The document, which has the shape that is published."""
    found = json.loads(document.text(week))
    jsonschema.Draft202012Validator(
        SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(found)
    return found


def test_all_is_told_worst_first(week):
    """Broken before unknown before kept, and each as it was planted."""
    found = told(week)
    states = {each["id"]: each["state"] for each in found["slos"]}

    assert found["promises"] == {"total": 22, "kept": 16, "broken": 2, "unknown": 4}
    assert found["complete"] is True
    assert [each["id"] for each in found["slos"]][:2] == [
        "checkout/availability/28d",
        "prices/availability/28d/eu-west",
    ]
    assert {name for name, state in states.items() if state == "no_data"} == {
        "images/availability/28d", "images/latency/28d",
        "mail/availability/28d", "mail/latency/28d",
    }  # fmt: skip
    assert len(found["slos"][0]["course"]) == 8
    recovered = next(row for row in week.rows if row.id == "search/availability/28d")
    assert recovered.news == "recovered"
    assert found["runs"]["total"] == 10
    assert [each["id"] for each in found["runs"]["without_pass"]] == [
        "pr-4713", "pr-4711", "pr-4712",
    ]  # fmt: skip


def test_the_week_is_what_was_planted(week):
    """Nine hours of checkout with a quarter failed: the sums of the week, to the request."""
    row = next(row for row in week.rows if row.id == "checkout/availability/28d")
    checkout = SERVICES[0]
    start = AT - 7 * DAY
    from weeks import _counts

    columns = _counts(checkout)
    rows = [*zip(columns["ts"], columns["count"], columns["ok"], strict=True)]
    bad = sum(count for ts, count, ok in rows if ts >= start and not ok)
    total = sum(count for ts, count, _ in rows if ts >= start)

    assert (row.week.budget["bad"], row.week.budget["total"]) == (bad, total)
    assert row.burn == pytest.approx(bad / total / 0.001)
    assert row.spent == pytest.approx(bad / row.now.budget["allowed"])


def test_it_says_what_a_check_says(project, week, monkeypatch, capsys):
    """As of this week and of the one before, budgets are those of `slogate check --at`."""
    monkeypatch.chdir(project)
    for back, at in ((0, END), (1, "2026-11-16")):
        run(["check", "--only", "slos", "--at", at, "--service", "invoices", "--json"])
        judged = {each["id"]: each for each in json.loads(capsys.readouterr().out)["objectives"]}

        rows = [row for row in week.rows if row.service == "invoices"]
        assert len(rows) == len(judged) == 2
        for row in rows:
            mine, theirs = row.ends[-1 - back], judged[row.id]
            assert mine.budget == theirs["budget"]
            assert (mine.outcome, mine.reason) == (theirs["outcome"], theirs["reason"])


def test_forecasts_are_labelled(week):
    """Wherever one is shown it is called an estimate, and there is none without data."""
    by_id = {each["id"]: each for each in told(week)["slos"]}

    assert "never gates" in by_id["cart/latency/28d"]["forecast"]["label"]
    assert by_id["images/latency/28d"]["forecast"] is None
    for text in (page.render(week), markdown.render(week)):
        assert "A forecast is an estimate" in text


def test_same_week_same_bytes(project, week):
    """Nothing reads a clock, and threads change nothing."""
    again = week_of(project, service="login", threads=1)
    mine = [row for row in week.rows if row.service == "login"]

    assert [*again.rows] == mine
    assert document.text(week) == document.text(replace(week))


def test_markdown_fits_an_issue(week):
    """What matters first, everything else folded, no longer than GitHub takes."""
    text = markdown.render(week)

    assert text.startswith("## ✗ 2 of 22 promises broken, 16 kept, 4 not known")
    assert len(text) <= markdown.MOST
    assert text.index("### Worst offenders") < text.index("### Not kept")
    assert "<details><summary>16 kept</summary>" in text
    assert "errors &#62; 50%" in text
    assert "(payments), newly broken: 99.6% of" in text
    assert "Recovered: <code>search/availability/28d</code>." in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {9}


def many(week: Week, count: int) -> Week:
    """The same week with so many more promises."""
    rows = [replace(row, id=f"{row.id}/{n}") for n in range(count) for row in week.rows]
    return replace(week, rows=tuple(rows))


def test_it_ends_with_what_to_do(week):
    """The worst first, by commands that can be copied; of an odd name none is made."""
    said = inert(page.render(week)).said
    step = "Mend `checkout/availability/28d` first; `slogate check --only slos --service checkout`"

    assert words.next_step(week, lambda text: f"`{text}`").startswith(step)
    assert "Next step: Mend checkout/availability/28d first; slogate check" in said
    assert "**Next step:** Mend" in markdown.render(week)
    odd = replace(week, rows=tuple(replace(row, service="a; rm x") for row in week.rows))
    assert words.next_step(odd, str) == "Mend checkout/availability/28d first."
    kept = [row for row in week.rows if row not in words.offenders(week)]
    assert words.next_step(replace(week, rows=tuple(kept)), str) is None


def test_many_promises_are_cut_off_and_counted(week):
    """Thousands of them fit their limits, the worst stay, and a sentence says how many do not."""
    crowded = many(week, 20)
    text, html = markdown.render(crowded), page.render(crowded)

    assert len(text) <= markdown.MOST
    assert len(html.encode()) <= page.MOST
    for shown in (text, inert(html).said):
        assert re.search(r"[\d,]+ more( promises)?, the least bad, are left out", shown)
        assert "checkout/availability/28d/19" in shown
    assert len(told(crowded)["slos"]) == 440


def hostile(week: Week) -> Week:
    """The same week with a hostile name wherever a name may stand."""
    long = EVIL + "x" * 10_000
    rows = [
        replace(row, id=f"{EVIL}/{row.id}\n# {row.id}", service=long, owner=EVIL, window=EVIL,
                place=EVIL, trouble=EVIL if at == 3 else row.trouble)
        for at, row in enumerate(week.rows)
    ]  # fmt: skip
    runs = (
        LoadRun(id=long, service=EVIL, ts=AT - DAY, outcome=Outcome.FAIL, reasons=(long, EVIL)),
    )
    return replace(
        week, rows=tuple(rows), runs=runs, troubles=(long, EVIL), notes=(EVIL,), unpromised=(EVIL,)
    )


def test_hostile_names_are_inert(week):
    """Markup, direction marks, commands and line breaks come out as text in each format."""
    bad = hostile(week)
    said = inert(page.render(bad)).said
    text = markdown.render(bad)

    assert "<script>alert(1)</script>" in said
    assert "\u202e" not in said + text
    assert "<script" not in text
    assert "<img" not in text
    assert "](java" not in text
    assert "@all" not in re.sub("<code>.*?</code>", "", text)
    assert {line.count("|") for line in text.splitlines() if line.startswith("|")} == {9}
    assert not [line for line in text.splitlines() if line.startswith(("# ", "::"))]
    assert told(bad)["troubles"][1] == EVIL


@pytest.fixture(scope="module")
def shown(week, tmp_path_factory):
    """The page as a file, and a hostile one."""
    folder = tmp_path_factory.mktemp("shown")
    for name, each in (("weekly", week), ("hostile", hostile(week))):
        (folder / f"{name}.html").write_text(page.render(each), "utf-8")
    return folder


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


@pytest.mark.parametrize(
    ("name", "width", "dark"),
    [
        ("weekly", 1_400, False),
        ("weekly", 1_400, True),
        ("weekly", 390, False),
        ("weekly", 390, True),
        ("hostile", 390, False),
    ],
)
def test_the_page_is_quiet_in_a_browser(tab, axe, shown, name, width, dark):
    """No complaint, no request but the page itself, no sideways scrolling, nothing inaccessible."""
    file = shown / f"{name}.html"
    tab.open(file, width=width, dark=dark)

    assert tab.complaints == []
    assert tab.requests == [file.resolve().as_uri()]
    assert tab.value("document.documentElement.scrollWidth") <= width
    tab.value(f"{axe}; 1")
    found = "axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
    assert tab.value(found) == []


def test_the_page_needs_no_javascript(tab, shown):
    """It has no script at all, so that it says the same without."""
    tab.open(shown / "weekly.html", width=1_400, script=False)

    assert tab.complaints == []
    assert tab.value("document.scripts.length") == 0
    assert tab.value("document.querySelectorAll('svg.course[role=img]').length") == 20
    assert tab.value("document.querySelector('svg.course .run').getBoundingClientRect().width") > 90


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A store with one service that keeps what it promises, in the working directory."""
    monkeypatch.chdir(tmp_path)
    build(tmp_path, (Service(name="shop"),))
    for file in (tmp_path / ".slogate").glob("*/nightly-*.json"):
        file.unlink()
    return tmp_path


def test_formats_by_the_command(small, capsys):
    """Markdown is the default, `--json` is a format, and -o writes a file."""
    assert run(HERE) == 0
    text = capsys.readouterr().out
    assert run([*HERE, "--json", "--compare", "none"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert run([*HERE, "--format", "html", "-o", "w.html", "-q"]) == 0

    assert text.startswith("## ✓ All 2 promises kept")
    jsonschema.validate(found, SCHEMA)
    assert found["compared_with"] is found["slos"][0]["previous_week"] is None
    assert "All 2 promises kept" in inert(Path("w.html").read_text("utf-8")).said
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words_", "said"),
    [
        (["--window", "8h"], "is not from 1d to 92d"),
        (["--window", "7"], "has no unit"),
        (["--window", "7d", "--compare", "last"], "known: previous, none"),
        (["--window", "7d", "--format", "junit"], "do not go together"),
        (["--window", "7d", "--at", "monday"], "is no moment"),
        (["nightly", "--window", "7d"], "over all runs"),
        (["--compare", "previous"], "say how long: --window 7d"),
        (["--window", "7d", "--service", "nobody"], "speaks of the service 'nobody'"),
        (["--window", "7d", "--spec", "nowhere.yaml"], "there is no file nowhere.yaml"),
    ],
)
def test_wrong_calls_are_told(small, capsys, words_, said):
    """Exit 2, and what is wrong in a sentence."""
    assert run(["report", *words_]) == 2
    assert said in capsys.readouterr().err


def test_an_empty_store_keeps_nothing(tmp_path, monkeypatch, capsys):
    """Without data no moment is known; with one, nothing was kept."""
    monkeypatch.chdir(tmp_path)
    open_store(tmp_path / ".slogate", create=True)

    assert run(["report", "--window", "7d"]) == 2
    assert "say when it ends: --at" in capsys.readouterr().err
    assert run(HERE) == 0
    assert capsys.readouterr().out.startswith("## ○ Nothing is promised: there is no spec")
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo" / "shop.yaml").write_text(spec_of(Service(name="shop")))
    assert run(HERE) == 0
    text = capsys.readouterr().out
    assert text.startswith("## ○ 2 of 2 promises not known, 0 kept")


def test_data_without_a_spec_are_named(small, capsys):
    """No spec, no promise: the services that nobody speaks of are listed."""
    shutil.rmtree(small / "slo")

    assert run(HERE) == 0
    text = capsys.readouterr().out
    assert text.startswith("## ○ Nothing is promised")
    assert "no slo speaks of: <code>cart</code>, <code>search</code>, <code>shop</code>" in text


def test_an_unreadable_spec_is_not_kept(small, capsys):
    """The others are told of, the report says that it is not whole, and the exit code too."""
    (small / "slo" / "a.yaml").write_text("slogate: 1\nservice: lost\nslos:\n  - name: x\n")
    (small / "slo" / "b.yaml").write_bytes(b"slogate: 1\n\xff")

    assert run(HERE) == 2
    told_ = capsys.readouterr()
    assert told_.out.startswith("## ! Not all could be read: 2 promises kept, of others nobody")
    assert "This report is not whole" in told_.out
    assert "slo/a.yaml:4" in told_.err
    assert "b.yaml:2:1: byte 0xff is not UTF-8" in told_.err
    for name in ("html", "json"):
        assert run([*HERE, "--format", name]) == 2
        assert "All 2 promises kept" not in capsys.readouterr().out


def test_where_no_spec_can_be_read_nothing_is_known(small, capsys):
    """It is not said that nothing was promised."""
    (small / "slo" / "s00.yaml").write_text("slogate: 1\nservice: shop\nslos: 3\n")

    assert run(HERE) == 2
    assert capsys.readouterr().out.startswith("## ! No promise could be read")


def test_damaged_data_are_not_kept(small, capsys):
    """A service whose part is gone is not read; another is told of all the same."""
    add_production(open_store(small / ".slogate"), Service(name="other"), 7)
    (small / "slo" / "other.yaml").write_text(spec_of(Service(name="other")))
    for part in (small / ".slogate" / "series").rglob("production-of-0*.parquet"):
        part.unlink()

    assert run([*HERE, "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    states = {each["id"].partition("/")[0]: each["state"] for each in found["slos"]}
    assert states == {"shop": "unread", "other": "kept"}
    assert found["complete"] is False
    assert found["state"] == "unread"


def test_a_damaged_verdict_hides_no_other(small, capsys):
    """It is told of as such, and the other runs are listed."""
    store = open_store(small / ".slogate")
    (store.verdicts / "bad.json").write_text('{"schema": "slogate.verdict/v1"')
    add_load_run(store, "late", "shop", 0.5)

    assert run(HERE) == 2
    text = capsys.readouterr().out
    assert "a stored verdict cannot be read" in text
    assert "nobody judged it: slogate check --run late" in text


def test_a_run_that_never_ended_taints_the_week(small, capsys):
    """Data that are incomplete cannot show that a promise was kept."""
    store = open_store(small / ".slogate")
    write_run(store, replace(find_run(store, "production-of-0"), state="incomplete"))

    assert run(HERE) == 0
    assert capsys.readouterr().out.startswith("## ! 2 of 2 promises not known, 0 kept")


def test_promises_without_a_spec_are_told_by_verdicts(small, capsys):
    """What `check` stored is what is known of a service whose spec is not there."""
    for at in ("2026-11-14", "2026-11-21"):
        assert run(["check", "--only", "slos", "--at", at, "-q"]) == 0
    shutil.rmtree(small / "slo")
    capsys.readouterr()

    assert run([*HERE, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["slos"]
    assert [each["source"] for each in found] == ["verdict", "verdict"]
    assert {each["state"] for each in found} == {"kept"}
    assert found[0]["week"] is None
    assert found[0]["budget_change"] is not None
    assert run(["report", "--window", "7d", "--at", "2026-12-05", "--json"]) == 0
    later = json.loads(capsys.readouterr().out)["slos"]
    assert {each["state"] for each in later} == {"no_data"}


def test_a_server_that_does_not_answer_is_told(small, capsys):
    """Its SLO is not read; those of the store are."""
    (small / "slo" / "q.yaml").write_text(
        "slogate: 1\nservice: queried\nslos:\n  - name: up\n    objective: 99%\n    window: 28d\n"
        "    indicator:\n"
        "      good: {type: prometheus, spec: {query: 'sum(rate(a_total[5m]))'}}\n"
        "      total: {type: prometheus, spec: {query: 'sum(rate(b_total[5m]))'}}\n"
    )

    assert run([*HERE, "--prometheus", "http://127.0.0.1:9", "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert {each["service"]: each["state"] for each in found["slos"]} == {
        "queried": "unread", "shop": "kept",
    }  # fmt: skip


def test_the_newest_data_say_when_the_week_ends(small, capsys):
    """Without --at; that they are old is said."""
    assert run(["report", "--window", "7d", "--json"]) == 0
    told_ = capsys.readouterr()

    end = json.loads(told_.out)["window"]["end"]
    assert end == datetime.fromtimestamp(AT / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    assert State.KEPT.value in told_.out


def test_words_of_other_lengths(week):
    """A month is not called a week."""
    span = replace(week.span, start_ts=AT - 30 * DAY)
    longer = replace(week, weeks=(*week.weeks[:-1], span))

    assert (words.title(longer), words.name(longer)) == ("Report over 30 d", "the 30 d")
