"""Says which budgets a planned run is too short to decide, and what would do.

Asked before the load, with the rates of an earlier run, and again after the warm-up with the
rates of this one. Even a run without a single bad request needs about 3.72 / (1 − q) of them
before its interval is within the budget (research: rule of three, widened for ten batches).

A regression needs requests for the percentile of each slice, or pool of slices, and enough of these
to be sure: for a pass at the error agreed on, for a fail at its part of it by Holm. Nothing is said
of what no earlier request tells the rate of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, log, log1p, sqrt

from slogate.evaluate import MIN_SECONDS
from slogate.model.run import Run
from slogate.model.turns import Turns
from slogate.model.window import Window
from slogate.objectives._base import Allowance, Objective
from slogate.objectives._levels import BEYOND
from slogate.stats.run_length import zero_bad_requests
from slogate.stats.sign_flip import pairs_needed
from slogate.units import US_PER_SECOND, format_count, format_duration
from slogate.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A run to come: how long, how much of that is ramp, whose turn it is if two take turns."""

    run_time_us: int
    ramp_us: int = 0
    turns: Turns | None = None

    def judged_us(self, warmup_us: int) -> int:
        """What is left after ramp and warm-up."""
        return max(0, self.run_time_us - self.ramp_us - warmup_us)

    @property
    def own(self) -> float:
        """The share of it in which requests of the head are judged."""
        if self.turns is None:
            return 1.0
        return (self.turns.slice_us - self.turns.settle_us) / (2 * self.turns.slice_us)

    def pairs(self, warmup_us: int) -> int:
        """How many pairs of slices it has room for; the first and the last are rarely whole."""
        if self.turns is None:
            return 0
        return max(0, self.judged_us(warmup_us) // (2 * self.turns.slice_us) - 1)


def rates(verdict: Verdict) -> dict[str, float]:
    """Judged requests a second of each objective in a verdict, by id."""
    found = {}
    for finding in verdict.findings:
        if finding.total and finding.window and finding.window[1] > finding.window[0]:
            seconds = own_seconds(verdict.subject.run, *finding.window)
            found[finding.id] = finding.total / seconds if seconds > 0 else 0.0
    return found


def own_seconds(run: Run, start_ts: int, end_ts: int, *, settled: bool = True) -> float:
    """How much of the time was the run's turn, or that settled; all if it took no turns."""
    if run.interleaved is None:
        return (end_ts - start_ts) / US_PER_SECOND
    mark, turns = run.interleaved, run.interleaved.turns
    turns = turns if settled else replace(turns, settle_us=0)
    window = Window(start_ts=start_ts, end_ts=end_ts)
    return turns.settled_of(mark.side, window) / US_PER_SECOND


def too_short(
    objectives: Sequence[Objective], per_second: Mapping[str, float], planned: Planned
) -> list[str]:
    """At most one sentence: which objectives the planned run cannot decide, what would do.

    The ramp and the warm-up are not judged. Where no rate is known only the ten seconds that
    every verdict needs are asked for.
    """
    short = []
    for objective in objectives:
        before = planned.ramp_us + objective.scope.warmup_us
        judged_s = planned.judged_us(objective.scope.warmup_us) / US_PER_SECOND
        needed, rate = _needed(objective), per_second.get(objective.id, 0.0) * planned.own
        wanted_s = max(float(MIN_SECONDS), needed / rate if needed and rate else 0.0)
        if judged_s < wanted_s:
            short.append((ceil(wanted_s + before / US_PER_SECOND), judged_s, objective))
    if not short:
        return []
    enough, judged_s, worst = max(short, key=lambda one: one[0])
    needed, rate = _needed(worst), per_second.get(worst.id, 0.0) * planned.own
    if needed and rate and needed / rate > MIN_SECONDS:
        why = (
            f"about {format_count(int(rate * judged_s))} requests to judge, "
            f"{format_count(needed)} needed even if none is bad"
        )
    else:
        why = f"{judged_s:.0f} s to judge, at least {MIN_SECONDS} s needed"
    name = f"{worst.key} of {worst.scope.selection}"
    others = f" (and {len(short) - 1} more of {len(objectives)} objectives)" if short[1:] else ""
    return [f"{name}{others} cannot pass in this run: {why}; --run-time {enough}s would do"]


def _needed(objective: Objective) -> int | None:
    """Requests needed if none is bad; None for kinds that are facts or means."""
    if objective.scope.judge == "observed":
        return None
    if objective.quantile is not None:
        allowed = float(1 - objective.quantile)
    elif objective.kind == "errors" and objective.limit > 0:
        allowed = float(objective.limit)
    else:
        return None
    return zero_bad_requests(allowed, float(1 - objective.scope.confidence))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lack:
    """What a regression lacks: so many times the run would do."""

    line: Allowance
    times: float
    why: str


def too_few_to_compare(
    lines: Sequence[Allowance], per_second: Mapping[str, float], planned: Planned
) -> list[str]:
    """At most two sentences: which regressions cannot be decided, and which cannot fail."""
    known = [(line, per_second[line.id]) for line in lines if per_second.get(line.id)]
    never = [it for line, rate in known if (it := _undecided(line, rate, planned)) is not None]
    named = {it.line.id for it in never}
    unseen = [
        it
        for line, rate in known
        if planned.turns is not None and line.id not in named and line.quantile is not None
        if (it := _in_turns(line, rate, planned, _alpha(line) / len(lines))) is not None
    ]
    told = [(never, "cannot be decided"), (unseen, "can pass, but hardly fail")]
    return [_sentence(them, what, len(lines), planned) for them, what in told if them]


def _alpha(line: Allowance) -> float:
    return float(1 - line.scope.confidence)


def _sentence(lacking: Sequence[_Lack], what: str, family: int, planned: Planned) -> str:
    worst = max(lacking, key=lambda one: one.times)
    warmup_us = worst.line.scope.warmup_us
    judged_s = planned.judged_us(warmup_us) / US_PER_SECOND
    before_s = (planned.ramp_us + warmup_us) / US_PER_SECOND
    others = f" (and {len(lacking) - 1} more of {family} regressions)" if lacking[1:] else ""
    enough = f"; --run-time {ceil(worst.times * judged_s + before_s)}s would do" if judged_s else ""
    return (
        f"{worst.line.key} regression of {worst.line.scope.selection}{others} {what} in this run: "
        f"{worst.why}{enough}"
    )


def _undecided(line: Allowance, rate: float, planned: Planned) -> _Lack | None:
    """That it cannot be decided at all."""
    if line.quantile is not None and planned.turns is not None:
        return _in_turns(line, rate, planned, _alpha(line))
    if line.quantile is not None:
        needed, what = ceil(BEYOND / (1 - line.quantile)), "to compare its percentile"
    elif line.kind == "errors" and planned.turns is not None and line.budget and line.budget < 1:
        needed = ceil(log(_alpha(line)) / log1p(-float(line.budget)))
        what = "to pass even if none fails"
    else:
        return None
    have = rate * planned.own * planned.judged_us(line.scope.warmup_us) / US_PER_SECOND
    if have >= needed:
        return None
    why = f"about {format_count(int(have))} requests, {format_count(needed)} needed {what}"
    return _Lack(line=line, times=needed / max(have, 0.01), why=why)


def _in_turns(line: Allowance, rate: float, planned: Planned, alpha: float) -> _Lack | None:
    """That pools with requests enough for its percentile are fewer than it takes to be so sure."""
    turns, pairs = planned.turns, planned.pairs(line.scope.warmup_us)
    if turns is None or line.quantile is None:
        return None
    least, size = pairs_needed(alpha), 1
    if pairs < least:
        why = f"{pairs} pairs of slices, at least {least} needed to be that sure"
        return _Lack(line=line, times=(least + 1) / (pairs + 1), why=why)
    while pairs // (2 * size) >= least:
        size *= 2
    fewest = ceil(1 / min(line.quantile, 1 - line.quantile))
    have = rate * size * (turns.slice_us - turns.settle_us) / US_PER_SECOND
    if have >= fewest:
        return None
    each = _practically(fewest)
    pools = "a slice" if size == 1 else f"in {size} slices of {format_duration(turns.slice_us)}"
    why = (
        f"about {format_count(int(have))} requests {pools}, about {format_count(each)} needed for "
        f"each of {least} pairs or more"
    )
    return _Lack(line=line, times=each / max(have, 0.01), why=why)


def _practically(least: int) -> int:
    """So many requests on average that hardly any slice has fewer than the least."""
    return ceil((1 + sqrt(1 + least)) ** 2)
