from __future__ import annotations

from dataclasses import replace

import pytest
from verdict_examples import finding, passing, verdict

from slogate.reports import _base
from slogate.verdict import GoodShare, Outcome


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        pytest.param(
            [], "NO VERDICT: there is no objective, so nothing was judged (exit 3)", id="none"
        ),
        pytest.param([passing()], "PASS: the only objective met (exit 0)", id="one"),
        pytest.param([passing()] * 13, "PASS: all 13 objectives met (exit 0)", id="all"),
        pytest.param(
            [finding()] * 2 + [passing()] * 11,
            "FAIL: 2 of 13 objectives breached (exit 1)",
            id="breach",
        ),
        pytest.param(
            [finding(), finding(outcome=Outcome.NO_DATA), finding(blocking=False)],
            "FAIL: 1 of 3 objectives breached, 1 without a verdict, 1 more not blocking (exit 1)",
            id="breach-and-more",
        ),
        pytest.param(
            [finding(outcome=Outcome.INVALID), finding(outcome=Outcome.INCONCLUSIVE)],
            "NO VERDICT: 2 of 2 objectives undecided (1 inconclusive, 1 invalid) (exit 3)",
            id="undecided",
        ),
        pytest.param(
            [passing(), finding(severity="warn", blocking=False)],
            "PASS: nothing blocks, 1 of 2 objectives without a pass (exit 0)",
            id="not-blocking",
        ),
    ],
)
def test_the_conclusion_counts_what_blocks(findings, sentence):
    """One plain sentence ends each report, with the exit code."""
    assert _base.conclusion(verdict(*findings)) == sentence


@pytest.mark.parametrize(
    ("state", "note", "told", "concluded"),
    [
        pytest.param("complete", "workers: 2", None, "met (exit 0)", id="complete"),
        pytest.param(
            "interrupted", None, "interrupted", "met; run interrupted (exit 0)", id="interrupted"
        ),
        pytest.param(
            "aborted",
            "errors > 50%",
            "aborted: errors > 50%",
            "met; run aborted (exit 0)",
            id="aborted",
        ),
        pytest.param(
            "incomplete",
            "the generator\ndied",
            "incomplete: the generator died",
            "met; run incomplete (exit 0)",
            id="died",
        ),
        pytest.param(
            "running",
            None,
            "incomplete: its recorder never closed it",
            "met; run never closed (exit 0)",
            id="killed",
        ),
    ],
)
def test_a_run_that_did_not_end_in_order_is_told(state, note, told, concluded):
    """In the head with its cause, in the conclusion in two words."""
    found = verdict(passing(), ended=state, note=note)

    assert _base.unfinished(found.subject.run) == told
    assert _base.conclusion(found).removeprefix("PASS: the only objective ") == concluded


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        pytest.param({}, "412 ms (388–431)", id="interval"),
        pytest.param({"interval": None}, "412 ms", id="fact"),
        pytest.param({"interval": (388_000.0, None)}, "412 ms (388–∞)", id="open"),
        pytest.param({"observed": 300_400.0, "interval": None}, "300.4 ms", id="near-the-limit"),
        pytest.param({"observed": 300_000.0, "interval": None}, "300 ms", id="at-the-limit"),
        pytest.param(
            {"observed": 1_250_000.0, "interval": (990_000.0, 1_312_000.0)},
            "1.25 s (0.99–1.31)",
            id="unit-of-the-observed",
        ),
        pytest.param(
            {"observed": None, "interval": (540_000.0, None), "failed": 9},
            "unbounded (≥ 540 ms)",
            id="at-least",
        ),
        pytest.param(
            {"observed": None, "interval": (None, None), "failed": 9}, "unbounded", id="unbounded"
        ),
        pytest.param({"observed": None, "interval": (None, None)}, "–", id="unknown"),
        pytest.param(
            {"outcome": Outcome.NO_DATA, "observed": None, "interval": None, "failed": 9},
            "–",
            id="no-data",
        ),
        pytest.param(
            {"unit": "share", "limit": 0.01, "observed": 0.0052, "interval": (0.0031, 0.0083)},
            "0.52% (0.31–0.83)",
            id="share",
        ),
        pytest.param(
            {"unit": "per_second", "limit": 100.0, "observed": 152.9, "interval": None},
            "153/s",
            id="rate",
        ),
        pytest.param(
            {"unit": "per_second", "limit": 100.0, "observed": 99.9999, "interval": None},
            "99.9999/s",
            id="rate-just-under",
        ),
    ],
)
def test_what_was_observed_is_printed_apart_from_the_limit(changes, shown):
    """A value that is not the limit never prints as the limit."""
    assert _base.observed(finding(**changes)) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        pytest.param((0.909, 0.95), "90.9% / 95%", id="plain"),
        pytest.param((0.99899, 0.999), "99.899% / 99.9%", id="just-under"),
        pytest.param((0.99996, 0.95), "99.996% / 95%", id="not-all-good"),
        pytest.param((1.0, 1.0), "100% / 100%", id="all-good"),
    ],
)
def test_the_good_share_is_printed_apart_from_the_required_and_from_all(share, shown):
    """99.996% is not 100%, and 99.899% is not 99.9%."""
    good = GoodShare(observed=share[0], interval=None, required=share[1])

    assert _base.good_share(finding(good_share=good)) == shown


