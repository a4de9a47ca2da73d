"""The verdict as one page for people: the outcome and its reasons first, then what shows it.

One self-contained file: nothing is loaded, nothing is sent, and it says the same with JavaScript
off. Whatever a name holds comes out as text (see `_html/markup.py`).
"""

from __future__ import annotations

from slogate.reports._base import Report
from slogate.reports._html.facts import facts, failures, notes
from slogate.reports._html.markup import joined
from slogate.reports._html.page import page
from slogate.reports._html.summary import head, objectives, reasons
from slogate.verdict import Verdict


def render(verdict: Verdict) -> str:
    """The page without pictures: what the verdict itself says."""
    content = joined(
        reasons(verdict), objectives(verdict), failures(verdict), notes(verdict), facts(verdict)
    )
    return page(verdict, head(verdict), content)


PLUGIN = Report(
    name="html",
    help="One self-contained page with charts, for people.",
    media_type="text/html",
    extension="html",
    render=render,
)
