"""What an SLO measures elsewhere: which queries of which server say what is good.

Events that were `good`, or `bad`, of a `total`; a `raw` ratio that the server reckons, of what is
good or bad; or a value, good while it compares with a `threshold`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Measure = Literal["good", "bad", "raw", "threshold"]
Comparison = Literal["lte", "gte", "lt", "gt"]
SIGNS = {"lte": "<=", "gte": ">=", "lt": "<", "gt": ">"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A source that a spec names; `options` are (name, value) of how it is asked, in order.

    `url` is None where the spec tells no address.
    """

    name: str | None = None
    url: str | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question in the source's own language, and whom it is asked."""

    text: str
    server: Server = Server()


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """What is measured: one query of the measure itself, and of `total` where events are counted.

    `counter` says whether bare metrics count up without end; None: their names and the server say.
    `by` are the labels whose values have an SLO each.
    """

    measure: Measure
    query: Query
    total: Query | None = None
    counter: bool | None = None
    raw_of: Literal["success", "failure"] = "success"
    op: Comparison = "lte"
    value: Fraction = Fraction(0)
    by: tuple[str, ...] = ()

    def value_of(self, labels: Mapping[str, str]) -> str | None:
        """The value of a series' label, of several as `a=1, b=2`; None if it has none of them."""
        if not any(labels.get(label) for label in self.by):
            return None
        if len(self.by) == 1:
            return labels[self.by[0]]
        return ", ".join(f"{label}={labels.get(label, '')}" for label in self.by)

    def __str__(self) -> str:
        """The queries, as they were written."""
        match self.measure:
            case "threshold":
                return f"{self.query.text} {SIGNS[self.op]} {float(self.value):g}"
            case "raw":
                return f"{self.raw_of} ratio {self.query.text}"
            case _:
                total = self.total.text if self.total else ""
                return f"{self.measure} {self.query.text} of {total}"

    @property
    def queries(self) -> tuple[tuple[str, Query], ...]:
        """All queries by what they are of; all events first."""
        of_all = () if self.total is None else (("total", self.total),)
        return (*of_all, (self.measure, self.query))
