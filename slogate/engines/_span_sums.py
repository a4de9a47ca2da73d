"""Says in SQL what is asked of the base of surveys: sums between edges, slices, what is open.

All is asked of one selection at a time, of some of its sources, over the table of `_spans.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd

from slogate.engines._choosing import Bound
from slogate.engines._slots import slot_of
from slogate.engines._spans import Base
from slogate.model.selection import Selection
from slogate.model.slots import Edges, Every, Slots

# a share with more digits than that is reckoned with slot by slot
LONGEST = 10**20
# 64 bits hold the product of any count and a share with so few digits
_SHORT = 10**5
# a table of more cells between edges costs more than to search for each row
_MOST_CELLS = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliced:
    """Slices of one selection, by their `goods`: predicates with the objectives to judge them by.

    Objective None: by shares; then of all. `events` is the predicate of what is surely none,
    `by` is the label, if any.
    """

    base: Base
    selection: Selection
    sources: tuple[int, ...]
    slots: Every
    edges: Edges
    goods: tuple[tuple[int, Fraction | None], ...]
    events: int | None
    by: str | None = None

    @property
    def value(self) -> str:
        """The value of the label."""
        return "NULL" if self.by is None else "label"

    def keys(self, *more: str) -> str:
        """What tells groups apart: the label, if any, and more."""
        return ", ".join([*([] if self.by is None else ["label"]), *more])

    @property
    def by_shares(self) -> bool:
        """Whether slices are bad in part."""
        return any(objective is None for _, objective in self.goods)

    @property
    def numbers(self) -> list[int]:
        """The predicates, each once."""
        return list(dict.fromkeys(number for number, _ in self.goods))

    def maybe(self, number: int) -> str:
        """The column of what may be good; which requests count may be in doubt too."""
        mixed = self.events is not None and self.base.doubts
        return f"u{number}" if mixed else self.base.maybe(number)

    @property
    def columns(self) -> list[str]:
        """What surely is good by each predicate, and what may be."""
        return [*(f"s{number}" for number in self.numbers), *map(self.maybe, self.numbers)]


def openness(
    base: Base, selection: Selection, number: int, slots: Slots, bound: Bound
) -> str:  # fmt: skip
    """The statement that counts, by source, the requests that are open: source, count."""
    first, last = (slot_of(name, slots, bound) for name in ("t", "(t + long)"))
    end = slots.start(slots.count)
    return f"""SELECT source, sum(CASE WHEN a <> b THEN n ELSE more END)::BIGINT FROM (
  SELECT source, n, {base.maybe(number)} - s{number} AS more, {first} AS a, {last} AS b FROM base
  WHERE source > 0 AND {base.mine(selection)}
    AND t < {bound(end)} AND t + long >= {bound(slots.start(0))})
GROUP BY source"""  # noqa: S608


def has_cells(edges: Edges) -> bool:
    """Whether the time between the edges divides into few enough cells."""
    return (edges.at[-1] - edges.at[0]) // reduce(gcd, edges.at) <= _MOST_CELLS


def make_cells(edges: Edges, bound: Bound) -> str:
    """The statement that makes the table of cells, each with the span it lies in."""
    grain = reduce(gcd, edges.at)
    since, until = (bound([at // grain for at in ends]) for ends in (edges.at[:-1], edges.at[1:]))
    return f"""CREATE OR REPLACE TEMP TABLE cells AS
SELECT unnest(range(since, until)) AS cell, number
FROM (SELECT unnest({since}) AS since, unnest({until}) AS until,
             unnest(range({bound(edges.count)})) AS number)"""  # noqa: S608


def sum_spans(base: Base, edges: Edges, bound: Bound, *, long: bool, cells: bool) -> str:
    """The statement that sums up between edges: source, label, m…, first, last, n, s…, u….

    With cells, what lies before the first edge or after the last is left out.
    """
    sums = ", ".join(f"sum({name})::BIGINT" for name in ["n", *base.goods])
    names = ", ".join(base.masks)
    label, keys = ("NULL", names) if base.by is None else ("label", f"label, {names}")
    if cells:
        return f"""SELECT source, {label}, {names}, number, number, {sums}
FROM base JOIN cells ON t // {bound(reduce(gcd, edges.at))} = cell
GROUP BY source, {keys}, number"""  # noqa: S608
    late = "first"
    if long:
        late = f"CASE WHEN long = 0 THEN first ELSE {slot_of('(t + long)', edges, bound)} END"
    return f"""SELECT source, {label}, {names}, first, {late} AS late, {sums} FROM (
  SELECT *, {slot_of("t", edges, bound)} AS first FROM base)
GROUP BY source, {keys}, first, late"""  # noqa: S608


def sum_slices(asked: Sliced, bound: Bound, *, long: bool) -> str:
    """The statement that sums up slices that have no step across an end of theirs, or some too.

    Its columns: label, span, hazy, requests (0 unless by shares), how many slices, first, last,
    n, s…, u…, bad ones in the worst case…, in the best….
    """
    sums = [f"sum({each})::BIGINT" for each in ("n", *asked.columns)]
    bad = [
        f"count(*) FILTER (WHERE NOT unsure AND {_is_bad(name, objective, bound)})"
        for of in ("s{}".format, asked.maybe)
        for name, objective in ((of(number), objective) for number, objective in asked.goods)
        if objective is not None
    ]
    hazy, told = "false", "slices"
    if long:
        same = "" if asked.by is None else " AND slices.label IS NOT DISTINCT FROM hazy.label"
        hazy = "hazy.slot IS NOT NULL"
        told = f"slices LEFT JOIN hazy ON slices.slot = hazy.slot{same}"
    requests = "n" if asked.by_shares else "0"
    keys = asked.keys("span", *(["unsure"] if long else []), *(["n"] if asked.by_shares else []))
    return f"""{_slices(asked, bound, long=long)}, {_spans(asked, bound)}
