"""Judges every line of a comparison: pass, fail or no verdict, and what changed for sure.

Pure. Two one-sided tests a line, each at the error agreed on: FAIL if it is shown that the change
exceeds the budget, adjusted by Holm over all lines that have one, so that twenty endpoints raise no
more false alarms than one; PASS if it is shown that it does not, unadjusted, since a pass takes all
of them (intersection-union, Berger 1982); else INCONCLUSIVE, with the runs that would settle it.
Lines without a budget are shown, not judged. What got faster or slower for sure, whatever the
budget, is told by Holm over all lines on that side. Absence never passes: no base, too few runs to
know how runs differ, too few requests are no verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from slogate.comparing import sentences
from slogate.comparing.contest import Compared, Contest
from slogate.comparing.entries import Entry, enter, point, values
from slogate.comparing.estimate import Estimate
from slogate.objectives._base import Allowance
from slogate.stats.holm import holm
from slogate.trust import undercounts
from slogate.verdict import Outcome


def judge(contests: Sequence[tuple[Contest, Sequence[Allowance]]]) -> list[Compared]:
    """What was found of each line, in order; those with a budget share the error among them."""
    entries = [enter(contest, line) for contest, lines in contests for line in lines]
    over = _adjusted(entries, _over)
    better = _adjusted(entries, lambda _, it: it.adverse.p_within(0.0))
    worse = _adjusted(entries, lambda _, it: it.lenient.p_over(0.0))
    return [
        _compared(entry, over[at], (better[at], worse[at]), sum(each is not None for each in over))
        for at, entry in enumerate(entries)
    ]


def _over(entry: Entry, it: Estimate) -> float | None:
    return None if entry.budget is None else it.lenient.p_over(entry.budget)


def _adjusted(
    entries: Sequence[Entry], p_of: Callable[[Entry, Estimate], float | None]
) -> list[float | None]:
    """Holm over the lines that have such a p-value."""
    raw = [None if each.estimate is None else p_of(each, each.estimate) for each in entries]
    adjusted = iter(holm([p for p in raw if p is not None]))
    return [None if p is None else next(adjusted) for p in raw]


def _compared(
    entry: Entry, adjusted: float | None, moved: tuple[float | None, float | None], family: int
) -> Compared:
    base, head = values(entry)
    found = Compared(
        line=entry.line,
        contest=entry.contest,
        outcome=None,
        reason="",
        base=base,
        head=head,
        change=point(entry),
        inside=entry.inside,
        units=(len(entry.base), len(entry.head)),
        warnings=_warnings(entry),
    )
    if entry.estimate is None:
        outcome, reason = entry.missing or (Outcome.NO_DATA, "")
        return replace(found, outcome=_judged(entry, outcome), reason=reason)
    it, scale = entry.estimate, entry.scale
    low, high = it.lenient.interval(entry.alpha)[0], it.adverse.interval(entry.alpha)[1]
    ends = tuple(None if end is None else scale.change(end) for end in (low, high))
    worse = scale.change(it.adverse.mean) * scale.sign
    found = replace(
        found,
        change=scale.change(it.adverse.mean),
        interval=(ends[0], ends[1]) if scale.sign > 0 else (ends[1], ends[0]),
        worse=worse,
        worse_interval=_signed(ends, scale.sign),
        moved=_moved(entry, moved),
        between=getattr(it.adverse, "between", None),
    )
    if entry.budget is None or entry.line.budget is None:
        return replace(found, reason=sentences.shown(found))
    found = replace(
        found,
        p_over=it.lenient.p_over(entry.budget),
        p_adjusted=adjusted,
        p_within=it.adverse.p_within(entry.budget),
        inside=worse <= float(entry.line.budget),
    )
    found = replace(found, outcome=_judged(entry, _decide(entry, found)))
    return replace(found, reason=sentences.judged(found, it, entry.budget, family))


def _signed(ends: tuple[float | None, ...], sign: int) -> tuple[float | None, float | None]:
    low, high = (None if end is None else sign * end for end in ends)
    return low, high


def _judged(entry: Entry, outcome: Outcome) -> Outcome | None:
    """None without a budget; a head that is not to be trusted can fail, it cannot pass."""
    if entry.line.budget is None:
        return None
    fails = outcome is Outcome.FAIL
    if entry.line.kind == "throughput":
        fails &= not any(undercounts(each.run, each.trouble) for each in entry.contest.head)
    troubled = any(run.trouble is not None for run in entry.contest.head)
    return Outcome.INVALID if troubled and not fails else outcome


def _decide(entry: Entry, found: Compared) -> Outcome:
    if entry.line.scope.judge == "observed":
        return Outcome.PASS if found.inside else Outcome.FAIL
    if found.p_adjusted is not None and found.p_adjusted <= entry.alpha:
        return Outcome.FAIL
    if found.p_within is not None and found.p_within <= entry.alpha:
        return Outcome.PASS
    return Outcome.INCONCLUSIVE


def _moved(
    entry: Entry, adjusted: tuple[float | None, float | None]
) -> Literal["better", "worse"] | None:
    better, worse = adjusted
    if better is not None and better <= entry.alpha:
        return "better"
    return "worse" if worse is not None and worse <= entry.alpha else None


def _warnings(entry: Entry) -> tuple[str, ...]:
    found = list(sentences.design(entry.contest))
    if entry.line.scope.judge == "observed" and entry.line.budget is not None:
        found.append("observed: the point rule judges one noisy number, without its interval")
    return tuple(found)
