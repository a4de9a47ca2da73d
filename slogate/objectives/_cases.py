"""Judges evidence of which only bounds are known: a verdict stands if no case speaks against it.

Requests counted in buckets have a worst case and a best (`Evidence.best`), requests in steps
across the end of the window (`Evidence.cut`) may belong to it or not. The worst and the best of
all that is judged, and between them the mixtures that make the batches most unlike, since an
interval is the wider the more the batches differ. If all agree, so does what nobody has seen; else
the outcome is inconclusive, in words that name the bucket. Steps too long for ten batches tell
nothing of how requests cluster: then there is no interval, and only a gross breach is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from slogate.model.evidence import BATCHES, Batch, Cut, Doubt, Evidence
from slogate.model.window import Window
from slogate.objectives._base import Judgement, Kind, Objective
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
    if not coarse and evidence.best is None and evidence.cut is None:
        return shown, True
    if coarse:
        evidence = _unbatched(evidence)
        shown = _pointwise(judge(evidence))
    ends = [judge(case) for case in _ends(evidence)]
    statistical = shown.interval is not None and objective.scope.judge == "interval"
    between = [judge(case).outcome for case in _mixtures(evidence)] if statistical else []
    outcomes = {shown.outcome, *between, *(end.outcome for end in ends)}
    best = judge(evidence.best) if evidence.best else shown
    inside = all(end.inside for end in (shown, best, *ends))
    shown = replace(_hull(shown, best), inside=inside)
    if len(outcomes) == 1 and not (coarse and shown.outcome is Outcome.INCONCLUSIVE):
        return shown, True
    agreed = len({shown.outcome, best.outcome, *between}) == 1
    if coarse and agreed:
        return _undecided(shown, _coarse(evidence, window)), False
    why = _across(evidence.cut) if agreed and evidence.cut else _why(kind, objective, evidence)
    return _undecided(shown, why), False


def _is_coarse(evidence: Evidence, window: Window) -> bool:
    """Whether a step is longer than a batch; ten steps may span nine steps from start to start."""
    return evidence.step_us * (BATCHES - 1) > window.length_us


def _unbatched(evidence: Evidence) -> Evidence:
    """The evidence in one batch: how its requests cluster is not known."""
    best = evidence.best
    return replace(
        evidence,
        batches=_one(evidence),
        best=None if best is None else replace(best, batches=_one(best)),
    )


def _one(evidence: Evidence) -> tuple[Batch, ...]:
    whole = Batch(total=evidence.total, bad=evidence.bad, sum_us=evidence.sum_us)
    return (whole, *[Batch()] * (BATCHES - 1))


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


def _mixtures(evidence: Evidence) -> list[Evidence]:
    """Some batches at their worst, the others at their best: those that were worse before."""
    worst, best = _ends(evidence)
    pairs = list(zip(worst.batches, best.batches, strict=True))
    order = sorted(range(BATCHES), key=lambda at: _middle(*pairs[at]), reverse=True)
    found = []
    for count in range(1, BATCHES):
        high = set(order[:count])
        batches = tuple(w if at in high else b for at, (w, b) in enumerate(pairs))
        if sum(batch.total for batch in batches):
            found.append(replace(worst, batches=batches))
    return found


def _middle(worst: Batch, best: Batch) -> tuple[Fraction, Fraction]:
    total = max(1, worst.total + best.total)
    return (
        Fraction(worst.bad + best.bad, total),
        Fraction(worst.sum_us + best.sum_us, total),
    )


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
