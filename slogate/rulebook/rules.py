"""Rules as data, and the series that they record: one name a figure, the SLO in the labels.

Of each window, here of an hour, and of the budget:

slogate:total:increase1h     requests (or slices) of the last hour
slogate:good:increase1h      those that were good, where a metric tells the good ones
slogate:bad:increase1h       those that were bad
slogate:bad:ratio1h          their share
slogate:bad:ratio_lower1h    the lower end of its interval, for the guard against low traffic
slogate:slice:bad            of the last slice: bad or not, or its share of bad requests
slogate:budget:remaining     what is left of the error budget, as a share of it
slogate:objective:ratio      what is promised
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from slogate.model.calendar import Recurring, Rolling, Unit
from slogate.promises.promise import DAY_US, MINUTE_US, Promise
from slogate.rulebook.promql import Matcher, length, selector
from slogate.stats.burn_rate import Pair

# the shortest that a period of the calendar is: there a factor is the lowest
_SHORTEST_US: dict[Unit, int] = {
    "minute": MINUTE_US, "hour": 60 * MINUTE_US, "day": DAY_US, "week": 7 * DAY_US,
    "month": 28 * DAY_US, "quarter": 90 * DAY_US, "year": 365 * DAY_US,
}  # fmt: skip
IDENTITY = ("service", "slo", "window")
RESERVED = frozenset((*IDENTITY, "severity", "alertname", "le", "quantile"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A recording rule."""

    name: str
    expr: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alerting rule; annotations are templates of Prometheus, labels are texts."""

    name: str
    expr: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    pending_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules that are evaluated in their order, at one moment, every so often; None: as usual."""

    name: str
    rules: tuple[Record | Alert, ...]
    every_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The recorded series of one promise, by name."""

    promise: Promise
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, promise: Promise) -> Series:
        """The series of a promise, told apart by service, SLO and window."""
        values = (promise.service, promise.name, promise.window_text)
        return cls(promise=promise, labels=dict(zip(IDENTITY, values, strict=True)))

    def __call__(self, name: str) -> str:
        """A recorded series as a selector."""
        return selector(name, tuple(Matcher(k, "=", v) for k, v in self.labels.items()))

    def total(self, us: int) -> str:
        """All units of a window."""
        return self(f"slogate:total:increase{length(us)}")

    def bad(self, us: int) -> str:
        """The bad ones."""
        return self(f"slogate:bad:increase{length(us)}")

    def ratio(self, us: int) -> str:
        """Their share."""
        return self(f"slogate:bad:ratio{length(us)}")

    def lower(self, us: int) -> str:
        """The lower end of the interval of that share."""
        return self(f"slogate:bad:ratio_lower{length(us)}")

    def record(self, series: str, expr: str) -> Record:
        """The rule that records one of these."""
        return Record(name=series.partition("{")[0], expr=expr, labels=self.labels)


def period_us(window: Recurring) -> int:
    """How long a window is at least."""
    if isinstance(window, Rolling):
        return window.length_us
    return _SHORTEST_US[window.unit] * window.count


def lengths(promise: Promise) -> list[int]:
    """The lengths of all windows of its alerts, ascending."""
    return sorted({us for pair in pairs(promise) for us in (pair.short_us, pair.long_us)})


def long_lengths(promise: Promise) -> list[int]:
    """Those of the long windows."""
    return sorted({pair.long_us for pair in pairs(promise)})


def pairs(promise: Promise) -> tuple[Pair, ...]:
    """The pairs of windows of its alerts; the usual ones where it asks for none."""
    return promise.pairs(period_us(promise.window))


def limit_of(promise: Promise, pair: Pair) -> Fraction:
    """The share of bad units that a pair's windows have to exceed."""
    return pair.factor(period_us(promise.window)) * (1 - promise.objective)