SELECT {asked.value}, span, {"unsure" if long else "false"}, {requests},
       count(*), min(slot), max(slot), {", ".join([*sums, *bad])}
FROM (SELECT slices.*, {hazy} AS unsure FROM {told}) AS told ASOF JOIN spans ON slot >= since
GROUP BY {keys}"""  # noqa: S608


def sum_hazy(asked: Sliced, bound: Bound) -> str:
    """The statement that counts slices that steps lie across: label, span, count, first, last."""
    return f"""{_slices(asked, bound, long=True)}, {_spans(asked, bound)}
SELECT {asked.value}, span, count(*), min(slot), max(slot)
FROM hazy ASOF JOIN spans ON slot >= since GROUP BY {asked.keys("span")}"""  # noqa: S608


def sum_across(asked: Sliced, bound: Bound) -> str:
    """The statement that sums up steps over several slices: label, first, last, n, s…, u…."""
    sums = [f"sum({each})::BIGINT" for each in ("n", *asked.columns)]
    edges = Edges(at=_in_slots(asked))
    first, last = (slot_of(name, edges, bound) for name in ("a", "b"))
    return f"""{_slices(asked, bound, long=True)}
SELECT {asked.value}, {first} AS early, {last} AS late, {", ".join(sums)} FROM across
GROUP BY {asked.keys("early", "late")}"""  # noqa: S608


def _slices(asked: Sliced, bound: Bound, *, long: bool) -> str:
    """The beginning: `slices` of requests in one slice, `across` several, `hazy` slices."""
    base, slots = asked.base, asked.slots
    wanted = [*asked.numbers, *([] if asked.events is None else [asked.events])]
    named = [name for number in wanted for name in (f"s{number}", base.maybe(number))]
    columns = list(dict.fromkeys(named))
    sums = ", ".join(f"sum({each})::BIGINT AS {each}" for each in ("n", *columns))
    label = "" if asked.by is None else f"{base.value_of(asked.by, bound)} AS label, "
    mine, start, end = base.mine(asked.selection), bound(slots.start(0)), slots.start(slots.count)
    if asked.sources != (0,):
        mine += f" AND source IN (SELECT unnest({bound([*asked.sources])}))"
    if not long:
        counted = f"""SELECT {asked.keys("slot")}, {sums} FROM (
  SELECT {label}(t - {start}) // {bound(slots.step_us)} AS slot, n, {", ".join(columns)}
  FROM base WHERE {mine} AND t >= {start} AND t < {bound(end)}) GROUP BY {asked.keys("slot")}"""  # noqa: S608
        return f"WITH slices AS ({_counted(asked, counted, 'slot')})"
    count = bound(slots.count)
    first, last = (slot_of(name, slots, bound) for name in ("t", "(t + long)"))
    one = f"SELECT {asked.keys('a AS slot')}, {sums} FROM mine WHERE a = b GROUP BY ALL"  # noqa: S608
    more = f"SELECT {asked.keys('a', 'b')}, {sums} FROM mine WHERE a < b GROUP BY ALL"  # noqa: S608
    return f"""WITH mine AS NOT MATERIALIZED (
  SELECT *, CASE WHEN long = 0 THEN a ELSE {last} END AS b FROM (
    SELECT {label}t, long, n, {", ".join(columns)}, {first} AS a FROM base
    WHERE {mine} AND t < {bound(end)} AND t + long >= {start})),
slices AS ({_counted(asked, one, "slot")}), across AS ({_counted(asked, more, "a, b")}),
hazy AS (SELECT DISTINCT {asked.keys(f"unnest(range(greatest(a, 0), least(b + 1, {count})))")}
           AS slot
         FROM (SELECT DISTINCT {asked.keys("a", "b")} FROM across))"""  # noqa: S608


def _counted(asked: Sliced, counted: str, keys: str) -> str:
    """What was counted, without what are no events; `survey.without` says the same."""
    if asked.events is None:
        return counted
    least, most = f"s{asked.events}", asked.base.maybe(asked.events)
    goods = "".join(
        f", least(s{i}, n - {least}) AS s{i}, "
        f"least(n - {least}, {asked.base.maybe(i)} + {most} - {least}) AS u{i}"
        for i in asked.numbers
    )
    return (
        f"SELECT {asked.keys(keys)}, n - {least} AS n{goods} "  # noqa: S608
        f"FROM ({counted}) WHERE n > {least}"
    )


def _spans(asked: Sliced, bound: Bound) -> str:
    """The table of the spans: each begins with the slice `since`."""
    since = {slot: span for span, slot in enumerate(_in_slots(asked))}
    return (
        f"spans AS (SELECT unnest({bound([*since])}) AS since, "
        f"unnest({bound([*since.values()])}) AS span)"
    )


def _in_slots(asked: Sliced) -> tuple[int, ...]:
    """The slices at which spans begin."""
    slots = asked.slots
    return tuple((edge - slots.start_ts) // slots.step_us for edge in asked.edges.at)


def _is_bad(good: str, objective: Fraction, bound: Bound) -> str:
    """Whether a slice is bad, in whole numbers: less is good than was promised."""
    wide = "HUGEINT" if objective.denominator > _SHORT else "BIGINT"
    most, least = (f"{bound(str(part))}::{wide}" for part in objective.as_integer_ratio())
    return f"{good}::{wide} * {least} < n::{wide} * {most}"
