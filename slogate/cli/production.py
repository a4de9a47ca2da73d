"""Which verdict `slos` means, where production is judged in several at once.

What the store holds, what servers answer and composites have a verdict each. Of those of a service
that were judged together the worst is meant: a composite that passes never hides a broken promise.
The others are named. A moment that was judged more than once counts as it was judged last.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from slogate.model.run import aspect_of
from slogate.verdict import WORST_LAST

# how long before the newest the moments may be that belong to one check: of other services, servers
TOGETHER = timedelta(days=1)
Document = dict[str, Any]


def newest_of(documents: Sequence[Document]) -> tuple[Document, list[str]]:
    """The verdict meant, of some in the order they were stored, and the runs of those beside it."""
    worst, *beside = judged_together(documents)
    return worst, [str(each["run"]["id"]) for each in beside]


def judged_together(documents: Sequence[Document]) -> list[Document]:
    """The newest verdicts of each kind, of those stored in that order, the worst first."""
    newest = max(documents, key=lambda each: str(each["run"].get("end")))
    latest: dict[str, Document] = {}
    for each in documents:
        kind = aspect_of(str(each["run"]["id"]))
        known = latest.get(kind)
        if each["run"].get("service") != newest["run"].get("service"):
            continue
        if known is None or str(each["run"].get("end")) >= str(known["run"].get("end")):
            latest[kind] = each
    found = [each for each in latest.values() if _together(each, newest)] or [newest]
    return sorted(found, key=_badness, reverse=True)


def named(runs: Sequence[str]) -> str:
    """A note that there are verdicts beside the one that is shown."""
    return f"note: the worst is shown; judged beside it: {', '.join(runs)}"


def _badness(document: Document) -> tuple[int, int]:
    words = [each.value for each in WORST_LAST]
    outcome = document.get("outcome")
    code = document.get("exit_code")
    # an outcome that blocks is worse than any that does not
    return int(bool(code)), words.index(outcome) if outcome in words else len(words)


def _together(document: Document, newest: Document) -> bool:
    try:
        ends = [datetime.fromisoformat(str(it["run"].get("end"))) for it in (document, newest)]
        return ends[1] - ends[0] <= TOGETHER
    except (ValueError, TypeError):
        return document is newest
