"""What both encodings of OTLP are read into: spans, metrics, data points, and what was lost.

Attributes are the plain values (text, whole number, number, truth). Times are nanoseconds
since the epoch, 0 where they were not told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Value = str | int | float | bool
Attributes = Mapping[str, Value]
KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
OK, ERROR = 1, 2
DELTA, CUMULATIVE = 1, 2
# more than this in a bucket is taken for damage
MOST_COUNTED = 10**12


class Malformed(ValueError):
    """Something is not as OTLP has it; the message says what, as a reason for a bad row."""


@dataclass(slots=True)
class Losses:
    """What was not kept, by reason: `bad` cannot be used, `left_out` was never asked for."""

    bad: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


class Span(NamedTuple):
    """A span: `code` is its status; `attributes` are those asked for; `sampled` if thinned out."""

    name: str
    start_ns: int
    end_ns: int
    trace_id: str
    span_id: str
    code: int
    message: str
    exception: str
    sampled: bool
    attributes: Attributes


class Explicit(NamedTuple):
    """Counts of buckets: over the bound before, up to and including the bound."""

    bounds: tuple[float, ...]
    counts: Sequence[int]


class Exponential(NamedTuple):
    """Counts of buckets from index `offset` on: over base^index, up to base^(index + 1).

    The base is 2^(2^-scale).
    """

    scale: int
    zero_count: int
    zero_threshold: float
    offset: int
    counts: Sequence[int]
    negative: int


class Point(NamedTuple):
    """A data point of a histogram of `total` values; what was not told is None."""

    attributes: Attributes
    start_ns: int
    time_ns: int
    total: int
    sum: float | None
    max: float | None
    buckets: Explicit | Exponential
    recorded: bool


class Metric(NamedTuple):
    """A histogram metric with its data points; `temporality` is DELTA or CUMULATIVE."""

    name: str
    unit: str
    temporality: int
    points: Iterator[Point]


@dataclass(slots=True, eq=False)
class Resource:
    """Who sent the telemetry: attributes, all of them. Known by who it is, not by what it holds."""

    attributes: Attributes

    @property
    def service(self) -> str:
        """The `service.name`; empty where none was told."""
        return str(self.attributes.get("service.name", ""))
