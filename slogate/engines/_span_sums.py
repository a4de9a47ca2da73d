"""Says in SQL what is asked of the base of surveys: sums between edges, slices, what is open.

All is asked of one selection at a time, of some of its sources, over the table of `_spans.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from slogate.engines._slots import slot_of
from slogate.engines._spans import Base
from slogate.engines._sql import Bound
from slogate.model.selection import Selection
from slogate.model.slots import Edges, Every, Slots

# a share with more digits than that is reckoned with slot by slot
LONGEST = 10**20
# 64 bits hold the product of any count and a share with so few digits
_SHORT = 10**5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliced:
    """Slices of one selection, by their `goods`: predicates with the objectives to judge them by.

    Objective None: by shares; then of all. `events` is the predicate of what is surely none.
    """

    base: Base
    selection: Selection
    sources: tuple[int, ...]
    slots: Every
    edges: Edges
    goods: tuple[tuple[int, Fraction | None], ...]
    events: int | None

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


def sum_spans(base: Base, edges: Edges, bound: Bound, *, long: bool) -> str:
    """The statement that sums up between edges: source, label, m…, first, last, n, s…, u…."""
    sums = ", ".join(f"sum({name})::BIGINT" for name in ["n", *base.goods])
    late = "first"
    if long:
        late = f"CASE WHEN long = 0 THEN first ELSE {slot_of('(t + long)', edges, bound)} END"
    return f"""SELECT source, label, {", ".join(base.masks)}, first, {late} AS late, {sums} FROM (
  SELECT *, {slot_of("t", edges, bound)} AS first FROM base)
GROUP BY ALL"""  # noqa: S608


def sum_slices(asked: Sliced, bound: Bound, *, long: bool) -> str:
    """The statement that sums up slices that have no step across an end of theirs, or some too.

    Its columns: label, span, hazy, requests (0 unless by shares), how many slices, first, last,
    n, s…, u…, bad ones in the worst case…, in the best….
    """
    sums = [f"sum({each})::BIGINT" for each in ("n", *asked.columns)]
    bad = [
        f"count(*) FILTER (WHERE {_is_bad(name, objective, bound)})"
        for of in ("s{}".format, asked.maybe)
        for name, objective in ((of(number), objective) for number, objective in asked.goods)
        if objective is not None
    ]
    hazy, told = "false", "slices"
    if long:
        hazy, told = (
            "hazy.slot IS NOT NULL",
            (
                "slices LEFT JOIN hazy ON slices.slot = hazy.slot "
                "AND slices.label IS NOT DISTINCT FROM hazy.label"
            ),
        )
    requests = "n" if asked.by_shares else "0"
    return f"""{_slices(asked, bound, long=long)}
SELECT label, span, unsure, requests, count(*), min(slot), max(slot), {", ".join([*sums, *bad])}
FROM (SELECT slices.*, {_span("slices.slot", asked, bound)} AS span, {hazy} AS unsure,
             {requests} AS requests FROM {told})
GROUP BY label, span, unsure, requests"""  # noqa: S608


def sum_hazy(asked: Sliced, bound: Bound) -> str:
    """The statement that counts slices that steps lie across: label, span, count, first, last."""
    return f"""{_slices(asked, bound, long=True)}
SELECT label, span, count(*), min(slot), max(slot)
FROM (SELECT label, slot, {_span("slot", asked, bound)} AS span FROM hazy)
GROUP BY label, span"""  # noqa: S608


def sum_across(asked: Sliced, bound: Bound) -> str:
    """The statement that sums up steps over several slices: label, first, last, n, s…, u…."""
    sums = [f"sum({each})::BIGINT" for each in ("n", *asked.columns)]
    first, last = (_span(name, asked, bound) for name in ("a", "b"))
    return f"""{_slices(asked, bound, long=True)}
SELECT label, {first} AS early, {last} AS late, {", ".join(sums)} FROM across
GROUP BY label, early, late"""  # noqa: S608


def _slices(asked: Sliced, bound: Bound, *, long: bool) -> str:
    """The beginning: `slices` of requests in one slice, `across` several, `hazy` slices."""
    base, slots = asked.base, asked.slots
    wanted = [*asked.numbers, *([] if asked.events is None else [asked.events])]
    named = [name for number in wanted for name in (f"s{number}", base.maybe(number))]
    columns = list(dict.fromkeys(named))
    sums = ", ".join(f"sum({each})::BIGINT AS {each}" for each in ("n", *columns))
    first, last = slot_of("t", slots, bound), "a"
    if long:
        last = f"CASE WHEN long = 0 THEN a ELSE {slot_of('(t + long)', slots, bound)} END"
    text = f"""WITH mine AS NOT MATERIALIZED (
  SELECT *, {last} AS b FROM (
    SELECT label, t, long, n, {", ".join(columns)}, {first} AS a FROM base
    WHERE source IN (SELECT unnest({bound([*asked.sources])})) AND {base.mine(asked.selection)}
      AND t < {bound(slots.start(slots.count))} AND t + long >= {bound(slots.start(0))})),
slices AS ({
        _counted(
            asked,
            f"SELECT label, a AS slot, {sums} FROM mine WHERE a = b GROUP BY label, a",
            "slot",
        )
    })"""  # noqa: S608
    if not long:
        return text
    across = f"SELECT label, a, b, {sums} FROM mine WHERE a < b GROUP BY label, a, b"  # noqa: S608
    return f"""{text}, across AS ({_counted(asked, across, "a, b")}),
hazy AS (SELECT DISTINCT label, unnest(range(greatest(a, 0), least(b + 1, {bound(slots.count)})))
         AS slot FROM (SELECT DISTINCT label, a, b FROM across))"""  # noqa: S608


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
    return f"SELECT label, {keys}, n - {least} AS n{goods} FROM ({counted}) WHERE n > {least}"  # noqa: S608


def _span(slot: str, asked: Sliced, bound: Bound) -> str:
    """The span that holds a slice."""
    slots = asked.slots
    at = tuple((edge - slots.start_ts) // slots.step_us for edge in asked.edges.at)
    return slot_of(slot, Edges(at=at), bound)


def _is_bad(good: str, objective: Fraction, bound: Bound) -> str:
    """Whether a slice is bad, in whole numbers: less is good than was promised."""
    wide = "HUGEINT" if objective.denominator > _SHORT else "BIGINT"
    most, least = (f"{bound(str(part))}::{wide}" for part in objective.as_integer_ratio())
    return f"NOT unsure AND {good}::{wide} * {least} < n::{wide} * {most}"
