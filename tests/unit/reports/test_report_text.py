from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import verdicts
from verdict_examples import finding, passing, verdict

from slogate.reports.text import WIDTH, elide, render, render_styled, width, wrap
from slogate.verdict import Outcome

ANSI = re.compile(r"\x1b\[\d+m")


@given(verdicts())
def test_no_line_is_wider_than_the_page(found):
    """Whatever the names and numbers, each line fits 110 columns."""
    assert max(map(width, render(found).splitlines())) <= WIDTH


@given(verdicts())
def test_the_columns_of_the_table_are_aligned(found):
    """Every line of the table ends its last column where the heading does."""
    lines = render(found).split("\n\n")[1].splitlines() if found.findings else []

    assert len({width(line) for line in lines}) <= 1


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


@given(st.text(), st.integers(1, 30))
def test_elided_text_fits(text, columns):
    """The middle is left out, never more columns taken than allowed."""
    assert width(elide(text, columns)) <= columns


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        pytest.param("GET /api/v2/items", 17, "GET /api/v2/items", id="fits"),
        pytest.param("GET /api/v2/items", 10, "GET /…tems", id="middle"),
        pytest.param("検索検索検索", 7, "検索…索", id="wide"),
    ],
)
def test_long_names_lose_their_middle(text, columns, shown):
    """Both ends of a name tell more than one."""
    assert elide(text, columns) == shown


def test_words_are_wrapped_and_none_is_lost():
    """Wrapping changes spaces only."""
    text = " ".join(f"word{n}" for n in range(60))
    lines = wrap(text, "  ")

    assert len(lines) > 1
    assert " ".join(line.strip() for line in lines) == text


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
