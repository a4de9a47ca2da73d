"""Judges evidence of which only bounds are known: a verdict stands if no case speaks against it.

Requests counted in buckets have a worst case and a best (`Evidence.best`), requests in steps
across the end of the window (`Evidence.cut`) may belong to it or not, those in steps across the
border of two batches to either. The worst and the best of all that is judged, and between them the
mixtures that make the batches most unlike, since an interval is the wider the more the batches
differ (`_spread.py`). If all agree, so does what nobody has seen; else the outcome is
inconclusive, in words that name the bucket. Steps too long for ten batches tell nothing of how
requests cluster: then there is no interval, and only a gross breach is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from slogate.model.evidence import BATCHES, Batch, Cut, Doubt, Evidence
from slogate.model.window import Window
from slogate.objectives._base import Judgement, Kind, Objective
from slogate.objectives._spread import in_one, mixtures, most_unlike
from slogate.units import format_count, format_duration, format_span
from slogate.verdict import GoodShare, Outcome

Judge = Callable[[Evidence], Judgement]


def stand(
    kind: Kind, objective: Objective, evidence: Evidence, window: Window, floor: float | None
) -> tuple[Judgement, bool]:
    """The judgement, and whether it stands whatever is true of what is only known to within bounds.

    One that does not is inconclusive and says why.
    """
    judge: Judge = lambda case: kind.judge(objective, case, window, floor)  # noqa: E731
    shown = judge(evidence)
    coarse = shown.interval is not None and _is_coarse(evidence, window)
    if not coarse and evidence.best is None and evidence.cut is None and not evidence.borders:
        return shown, True
    if coarse:
        evidence = in_one(evidence)
        shown = _pointwise(judge(evidence))
    best = judge(evidence.best) if evidence.best else shown
    ends = _ends(evidence)
    judged = [judge(case) for case in ends]
    inside = all(end.inside for end in (shown, best, *judged))
    shown = replace(_hull(shown, best), inside=inside)
    if coarse and shown.outcome is best.outcome is Outcome.INCONCLUSIVE:
        return _undecided(shown, _coarse(evidence, window)), False
    if shown.outcome is not best.outcome:
        return _undecided(shown, _why(kind, objective, evidence)), False
    if evidence.cut is not None and {end.outcome for end in judged} != {shown.outcome}:
        return _undecided(shown, _across(evidence.cut)), False
    if shown.interval is None or objective.scope.judge == "observed":
        return shown, True
    between = mixtures(*ends)
    if any(judge(case).outcome is not shown.outcome for case in between):
        return _undecided(shown, _why(kind, objective, evidence)), False
    limit = objective.limit if objective.kind == "mean" else None
    unlike = [most_unlike(case, limit) for case in (*ends, *between) if case.borders]
    if any(judge(case).outcome is not shown.outcome for case in unlike):
        return _undecided(shown, _bordering(evidence)), False
    return shown, True


def _is_coarse(evidence: Evidence, window: Window) -> bool:
    """Whether a step is longer than a batch; ten steps may span nine steps from start to start."""
    return evidence.borders is None or evidence.step_us * (BATCHES - 1) > window.length_us


def _pointwise(judgement: Judgement) -> Judgement:
    """The judgement without what only batches tell."""
    share = judgement.good_share
    return replace(
        judgement,
        interval=None,
        good_share=None if share is None else replace(share, interval=None),
        design_effect=None,
        effective_n=None,
        requests_needed=None,
        seconds_needed=None,
        settle=None,
    )


def _ends(evidence: Evidence) -> list[Evidence]:
    """The worst case and the best, each with the requests across the window's ends that make it."""
    worst, best = _with_cut(evidence), _with_cut(evidence.best or evidence)
    if evidence.cut is None:
        return [worst, best]
    longest = [us for us in (evidence.max_us, evidence.cut.max_us) if us is not None]
    return [replace(worst, max_us=max(longest, default=None)), best]


def _with_cut(evidence: Evidence) -> Evidence:
    cut, first = evidence.cut, evidence.batches[0]
    if cut is None:
        return evidence
    more = Batch(
        total=first.total + cut.batch.total,
        bad=first.bad + cut.batch.bad,
        sum_us=first.sum_us + cut.batch.sum_us,
    )
    return replace(evidence, batches=(more, *evidence.batches[1:]))


def _hull(worst: Judgement, best: Judgement) -> Judgement:
    """The worst judgement with intervals that hold those of both."""
    share, other = worst.good_share, best.good_share
    if share is not None and other is not None and share.interval and other.interval:
        ends = [*share.interval, *other.interval]
        share = GoodShare(
            observed=share.observed, interval=(min(ends), max(ends)), required=share.required
        )
    if worst.interval is None or best.interval is None:
        return replace(worst, good_share=share)
    lows = [low for low in (worst.interval[0], best.interval[0]) if low is not None]
    highs = [high for high in (worst.interval[1], best.interval[1]) if high is not None]
    interval = (min(lows, default=None), max(highs) if len(highs) == 2 else None)
    return replace(worst, good_share=share, interval=interval)


def _undecided(shown: Judgement, why: str) -> Judgement:
    return replace(
        shown,
        outcome=Outcome.INCONCLUSIVE,
        reason=f"{shown.facts}; {why}",
        requests_needed=None,
        seconds_needed=None,
        settle=None,
    )


def _coarse(evidence: Evidence, window: Window) -> str:
    judged, tenth = format_span(window.seconds), format_duration(window.length_us / BATCHES)
    return (
        f"they are counted in steps of {format_duration(evidence.step_us)}, and with steps over a "
        f"tenth of the {judged} judged there is no telling how they cluster, so no interval; steps "
        f"of at most {tenth} would give one, `judge: observed` does without"
    )


def _why(kind: Kind, objective: Objective, evidence: Evidence) -> str:
    """Which bucket leaves it open, and what would be decided instead."""
    if evidence.doubt is not None:
        return _in_bucket(kind, objective, evidence.doubt)
    limit = format_duration(float(objective.limit), 9)
    return (
        f"requests are counted in buckets, and the {limit} budget lies between; finer buckets "
        "or single requests would decide"
    )


def _across(cut: Cut) -> str:
    return (
        f"{format_count(cut.requests)} more are counted in steps across the ends of the window, "
        "and whether they belong to it would decide; end the warm-up where a step begins"
    )


def _bordering(evidence: Evidence) -> str:
    step = format_duration(evidence.step_us)
    return (
        f"they are counted in steps of up to {step}, some across the borders of the ten batches "
        "that tell how requests cluster, and on which side those lie would decide"
    )


def _in_bucket(kind: Kind, objective: Objective, doubt: Doubt) -> str:
    lo, hi = doubt.lo_us, doubt.hi_us
    parted = kind.unit == "us" and lo < objective.limit and (hi is None or objective.limit < hi)
    what = (
        f"the {format_duration(float(objective.limit), 9)} limit" if parted
        else "a duration that `ok` asks for"
    )  # fmt: skip
    bounds = [format_duration(us, 9) for us in (lo, hi) if us is not None and us > 0]
    known = " or ".join(bounds)
    cure = f"; with {known} instead it would be decided" if bounds else ""
    return (
        f"{what} lies in the bucket {_span(lo, hi)} with {format_count(doubt.requests)} "
        f"of them{cure}"
    )


def _span(lo: int, hi: int | None) -> str:
    if hi is None:
        return f"over {format_duration(lo, 9)}" if lo > 0 else "of any duration"
    if lo <= 0:
        return f"up to {format_duration(hi, 9)}"
    return f"{format_duration(lo, 9)} to {format_duration(hi, 9)}"
