"""Lint rules on burn-rate alerts and corrections: what can never fire, what fires for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from slogate.model.calendar import Period
from slogate.model.closure import Correction, closures
from slogate.promises.promise import DAY_US, Promise, plan, whole_minute
from slogate.slo.rules import Facts, Found, Rule, promised, promised_heads, slo
from slogate.slo.spec import Spec
from slogate.slo.spots import Spot, in_slo, in_spec
from slogate.stats.burn_rate import Pair
from slogate.stats.error_budget import Unit, Use
from slogate.units import format_duration, format_share, significant

# a burn rate of 1 spends the budget in time; half of that leaves half of it
TOO_EASY = Fraction(1, 2)
MOST_CORRECTED = Fraction(1, 2)
_HOUR_US = DAY_US // 24
_FAR_US = 366 * DAY_US


def pairs_of(
    spec: Spec, promises: Iterable[Promise] | None = None
) -> Iterator[tuple[Promise, Spot, Pair]]:
    """The pairs of windows that alerts were asked for, of all promises or these, with places."""
    for promise in promised(spec) if promises is None else promises:
        for index, pair in enumerate(promise.alerts):
            spot = in_slo(spec, promise, "alerts", index)
            whole = in_slo(spec, promise, "alerts")
            yield promise, whole if spot.place == promise.place else spot, pair


def named(pair: Pair) -> str:
    """The windows of a pair in a sentence; of an alert with one window that one."""
    windows = dict.fromkeys((pair.long_us, pair.short_us))
    return " and ".join(format_duration(us) for us in windows)


def can_fire(promise: Promise, pair: Pair, period_us: int, unit: Unit, units: Fraction) -> bool:
    """Whether it fires when everything is bad and so many units come in an hour, one at least."""
    counts = (max(1, int(units * us / _HOUR_US)) for us in (pair.long_us, pair.short_us))
    long, short = (Use(unit=unit, bad=Fraction(count), total=count) for count in counts)
    return pair.fires(promise.objective, period_us, long=long, short=short)


def _slices(spec: Spec, facts: Facts) -> Iterator[tuple[Promise, Spot, Pair, int, int]]:
    for promise, spot, pair in pairs_of(spec):
        if promise.slice_us is not None:
            yield promise, spot, pair, promise.slice_us, promise.period(facts.now_ts).length_us


def _under_a_slice(spec: Spec, facts: Facts) -> Iterator[Found]:
    for _, spot, pair, slice_us, _ in _slices(spec, facts):
        if pair.short_us < slice_us:
            message = (
                f"the window of {format_duration(pair.short_us)} holds no slice of "
                f"{format_duration(slice_us)}: this can never fire"
            )
            yield spot, message, "take shorter slices, or alerts as a list with longer windows"


def _too_few_slices(spec: Spec, facts: Facts) -> Iterator[Found]:
    for promise, spot, pair, slice_us, period_us in _slices(spec, facts):
        hourly = Fraction(_HOUR_US, slice_us)
        if pair.short_us >= slice_us and not can_fire(promise, pair, period_us, "slices", hourly):
            message = (
                f"{pair.long_us // slice_us} slices in {format_duration(pair.long_us)} are too few "
                "to be sure, even if all of them are bad: this can never fire"
            )
            yield spot, message, "take shorter slices, or a longer window"


def _between_slices(spec: Spec, facts: Facts) -> Iterator[Found]:
    for _, spot, pair, slice_us, _ in _slices(spec, facts):
        odd = [us for us in (pair.long_us, pair.short_us) if us % slice_us]
        if odd and pair.short_us >= slice_us:
            message = (
                f"a window of {format_duration(odd[0])} is no whole number of slices of "
                f"{format_duration(slice_us)}: {format_duration(odd[0] % slice_us)} of it is not "
                "looked at"
            )
            yield spot, message, "windows of whole slices"


def _too_easy(spec: Spec, facts: Facts) -> Iterator[Found]:
    for promise, spot, pair in pairs_of(spec):
        factor = pair.factor(promise.period(facts.now_ts).length_us)
        if factor < TOO_EASY:
            message = (
                f"the alert over {named(pair)} fires at a burn rate of "
                f"{significant(float(factor), 3)}, at which {format_share(1 - factor)} of the "
                "budget is left at the end of the window"
            )
            yield spot, message, "burn more of the budget, or in a shorter long window"


def _alert_twice(spec: Spec, facts: Facts) -> Iterator[Found]:
    del facts
    for promise in promised_heads(spec):
        for index, pair in enumerate(promise.alerts):
            if pair in promise.alerts[:index]:
                spot = in_slo(spec, promise, "alerts", index)
                yield spot, f"the alert over {named(pair)} is there already", "take it out"


def _corrections(spec: Spec) -> Iterator[tuple[Spot, Correction]]:
    """The corrections of a file; all of its promises have the same."""
    first = next(promised(spec), None)
    for index, correction in enumerate(first.corrections if first else ()):
        yield in_spec(spec, f"corrections[{index}]", "corrections", index), correction


def _corrected_no_more(spec: Spec, facts: Facts) -> Iterator[Found]:
    at, corrections = whole_minute(facts.now_ts), [*_corrections(spec)]
    reached = (plan(promise, at).since for promise in promised(spec) if corrections)
    since = min(reached, default=0)
    for spot, correction in corrections:
        ever = Period(start_ts=since, end_ts=at + 10 * _FAR_US)
        if correction.start_ts < at and next(correction.within(ever), None) is None:
            message = f"'{correction.reason}' is over: no window reaches back to it any more"
            yield spot, message, "take it out when nobody judges that time again"


def _corrected_far_ahead(spec: Spec, facts: Facts) -> Iterator[Found]:
    for spot, correction in _corrections(spec):
        if correction.start_ts > facts.now_ts + _FAR_US:
            message = f"'{correction.reason}' begins more than a year from now"
            yield spot, message, "is the year right?"


def _corrected_away(spec: Spec, facts: Facts) -> Iterator[Found]:
    at = whole_minute(facts.now_ts)
    for promise in promised(spec) if any(_corrections(spec)) else ():
        period = promise.period(at)
        closed = sum(span.length_us for span in closures(promise.corrections, period))
        share = Fraction(closed, period.length_us)
        if share >= MOST_CORRECTED:
            message = (
                f"corrections leave out {format_share(share)} of the window "
                f"{promise.window_text} of '{promise.name}'"
            )
            spot = in_spec(spec, "corrections", "corrections")
            yield spot, message, "is the end, or the rrule, right?"


_SLICED = ("budgeting: timeslices", "slice_objective: 95%")
_ALERT = "alerts: [{budget: 2%, long: 1h, short: 5m}]"
_BACKUP = "  - {start: 2026-01-01T02:00Z, end: 2026-01-01T%s, reason: backup, rrule: FREQ=DAILY}\n"

ALERT_RULES: tuple[Rule, ...] = (
    Rule(
        id="alert-under-a-slice",
        severity="error",
        help="The short window of an alert is shorter than a slice.",
        why="Only whole slices are looked at: none lies in the window, and there is no alarm ever.",
        wrong=slo(*_SLICED, "slice: 10m", _ALERT),
        right=slo(*_SLICED, "slice: 5m", _ALERT),
        check=_under_a_slice,
    ),
    Rule(
        id="alert-of-few-slices",
        severity="error",
        help="The long window of an alert holds too few slices for it to be sure.",
        why=(
            "Where few slices make up the factor an alert waits until it is sure. With two or "
            "three it never is, even in a total outage."
        ),
        wrong=slo(
            *_SLICED, "objective: 80%", "window: 30d", "slice: 30m",
            "alerts: [{budget: 0.5%, long: 1h, short: 30m}]",
        ),
        right=slo(
            *_SLICED, "objective: 80%", "window: 30d", "slice: 1m",
            "alerts: [{budget: 0.5%, long: 1h, short: 30m}]",
        ),
        check=_too_few_slices,
    ),
    Rule(
        id="alert-between-slices",
        severity="warning",
        help="A window of an alert is no whole number of slices.",
        why="The rest of it is not looked at: the alert fires at another rate than it says.",
        wrong=slo(*_SLICED, "slice: 2m", _ALERT),
        right=slo(*_SLICED, "slice: 1m", _ALERT),
        check=_between_slices,
    ),
    Rule(
        id="alert-too-easy",
        severity="warning",
        help="An alert fires at a burn rate that leaves half of the budget or more.",
        why="People are woken by what is allowed, and stop listening. 2% belong to an hour.",
        wrong=slo("alerts: [{budget: 2%, long: 3d, short: 6h}]"),
        right=slo("alerts: [{budget: 10%, long: 3d, short: 6h}]"),
        check=_too_easy,
    ),
    Rule(
        id="alert-twice",
        severity="warning",
        help="The same alert is written twice.",
        why="It is told twice, and one of the two was to be another.",
        wrong=slo(f"{_ALERT[:-1]}, {{budget: 2%, long: 1h, short: 5m}}]"),
        right=slo(f"{_ALERT[:-1]}, {{budget: 5%, long: 6h, short: 30m}}]"),
        fix="takes the second one out",
        check=_alert_twice,
    ),
    Rule(
        id="correction-over",
        severity="info",
        help="No window reaches back to a correction any more.",
        why="It has no effect but on old moments; if its year is mistyped, the downtime counts.",
        wrong=slo()
        + "corrections:\n"
        + "  - {start: 2021-03-01T02:00Z, end: 2021-03-01T04:00Z, reason: upgrade}\n",
        right=slo(),
        asks=frozenset({"clock"}),
        check=_corrected_no_more,
    ),
    Rule(
        id="correction-far-ahead",
        severity="warning",
        help="A correction begins more than a year from now.",
        why="Most likely its year is mistyped, and the downtime that is meant will count.",
        wrong=slo()
        + "corrections:\n"
        + "  - {start: 9062-03-01T02:00Z, end: 9062-03-01T04:00Z, reason: upgrade}\n",
        right=slo(),
        asks=frozenset({"clock"}),
        check=_corrected_far_ahead,
    ),
    Rule(
        id="corrected-away",
        severity="warning",
        help="Corrections leave out half of a window or more.",
        why="What is left decides: the promise can be kept by closing when it is broken.",
        wrong=slo() + "corrections:\n" + _BACKUP % "20:00Z",
        right=slo() + "corrections:\n" + _BACKUP % "04:00Z",
        asks=frozenset({"clock"}),
        check=_corrected_away,
    ),
)  # fmt: skip
