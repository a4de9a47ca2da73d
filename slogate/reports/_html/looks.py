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
    lines = [tag("li", text) for text in _early.sentences(verdict)]
    return section("looks", title, tag("ul", *lines, class_="notes") if lines else None)
