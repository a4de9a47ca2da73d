from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from strategies import texts, verdicts
from verdict_examples import finding, passing, verdict

from slogate.reports.markdown import MOST, code, escape, render
from slogate.verdict import Failure, Outcome

TAGS = re.compile(r"</?(?:code|details|summary|wbr)>")
ROW = re.compile(r"^\|.*\|$", re.MULTILINE)


@given(texts)
def test_escaped_text_has_no_markup_left(text):
    """Nothing that Markdown or HTML reads as markup, a mention, a reference or a link."""
    shown = re.sub(r"&#\d+;", "\u200b", escape(text))

    assert not set("<>|`*_[]\\~$!&") & set(shown)
    assert not re.search(r"[@#]\w|://|www\.|GH-\d", shown)


@pytest.mark.parametrize(
    "text",
    ["a|b", "`x`", "<b>&amp;", "[a](b)", "**x** _y_ ~~z~~", "$x$", "a\\|b", "5%, 300 ms (1–2)"],
)
def test_escaped_text_shows_as_it_was(text):
    """A browser that reads the entities shows the text: what breaks references up has no width."""
    assert unescape(escape(text)).replace("\u200b", "") == text
    assert unescape(code(text)) == f"<code>{text}</code>"


def test_mentions_references_and_links_are_broken_up():
    """A name cannot notify people, refer to issues or become a link."""
    assert escape("@all see #1 https://x.y") == "@&#8203;all see #&#8203;1 https:/&#8203;/x.y"
    assert escape("!5 %6, 5% of 6") == "&#33;&#8203;5 %&#8203;6, 5% of 6"


@given(verdicts())
def test_each_row_of_the_table_has_seven_cells_and_no_foreign_tag(found):
    """No name adds a cell, a line or a tag."""
    text = render(found)

    assert {row.count("|") for row in ROW.findall(text)} <= {8}
    assert len(ROW.findall(text)) - 2 * text.count("|---:|") == len(found.findings)
    assert "<" not in TAGS.sub("", text)


def test_the_heading_is_the_verdict():
    """The first line tells the outcome, in words."""
    assert render(verdict(finding(), passing())).startswith(
        "## ✗ <code>shop</code>: FAIL: 1 of 2 objectives breached (exit 1)\n"
    )


def test_how_the_run_ended_stands_in_heading_and_head():
    """The cause is escaped as every text from elsewhere."""
    heading, _, head, *_ = render(verdict(finding(), ended="aborted", note="a<b")).split("\n")

    assert (
        heading == "## ✗ <code>shop</code>: FAIL: 1 of 1 objective breached; run aborted (exit 1)"
    )
    assert "2026-11-01 02:00:00 UTC (**aborted: a&#60;b**). 13,000 requests" in head


def test_reasons_name_the_place_in_the_spec():
    """Each objective that is no pass has its sentence."""
    text = render(verdict(finding(), passing(text="p50: 1s")))

    assert (
        "- ✗ <code>checkout/p95</code> (<code>slo/shop.yaml:12</code>): "
        "p95 of POST /checkout is 412 ms (388–431), over the 300 ms budget\n"
    ) in text
    assert "within the 300 ms budget" not in text


def test_the_commonest_failures_are_a_list():
    """Endpoint as code, the error escaped."""
    failures = (Failure(endpoint="GET /a|b", error="<b> 500", count=1_204),)

    assert (
        "\n\nCommonest failures:\n\n- 1,204 × <code>GET /a&#124;b</code>: &#60;b&#62; 500\n\n"
    ) in render(verdict(finding(failed=9), passing(), failures=failures)) + "\n"


def test_many_passing_objectives_are_folded_away():
    """What needs attention is not buried."""
    passes = [passing(text=f"p{n}: 1s") for n in range(1, 9)]

    assert "<details>" not in render(verdict(*passes))
    folded = render(verdict(finding(), *passes))
    assert "<details><summary>8 objectives pass</summary>\n\n| |" in folded
    assert folded.index("checkout/p95") < folded.index("<details>")


def test_a_report_too_long_for_a_comment_says_what_it_leaves_out():
    """The worst stay, the count of the rest is told, and the limit holds."""
    long = "/an/endpoint/with/a/long/name" * 4
    many = [passing(text=f"p{n}: 1s", endpoint=long) for n in range(1_000)]
    text = render(verdict(*many, finding(text="p99: 1s"), finding(outcome=Outcome.NO_DATA)))

    (left_out,) = re.findall(r"(\d+) of 1002 objectives are left out here", text)
    assert len(text) <= MOST
    assert len(ROW.findall(text)) - 2 * text.count("|---:|") == 1_002 - int(left_out)
    assert "✗\u00a0**fail**" in text
    assert "○\u00a0**no\u00a0data**" in text


def test_endless_names_and_sentences_are_cut():
    """One objective cannot fill the page."""
    text = render(verdict(finding(reason="x" * 100_000, endpoint="y" * 100_000)))

    assert len(text) < 3_000
    assert "left out" not in text
