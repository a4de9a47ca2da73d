"""The alerting rules of one SLO: one for each severity, its pairs joined by `or`, as people page.

A pair fires while the share of bad units exceeds its limit in the long window and in the short one,
and in the long one surely: ten bad units make up the limit, or the lower end of the interval
exceeds it too. Nothing is pending (`for`) by default: the short window already asks whether it goes
on, and one evaluation that fails would begin the wait anew.

What people wrote is shown by Prometheus's templates through labels, or with `{{` made inert.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from slogate.promises.promise import Promise
from slogate.rulebook.measure import Measure
from slogate.rulebook.promql import length, number, untemplated
from slogate.rulebook.recordings import counts
from slogate.rulebook.rules import Alert, Series, lengths, limit_of, pairs, period_us
from slogate.slo.asked import Asked
from slogate.stats.burn_rate import LOW_TRAFFIC, Pair
from slogate.units import format_share, significant

BURN = "ErrorBudgetBurn"
UNMEASURED = "ErrorBudgetNotMeasured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What alerts say beside their numbers: labels that are valid, how long they are pending."""

    labels: Mapping[str, str]
    pending_us: int = 0


def alerts(asked: Asked, measure: Measure, words: Words) -> Iterator[Alert]:
    """The alerts that an SLO asks for; none where it asks for none."""
    promise = asked.promise
    by_severity: dict[str, list[Pair]] = {}
    for pair in pairs(promise) if promise.alerts else ():
        by_severity.setdefault(pair.severity, []).append(pair)
    for severity, some in by_severity.items():
        yield _burn(asked, measure, words, severity, some)
    if by_severity and promise.on_no_data == "block":
        yield _unmeasured(asked, measure, words, list(by_severity)[-1])


def _burn(
    asked: Asked, measure: Measure, words: Words, severity: str, some: Sequence[Pair]
) -> Alert:
    promise, told = asked.promise, asked.alerting
    _, annotations = told.by_severity.get(severity, ({}, {}))
    fires = [_fires(promise, measure, pair) for pair in some]
    return Alert(
        name=told.name or BURN,
        expr=fires[0] if len(fires) == 1 else "\nor\n".join(map(_bracketed, fires)),
        labels=_labels(asked, words, severity),
        annotations={
            "summary": _summary(promise),
            "description": _description(asked, some),
            # those of a Sloth spec are templates already
            **told.annotations,
            **annotations,
        },
        pending_us=words.pending_us,
    )


def _fires(promise: Promise, measure: Measure, pair: Pair) -> str:
    series, share = Series.of(promise), limit_of(promise, pair)
    limit = number(share)
    both = f"{series.ratio(pair.long_us)} > {limit}\nand\n{series.ratio(pair.short_us)} > {limit}"
    if not counts(promise, measure):
        return both
    enough = -(-Fraction(LOW_TRAFFIC) // share)
    surely = f"{series.total(pair.long_us)} >= {enough}\nor\n{series.lower(pair.long_us)} > {limit}"
    return f"{both}\nand\n{_bracketed(surely)}"


def _bracketed(text: str) -> str:
    inner = "\n".join(f"  {line}" for line in text.split("\n"))
    return f"(\n{inner}\n)"


def _summary(promise: Promise) -> str:
    value = f" ({promise.by} {{{{ $labels.{promise.by} }}}})" if promise.by is not None else ""
    return (
        "{{ $labels.service }} {{ $labels.slo }}" + value + ": the error budget of "
        "{{ $labels.window }} burns too fast"
    )


def _description(asked: Asked, some: Sequence[Pair]) -> str:
    promise = asked.promise
    units = "requests" if promise.slice_us is None else "slices of time"
    rules = ", or ".join(_pair(promise, pair) for pair in some)
    about = f" {untemplated(asked.description)}" if asked.description else ""
    return (
        "{{ $value | humanizePercentage }} " + f"of the {units} were bad, where "
        f"{format_share(promise.objective, 9)} good ones are promised. "
        f"Fires while both windows burn faster than {rules}.{about}"
    )


def _pair(promise: Promise, pair: Pair) -> str:
    factor = significant(float(pair.factor(period_us(promise.window))), 4)
    long, short = length(pair.long_us), length(pair.short_us)
    return f"{format_share(pair.share)} of the budget in {long} (factor {factor}; {short})"


def _unmeasured(asked: Asked, measure: Measure, words: Words, severity: str) -> Alert:
    """Absence never passes: what is not measured cannot burn either."""
    promise = asked.promise
    series = Series.of(promise)
    # slices without requests are not recorded: a quiet night is no absence
    us = lengths(promise)[0 if promise.slice_us is None else -1]
    found = series.total(us) if counts(promise, measure) else series.ratio(us)
    return Alert(
        name=UNMEASURED,
        expr=f"absent({found})",
        labels=_labels(asked, words, severity),
        annotations={
            "summary": "{{ $labels.service }} {{ $labels.slo }}: nothing is measured",
            "description": f"No series told of any request for {length(us)}: "
            "the service is not scraped, or the rules look for other labels.",
        },
        pending_us=lengths(promise)[0],
    )


def _labels(asked: Asked, words: Words, severity: str) -> dict[str, str]:
    """The labels of an alert; those of the series too, by which checkers tell rules apart."""
    said = asked.alerting
    more, _ = said.by_severity.get(severity, ({}, {}))
    own = Series.of(asked.promise).labels
    return {**own, "severity": severity, **words.labels, **said.labels, **more}
