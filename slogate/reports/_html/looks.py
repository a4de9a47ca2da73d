"""A run that could end early: why it ended, and the bounds of each look."""

from __future__ import annotations

from slogate.reports import _early
from slogate.reports._html.markup import Html, tag
from slogate.reports._html.parts import section
from slogate.verdict import Verdict


def looks(verdict: Verdict) -> Html | None:
    """A line a look; None for a run that could not end early."""
    title = _early.title(verdict)
    if title is None:
        return None
    head, _, how = title.partition(": ")
    lines = [_look(text) for text in _early.sentences(verdict)]
    told = tag("p", f"{how[:1].upper()}{how[1:]}.") if how else None
    return section("looks", head, told, tag("ul", *lines, class_="looks") if lines else None)


def _look(text: str) -> Html:
    """A look, and beneath it what it said of each budget."""
    when, _, rest = text.partition(": ")
    told = [tag("li", each) for each in rest.split("; ")]
    return tag("li", when, tag("ul", *told, class_="notes under") if rest else None)
