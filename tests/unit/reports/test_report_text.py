from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import verdicts
from verdict_examples import finding, passing, verdict

from slogate.reports._page import width
from slogate.reports.text import NARROWEST, WIDTH, render, render_styled
from slogate.verdict import Failure, Outcome

ANSI = re.compile(r"\x1b\[\d+m")


@given(verdicts(), st.integers(1, 200))
def test_no_line_is_wider_than_the_page(found, columns):
    """Whatever the names and numbers, each line fits; a page has 110 columns, at least 40."""
    text = render_styled(found, colour=False, width=columns)

    assert max(map(width, render(found).splitlines())) <= WIDTH
    assert max(map(width, text.splitlines())) <= max(columns, NARROWEST)


def cells(line, start):
    """What stands in a line from that column of the terminal on."""
    while start > 0 and line:
        start -= width(line[0])
        line = line[1:]
    return line


@given(verdicts(), st.sampled_from([80, 100, 120]))
def test_the_columns_of_the_table_are_aligned(found, columns):
    """Every limit begins where its heading does."""
    text = render_styled(found, colour=False, width=columns)
    head, *rows = text.split("\n\n")[1].splitlines() if found.findings else ["LIMIT"]

    assert {cells(row, head.index("LIMIT"))[:1] for row in rows} <= {"≤", "≥"}


@pytest.mark.parametrize(
    ("columns", "heading"),
    [
        pytest.param(
            110, "OUTCOME OBJECTIVE ENDPOINT LIMIT OBSERVED GOOD / REQUIRED REQUESTS", id="all"
        ),
        pytest.param(88, "OUTCOME OBJECTIVE ENDPOINT LIMIT OBSERVED REQUESTS", id="no good share"),
        pytest.param(72, "OUTCOME OBJECTIVE ENDPOINT LIMIT OBSERVED", id="no requests"),
        pytest.param(62, "OUTCOME OBJECTIVE LIMIT OBSERVED", id="no endpoint"),
    ],
)
def test_a_narrow_page_leaves_columns_out_and_names_whole(columns, heading):
    """The least telling go first; objective, limit and what was observed always stay."""
    text = render_styled(verdict(finding()), colour=False, width=columns)

    head, row = text.split("\n\n")[1].splitlines()
    assert " ".join(head.split()) == heading
    assert "checkout/p95" in row
    assert "412 ms (388–431)" in row


def test_a_wide_page_cuts_no_name():
    """What fits is shown whole."""
    name = "GET /api/v2/warehouses/{warehouse}"
    text = render_styled(verdict(finding(endpoint=name)), colour=False, width=130)

    assert name in text.split("\n\n")[1]


@given(verdicts())
def test_colour_changes_nothing_but_colour(found):
    """Without its codes a coloured report is the plain one."""
    assert ANSI.sub("", render_styled(found, colour=True)) == render(found)


@given(verdicts())
def test_nothing_in_a_name_reaches_the_terminal_as_a_command(found):
    """No escape sequence, and no line that a CI system takes for a command."""
    text = render(found)

    assert "\x1b" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]


def test_the_reason_stands_under_the_place_in_the_spec():
    """An editor's terminal makes `file:line` clickable."""
    text = render(verdict(finding(), passing(text="p50: 1s")))

    assert (
        "\n✗ slo/shop.yaml:12  shop/checkout/p95\n"
        "  p95 of POST /checkout is 412 ms (388–431), over the 300 ms budget\n"
    ) in text
    assert "within the 300 ms budget" not in text


def test_blocking_outcomes_are_in_capitals():
    """What fails the build is told apart without colour."""
    text = render(verdict(finding(), finding(text="p50: 1s", severity="warn", blocking=False)))

    assert "✗ FAIL" in text
    assert "✗ fail" in text
    assert "  does not block: severity warn\n" in text


def test_the_header_says_how_the_rows_divide():
    """Rows are warm-up plus judged, and a run that did not complete says so."""
    first, second = render(verdict(finding())).splitlines()[:2]

    assert first == "Run r1 of shop, 2026-11-01 02:00:00 UTC"
    assert second == "13,000 requests = 592 warm-up + 12,408 judged over 40 s"


def test_services_are_named_when_there_are_several():
    """With one service its name is left out of the table, with two it is not."""
    one, two = finding(), finding(service="billing", outcome=Outcome.INVALID)

    assert "✗ FAIL   checkout/p95  " in render(verdict(one))
    assert "billing/checkout/p95  " in render(verdict(one, two))


def test_without_notes_the_rest_is_as_ever():
    """A quiet report has no notes, all else stays."""
    found = verdict(finding(warnings=("short_run: x",)))
    whole = render(found).split("\n\n")

    assert [block for block in whole if block.startswith("Notes:")] == [
        "Notes:\n- short_run: x (checkout/p95)"
    ]
    quiet = render_styled(found, colour=False, notes=False).split("\n\n")
    assert quiet == [block for block in whole if not block.startswith("Notes:")]


def test_the_head_says_why_the_run_ended_early():
    """The state and what is known of it stand beside the run."""
    text = render(verdict(finding(), ended="aborted", note="errors > 50%"))

    assert text.startswith("Run r1 of shop, 2026-11-01 02:00:00 UTC (aborted: errors > 50%)\n")
    assert text.endswith("FAIL: 1 of 1 objective breached; run aborted (exit 1)\n")


FAILURES = (
    Failure(endpoint="POST /checkout", error="status 503", count=1_204),
    Failure(endpoint="GET /browse", error="", count=7),
    Failure(endpoint="GET /browse", error="timed out", count=3),
    Failure(endpoint="GET /browse", error="reset", count=1),
)


def test_the_commonest_failures_are_told_where_they_matter():
    """Three at most, and none where everything that failed is within its budget."""
    text = render(verdict(finding(failed=1_204), failures=FAILURES))

    assert (
        "\n\nCommonest failures:\n- 1,204 × POST /checkout: status 503\n"
        "- 7 × GET /browse: (no error told)\n- 3 × GET /browse: timed out\n\n"
    ) in text
    assert "Commonest" not in render(verdict(passing(failed=7), failures=FAILURES))
    assert "Commonest" not in render(verdict(finding(failed=0), failures=FAILURES))
