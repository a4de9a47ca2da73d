"""Adds what was counted of spans and slices up to the sums of each survey that asked for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from slogate.engines._base import Sources
from slogate.engines._census import Runs, count
from slogate.engines._choosing import Bound
from slogate.engines._span_sums import LONGEST, Sliced, sum_across, sum_hazy, sum_slices
from slogate.engines._spans import Base
from slogate.model.predicate import Not, Predicate
from slogate.model.slots import Account, Edges, Every, Tally
from slogate.model.survey import Slices, Sums, Survey, Surveyed, condense, in_order, without

if TYPE_CHECKING:
    import duckdb

# (label, first span, last span) → requests, and those of each predicate, surely and perhaps
Rows = list[tuple[str | None, int, int, tuple[int, ...]]]
Ask = Callable[[str, Bound], list[tuple[Any, ...]]]


def sliced(
    asked: Sliced, surveys: Sequence[tuple[Survey, int]], ask: Ask, *, long: bool
) -> dict[str, dict[str | None, Sums]]:
    """The sums of surveys, each with the place of its good ones in `asked.goods`, by id."""
    sheets = [_Sheet(asked=asked, survey=survey, place=place) for survey, place in surveys]
    bound = Bound()
    for row in ask(sum_slices(asked, bound, long=long), bound):
        for sheet in sheets:
            sheet.told(*row)
    if long:
        bound = Bound()
        for row in ask(sum_hazy(asked, bound), bound):
            for sheet in sheets:
                sheet.hazy(*row)
        bound = Bound()
        for row in ask(sum_across(asked, bound), bound):
            for sheet in sheets:
                sheet.across(*row)
    return {sheet.survey.id: sheet.sums() for sheet in sheets}


def summed(base: Base, each: Survey, edges: Edges, rows: Rows) -> Surveyed:
    """The sums of a survey without slices, of rows of its selection between finer edges."""
    own = [*(each.edges.slot(ts) for ts in edges.at), -1]  # the last is that of −1
    sums = _sum(base, own, each.edges.count, rows, each.selection.success)
    if each.events is not None:
        none = _sum(base, own, each.edges.count, rows, Not(each.events))
        left = {label: [*without(some, none[label])] for label, some in sums.items()}
        sums = {label: some for label, some in left.items() if some}
    return {label: Sums(tuple(sorted(sums[label]))) for label in in_order(sums)}


def _sum(
    base: Base, own: Sequence[int], count: int, rows: Rows, success: Predicate
) -> dict[str | None, list[Tally]]:
    sure = 1 + base.predicates.index(success)
    maybe = sure + len(base.predicates)
    found: dict[tuple[str | None, int, int], tuple[int, int, int]] = {}
    for label, first, last, counts in rows:
        early, late = own[first], own[last]
        if late >= 0 and early < count:
            key = label, early, late
            n, s, u = found.get(key, (0, 0, 0))
            found[key] = n + counts[0], s + counts[sure], u + counts[maybe]
    by_label: dict[str | None, list[Tally]] = defaultdict(list)
    for (label, early, late), sums in found.items():
        by_label[label].append(Tally(early, late, *sums))
    return by_label


def is_long(each: Survey) -> bool:
    """Whether its objective of slices has more digits than a statement reckons with."""
    objective = None if each.slices is None else each.slices.objective
    return objective is not None and objective.denominator > LONGEST


def slowly(
    each: Survey, sources: Sources, runs: Runs, connection: duckdb.DuckDBPyConnection
) -> Surveyed:
    """The sums of one survey by what is counted slot by slot."""
    good = Account(id="good", selection=each.selection, slots=each.slots, by=each.by)
    accounts = [good]
    if each.events is not None:
        none = replace(each.selection, success=Not(each.events))
        accounts.append(replace(good, id="none", selection=none))
    found = count(accounts, sources, runs, connection)
    tallies = found["good"]
    if each.events is not None:
        left = {
            label: without(some, found["none"].get(label, ())) for label, some in tallies.items()
        }
        tallies = {label: some for label, some in left.items() if some}
    return condense(each, tallies)


@dataclass(slots=True)
class _Span:
    """What is known of the slices of one span."""

    told: int = 0
    hazy: int = 0
    bad: int = 0
    best: int = 0
    ends: list[int] = field(default_factory=list)
    shares: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))


@dataclass(slots=True, kw_only=True)
class _Sheet:
    """The sums of one survey as they grow; spans and slices become the survey's own."""

    asked: Sliced
    survey: Survey
    place: int
    _own: list[int] = field(init=False)
    _shift: int = field(init=False)
    _good: tuple[int, int] = field(init=False)
    _bad: tuple[int, int] | None = field(init=False)
    _tallies: dict[str | None, dict[tuple[int, int], list[int]]] = field(init=False)
    _spans: dict[str | None, dict[int, _Span]] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing counted."""
        asked, slots = self.asked, self.survey.slots
        assert isinstance(slots, Every)
        self._own = [self.survey.edges.slot(ts) for ts in asked.edges.at]
        self._shift = (slots.start_ts - asked.slots.start_ts) // slots.step_us
        number, objective = asked.goods[self.place]
        at, width = asked.numbers.index(number), len(asked.numbers)
        self._good = at, at + width
        judged = [good for good in asked.goods if good[1] is not None]
        self._bad = None
        if objective is not None:
            bad = judged.index(asked.goods[self.place])
            self._bad = 2 * width + bad, 2 * width + len(judged) + bad
        self._tallies = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
        self._spans = defaultdict(lambda: defaultdict(_Span))

    def _span(self, span: int) -> int:
        """The own span that lies over one of those asked."""
        return -1 if span < 0 else self._own[span]

    def told(self, label: str | None, span: int, *row: int) -> None:
        """Add slices of a span that are alike."""
        unsure, requests, slices, first, last, n, *counts = row
        own = self._span(span)
        if not 0 <= own < self.survey.edges.count:
            return
        sure, maybe = (counts[at] for at in self._good)
        self._add(label, own, own, n, sure, maybe)
        if unsure:
            return
        mine = self._spans[label][own]
        mine.told += slices
        mine.ends += (first, last)
        if self._bad is not None:
            mine.bad += counts[self._bad[0]]
            mine.best += counts[self._bad[1]]
        else:
            shares = mine.shares[requests]
            shares[0] += n - sure
            shares[1] += n - maybe

    def hazy(self, label: str | None, span: int, slices: int, first: int, last: int) -> None:
        """Add slices of a span that steps lie across."""
        own = self._span(span)
        if 0 <= own < self.survey.edges.count:
            mine = self._spans[label][own]
            mine.hazy += slices
            mine.ends += (first, last)

    def across(self, label: str | None, early: int, late: int, n: int, *counts: int) -> None:
        """Add requests in steps over several slices."""
        first, last = self._span(early), self._span(late)
        if last >= 0 and first < self.survey.edges.count:
            self._add(label, first, last, n, *(counts[at] for at in self._good))

    def _add(self, label: str | None, first: int, last: int, *counts: int) -> None:
        sums = self._tallies[label][first, last]
        for at, more in enumerate(counts):
            sums[at] += more

    def sums(self) -> dict[str | None, Sums]:
        """What was counted, by the value of the label."""
        return {
            label: Sums(
                tuple(sorted(Tally(*key, *sums) for key, sums in self._tallies[label].items())),
                tuple(self._slices(self._spans[label].items())),
            )
            for label in in_order(self._tallies)
        }

    def _slices(self, spans: Iterable[tuple[int, _Span]]) -> Iterable[Slices]:
        for span, found in sorted(spans, key=lambda item: item[0]):
            ends = [slot - self._shift for slot in found.ends]
            shares = tuple(sorted((of, bad, best) for of, (bad, best) in found.shares.items()))
            yield Slices(
                span, found.told, found.hazy, min(ends), max(ends), found.bad, found.best, shares
            )  # fmt: skip
