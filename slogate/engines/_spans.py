"""Says in SQL what surveys ask for; every name and value is bound, never pasted.

One scan sorts all rows into the temporary table `base`: requests alike in time, label and
selections (bits of `m…`; those after them are of the values of labels that have few), counted
(`n`), with the successes of each predicate (`s…` surely, `u…` perhaps, if any bucket is in doubt,
`x`). Single requests are taken together as far as no slot or edge tells them apart, steps last
until `t + long`. What is asked for then goes over the base.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slogate.engines._base import EVER
from slogate.engines._choosing import Bound, select_rows
from slogate.engines._slots import label_of, searched
from slogate.engines._sql import BITS, left_open, masks, parquet, succeeds
from slogate.engines._steps import BROKEN, may_hold_untimed, placed, surely_holds
from slogate.model.predicate import Predicate, is_of_time
from slogate.model.selection import Selection
from slogate.model.slots import Edges

_MINUTE_US = 60_000_000
_LOOK = 10_000
_LONG = f"t % {_MINUTE_US} + long >= {_MINUTE_US}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What surveys that share a label distinguish, each once, in the order of bits and columns.

    Single requests are told apart by `grain_us` of time; where nobody asks for slices, all requests
    by the span between `edges` alone. `doubts`: some are in buckets that may be good or not. Of the
    labels in `few` the values are known: bits tell them apart, and the first that there is any.
    """

    by: str | None
    start_ts: int
    end_ts: int
    grain_us: int
    edges: Edges | None
    selections: tuple[Selection, ...]
    predicates: tuple[Predicate, ...]
    doubts: bool = False
    few: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def masks(self) -> list[str]:
        """The columns that hold the bits of the selections, and of labels."""
        bits = len(self.selections) + sum(1 + len(values) for _, values in self.few)
        return [f"m{i}" for i in range(0, bits, BITS)]

    @property
    def label(self) -> list[str]:
        """The column of the label, if there is one."""
        return [] if self.by is None else ["label"]

    @property
    def numbers(self) -> range:
        """The numbers of the predicates."""
        return range(len(self.predicates))

    @property
    def goods(self) -> list[str]:
        """All columns of successes: those that are sure, and those that may be."""
        return [*(f"s{i}" for i in self.numbers), *map(self.maybe, self.numbers)]

    @property
    def unsure(self) -> list[int]:
        """The predicates of which a bucket may leave open whether they hold."""
        return [i for i, predicate in enumerate(self.predicates) if is_of_time(predicate)]

    def maybe(self, number: int) -> str:
        """The column of what may be a success."""
        return f"u{number}" if self.doubts and number in self.unsure else f"s{number}"

    def mine(self, selection: Selection) -> str:
        """Whether the requests of a row are of the selection."""
        return has_bit(self.selections.index(selection))

    def places(self, by: str) -> dict[str, int]:
        """The bits of the values of a label that has few; that before them: there is a value."""
        first = len(self.selections) + 1
        for label, values in self.few:
            if label == by:
                return {value: first + at for at, value in enumerate(values)}
            first += 1 + len(values)
        raise KeyError(by)

    def told(self, by: str | None, label: str | None, masks: Sequence[int]) -> str | None:
        """The value of the label, of what a row has in the column of labels and in bits."""
        if by is None or by == self.by:
            return None if by is None else label
        places = self.places(by).items()
        return next((v for v, at in places if masks[at // BITS] >> at % BITS & 1), None)

    def value_of(self, by: str | None, bound: Bound) -> str | None:
        """How the value of a label is made of a row's columns; None of no label."""
        if by is None or by == self.by:
            return None if by is None else "label"
        arms = [f" WHEN {has_bit(at)} THEN {bound(v)}" for v, at in self.places(by).items()]
        return f"CASE{''.join(arms)} END"


def has_bit(at: int) -> str:
    """Whether a row has the bit."""
    return f"(m{at // BITS * BITS} & {1 << at % BITS}) <> 0"


def make_base(base: Base) -> str:
    """The statement that makes the empty table."""
    columns = [
        "source INTEGER", "label VARCHAR", "t BIGINT", "long BIGINT", "n BIGINT", "x BOOLEAN",
        *(f"{name} BIGINT" for name in (*base.masks, *dict.fromkeys(base.goods))),
    ]  # fmt: skip
    if base.by is None:
        columns.remove("label VARCHAR")
    return f"CREATE OR REPLACE TEMP TABLE base ({', '.join(columns)})"


def add_requests(base: Base, parts: Sequence[str], bound: Bound) -> str:
    """The statement that adds single requests."""
    goods = [
        f"(count(*) FILTER (WHERE {succeeds(p, bound)})) AS s{i}"
        for i, p in enumerate(base.predicates)
    ]
    names = ", ".join(base.masks)
    again = "".join(f", s{i} AS u{i}" for i in base.unsure if base.doubts)
    return f"""INSERT INTO base BY NAME SELECT *{again} FROM (
SELECT 0 AS source, {", ".join([*base.label, "t"])}, 0 AS long, count(*) AS n, false AS x,
       {names}, {", ".join(goods)} FROM ({_read(base, parts, bound)})
WHERE {_any(base)} GROUP BY {_keys(base, "t")})"""  # noqa: S608


def _read(base: Base, parts: Sequence[str], bound: Bound) -> str:
    """Single requests of the time: the cell of time they lie in, and what predicates ask of."""
    if base.edges is None:
        grain = bound(base.grain_us)
        cell = f"epoch_us(ts) // {grain} * {grain}"
    else:
        cell = _began("epoch_us(ts)", base.edges, bound)
    return f"""
  SELECT {cell} AS t, duration_us AS d, status::BIGINT AS status, ok,
         {label_of(base.by, bound)} AS label, {_bits(base, bound)}
  FROM {parquet(parts, bound)}
  WHERE ts >= make_timestamptz({bound(base.start_ts)})
    AND ts < make_timestamptz({bound(base.end_ts)})"""  # noqa: S608


def any_untimed(base: Base, parts: Sequence[str], bound: Bound) -> str:
    """The statement that says whether a time that nobody measured leaves anything open."""
    opened = " OR ".join(left_open(base.predicates[i], bound) for i in base.unsure)
    return f"""SELECT count(*) > 0 FROM ({_read(base, parts, bound)})
WHERE d IS NULL AND ({opened})"""  # noqa: S608


def add_untimed(base: Base, parts: Sequence[str], bound: Bound) -> str:
    """The statement that adds, to single requests, what is open for want of a time."""
    goods = [
        f"(count(*) FILTER (WHERE {left_open(base.predicates[i], bound)})) AS u{i}"
        for i in base.unsure
    ]
    none = [f"0 AS s{i}" for i in base.numbers]
    return f"""INSERT INTO base BY NAME
SELECT 0 AS source, {", ".join([*base.label, "t"])}, 0 AS long, 0 AS n, false AS x,
       {", ".join([*base.masks, *none, *goods])} FROM ({_read(base, parts, bound)})
WHERE d IS NULL AND ({_any(base)}) GROUP BY {_keys(base, "t")}"""  # noqa: S608


def add_steps(base: Base, parts: Sequence[str], sources: Sequence[int], bound: Bound) -> str:
    """The statement that adds requests in buckets; the `source` of each part, 0 if all are.

    It fails on a row that no writer writes, wherever that lies.
    """
    sure = [f"coalesce({succeeds(p, bound, surely_holds)}, false)" for p in base.predicates]
    maybe = {
        i: f"coalesce({succeeds(base.predicates[i], bound, may_hold_untimed)}, false)"
        for i in base.unsure
    }
    goods = [_within(f"s{i}", holds) for i, holds in enumerate(sure)]
    goods += [_within(f"u{i}", maybe[i]) for i in base.unsure if base.doubts]
    doubt = [f"({maybe[i]} AND NOT {sure[i]})" for i in base.unsure]
    doubtful = f"count(*) FILTER (WHERE {' OR '.join(doubt)}) > 0" if doubt else "false"
    more = f", step - 1 AS long, {label_of(base.by, bound)} AS label, {_bits(base, bound)}"
    source, told = "0", ""
    if any(sources):
        more, source = f"{more}, filename", "source"
        told = (
            f" JOIN (SELECT unnest({bound([*parts])}) AS filename, "
            f"unnest({bound([*sources])}) AS source) USING (filename)"
        )
    ends = "t AS begun, long AS rest"
    if base.edges is not None:
        late = _began("last", base.edges, bound)
        if base.grain_us % _MINUTE_US == 0:
            same = f"first // {_MINUTE_US} = last // {_MINUTE_US}"
            late = f"CASE WHEN {same} THEN begun ELSE {late} END"
        ends = f"{_began('first', base.edges, bound)} AS begun, {late} - begun AS rest"
    names = ", ".join(base.masks)
    keys = _keys(base, "begun", "rest", *(["source"] if told else []))
    return f"""INSERT INTO base BY NAME {placed(parts, EVER, bound, more)}
SELECT {", ".join([f"{source} AS source", *base.label])}, begun AS t, rest AS long,
       sum(w)::BIGINT AS n, {doubtful} AS x, {names}, {", ".join(goods)}
FROM (SELECT *, {ends} FROM placed{told}
      WHERE CASE WHEN {BROKEN} THEN error('damaged') ELSE first < {bound(base.end_ts)}
                 AND last >= {bound(base.start_ts)} AND ({_any(base)}) END)
GROUP BY {keys}"""  # noqa: S608


def _within(name: str, holds: str) -> str:
    # a product is faster than a filter
    return f"sum(w * ({holds})::BIGINT)::BIGINT AS {name}"


def _bits(base: Base, bound: Bound) -> str:
    """The bits of selections and of labels, in columns."""
    found = [select_rows(selection, bound) for selection in base.selections]
    for by, values in base.few:
        label = label_of(by, bound)
        found.append(f"({label} IS NOT NULL)")
        found += [f"coalesce({label} = {bound(value)}, false)" for value in values]
    return masks("m", found)


def _keys(base: Base, *more: str) -> str:
    return ", ".join([*base.label, *more, *base.masks])


def _began(ts: str, edges: Edges, bound: Bound) -> str:
    """Where the span that holds a moment begins; the moment before the first is before all."""
    return searched(ts, edges.at, (edges.at[0] - 1, *edges.at), bound)


def _any(base: Base) -> str:
    """Whether any selection holds."""
    count = len(base.selections)
    whole = [(at, (1 << min(BITS, count - at)) - 1) for at in range(0, count, BITS)]
    return " OR ".join(f"(m{at} & {bits}) <> 0" for at, bits in whole)


def open_sources(*, minutes: bool) -> str:
    """The statement that finds the sources that may leave something open; all if not `minutes`."""
    long = _LONG if minutes else "true"
    return f"SELECT DISTINCT source FROM base WHERE source > 0 AND (x OR {long})"  # noqa: S608


def any_doubt() -> str:
    """The statement that says whether any bucket leaves anything open."""
    return "SELECT coalesce(bool_or(x), false) FROM base"


def some_values(by: str, part: str, bound: Bound) -> str:
    """The statement that finds values of a label in the first rows of a part."""
    return (
        f"SELECT DISTINCT {label_of(by, bound)} FROM "  # noqa: S608
        f"(SELECT labels FROM {parquet([part], bound)} LIMIT {_LOOK})"
    )


def any_other(base: Base, by: str) -> str:
    """The statement that says whether a label has a value that is not one of the few known."""
    places = base.places(by)
    none = "".join(f" AND NOT {has_bit(at)}" for at in places.values())
    some = has_bit(min(places.values()) - 1)
    return f"SELECT coalesce(bool_or({some}{none}), false) FROM base"  # noqa: S608


def any_long() -> str:
    """The statement that says whether any step reaches over the end of a minute."""
    return f"SELECT coalesce(bool_or({_LONG}), false) FROM base"  # noqa: S608


def count_values(base: Base, selection: Selection, start_ts: int, end_ts: int, bound: Bound) -> str:
    """The statement that counts the values of the label in that time, with the least of them."""
    return (
        "SELECT count(DISTINCT coalesce('=' || label, '')), min(DISTINCT label, 3) FROM base "  # noqa: S608
        f"WHERE {base.mine(selection)} AND t < {bound(end_ts)} AND t + long >= {bound(start_ts)}"
    )
