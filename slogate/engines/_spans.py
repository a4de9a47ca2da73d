"""Says in SQL what surveys ask for; every name and value is bound, never pasted.

One scan sorts all rows into the temporary table `base`: requests alike in time, label and
selections (bits of `m…`), counted (`n`), with the successes of each predicate (`s…` surely, `u…`
perhaps, if any bucket is in doubt, `x`). Single requests are taken together as far as no slot or
edge tells them apart, steps last until `t + long`. What is asked for then goes over the base.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slogate.engines._base import EVER
from slogate.engines._slots import label_of, searched
from slogate.engines._sql import BITS, Bound, left_open, masks, parquet, select_rows, succeeds
from slogate.engines._steps import may_hold_untimed, placed, surely_holds
from slogate.model.predicate import Predicate, is_of_time
from slogate.model.selection import Selection
from slogate.model.slots import Edges

_MINUTE_US = 60_000_000
_LONG = f"t % {_MINUTE_US} + long >= {_MINUTE_US}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What surveys that share a label distinguish, each once, in the order of bits and columns.

    Single requests are told apart by `grain_us` of time; where nobody asks for slices, all requests
    by the span between `edges` alone. `doubts`: some are in buckets that may be good or not.
    """

    by: str | None
    start_ts: int
    end_ts: int
    grain_us: int
    edges: Edges | None
    selections: tuple[Selection, ...]
    predicates: tuple[Predicate, ...]
    doubts: bool = False

    @property
    def masks(self) -> list[str]:
        """The columns that hold the bits of the selections."""
        return [f"m{i}" for i in range(0, len(self.selections), BITS)]

    @property
    def label(self) -> str:
        """The column of the label, NULL where there is none."""
        return "NULL AS label" if self.by is None else "label"

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
        at = self.selections.index(selection)
        return f"(m{at // BITS * BITS} & {1 << at % BITS}) <> 0"


def make_base(base: Base) -> str:
    """The statement that makes the empty table."""
    columns = [
        "source INTEGER", "label VARCHAR", "t BIGINT", "long BIGINT", "n BIGINT", "x BOOLEAN",
        *(f"{name} BIGINT" for name in (*base.masks, *dict.fromkeys(base.goods))),
    ]  # fmt: skip
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
SELECT 0 AS source, {base.label}, t, 0 AS long, count(*) AS n, false AS x,
       {names}, {", ".join(goods)} FROM ({_read(base, parts, bound)})
WHERE {_any(base)} GROUP BY {_keys(base, "t")})"""  # noqa: S608


def _read(base: Base, parts: Sequence[str], bound: Bound) -> str:
    """Single requests of the time: the cell of time they lie in, and what predicates ask of."""
    if base.edges is None:
        grain = bound(base.grain_us)
        cell = f"epoch_us(ts) // {grain} * {grain}"
    else:
        cell = _began("epoch_us(ts)", base.edges, bound)
    bits = masks("m", [select_rows(selection, bound) for selection in base.selections])
    return f"""
  SELECT {cell} AS t, duration_us AS d, status::BIGINT AS status, ok,
         {label_of(base.by, bound)} AS label, {bits}
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
SELECT 0 AS source, {base.label}, t, 0 AS long, 0 AS n, false AS x,
       {", ".join([*base.masks, *none, *goods])} FROM ({_read(base, parts, bound)})
WHERE d IS NULL AND ({_any(base)}) GROUP BY {_keys(base, "t")}"""  # noqa: S608


def add_steps(base: Base, parts: Sequence[str], sources: Sequence[int], bound: Bound) -> str:
    """The statement that adds requests in buckets; the `source` of each part, 0 if all are."""
    bits = masks("m", [select_rows(selection, bound) for selection in base.selections])
    sure = [f"coalesce({succeeds(p, bound, surely_holds)}, false)" for p in base.predicates]
    maybe = {
        i: f"coalesce({succeeds(base.predicates[i], bound, may_hold_untimed)}, false)"
        for i in base.unsure
    }
    goods = [_within(f"s{i}", holds) for i, holds in enumerate(sure)]
    goods += [_within(f"u{i}", maybe[i]) for i in base.unsure if base.doubts]
    doubt = [f"({maybe[i]} AND NOT {sure[i]})" for i in base.unsure]
    doubtful = f"count(*) FILTER (WHERE {' OR '.join(doubt)}) > 0" if doubt else "false"
    more = f", step - 1 AS long, {label_of(base.by, bound)} AS label, {bits}"
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
SELECT {source} AS source, {base.label}, begun AS t, rest AS long, sum(w)::BIGINT AS n,
       {doubtful} AS x, {names}, {", ".join(goods)}
FROM (SELECT *, {ends} FROM placed{told}
      WHERE first < {bound(base.end_ts)} AND last >= {bound(base.start_ts)} AND ({_any(base)}))
GROUP BY {keys}"""  # noqa: S608


def _within(name: str, holds: str) -> str:
    return f"coalesce((sum(w) FILTER (WHERE {holds}))::BIGINT, 0) AS {name}"


def _keys(base: Base, *more: str) -> str:
    return ", ".join([*(["label"] if base.by is not None else []), *more, *base.masks])


def _began(ts: str, edges: Edges, bound: Bound) -> str:
    """Where the span that holds a moment begins; the moment before the first is before all."""
    return searched(ts, edges.at, (edges.at[0] - 1, *edges.at), bound)


def _any(base: Base) -> str:
    return " OR ".join(f"{name} <> 0" for name in base.masks)


def open_sources(*, minutes: bool) -> str:
    """The statement that finds the sources that may leave something open; all if not `minutes`."""
    long = _LONG if minutes else "true"
    return f"SELECT DISTINCT source FROM base WHERE source > 0 AND (x OR {long})"  # noqa: S608


def any_doubt() -> str:
    """The statement that says whether any bucket leaves anything open."""
    return "SELECT coalesce(bool_or(x), false) FROM base"


def any_long() -> str:
    """The statement that says whether any step reaches over the end of a minute."""
    return f"SELECT coalesce(bool_or({_LONG}), false) FROM base"  # noqa: S608


def count_values(base: Base, selection: Selection, start_ts: int, end_ts: int, bound: Bound) -> str:
    """The statement that counts the values of the label in that time, with the least of them."""
    return (
        "SELECT count(DISTINCT coalesce('=' || label, '')), min(DISTINCT label, 3) FROM base "  # noqa: S608
        f"WHERE {base.mine(selection)} AND t < {bound(end_ts)} AND t + long >= {bound(start_ts)}"
    )
