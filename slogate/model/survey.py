"""Production summed up between the edges that matter: what is to be counted, and what was.

A `Survey` asks for the sums of an account over the spans between `edges`: the ends of windows, of
corrections, of days. Where slices of time are judged, it asks too how many of the slices of each
span are bad. So what a judge has to go through grows with the spans, not with the slices.
`condense` is what the sums mean, reckoned from tallies slot by slot.

A slice that a step over several of them touches is `hazy`, whatever else is in it: bad in the worst
case, good in the best. Edges lie where slices begin, so that each slice lies in one span.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from slogate.model.predicate import Predicate
from slogate.model.selection import Selection
from slogate.model.slots import Edges, Every, Slots, Tallies, Tally

# a budget for each of more values than these is a mistake, such as one for each user
MOST_VALUES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Slicing:
    """Slices, good if `objective` of their requests are; None: bad by their share of bad ones."""

    slots: Every
    objective: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Sum up the requests of the selection between the edges, and their slices if any are judged.

    `by` a label's values. `events` says which of the requests count at all, None: all.
    """

    id: str
    selection: Selection
    edges: Edges
    slices: Slicing | None = None
    by: str | None = None
    events: Predicate | None = None

    @property
    def slots(self) -> Slots:
        """What has to be told apart."""
        return self.edges if self.slices is None else self.slices.slots


@dataclass(frozen=True, slots=True, order=True)
class Slices:
    """The slices of a span that have requests: `told`, of them `bad` in the worst case and `best`.

    `hazy` are apart from those told; `first` and `last` are numbers of slices of either. `shares`
    are of those bad in part: by the requests of a slice, the bad ones in the worst case and best.
    """

    span: int
    told: int
    hazy: int
    first: int
    last: int
    bad: int = 0
    best: int = 0
    shares: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Sums:
    """What was counted for one value of the label: requests by span, and slices."""

    tallies: tuple[Tally, ...] = ()
    slices: tuple[Slices, ...] = ()


@dataclass(frozen=True, slots=True)
class Crowd:
    """Too many values of a label to tell of each; some of them."""

    values: int
    some: tuple[str, ...] = ()


# by the value of the label, None for requests without it and for surveys of no label
Surveyed = Mapping[str | None, Sums] | Crowd


def in_order(values: Iterable[str | None]) -> list[str | None]:
    """Values of a label in their order: those without it first."""
    return sorted(values, key=lambda value: (value is not None, value or ""))


def crowd(values: Iterable[str | None]) -> Crowd | None:
    """The crowd that these values are, if they are too many."""
    found = in_order(values)
    if len(found) <= MOST_VALUES:
        return None
    return Crowd(len(found), tuple(value for value in found[:4] if value is not None)[:3])


def condense(survey: Survey, tallies: Tallies) -> Surveyed:
    """The sums of what was counted slot by slot, of requests that count."""
    if survey.by is not None and (many := crowd(tallies)) is not None:
        return many
    return {label: sums_of(survey, tallies[label]) for label in in_order(tallies)}


def without(tallies: Iterable[Tally], others: Iterable[Tally]) -> tuple[Tally, ...]:
    """Tallies without the requests that do not count; `others` has these as its good ones.

    What is not known to be none counts. Where only bounds are known, the total is taken as high as
    it may be, and the good ones as low and as high as their share may be.
    """
    none: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for other in others:
        mine = none[other.first, other.last]
        mine[0] += other.sure
        mine[1] += other.maybe
    sums: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for tally in tallies:
        for at, more in enumerate((tally.total, tally.sure, tally.maybe)):
            sums[tally.first, tally.last][at] += more
    found = []
    for (first, last), (total, sure, maybe) in sums.items():
        least, most = none[first, last]
        if events := total - least:
            best = min(events, maybe + most - least)
            found.append(Tally(first, last, events, min(sure, events), best))
    return tuple(found)


def sums_of(survey: Survey, tallies: Iterable[Tally]) -> Sums:
    """The sums of one value of the label."""
    slots, edges, found = survey.slots, survey.edges, [*tallies]
    spans: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for tally in found:
        key = (_span(slots, edges, tally.first), _span(slots, edges, tally.last))
        if key[1] < 0 or key[0] >= edges.count:
            continue
        for at, more in enumerate((tally.total, tally.sure, tally.maybe)):
            spans[key][at] += more
    summed = tuple(sorted(Tally(*key, *counts) for key, counts in spans.items()))
    if survey.slices is None:
        return Sums(summed)
    return Sums(summed, tuple(_slices(survey.slices, edges, found)))


def _span(slots: Slots, edges: Edges, slot: int) -> int:
    if slots is edges:
        return slot
    if slot < 0:
        return -1
    return edges.slot(slots.start(slot)) if slot < slots.count else edges.count


def _slices(slicing: Slicing, edges: Edges, tallies: Iterable[Tally]) -> Iterable[Slices]:
    slots = slicing.slots
    hazy: set[int] = set()
    told: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for tally in tallies:
        if tally.first != tally.last:
            hazy.update(range(max(tally.first, 0), min(tally.last, slots.count - 1) + 1))
        elif 0 <= tally.first < slots.count:
            for at, more in enumerate((tally.total, tally.sure, tally.maybe)):
                told[tally.first][at] += more
    by_span: dict[int, list[int]] = defaultdict(list)
    for slot in sorted({*hazy, *told}):
        by_span[edges.slot(slots.start(slot))].append(slot)
    for span, inside in sorted(by_span.items()):
        if not 0 <= span < edges.count:
            continue
        counts = [told[slot] for slot in inside if slot not in hazy]
        yield Slices(
            span,
            len(counts),
            len(inside) - len(counts),
            inside[0],
            inside[-1],
            *_bad(counts, slicing.objective),
        )


def _bad(
    counts: list[list[int]], objective: Fraction | None
) -> tuple[int, int, tuple[tuple[int, int, int], ...]]:
    if objective is not None:
        sure, maybe = (sum(c[at] < objective * c[0] for c in counts) for at in (1, 2))
        return sure, maybe, ()
    shares: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for total, sure, maybe in counts:
        shares[total][0] += total - sure
        shares[total][1] += total - maybe
    return 0, 0, tuple(sorted((total, worst, good) for total, (worst, good) in shares.items()))
