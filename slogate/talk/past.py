"""What earlier verdicts said of the same objectives: the base to compare with, and the course.

Compared is what was observed, and that is no test: only limits decide. An objective that meant
something else then is another one, and is not compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slogate.errors import StoreError
from slogate.reports.json import parse
from slogate.store.layout import Store
from slogate.store.verdicts import each_verdict
from slogate.verdict import Finding, Verdict

MOST_POINTS = 8
_BLOCKS = "▁▂▃▄▅▆▇█"
_NONE = "·"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """`base` is the run to compare with, called `name`; `courses` end before the verdict."""

    base: Verdict | None = None
    name: str = "before"
    before: Verdict | None = None
    courses: Mapping[str, Sequence[float | None]] = field(default_factory=dict)

    def same(self, finding: Finding) -> Finding | None:
        """The same objective at the base; None if there is none that meant the same."""
        for each in self.base.findings if self.base else ():
            if each.id == finding.id:
                return each if _is_same(each, finding) else None
        return None

    def trend(self, finding: Finding) -> str:
        """The course with the verdict's own value as its end; empty if that were all."""
        values = self.courses.get(finding.id, ())
        if sum(value is not None for value in values) == 0:
            return ""
        return sparkline([*values, finding.observed])


def _is_same(one: Finding, other: Finding) -> bool:
    if one.unit != other.unit:
        return False
    return one.revision is None or other.revision is None or one.revision == other.revision


def sparkline(values: Sequence[float | None]) -> str:
    """Each value as a block between the least and the largest, an unknown one as a dot."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, span = min(known), max(known) - min(known)
    return "".join(
        _NONE if each is None else _BLOCKS[int((each - low) / span * 7.999) if span > 0 else 3]
        for each in values
    )


def ended(verdict: Verdict) -> int:
    """The moment that a verdict tells of."""
    run, window = verdict.subject.run, verdict.subject.window
    return run.end_ts or (window[1] if window else 0) or run.start_ts or 0


def past_of(store: Store | None, verdict: Verdict, base: str | None) -> Past:
    """The past of a verdict: on the branch `base` if it is named, else of the run before."""
    earlier = _earlier(store, verdict) if store is not None else []
    if not earlier:
        return Past()
    own = [each for each in earlier if each.subject.run.branch == verdict.subject.run.branch]
    there = [each for each in earlier if base and each.subject.run.branch == base]
    chosen = there or own or earlier
    courses = {
        finding.id: [_value(each, finding) for each in chosen[-(MOST_POINTS - 1) :]]
        for finding in verdict.findings
    }
    name = base if base and there else "before"
    before = own[-1] if own else None
    return Past(base=chosen[-1], name=name, before=before, courses=courses)


def _value(earlier: Verdict, finding: Finding) -> float | None:
    found = next((each for each in earlier.findings if each.id == finding.id), None)
    return found.observed if found is not None and _is_same(found, finding) else None


def _earlier(store: Store, verdict: Verdict) -> list[Verdict]:
    """The verdicts of the service on earlier runs of the kind, the last of each, oldest first."""
    run, found = verdict.subject.run, {}
    for document in each_verdict(store, service=run.service):
        if document["run"].get("kind") != run.kind or document["run"].get("id") == run.id:
            continue
        try:
            each = parse(document)
        except StoreError:  # a damaged one is no past
            continue
        if each.subject.run.aspect == run.aspect and ended(each) < ended(verdict):
            found[each.subject.run.id] = each
    return sorted(found.values(), key=ended)
