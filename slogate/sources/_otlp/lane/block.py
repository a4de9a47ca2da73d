"""What readers of JSON and protobuf hand to the lane: metrics, and their points as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

NO_HISTOGRAM = -1


class Metric(NamedTuple):
    """A metric as it is told: `resource` is the number of its attributes."""

    resource: int
    scope: str
    name: str
    unit: str
    temporality: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Data points of one kind of histogram; Arrow columns, one value a point.

    `metric` is the place of its metric in the block; `attributes` and, of explicit buckets,
    `ladder` are numbers of Texts. `counts` are lists. Of exponential buckets there are `scale`,
    `offset`, `zeros` and `threshold`.
    """

    metric: Any
    columns: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The metrics of a block one by one, with how many points of other kinds each has; points.

    `lines` are how many it has.
    """

    lines: int
    metrics: list[tuple[Metric, int]]
    explicit: Points
    exponential: Points
