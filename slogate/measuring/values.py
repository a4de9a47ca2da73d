"""Values that a server reckons: a query's answer at the end of each step, as weights for the judge.

Where a query cannot be counted it is asked for through `query_range`. Nothing is extrapolated
between the steps. No value is not zero: a step without one is unknown from the first value on, bad
in the worst case and good in the best; NaN (nothing divided by nothing) says that there was
nothing to measure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd
from operator import ge, gt, le, lt
from typing import Any

from slogate.measuring.tallying import MOST_EXCESS, MS
from slogate.model.indicator import Indicator
from slogate.model.slots import Every, Tally
from slogate.promises.promise import MINUTE_US, Plan
from slogate.sources._prometheus.answer import matrix
from slogate.sources._prometheus.client import Client, TooMuch
from slogate.sources._prometheus.counting import WINDOW
from slogate.sources._prometheus.spans import TROUBLES
from slogate.units import format_count

SCALE = 10**9
MOST_POINTS = 5_000
_UNLABELLED = "none of its series has the label '{0}': sum by ({0}) (…)"
WIDE_US = 5 * MINUTE_US
_NEARLY = Fraction(1, 10**9)
_COMPARED = {"lte": le, "gte": ge, "lt": lt, "gt": gt}

Value = Fraction | float
"""A fraction, or what is none: NaN and the infinities."""

Groups = dict[str | None, dict[int, Value]]
"""Values by time, of each value of the label."""


@dataclass(slots=True, kw_only=True)
class Values:
    """What a plan's query said at the end of each step; `unknown` steps had no value."""

    plan: Plan
    step_us: int
    times: Sequence[int]
    tallies: list[Tally] = field(default_factory=list)
    scale: int = 1
    first: int | None = None
    last: int | None = None
    points: int = 0
    unknown: int = 0
    empty: int = 0
    odd: int = 0
    lost: int = 0


def grid(plan: Plan) -> tuple[int, range]:
    """The step in µs, and the ends of all steps in ms."""
    promise = plan.promise
    indicator = promise.indicator
    assert indicator is not None
    slots = plan.slots
    if isinstance(slots, Every):
        step = slots.step_us
        if indicator.measure == "threshold":
            step = gcd(step, MINUTE_US)
        start, end = slots.start(0), slots.start(slots.count)
    else:
        wide = any(WINDOW.search(query.text) for _, query in indicator.queries)
        step = WIDE_US if wide else MINUTE_US
        start, end = plan.at - (plan.at - plan.since) // step * step, plan.at
    return step, range((start + step) // MS, end // MS + 1, step // MS)


def sampled(client: Client, plan: Plan) -> dict[str | None, Values]:
    """Ask for the values of a plan's queries, and weigh them; by the value of its labels, if any.

    Without any there is one of None. Nothing that happens without a label is no group.
    """
    indicator = plan.promise.indicator
    assert indicator is not None
    times = grid(plan)[1]
    asked = [_asked(client, query.text, times, indicator) for _, query in indicator.queries]
    groups = dict.fromkeys(value for answer in asked for value in answer)
    if indicator.by and not any(asked[0].get(None, {}).values()):
        groups.pop(None, None)
    if indicator.by and [*groups] == [None]:
        said = _UNLABELLED.format(indicator.by[0])
        raise client.fail(f"{indicator.queries[0][1].text}: {said}")
    return {
        value: _weigh(plan, indicator, [each.get(value, {}) for each in asked])
        for value in groups or [None]
    }


def _weigh(plan: Plan, indicator: Indicator, asked: Sequence[Mapping[int, Value]]) -> Values:
    step, times = grid(plan)
    values = Values(plan=plan, step_us=step, times=times)
    values.first, values.last = (end(asked[0], default=None) for end in (min, max))
    if indicator.measure == "threshold":
        values.tallies = [*_compared(values, indicator, asked[0])]
    elif indicator.measure == "raw":
        values.scale = SCALE
        values.tallies = [*_ratios(values, indicator, asked[0])]
    elif plan.promise.slice_us is not None:
        values.scale = SCALE
        values.tallies = [*_shares(values, indicator, *asked)]
    else:
        values.tallies = [*_weighed(values, indicator, *asked)]
    return values


def _asked(client: Client, text: str, times: range, indicator: Indicator) -> Groups:
    """The values of each group by time; several series are added up, or refused."""
    query = WINDOW.sub(f"{times.step}ms", text)
    found: Groups = {}
    at, most, troubles = 0, MOST_POINTS, 0
    while at < len(times):
        part = times[at : at + most]
        try:
            answer = client.ask(
                "query_range",
                [
                    ("query", query), ("start", _seconds(part[0])), ("end", _seconds(part[-1])),
                    ("step", _seconds(times.step)), ("partial_response", "false"),
                ],
            )  # fmt: skip
        except TooMuch as error:
            troubles = troubles + 1 if error.troubled else 0
            if len(part) == 1 or troubles == TROUBLES:
                hint = "call it again when the server is well" if error.troubled else None
                raise client.fail(f"{text}: {error}", hint=hint) from None
            most = len(part) // 2
            continue
        troubles = 0
        try:
            _into(found, answer, indicator)
        except ValueError as error:
            raise client.fail(f"{text}: {error}") from None
        at += len(part)
    return found


def _into(found: Groups, answer: Any, indicator: Indicator) -> None:
    series = list(matrix(answer))
    groups = Counter(indicator.value_of(each.labels) for each in series)
    if indicator.total is None and max(groups.values(), default=0) > 1:
        if indicator.by and [*groups] == [None]:
            raise ValueError(_UNLABELLED.format(indicator.by[0]))
        most = f"{max(groups.values())} series{(indicator.by and ' of one group') or ''}"
        raise ValueError(f"it gives {most} at once; one is needed: sum(…), max(…)")
    for each in series:
        if each.histograms:
            raise ValueError("it gives histograms; histogram_quantile or histogram_fraction do not")
        mine = found.setdefault(indicator.value_of(each.labels), {})
        for at, text in each.values:
            value = _value(text)
            mine[at] = mine[at] + value if at in mine else value


def _value(text: str) -> Value:
    try:
        number = float(text)
        return Fraction(text) if math.isfinite(number) else number
    except ValueError:
        raise ValueError("one of its values is no number") from None


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03}"


