"""The page without pictures: inert, well-formed, and complete."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from pages import inert, tree
from strategies import untidy_us, verdicts
from verdict_examples import finding, passing, verdict

from slogate.reports._base import conclusion
from slogate.reports._html.markup import block, escaped, joined, name, number, tag
from slogate.reports.html import render
from slogate.verdict import Failure, Outcome

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "</title></style></script><svg onload=alert(1)>",
    "]]>--><!-- &lt;b&gt; &#60;",
    "a|b`c`\n::error::x\r\nnext",
    "\u202egnp.exe\u2066 \x00\x1b[31m\ud800",
    "x" * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_text_wherever_it_stands(text):
    """Nothing of a name becomes an element or an attribute."""
    found = finding(
        id=f"shop/{text}/p95", name=text, endpoint=text, reason=text, warnings=(text,),
        population=text, waived=text, service=text,
    )  # fmt: skip
    failure = Failure(endpoint=text, error=text, count=3)
    page = inert(render(verdict(found, note=text, failures=(failure,), warnings=(text,))))

    assert "alert(1)" not in "".join(page.scripts)
    assert "\x00" not in page.said
    assert max(map(len, page.words)) <= 1_000


@given(found=verdicts(us=untidy_us))
@settings(max_examples=25)
def test_every_verdict_is_an_inert_page(found):
    """Whatever a verdict holds, the page has our elements only, and is well-formed."""
    text = render(found)

    inert(text)
    tree(text)


def test_the_outcome_comes_first_and_its_reasons_next():
    """Whoever opens the page reads the conclusion, then why, before any figure."""
    found = verdict(passing(), finding(outcome=Outcome.INCONCLUSIVE, reason="too close to call"))
    headings = [e for e in tree(render(found)).iter() if e.tag in {"h1", "h2"}]

    said = ["".join(heading.itertext()) for heading in headings]
    assert said[0].partition(" ")[2].startswith("NO VERDICT 1 of 2 objectives undecided")
    assert said[1:3] == ["Why", "Objectives"]


def test_a_pass_needs_no_reasons():
    """There is no section that says nothing."""
    page = inert(render(verdict(passing())))

    assert " Why " not in page.said
    assert "All" not in page.said.partition("Objectives")[0]
    assert conclusion(verdict(passing())).partition(": ")[2].capitalize()[:8] in page.said


def test_a_table_is_told_to_those_who_do_not_see_it():
    """Each table has a caption, heads of its columns, and a head of each row."""
    failed = Failure(endpoint="GET /", error="", count=2)
    root = tree(render(verdict(finding(), passing(), failures=(failed,))))
    tables = list(root.iter("table"))

    assert len(tables) == 2
    for table in tables:
        assert table.find("caption") is not None
        assert {head.get("scope") for head in table.findall("thead/tr/th")} == {"col"}
        assert all(row[0].get("scope") == "row" for row in table.findall("tbody/tr"))
    for drawn in root.iter("svg"):
        assert drawn.find("title") is not None


def test_ids_are_unique():
    """What is labelled by another element is labelled by one."""
    root = tree(render(verdict(finding(), passing())))
    ids = [element.get("id") for element in root.iter() if element.get("id")]

    assert len(ids) == len(set(ids))
    labels = [e.get("aria-labelledby") for e in root.iter() if e.get("aria-labelledby")]
    assert set(labels) <= set(ids)


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param({"onclick": "x"}, id="handler"),
        pytest.param({"style": "color:red"}, id="style"),
        pytest.param({"href": "https://example.org"}, id="elsewhere"),
        pytest.param({"href": "javascript:alert(1)"}, id="script"),
        pytest.param({"src": "x.png"}, id="picture"),
    ],
)
def test_an_element_that_acts_is_refused(attributes):
    """Not even our own code can make one by mistake."""
    with pytest.raises(ValueError, match=r"attribute|leave"):
        tag("a", "x", **attributes)


def test_a_block_cannot_end_itself():
    """A style or script is written as it is, so it must not hold an end."""
    with pytest.raises(ValueError, match="end itself"):
        block("script", "'</script>'")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(3.0, "3", id="whole"),
        pytest.param(0.125, "0.12", id="two decimals"),
        pytest.param(-0.5, "-.5", id="negative"),
        pytest.param(1.10, "1.1", id="trailing zero"),
        pytest.param(0.001, "0", id="nothing"),
    ],
)
def test_a_coordinate_is_short(value, shown):
    """At most two decimals, and no more characters than it takes."""
    assert number(value) == shown


def test_words_stay_apart_from_elements():
    """A space at the end of a text is kept, others are made one."""
    assert joined("run  of ", name("r1"), " \n now").text == (
        'run of <bdi class="name">r1</bdi> now'
    )
    assert escaped(" a ") == "a"
