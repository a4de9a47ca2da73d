"""The pictures of the page: what they say, how they stay inert, and how large they may become."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from exhibit_examples import END, START, buckets, exhibit, requests
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import DRAWN, inert, tree
from strategies import untidy_us, verdicts
from verdict_examples import WINDOW, finding, passing, verdict

from slogate.engines._look_rows import look
from slogate.engines._rows import Row
from slogate.model.beside import Beside
from slogate.model.exhibit import View
from slogate.model.run import Users
from slogate.model.selection import Endpoint, Selection
from slogate.model.window import Window
from slogate.reports._html.crowd import users_by_column
from slogate.reports._html.frame import (
    CountAxis,
    LogAxis,
    Tick,
    chart,
    nice,
    steps,
    time_ticks,
)
from slogate.reports._html.markup import joined
from slogate.reports._html.scenes import MOST_SCENES, view
from slogate.reports.html import MOST, illustrate, render
from slogate.verdict import Finding, GoodShare, Outcome

GEOMETRY = ("d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height")
GOLDEN = Path(__file__).parents[2] / "golden" / "pages"
ERRORS = finding(
    kind="errors", text="errors: 1%", endpoint=None, name="service", outcome=Outcome.PASS,
    limit=0.01, unit="share", observed=0.003, interval=(0.001, 0.006), blocking=False,
)  # fmt: skip
RATE = passing(
    kind="throughput", text="throughput: 20/s", endpoint=None, name="service", limit=20.0,
    unit="per_second", observed=30.0, interval=None, good_share=None,
)  # fmt: skip
OPEN = finding(
    outcome=Outcome.INCONCLUSIVE, text="p99: 500ms", limit=500_000.0, observed=480_000.0,
    interval=(450_000.0, None), reason="p99 of POST /checkout is too close to the 500 ms budget",
    good_share=GoodShare(observed=0.99, interval=(0.98, 0.996), required=0.99),
)  # fmt: skip
NO_DATA = finding(
    outcome=Outcome.NO_DATA, endpoint="GET /gone", observed=None, interval=None, good=None,
    total=None, good_share=None, reason="no request of GET /gone was judged",
)  # fmt: skip
PAGES = {
    "pass": (verdict(passing(), ERRORS, RATE), exhibit()),
    "fail": (verdict(finding(), OPEN, ERRORS, RATE), exhibit()),
    "inconclusive": (verdict(OPEN, passing()), exhibit()),
    "no-data": (verdict(NO_DATA), exhibit(endpoints=("GET /gone",))),
    "buckets": (verdict(OPEN, passing()), exhibit(buckets(), exact=False)),
    "no-pictures": (verdict(passing()), "There are no pictures: its part was pruned."),
}


@pytest.mark.parametrize("case", PAGES)
def test_a_page_equals_its_golden_file(case, update):
    """Every kind of outcome and of series is drawn as it was looked at; `--update` rewrites."""
    text = illustrate(*PAGES[case])
    golden = GOLDEN / f"{case}.html"
    if update:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, "utf-8")

    assert text == golden.read_text("utf-8")


@pytest.mark.parametrize("case", PAGES)
def test_a_page_is_inert_and_well_formed(case):
    """Our elements and attributes only, and each picture has a title and a description."""
    text = illustrate(*PAGES[case])
    inert(text)
    root = tree(text)
    drawn = [svg for svg in root.iter("svg") if svg.get("role") == "img"]
    ids = [element.get("id") for element in root.iter() if element.get("id")]

    assert len(ids) == len(set(ids))
    for svg in drawn:
        assert (svg.findtext("title") or "").strip()
        for reference in ("aria-labelledby", "aria-describedby"):
            assert svg.get(reference) is None or svg.get(reference) in ids


@pytest.mark.parametrize(
    ("case", "sentences"),
    [
        pytest.param("fail", ["POST /checkout", "p95 ≤ 300 ms ✗", "p99 ≤ 500 ms ?",
                              "successes ≥ 20/s ✓", "The shaded parts were not judged.",
                              "Distribution of the judged window", "Failed requests"],
                     id="fail"),
        pytest.param("buckets", ["Only buckets are known", "buckets tell no more",
                                 "Percentiles are upper ends of buckets", "∞"], id="buckets"),
        pytest.param("no-pictures", ["There are no pictures: its part was pruned."], id="none"),
        pytest.param("no-data", ["All requests", "no request of GET /gone"], id="no-data"),
    ],
)  # fmt: skip
def test_a_page_says_what_its_pictures_say(case, sentences):
    """Limits are named in the pictures, and what is not known is said."""
    said = inert(illustrate(*PAGES[case])).said

    for sentence in sentences:
        assert sentence in said


def test_users_are_those_at_the_end_of_each_slice():
    """Nobody before the first is told; as many as before where nothing changed."""
    seen = exhibit()
    told = [
        Users(seen.start_ts + int(at * seen.step_us), count) for at, count in ((1, 5), (1.5, 9))
    ]

    counts = users_by_column(told, seen)
    assert counts == [0, *[9] * (seen.columns - 1)]
    page = illustrate(verdict(passing()), seen, Beside(users=tuple(told)))
    assert page.count('class="crowd"') == 1
    assert "9 at most" in inert(page).said


@pytest.mark.parametrize("shown", [exhibit(), "There are no pictures."], ids=["seen", "unseen"])
def test_all_that_is_not_shown_is_told_in_one_place(shown):
    """However many reasons there are, the headings stay different."""
    found = Beside(notes=("The server is gone.", "Another note."))
    text = illustrate(verdict(passing()), shown, found)
    ids = re.findall(r' id="([^"]+)"', text)

    assert len(ids) == len(set(ids))
    assert "The server is gone. Another note." in inert(text).said


def test_without_pictures_there_is_no_script():
    """What has nothing to do is not there."""
    page = inert(render(verdict(passing())))

    assert [tag for tag, _ in page.elements if tag == "script"] == []


def test_a_source_that_tells_no_failures_is_believed_in_nothing():
    """No failure told is not the same as none."""
    found = verdict(passing())
    run = replace(found.subject.run, untold=("failures",))
    silent = replace(found, subject=replace(found.subject, run=run))
    quiet = exhibit([replace(row, ok=True, status=200) for row in requests()])

    assert "No request failed." in inert(illustrate(found, quiet)).said
    said = inert(illustrate(silent, quiet)).said
    assert "No request failed." not in said
    assert "The source does not tell of failed requests." in said


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img onerror=x>', "a\u202eb\n"]
)
def test_a_hostile_endpoint_is_text_in_every_picture(hostile):
    """Nothing of a name becomes an element; and the figures for the script are numbers only."""
    rows = requests(300, endpoints=(("GET", hostile), ("POST", hostile)))
    found = finding(endpoint=f"POST {hostile}", text=f"p95{hostile}: 300ms")
    text = illustrate(verdict(found), exhibit(rows, endpoints=(f"POST {hostile}",)))
    page = inert(text)

    assert "alert" not in "".join(page.scripts)
    assert "<img" not in text


ROWS = st.lists(
    st.builds(
        lambda at, least, width, count, ok: Row(
            ts=START + at, last_ts=START + at, stop_ts=START + at, least_us=least,
            most_us=None if least is None else min(2**63 - 1, least + width), endpoint="/",
            method="GET", status=None, ok=ok, labels={}, count=count,
        ),
        st.integers(0, 2**50), st.none() | st.integers(0, 2**62),
        st.sampled_from([0, 1, 1_000, 2**63 - 1]), st.integers(1, 10**12), st.booleans(),
    ),
    max_size=12,
)  # fmt: skip


@given(rows=ROWS, found=verdicts(us=untidy_us), exact=st.booleans())
@settings(max_examples=25)
def test_whatever_there_is_can_be_drawn(rows, found, exact):
    """Years and microseconds, no end and no duration, any limits: an inert, well-formed page."""
    whole = Window(start_ts=START, end_ts=max((row.ts for row in rows), default=START))
    scenes = (Selection(), Selection(endpoint=Endpoint.parse("GET /")))
    text = illustrate(found, look(rows, View(scenes=scenes), whole, exact=exact))

    drawn = [a for tag, a in inert(text).elements if tag in DRAWN]
    tree(text)
    for key in GEOMETRY:
        assert not [a[key] for a in drawn if re.search("nan|inf", a.get(key) or "")]


def many() -> list[Finding]:
    """Thirty objectives of ten endpoints."""
    return [
        finding(
            name=f"e{i}", text=f"{key}: 300ms", endpoint=f"GET /endpoint/{i}", reason="slow " * 30
        )
        for i in range(10)
        for key in ("p50", "p95", "p99")
    ]


def test_an_hour_with_thirty_objectives_is_a_small_page():
    """At most 500 kB, all pictures in it."""
    findings = many()
    hour = START + 3_600_000_000
    names = tuple(("GET", f"/endpoint/{i}") for i in range(10))
    rows = requests(20_000, end=hour, endpoints=names)
    found = verdict(*findings)
    shown = exhibit(
        rows, endpoints=tuple(f.endpoint for f in findings[::3][:5]), end=hour, window=None
    )
    text = illustrate(found, shown)

    assert len(text.encode()) <= MOST
    assert text.count('aria-labelledby="p5-title"') == 1
    assert "are left out" not in inert(text).said


def test_what_would_be_too_large_is_left_out_and_said():
    """The service itself stays; single endpoints go first."""
    shown = exhibit(endpoints=tuple(f"GET /{i}" for i in range(MOST_SCENES)))
    cells = tuple(
        replace(shown.scenes[0].cells[0], column=column, low=row, high=row)
        for column in range(90)
        for row in range(160)
    )
    full = replace(shown.scenes[0], cells=cells)
    shown = replace(shown, columns=90, scenes=(full,) * (MOST_SCENES + 1))
    names = [finding(endpoint=f"GET /{i}", name=f"n{i}") for i in range(MOST_SCENES)]
    text = illustrate(verdict(*names), shown)

    assert len(text.encode()) <= MOST
    assert "All requests" in inert(text).said
    assert "more are left out: the page would be too large" in inert(text).said


def test_the_page_wants_to_be_shown_the_worst_endpoints():
    """The whole service first, then those with budgets of durations, each once."""
    wanted = view(
        verdict(passing(endpoint="GET /fine"), finding(), ERRORS, RATE, finding(name="b"))
    )

    assert [str(each.endpoint) for each in wanted.scenes] == ["None", "POST /checkout", "GET /fine"]
    assert wanted.window == Window(start_ts=WINDOW[0], end_ts=WINDOW[1])
    assert wanted.whole == Window(start_ts=START, end_ts=END)
    assert len(view(verdict(*many())).scenes) == 1 + MOST_SCENES


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        pytest.param(45, ["0 s", "10 s", "20 s", "30 s", "40 s"], id="a minute"),
        pytest.param(3_600, ["0 s", "10 min", "20 min", "30 min", "40 min", "50 min", "60 min"],
                     id="an hour"),
        pytest.param(86_400, ["06:00", "12:00", "18:00", "11-02"], id="a day"),
        pytest.param(28 * 86_400, ["11-05", "11-12", "11-19", "11-26"], id="weeks"),
    ],
)  # fmt: skip
def test_time_is_told_in_round_steps(seconds, words):
    """Elapsed time of a run of minutes, the clock of a day and its date at midnight, days."""
    assert [tick.text for tick in time_ticks(START, seconds * 1_000_000)] == words


@pytest.mark.parametrize(("texts", "spare"), [(["60 min"] * 7, 3), (["11-05"] * 4, 0)])
def test_words_that_would_touch_on_a_narrow_screen_are_spare(texts, spare):
    """Every other one, and none where all have room."""
    ticks = [Tick(at=at / len(texts), text=text) for at, text in enumerate(texts)]
    drawn = chart("k", "t", "d", columns=9, height=9, shapes=joined(), x_ticks=ticks).text

    assert drawn.count('class="spare"') == spare


def test_durations_double_by_equal_distances():
    """And what lies outside an axis is at its edge."""
    axis = LogAxis(low=1_000.0, high=16_000.0, height=100.0)

    assert [axis.y(us) for us in (1, 1_000, 4_000, 16_000, 10**9)] == [100.0, 100.0, 50.0, 0.0, 0.0]
    assert [tick.text for tick in axis.ticks] == ["1 ms", "2 ms", "5 ms", "10 ms"]


def test_counts_begin_at_nothing():
    """Their steps are round."""
    axis = CountAxis(high=150.0, height=120.0)

    assert [tick.text for tick in axis.ticks] == ["0", "50", "100", "150"]
    assert [nice(value) for value in (0.07, 1, 3, 6)] == [0.1, 1.0, 5.0, 10.0]


def test_a_line_breaks_where_nothing_is_known():
    """No line leads over a gap."""
    assert steps([(0, 1.0), (1, 2.5), (2, None), (4, 3.0)]) == "M0 1h1V2.5h1M4 3h1"
