from __future__ import annotations

import re

import pytest
from hypothesis import given
from strategies import verdicts
from verdict_examples import finding, passing, verdict

from slogate.reports.github import data, prop, render
from slogate.verdict import Outcome, Place

COMMAND = re.compile(r"::(error|warning) ([^:]*)::(.*)")


def test_a_breach_is_an_error_on_its_line_of_the_spec():
    """GitHub shows it beside the line in the pull request."""
    assert render(verdict(finding())) == (
        "::error file=slo/shop.yaml,line=12,col=5,title=shop/checkout/p95%3A fail"
        "::p95 of POST /checkout is 412 ms (388–431), over the 300 ms budget\n"
    )


def test_what_does_not_block_is_a_warning_that_says_why():
    """A waived breach stays visible."""
    text = render(verdict(finding(blocking=False, waived="until 2026-12-01: known")))

    assert text.startswith("::warning file=slo/shop.yaml,")
    assert text.endswith("(does not block, waived: until 2026-12-01: known)\n")


def test_a_verdict_that_passes_annotates_nothing():
    """No news is good news."""
    assert render(verdict(passing())) == ""


def test_the_worst_come_first():
    """GitHub shows ten annotations a step, so order matters."""
    findings = [
        finding(text="p1: 1s", blocking=False),
        finding(text="p2: 1s", outcome=Outcome.NO_DATA),
        finding(text="p3: 1s"),
    ]

    assert re.findall(r"checkout/(p\d)", render(verdict(*findings))) == ["p3", "p2", "p1"]


@pytest.mark.parametrize(
    ("text", "message", "value"),
    [
        pytest.param("5%", "5%25", "5%25", id="percent"),
        pytest.param("a\r\nb", "a%0D%0Ab", "a%0D%0Ab", id="newline"),
        pytest.param("a:b,c", "a:b,c", "a%3Ab%2Cc", id="colon-comma"),
        pytest.param("%0A", "%250A", "%250A", id="no-double-meaning"),
    ],
)
def test_workflow_commands_are_escaped_as_github_unescapes_them(text, message, value):
    """Messages keep colons and commas, properties do not."""
    assert data(text) == message
    assert prop(text) == value


def test_a_file_with_odd_characters_stays_one_property():
    """A comma in a path does not end the property."""
    odd = Place(file="slo/a,b:c%.yaml", line=1, column=2, sha256="0")

    assert "file=slo/a%2Cb%3Ac%25.yaml,line=1," in render(verdict(finding(place=odd)))


@given(verdicts())
def test_no_name_can_add_a_command_or_a_property(found):
    """Each finding that is no pass is one line of one command with the known properties."""
    lines = render(found).split("\n")[:-1]

    assert len(lines) == sum(each.outcome is not Outcome.PASS for each in found.findings)
    for line in lines:
        match = COMMAND.fullmatch(line)
        keys = [pair.partition("=")[0] for pair in match[2].split(",")]
        assert keys in (["file", "line", "col", "title"], ["line", "col", "title"])
