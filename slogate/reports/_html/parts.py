"""Parts of a page: a section under its heading, a table, what stands on the page.

A table scrolls by itself where it is too wide; on a narrow screen each of its rows is a card that
names its figures, so that nothing has to be scrolled sideways. Its roles are written down, since
some browsers forget that of what is no longer laid out as a table.
"""

from __future__ import annotations

from collections.abc import Sequence

from slogate.reports._html.markup import Html, headings, tag

# fewer sections are seen at once
_FEW = 5


def section(
    key: str, title: Html | str, *content: Html | str | None, note: str | None = None
) -> Html:
    """A part of the page under a heading."""
    return tag(
        "section",
        tag("h2", title, id=f"{key}-title"),
        tag("p", note, class_="note") if note else None,
        *content,
        aria_labelledby=f"{key}-title",
    )


def contents(page: Html) -> Html | None:
    """Links to the sections of a page; None where there are few."""
    found = headings(page)
    if len(found) < _FEW:
        return None
    links = [tag("li", tag("a", title, href=f"#{key}")) for key, title in found]
    return tag("nav", tag("ul", *links), class_="contents", aria_label="On this page")


def table(
    caption: str,
    heads: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[Html]],
    *,
    across: int = 2,
) -> Html:
    """A table; `heads` are (title, class of the column), `across` the figures in a card's row."""
    cells = [
        tag("th", title, scope="col", role="columnheader", class_=kind or None)
        for title, kind in heads
    ]
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption, class_="hidden"),
            tag("thead", tag("tr", *cells, role="row"), role="rowgroup"),
            tag("tbody", *(_row(heads, row) for row in rows), role="rowgroup"),
            role="table",
            class_=f"cards across{across}",
        ),
        class_="scroll",
        role="region",
        aria_label=f"{caption}: table",
        tabindex=0,
    )


def _row(heads: Sequence[tuple[str, str]], row: Sequence[Html]) -> Html:
    first, *rest = zip(row, heads, strict=True)
    return tag(
        "tr",
        tag("th", first[0], scope="row", role="rowheader", class_=first[1][1] or None),
        *(
            # one box, that the words of a cell stay together beneath what they are
            tag("td", tag("div", cell), role="cell", class_=kind or None, data_label=title)
            for cell, (title, kind) in rest
        ),
        role="row",
    )