def _steps(values: Values, *answers: Mapping[int, Value]) -> Iterator[tuple[int, list[Value]]]:
    """The slot and the values of each step that has all of them; what is missing is noted."""
    if values.first is None:
        return
    for at in values.times:
        if at < values.first:
            continue
        slot = values.plan.slots.slot(at * MS - 1)
        found = [answer[at] for answer in answers if at in answer]
        values.points += 1
        if any(math.isnan(value) for value in found):
            values.empty += 1
        elif len(found) == len(answers):
            yield slot, found
        else:
            values.unknown += 1
            yield slot, []


def _compared(
    values: Values, indicator: Indicator, answer: Mapping[int, Value]
) -> Iterator[Tally]:  # fmt: skip
    for slot, found in _steps(values, answer):
        good = bool(found) and _holds(indicator, found[0])
        yield Tally(slot, slot, 1, int(good), int(good or not found))


def _holds(indicator: Indicator, value: Value) -> bool:
    return bool(_COMPARED[indicator.op](value, indicator.value))


def _share(values: Values, share: Value) -> int:
    """A share of good events in units of the scale; one that is none is odd, and nothing good."""
    if isinstance(share, float) or not -_NEARLY <= share <= 1 + _NEARLY:
        values.odd += 1
        return 0
    return min(max(int(share * SCALE), 0), SCALE)


def _ratios(values: Values, indicator: Indicator, answer: Mapping[int, Value]) -> Iterator[Tally]:
    for slot, found in _steps(values, answer):
        if not found:
            yield Tally(slot, slot, SCALE, 0, SCALE)
            continue
        share = _share(values, 1 - found[0] if indicator.raw_of == "failure" else found[0])
        yield Tally(slot, slot, SCALE, share, share)


def _shares(
    values: Values,
    indicator: Indicator,
    totals: Mapping[int, Value],
    mine: Mapping[int, Value],
) -> Iterator[Tally]:
    """Of slices only the share of each matters."""
    for slot, found in _steps(values, totals, mine):
        if not found:
            yield Tally(slot, slot, SCALE, 0, SCALE)
        elif isinstance(found[0], float) or isinstance(found[1], float) or found[0] < 0:
            values.odd += 1
            yield Tally(slot, slot, SCALE, 0, 0)
        elif found[0] == 0 == found[1]:
            values.empty += 1
        else:
            share = Fraction(found[1], found[0]) if found[0] else math.inf
            good = _share(values, 1 - share if indicator.measure == "bad" else share)
            yield Tally(slot, slot, SCALE, good, good)


def _weighed(
    values: Values,
    indicator: Indicator,
    totals: Mapping[int, Value],
    mine: Mapping[int, Value],
) -> Iterator[Tally]:
    """Events as the values have them; parts of one are carried on to the next step."""
    per_step = Fraction(values.step_us, 1_000_000) if _is_rate(indicator) else Fraction(1)
    owed, bad_owed = Fraction(0), Fraction(0)
    known = seen = silent = 0
    for slot, found in _steps(values, totals, mine):
        inside = _inside(values.plan, slot)
        if not found:
            silent += inside
            continue
        total, part = found
        if isinstance(total, float) or isinstance(part, float) or total < 0:
            values.odd += 1
            continue
        bad = part if indicator.measure == "bad" else total - part
        if not -_NEARLY * total <= bad <= total * (1 + _NEARLY):
            values.odd += 1
        bad = min(max(bad, Fraction(0)), total)
        owed, bad_owed = owed + total * per_step, bad_owed + bad * per_step
        events, worse = int(owed), min(int(owed), math.ceil(bad_owed))
        owed, bad_owed = owed - events, bad_owed - worse
        known, seen = known + events * inside, seen + inside
        if events:
            yield Tally(slot, slot, events, events - worse, events - worse)
    values.lost = -(-known * silent // seen) if seen else silent


def _inside(plan: Plan, slot: int) -> bool:
    """Whether a slot counts: within the period, and not within a correction."""
    start = plan.slots.start(slot)
    shut = any(span.start_ts <= start < span.end_ts for span in plan.closed)
    return start >= plan.period.start_ts and not shut


def _is_rate(indicator: Indicator) -> bool:
    """Whether the values are of a second."""
    texts = [query.text for _, query in indicator.queries]
    return all("rate(" in text or ":rate" in text for text in texts)


def odd(values: Values) -> str | None:
    """Why the values cannot be what they are said to be."""
    if values.odd * MOST_EXCESS <= values.points:
        return None
    return (
        f"{format_count(values.odd)} of {format_count(values.points)} values are no share of good "
        "events: under 0, over 1, or infinite"
    )
