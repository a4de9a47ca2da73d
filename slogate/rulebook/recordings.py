"""The recording rules of one SLO: counts and shares over each window, and what is left.

By requests a window is counted in the metric itself. By slices each slice is recorded when it has
passed, and windows count the recorded ones: so their group is evaluated once a slice.

The guard against low traffic needs the lower end of Clopper & Pearson's interval, and PromQL has no
beta distribution. Bol'shev's approximation stands in, with Wilson & Hilferty's quantile of the
gamma distribution, corrected for few bad units: never above the exact end by more than 0.01%;
within 2% of it while up to half of the units are bad, 11% below if all of a few are.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from slogate.promises.promise import MINUTE_US, Promise
from slogate.rulebook.good import Inexpressible
from slogate.rulebook.measure import Measure
from slogate.rulebook.promql import length, number
from slogate.rulebook.rules import Group, Record, Series, lengths, long_lengths, period_us

# a third of the normal distribution's quantile of 95%, and what that lacks of one to three units
_THIRD = "0.5482845"
_FEW = "0.293 / {} ^ 3.6"
_SLICE = "slogate:slice:bad"
# dear to reckon and slow to change, but shorter than the five minutes that a sample is seen
_BUDGET_EVERY_US = 2 * MINUTE_US


def recordings(promise: Promise, measure: Measure) -> Iterator[Record]:
    """The rules that alerts need, each before those that refer to it."""
    series = Series.of(promise)
    if promise.slice_us is not None:
        yield from _slices(series, measure, promise.slice_us)
    else:
        yield from _events(series, measure)
    if counts(promise, measure):
        for us in long_lengths(promise):
            yield series.record(series.lower(us), _lower(series, us))


def counts(promise: Promise, measure: Measure) -> bool:
    """Whether it is known how many units there were, not their share alone."""
    return promise.slice_us is not None or measure.ratio is None


def budget(promise: Promise, measure: Measure) -> Group:
    """What is promised, and what is left of the budget of the window."""
    series = Series.of(promise)
    rules = (
        series.record(series("slogate:objective:ratio"), f"vector({number(promise.objective)})"),
        series.record(series("slogate:budget:remaining"), _remaining(series, measure)),
    )
    every = min(_BUDGET_EVERY_US, *lengths(promise))
    return Group(name=f"slogate/{promise.id}/budget", rules=rules, every_us=every)


def _remaining(series: Series, measure: Measure) -> str:
    promise = series.promise
    period, allowed = period_us(promise.window), number(1 - promise.objective)
    if promise.slice_us is not None:
        spent = f"avg_over_time({series(_SLICE)}[{_short_of(period, promise.slice_us)}])"
        return f"1 - {spent} / {allowed}"
    step = min(lengths(promise))
    span = f"[{length(period)}:{length(step)}]"
    if not counts(promise, measure):
        return f"1 - avg_over_time({series.ratio(step)}{span}) / {allowed}"
    bad, total = (f"sum_over_time({one(step)}{span})" for one in (series.bad, series.total))
    return f"1 - {bad}\n/\n({total} * {allowed})"


def _events(series: Series, measure: Measure) -> Iterator[Record]:
    for us in lengths(series.promise):
        total, bad = series.total(us), series.bad(us)
        if measure.ratio is not None:
            yield series.record(series.ratio(us), measure.ratio(us))
            continue
        assert measure.total is not None
        yield series.record(total, measure.total(us))
        if measure.good is not None:
            good = series(f"slogate:good:increase{length(us)}")
            yield series.record(good, measure.good(us))
            yield series.record(bad, f"clamp_min({total} - {good}, 0)\nor\n{total}")
        elif measure.bad is not None:
            yield series.record(bad, f"{measure.bad(us)}\nor\n{measure.total(us)} * 0")
        yield series.record(series.ratio(us), f"{bad}\n/\n{total}")


def _slices(series: Series, measure: Measure, step: int) -> Iterator[Record]:
    promise = series.promise
    if (shortest := min(lengths(promise))) < step:
        raise Inexpressible(
            f"no slice of {length(step)} fits into the alerts' window of {length(shortest)}",
            "give the alerts a longer short window",
        )
    yield series.record(series(_SLICE), _slice(promise, measure, step))
    for us in lengths(promise):
        span = f"{series(_SLICE)}[{_short_of(us, step)}]"
        yield series.record(series.total(us), f"count_over_time({span})")
        yield series.record(series.bad(us), f"sum_over_time({span})")
        yield series.record(series.ratio(us), f"{series.bad(us)}\n/\n{series.total(us)}")


def _slice(promise: Promise, measure: Measure, step: int) -> str:
    """How bad the slice was that has passed: 0 or 1, or its share; nothing if it was empty."""
    if measure.ratio is not None:
        share, empty = measure.ratio(step), None
    else:
        assert measure.total is not None
        empty = measure.total(step)
        if measure.good is not None:
            bad = f"(clamp_min({empty} - ({measure.good(step)}), 0)\nor\n{empty})"
        else:
            assert measure.bad is not None
            bad = f"({measure.bad(step)}\nor\n{empty} * 0)"
        share = f"{bad}\n/\n({empty} > 0)"
    if promise.budgeting == "timeslices" and not measure.moment:
        share = f"({share})\n> bool {number(1 - promise.slice_objective)}"
    if promise.empty == "excluded":
        return share
    value = int(promise.empty == "bad")
    alone = f"\nor on ()\nvector({value})" if promise.by is None else ""
    quiet = f"\nor\n{empty} * 0 + {value}" if empty is not None else ""
    return f"({share}){quiet}{alone}"


def _short_of(us: int, step: int) -> str:
    """So many whole slices, less half of one: with both ends on a slice there is one too many."""
    return length(Fraction(us // step * step) - Fraction(step, 2))


def _lower(series: Series, us: int) -> str:
    """The lower end, at 95% one-sided, of the share of bad units; nothing under one bad one."""
    total, bad = series.total(us), series.bad(us)
    least = (
        f"{bad} * (1 - 1 / (9 * {bad}) - {_THIRD} / sqrt({bad})) ^ 3\n  * (1 + {_FEW.format(bad)})"
    )
    count = f"{total} - ({bad} - 1) / 2"
    return f"(\n  {least}\n)\n/\n({count} + (\n  {least}\n) / 2)\nand\n{bad} >= 1"
