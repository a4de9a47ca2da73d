"""The error budgets of promises: how much of each is left, in a bar and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slogate import units
from slogate.model.beside import Burn
from slogate.reports import _base
from slogate.reports._budget import budget_of, told_of
from slogate.reports._html.burning import MOST, burning
from slogate.reports._html.markup import Html, joined, name, tag
from slogate.reports._html.parts import section, table
from slogate.reports._html.summary import badge
from slogate.verdict import Finding, Verdict

_BAR = 160


def budgets(verdict: Verdict, burns: Mapping[str, Burn] | None = None) -> Html | None:
    """A row for each error budget of which something is known; None without any."""
    found = [finding for finding in verdict.findings if budget_of(finding) is not None]
    if not found:
        return None
    heads = [("Objective", ""), ("Outcome", "state"), ("Budget left", "budget-left"),
             ("Burn rate now", ""), ("Forecast (estimate)", "wide")]  # fmt: skip
    rows = [
        [
            name(_base.label(finding)),
            badge(finding.outcome, blocking=finding.blocking),
            joined(_left(finding), *_in_words(told.left)),
            joined(*_in_words(told.burning)),
            joined(*_in_words(told.forecast)),
        ]
        for finding in found
        if (told := told_of(finding))
    ]
    labels = dict.fromkeys(told.label for each in found if (told := told_of(each)) and told.label)
    note = f"Forecasts: {'; '.join(labels)}." if labels else None
    drawn = [each for each in _base.worst_first(found) if burns and each.id in burns][:MOST]
    pictures = [burning(f"b{at}", each, burns[each.id]) for at, each in enumerate(drawn) if burns]
    return section(
        "budgets",
        "Error budgets",
        table("Error budgets of all promises", heads, rows),
        tag("p", note, class_="note after") if note else None,
        *pictures,
    )


def _in_words(lines: Sequence[str]) -> list[Html]:
    """What matters, and beneath it what explains it; a dash where nothing is known."""
    if not lines:
        return [joined(_base.UNKNOWN)]
    return [tag("span", lines[0], class_="line-up"),
            *(tag("span", line, class_="under line-up") for line in lines[1:])]  # fmt: skip


def _left(finding: Finding) -> Html:
    """The budget as a bar that empties as it is spent; the share that is left beside it."""
    budget = budget_of(finding) or {}
    left = float(budget["remaining"])
    width = _BAR * max(0.0, min(1.0, left))
    said = f"{units.format_share(left)} left" if left >= 0 else "overspent"
    return joined(
        tag(
            "svg",
            tag("title", said),
            tag("rect", x=0, y=3, width=_BAR, height=10, class_="allowed"),
            tag("rect", x=0, y=3, width=width, height=10, class_="left"),
            class_="bar", width=_BAR, height=16, viewBox=f"0 0 {_BAR} 16", role="img",
            aria_label=said,
        ),
    )  # fmt: skip