def test_a_share_right_at_what_is_required_is_shown_alike():
    """Neither above nor under it by rounding: `95.2% / 95.25%` would look like a breach."""
    right = GoodShare(observed=0.9525, interval=None, required=0.9525)

    assert _base.good_share(finding(good_share=right)) == "95.25% / 95.25%"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\n  b\tc", "a b c", id="one-line"),
        pytest.param("\x1b[31mred", r"\u001b[31mred", id="escape"),
        pytest.param("a\u202eb", r"a\u202eb", id="direction"),
        pytest.param("a\udcffb", r"a\udcffb", id="half-character"),
        pytest.param("\u200bzero\ufeff", r"\u200bzero\ufeff", id="invisible"),
        pytest.param("検索 é", "検索 é", id="letters-stay"),
    ],
)
def test_text_from_anywhere_becomes_one_harmless_line(text, shown):
    """Control, direction and half characters are shown as escapes, not sent to a terminal."""
    assert _base.plain(text) == shown


def test_moments_are_exact_to_the_microsecond():
    """No float lies between the stored integer and the text."""
    assert _base.instant(1_793_498_400_123_457) == "2026-11-01T02:00:00.123457Z"
    assert _base.instant(10**18) == "1000000000000000000 µs since 1970"


def test_the_worst_come_first_and_equals_keep_their_order():
    """Blocking before not blocking, then by outcome, then as written."""
    first, second = finding(text="p95: 1ms"), finding(text="p99: 1ms")
    lenient = finding(blocking=False)
    undecided = finding(outcome=Outcome.INCONCLUSIVE)

    ordered = _base.worst_first([passing(), lenient, undecided, first, second])

    assert ordered == [first, second, undecided, lenient, passing()]


def test_each_note_is_said_once_with_its_objectives():
    """Equal warnings of several objectives are one note."""
    p95 = finding(warnings=("short_run: x",), untimed=3)
    p99 = finding(text="p99: 1s", warnings=("short_run: x", "history: none"))

    notes = _base.notes(verdict(p95, p99, warnings=("cpu: high",)))

    assert notes == [
        "cpu: high",
        "short_run: x (checkout/p95, checkout/p99)",
        "history: none (checkout/p99)",
        "3 without a response time, left out of latencies (checkout/p95)",
    ]


def test_a_note_on_many_objectives_counts_them():
    """Over three objectives are counted, not named."""
    warned = [finding(text=f"p{n}: 1s", warnings=("w",)) for n in range(90, 94)]

    assert _base.notes(verdict(*warned)) == ["w (all objectives)"]
    assert _base.notes(verdict(*warned, passing())) == ["w (4 objectives)"]


def test_both_figures_of_a_back_filled_objective_are_shown():
    """Back-filling is never silent: bad shares with and without it, and the number."""
    share = GoodShare(observed=0.9, interval=None, required=0.95)
    filled = finding(backfilled=1_204, uncorrected=0.0302, good_share=share)

    (note,) = _base.notes(verdict(filled))

    assert note == (
        "1,204 missed starts back-filled: 10% of requests bad with them, 3.02% as measured "
        "(checkout/p95)"
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({}, None, id="blocks"),
        pytest.param({"severity": "warn"}, "does not block: severity warn", id="severity"),
        pytest.param(
            {"waived": "until 2026-12-01: known"},
            "does not block, waived: until 2026-12-01: known",
            id="waived",
        ),
        pytest.param(
            {"downgraded": "on_no_data: pass"}, "does not block: on_no_data: pass", id="downgraded"
        ),
    ],
)
def test_why_something_does_not_block_is_said(changes, sentence):
    """A finding that is no pass and does not block says by which rule."""
    found = replace(finding(), blocking=not changes, **changes)

    assert _base.aside(found) == sentence


def test_a_population_is_noted_where_it_is_not_the_usual():
    """What a spec that says nothing would count needs no note."""
    usual = finding(population="all requests, failures slower than any limit")
    successes = finding(text="p99: 1s", population="successful requests")

    assert _base.notes(verdict(usual)) == []
    assert _base.notes(verdict(usual, successes)) == [
        "population: successful requests (checkout/p99)"
    ]
