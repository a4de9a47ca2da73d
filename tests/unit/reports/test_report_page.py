from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slogate.reports._page import cell, elide, width, wrap


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
    lines = wrap(text, "  ", 80)

    assert len(lines) > 1
    assert " ".join(line.strip() for line in lines) == text


def test_a_number_keeps_its_unit():
    """A line never ends between 63 and ms."""
    assert wrap("takes 63 ms or 10 % of it", "", 8) == ["takes", "63 ms or", "10 % of", "it"]
    assert wrap("one breached (exit 1)", "", 19) == ["one breached", "(exit 1)"]


@given(st.text(), st.integers(1, 30), st.booleans())
def test_a_cell_is_as_wide_as_its_column(text, columns, right):
    """Neither more nor less, at either end."""
    assert width(cell(text, columns, right=right)) == columns
