"""The verdict as one page for people: the outcome and its reasons first, then what shows it.

One self-contained file: nothing is loaded, nothing is sent, and it says the same with JavaScript
off. Whatever a name holds comes out as text (see `_html/markup.py`). Its pictures come from an
exhibit that it is given; it never opens a store. At most 500,000 characters: panels of single
endpoints are left out, the last first, and a sentence says so.
"""

from __future__ import annotations

from slogate.model.beside import NOTHING_BESIDE, Beside
from slogate.model.exhibit import Exhibit
from slogate.reports._base import Report
from slogate.reports._html.budgets import budgets
from slogate.reports._html.facts import facts, failures, notes
from slogate.reports._html.looks import looks
from slogate.reports._html.markup import NOTHING, Html, joined
from slogate.reports._html.page import page
from slogate.reports._html.parts import contents
from slogate.reports._html.scenes import endpoints, panels, unknown, view
from slogate.reports._html.script import SCRIPT
from slogate.reports._html.shift import shifts
from slogate.reports._html.summary import head, objectives, reasons
from slogate.verdict import Verdict

MOST = 500_000


def render(verdict: Verdict) -> str:
    """The page without pictures: what the verdict itself says."""
    return _page(verdict, NOTHING)


def illustrate(verdict: Verdict, shown: Exhibit | str, beside: Beside = NOTHING_BESIDE) -> str:
    """The page with the pictures of an exhibit, or with the reason why there are none."""
    if isinstance(shown, str):
        # of promises the pictures are those of their budgets
        why = () if beside.burns else (shown,)
        script = SCRIPT if beside.burns else ""
        return _page(verdict, joined(unknown(*why, *beside.notes)), beside, script=script)
    drawn = panels(verdict, shown, beside)
    table = endpoints(shown, verdict.subject.window) or NOTHING
    for count in range(len(drawn), -1, -1):
        left_out = len(drawn) - count
        more = f"The pictures of {left_out} more are left out: the page would be too large."
        missing = unknown(*((more,) if left_out else ()), *beside.notes)
        pictures = joined(*drawn[:count], missing, table)
        text = _page(verdict, pictures, beside, script=SCRIPT if count else "")
        if len(text.encode()) <= MOST:
            break
    return text


def _page(
    verdict: Verdict, pictures: Html, beside: Beside = NOTHING_BESIDE, script: str = ""
) -> str:
    content = joined(
        reasons(verdict, drawn=bool(script)),
        objectives(verdict, beside.past),
        budgets(verdict, beside.burns),
        shifts(verdict),
        looks(verdict),
        pictures,
        failures(verdict),
        notes(verdict),
        facts(verdict, beside.users),
    )
    return page(verdict, head(verdict), joined(contents(content), content), script=script)


PLUGIN = Report(
    name="html",
    help="One self-contained page with charts, for people.",
    media_type="text/html",
    extension="html",
    render=render,
    needs=view,
    illustrate=illustrate,
)
