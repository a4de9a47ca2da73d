"""Says in SQL what surveys ask for; every name and value is bound, never pasted.

One scan sorts all rows into the temporary table `base`: requests alike in time, label and
selections (bits of `m…`), counted (`n`), with the successes of each predicate (`s…` surely, `u…`
perhaps). Single requests are taken together as far as no slot or edge tells them apart, steps lie
from `t` to `last`. What is asked for then goes over the base, not over the parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slogate.engines._base import EVER
from slogate.engines._slots import label_of
from slogate.engines._sql import BITS, Bound, masks, parquet, select_rows, succeeds
from slogate.engines._steps import may_hold, placed, surely_holds
from slogate.model.predicate import Predicate
from slogate.model.selection import Selection

_MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What surveys that share a label distinguish, each once, in the order of bits and columns.

    Single requests are told apart by `grain_us` of time.
    """

    by: str | None
    start_ts: int
    end_ts: int
    grain_us: int
    selections: tuple[Selection, ...]
    predicates: tuple[Predicate, ...]

    @property
    def masks(self) -> list[str]:
        """The columns that hold the bits of the selections."""
        return [f"m{i}" for i in range(0, len(self.selections), BITS)]

    @property
    def numbers(self) -> range:
        """The numbers of the predicates."""
        return range(len(self.predicates))

    @property
    def goods(self) -> list[str]:
        """All columns of successes."""
        return [f"{letter}{i}" for letter in "su" for i in self.numbers]

    def mine(self, selection: Selection) -> str:
        """Whether the requests of a row are of the selection."""
        at = self.selections.index(selection)
        return f"(m{at // BITS * BITS} & {1 << at % BITS}) <> 0"


def make_base(base: Base) -> str:
    """The statement that makes the empty table."""
    columns = [
        "source INTEGER", "label VARCHAR", "t BIGINT", "last BIGINT", "n BIGINT",
        *(f"{name} BIGINT" for name in base.masks),
        *(f"{letter}{i} BIGINT" for letter in "su" for i in base.numbers),
    ]  # fmt: skip
    return f"CREATE OR REPLACE TEMP TABLE base ({', '.join(columns)})"


def add_requests(base: Base, parts: Sequence[str], bound: Bound) -> str:
    """The statement that adds single requests."""
    bits = masks("m", [select_rows(selection, bound) for selection in base.selections])
    goods = [
        f"(count(*) FILTER (WHERE {succeeds(p, bound)})) AS s{i}"
        for i, p in enumerate(base.predicates)
    ]
    names, grain = ", ".join(base.masks), bound(base.grain_us)
    again = "".join(f", s{i} AS u{i}" for i in base.numbers)
    return f"""INSERT INTO base BY NAME SELECT *{again} FROM (
SELECT 0 AS source, label, cell * {grain} AS t, cell * {grain} AS last, count(*) AS n, {names},
       {", ".join(goods)} FROM (
  SELECT epoch_us(ts) // {grain} AS cell, duration_us AS d, status::BIGINT AS status, ok,
         {label_of(base.by, bound)} AS label, {bits}
  FROM {parquet(parts, bound)}
  WHERE ts >= make_timestamptz({bound(base.start_ts)})
    AND ts < make_timestamptz({bound(base.end_ts)}))
WHERE {_any(base)} GROUP BY ALL)"""  # noqa: S608


def add_steps(base: Base, parts: Sequence[str], sources: Sequence[int], bound: Bound) -> str:
    """The statement that adds requests in buckets; the `source` of each part, 0 if all are."""
    bits = masks("m", [select_rows(selection, bound) for selection in base.selections])
    goods = [
        f"coalesce((sum(w) FILTER (WHERE {succeeds(p, bound, how)}))::BIGINT, 0) AS {letter}{i}"
        for letter, how in (("s", surely_holds), ("u", may_hold))
        for i, p in enumerate(base.predicates)
    ]
    more = f", {label_of(base.by, bound)} AS label, {bits}"
    source, told = "0", ""
    if any(sources):
        more, source = f"{more}, filename", "source"
        told = (
            f" JOIN (SELECT unnest({bound([*parts])}) AS filename, "
            f"unnest({bound([*sources])}) AS source) USING (filename)"
        )
    names = ", ".join(base.masks)
    return f"""INSERT INTO base BY NAME {placed(parts, EVER, bound, more)}
SELECT {source} AS source, label, first AS t, last, sum(w)::BIGINT AS n, {names},
       {", ".join(goods)}
FROM placed{told}
WHERE first < {bound(base.end_ts)} AND last >= {bound(base.start_ts)} AND ({_any(base)})
GROUP BY ALL"""  # noqa: S608


def _any(base: Base) -> str:
    return " OR ".join(f"{name} <> 0" for name in base.masks)


def open_sources(base: Base, *, minutes: bool) -> str:
    """The statement that finds the sources that may leave something open; all if not `minutes`."""
    apart = [f"s{i} <> u{i}" for i in base.numbers]
    long = f"t // {_MINUTE_US} <> last // {_MINUTE_US}" if minutes else "true"
    return f"SELECT DISTINCT source FROM base WHERE source > 0 AND ({' OR '.join([long, *apart])})"  # noqa: S608


def any_long() -> str:
    """The statement that says whether any step reaches over the end of a minute."""
    return f"SELECT coalesce(bool_or(t // {_MINUTE_US} <> last // {_MINUTE_US}), false) FROM base"  # noqa: S608


def count_values(base: Base, selection: Selection, start_ts: int, end_ts: int, bound: Bound) -> str:
    """The statement that counts the values of the label in that time, with the least of them."""
    return (
        "SELECT count(DISTINCT coalesce('=' || label, '')), min(label, 3) FROM base "  # noqa: S608
        f"WHERE {base.mine(selection)} AND t < {bound(end_ts)} AND last >= {bound(start_ts)}"
    )
