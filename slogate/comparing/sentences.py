"""What a comparison says in words, for reports and documents alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, expm1, inf
from typing import TYPE_CHECKING

from slogate import plugins
from slogate.comparing.estimate import Estimate
from slogate.comparing.taking import Taken
from slogate.objectives._base import Allowance
from slogate.stats.between_runs import LEAST_RUNS, Change, runs_needed
from slogate.stats.normal import normal_quantile
from slogate.stats.scarce import Scarce
from slogate.stats.student import student_quantile
from slogate.units import format_count, format_duration, format_rate, format_share, significant
from slogate.verdict import Outcome

if TYPE_CHECKING:
    from slogate.comparing.contest import Compared, Contest

RATES_APART = 0.2
# nobody runs a head more often than that
FEW_HEADS = 3
MOST_PAIRS = 200
_VERDICT = {
    Outcome.PASS: "within the {limit} allowed",
    Outcome.FAIL: "over the {limit} allowed",
    Outcome.INCONCLUSIVE: "too close to the {limit} allowed to call",
    Outcome.INVALID: "as measured",
}


def what(line: Allowance) -> str:
    """The line in words: `p95 of GET /browse`."""
    return f"{line.key} of {line.scope.selection}"


def value(line: Allowance, number: float | None) -> str:
    """A value in the unit of the kind."""
    unit = plugins.find("objectives", line.kind).unit
    if number is None:
        return "–"
    if unit == "us":
        return format_duration(number)
    return format_share(number) if unit == "share" else format_rate(number)


def is_points(line: Allowance) -> bool:
    """Whether its changes are differences of shares of requests."""
    contrast = plugins.find("objectives", line.kind).contrast
    return contrast is not None and contrast.scale == "points"


def signed(number: float | None, *, digits: int = 3) -> str:
    """`+12.3%`, `−4%`; what has no end is `∞`."""
    if number is None:
        return "∞"
    sign = "+" if number > 0 else "−" if number < 0 else "±"
    return f"{sign}{significant(abs(number) * 100, digits)}%"


def changed(line: Allowance, number: float | None) -> str:
    """A change as a person says it: `+12.3%`, of shares `+0.31 points`."""
    told = signed(number)
    return f"{told.removesuffix('%')} points" if is_points(line) else told


def interval(line: Allowance, ends: tuple[float | None, float | None]) -> str:
    """`−2.1% to +14%`; empty where neither end is known."""
    low, high = ends
    if low is None and high is None:
        return ""
    first = "−∞" if low is None else signed(low)
    last = "+∞" if high is None else signed(high)
    if is_points(line):
        first, last = first.removesuffix("%"), last.removesuffix("%")
    return f"{first} to {last}"


def allowed(line: Allowance) -> str:
    """The budget, exact: `10%`, of shares `0.1 points`."""
    shown = format_share(line.budget or 0, 9)
    return f"{shown.removesuffix('%')} points" if is_points(line) else shown


def runs_of(count: int, noun: str = "run") -> str:
    """`1 run`, `8 runs`."""
    return f"{format_count(count)} {noun}{'' if count == 1 else 's'}"


def shown(found: Compared) -> str:
    """What changed, of a line that is not judged."""
    line = found.line
    told = interval(line, found.interval)
    ends = f" ({told})" if told else ""
    word = {"better": ", better for sure", "worse": ", worse for sure", None: ""}[found.moved]
    return (
        f"{what(line)} changed by {changed(line, found.change)}{ends}: "
        f"{value(line, found.head)} against {value(line, found.base)}{word}"
    )


def judged(found: Compared, estimate: Estimate, budget: float, family: int) -> str:
    """What was found of a line with a budget, and why that is the outcome."""
    outcome = found.outcome or Outcome.INCONCLUSIVE
    text = f"{shown(found)}; {_VERDICT[outcome].format(limit=allowed(found.line))}"
    trouble = next((run.trouble for run in found.contest.head if run.trouble), None)
    if outcome is Outcome.INVALID:
        return f"{trouble}; {text}"
    if outcome is Outcome.INCONCLUSIVE:
        return f"{text}; {_settle(found, estimate, budget, family)}"
    return text


def _settle(found: Compared, estimate: Estimate, budget: float, family: int) -> str:
    alpha = float(1 - found.line.scope.confidence)
    if found.p_over is not None and found.p_over <= alpha:
        return (
            f"over it by itself, but of {family} budgets compared at once one such is chance "
            f"(p = {significant(found.p_over, 2)}, by Holm {significant(found.p_adjusted or 1, 2)})"
        )
    if not estimate.exact:
        return "its requests are counted in buckets, which are too coarse to tell"
    it = estimate.adverse
    if isinstance(it, Change):
        return _more_runs(found.line, it, budget, alpha)
    if isinstance(it, Scarce) and (requests := it.requests_needed(budget, alpha)) is not None:
        return (
            f"{format_count(it.total)} requests of the head are too few to show it, "
            f"about {format_count(requests)} would do"
        )
    low, high = it.interval(alpha)
    margin = abs(it.mean - budget)
    if low is None or high is None or margin == 0:
        return "at its budget: no practical number of pairs would settle it"
    half = (high - low) / 2
    pairs = ceil(it.pairs * (half / margin) ** 2)
    if pairs > MOST_PAIRS:
        return "at its budget: no practical number of pairs would settle it"
    return f"about {max(pairs, it.pairs + 1)} pairs would settle it, {it.pairs} were compared"


def _more_runs(line: Allowance, it: Change, budget: float, alpha: float) -> str:
    needed = runs_needed(it, budget, alpha)
    many = needed is None or needed[1] > max(it.head, FEW_HEADS)
    if many and normal_quantile(1 - alpha) * it.between > budget:
        return (
            f"runs differ by {_spread(line, it.between)} among themselves, too much for this "
            "budget; if the level changed in between (slogate history), pin runs since then as "
            "the base"
        )
    if needed is None:
        return "at its budget: no practical number of runs would settle it"
    base, head = needed
    if head == it.head and base > it.base:
        return f"about {base} base runs would settle it, {it.base} were compared"
    if head == it.head:
        more = student_quantile(1 - alpha, it.df) * it.error / max(abs(it.mean - budget), 1e-12)
        longer = max(2, ceil(more * more)) if more != inf else 2
        return f"its requests are too few: runs {longer} times as long would settle it"
    return (
        f"about {runs_of(head, 'head run')} against {runs_of(base, 'base run')} would settle it, "
        f"{it.head} against {it.base} were compared"
    )


def _spread(line: Allowance, between: float) -> str:
    """How much runs differ, as a share of the value, of shares in points."""
    share = format_share(expm1(between) if not is_points(line) else between, 2)
    return f"{share.removesuffix('%')} points" if is_points(line) else share


def no_head(contest: Contest, line: Allowance) -> str:
    """Why the head has no value."""
    if contest.mark is not None:
        return _few_in_slices(line)
    empty = next((run.empty for run in contest.head if run.empty), None)
    return empty or f"{contest.head_words} has too few requests to compare {what(line)}"


def _few_in_slices(line: Allowance) -> str:
    return (
        f"too few requests of {line.scope.selection} to compare {line.key} slice by slice: a "
        "longer run or more users would do"
    )


def no_base(contest: Contest, line: Allowance) -> str:
    """Why the base has no value."""
    if contest.mark is not None:
        return _few_in_slices(line)
    if contest.base:
        return f"{contest.base_words} has too few requests to compare {what(line)}"
    unusable = f" ({runs_of(len(contest.left_out))} cannot be used)" if contest.left_out else ""
    return f"{contest.base_words} has no valid run to compare with{unusable}"


def unbounded_base(contest: Contest, line: Allowance) -> str:
    """So many requests of the base failed that there is no percentile."""
    return (
        f"{what(line)} has no upper bound in {contest.base_words}: too many of its requests failed"
    )


def unbounded_head(line: Allowance) -> str:
    """So many requests of the head failed that there is no percentile."""
    return (
        f"{what(line)} has no upper bound any more: more requests failed than that leaves out, "
        "and a failure is never fast"
    )


def few_runs(contest: Contest, line: Allowance, count: int, least: int) -> str:
    """How many base runs are needed."""
    return (
        f"{what(line)} is compared with {runs_of(count, 'valid run')} of {contest.base_words}: "
        f"how much runs differ by themselves takes {least}, so {least - count} more"
    )


def few_pairs(contest: Contest, line: Allowance, count: int, needed: int) -> str:
    """How many pairs are needed."""
    by = "of slices" if contest.mark is not None else f"by {contest.pair_label}"
    return (
        f"{what(line)} is compared in {runs_of(count, 'pair')} {by}: "
        f"at least {needed} are needed to be that sure"
    )


def design(contest: Contest) -> Iterator[str]:
    """How base and head belong together, and what a reader must know of it: `code: sentence`."""
    if contest.mark is not None:
        mark = contest.mark
        yield (
            f"design: interleaved; base ({mark.words}) and head took turns of "
            f"{format_duration(mark.slice_us)} in random order (seed {mark.seed}), the first "
            f"{format_duration(mark.settle_us)} of each left out, compared by flipping signs"
        )
        return
    if contest.pairs is not None:
        yield (
            f"design: paired; {runs_of(len(contest.pairs), 'pair')} of base and head by "
            f"{contest.pair_label}, compared by flipping signs"
        )
        return
    source = contest.spread if contest.spread is not None else contest.base
    if max(len(source), len(contest.head)) >= LEAST_RUNS:
        told = "earlier runs" if contest.spread is not None else "base runs"
        yield (
            "design: sequential; base and head ran at different times, so the intervals hold how "
            f"{len(source)} {told} differ; a machine that changed meanwhile looks like the code"
        )
    elif contest.base:
        yield (
            "design: sequential; no intervals, since how much runs differ by themselves takes "
            f"{LEAST_RUNS} runs of the base or of its branch"
        )
    if (apart := _rates_apart(contest)) is not None:
        yield apart


def _rates_apart(contest: Contest) -> str | None:
    base, head = (_rate(side) for side in (contest.base, contest.head))
    if not base or not head or abs(head / base - 1) <= RATES_APART:
        return None
    return (
        f"load: the head was sent {format_rate(head)}, the base {format_rate(base)}; "
        "latencies under another load are another matter"
    )


def _rate(runs: Sequence[Taken]) -> float | None:
    """Requests a second from start to end, over all of the runs."""
    rows = seconds = 0.0
    for taken in runs:
        run = taken.run
        if run.start_ts is not None and run.end_ts is not None:
            rows += taken.rows
            seconds += (run.end_ts - run.start_ts) / 1e6
    return rows / seconds if seconds > 0 else None
