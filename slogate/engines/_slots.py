"""Says in SQL what accounts ask for: requests slot by slot; every name and value is bound.

One scan of single requests, and one of those in buckets, for all accounts that share their slots
and their label. Rows alike in slot, label, selections (bits of `m…`) and successes (bits of `s…`,
in the best case `u…`) are counted together; `_census.py` adds up these groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slogate.engines._base import EVER
from slogate.engines._choosing import Bound, select_rows
from slogate.engines._sql import BITS, left_open, masks, parquet, succeeds
from slogate.engines._steps import may_hold_untimed, placed, surely_holds
from slogate.model.predicate import Predicate
from slogate.model.selection import Selection
from slogate.model.slots import Edges, Every, Slots
from slogate.units import US_PER_SECOND

_MINUTE_US = 60 * US_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What accounts with the same slots and label distinguish, each once, in the order of bits."""

    slots: Slots
    by: str | None
    selections: tuple[Selection, ...]
    predicates: tuple[Predicate, ...]

    @property
    def masks(self) -> list[str]:
        """The names of the columns that hold the bits of the selections."""
        return [f"m{i}" for i in range(0, len(self.selections), BITS)]

    def successes(self, letter: str) -> list[str]:
        """The names of the columns that hold the bits of the predicates."""
        return [f"{letter}{i}" for i in range(0, len(self.predicates), BITS)]


def count_requests(
    asked: Asked, parts: Sequence[str], bound: Bound, *, untimed: bool = False
) -> str:
    """The statement that counts single requests: m…, s…, label, slot, count.

    Of those that are `untimed`, s… are those that a time would perhaps make good.
    """
    start, end = asked.slots.start(0), asked.slots.start(asked.slots.count)
    bits = masks("m", [select_rows(selection, bound) for selection in asked.selections])
    holds = [left_open(p, bound) if untimed else succeeds(p, bound) for p in asked.predicates]
    good = masks("s", [f"coalesce({each}, false)" for each in holds])
    names = ", ".join(asked.masks)
    return f"""WITH source AS NOT MATERIALIZED (
  SELECT epoch_us(ts) AS t, duration_us AS d, status::BIGINT AS status, ok,
         {label_of(asked.by, bound)} AS label, {bits}
  FROM {parquet(parts, bound)}
  WHERE ts >= make_timestamptz({bound(start)}) AND ts < make_timestamptz({bound(end)}))
SELECT {names}, {", ".join(asked.successes("s"))}, label, slot, count(*) FROM (
  SELECT {names}, {good}, label, {slot_of("t", asked.slots, bound)} AS slot
  FROM source WHERE {"d IS NULL AND " * untimed}({_any(asked)}))
GROUP BY ALL"""  # noqa: S608


def count_steps(asked: Asked, parts: Sequence[str], bound: Bound) -> str:
    """The statement that counts requests in buckets.

    Its columns: m…, s…, u…, label, part, first slot, last slot, count.
    """
    bits = masks("m", [select_rows(selection, bound) for selection in asked.selections])
    sure, maybe = (
        masks(letter, [f"coalesce({succeeds(p, bound, how)}, false)" for p in asked.predicates])
        for letter, how in (("s", surely_holds), ("u", may_hold_untimed))
    )
    start, end = asked.slots.start(0), asked.slots.start(asked.slots.count)
    names = ", ".join(asked.masks)
    more = f", {label_of(asked.by, bound)} AS label, filename AS part, {bits}"
    return f"""{placed(parts, EVER, bound, more)}
SELECT {names}, {", ".join([*asked.successes("s"), *asked.successes("u")])},
       label, part, early, late, sum(w)::BIGINT FROM (
  SELECT {names}, {sure}, {maybe}, label, part, w,
         {slot_of("first", asked.slots, bound)} AS early,
         {_late(asked.slots, bound)} AS late
  FROM placed WHERE first < {bound(end)} AND last >= {bound(start)} AND ({_any(asked)}))
GROUP BY ALL"""  # noqa: S608


def requests_by_part(parts: Sequence[str], bound: Bound) -> str:
    """The statement that counts the requests that each part stands for: part, count."""
    return f'SELECT filename, sum("count")::BIGINT FROM {parquet(parts, bound)} GROUP BY filename'  # noqa: S608


def _late(slots: Slots, bound: Bound) -> str:
    """The slot of the last start; that of the first where no edge can lie between the two."""
    late = slot_of("last", slots, bound)
    edges = slots.at if isinstance(slots, Edges) else (slots.start_ts, slots.step_us)
    if any(edge % _MINUTE_US for edge in edges):
        return late
    return f"CASE WHEN first // {_MINUTE_US} = last // {_MINUTE_US} THEN early ELSE {late} END"


def _any(asked: Asked) -> str:
    return " OR ".join(f"{name} <> 0" for name in asked.masks)


def label_of(by: str | None, bound: Bound) -> str:
    """The value of the label; an empty one is none, as in Prometheus."""
    if by is None:
        return "NULL"
    return f"nullif(labels[{bound(by)}], '')"


def slot_of(ts: str, slots: Slots, bound: Bound) -> str:
    """The slot that holds a moment: −1 before the first, `count` after the last."""
    if isinstance(slots, Every):
        start, step, count = bound(slots.start_ts), bound(slots.step_us), bound(slots.count)
        return (
            f"CASE WHEN {ts} < {start} THEN -1 ELSE least({count}, ({ts} - {start}) // {step}) END"
        )
    return searched(ts, slots.at, range(-1, len(slots.at)), bound)


def searched(ts: str, edges: Sequence[int], values: Sequence[int], bound: Bound) -> str:
    """A search by halves: the value before the first edge, from it on the next, and so on."""
    if not edges:
        return str(values[0])
    middle = len(edges) // 2
    before = searched(ts, edges[:middle], values[: middle + 1], bound)
    after = searched(ts, edges[middle + 1 :], values[middle + 1 :], bound)
    return f"CASE WHEN {ts} < {bound(edges[middle])} THEN {before} ELSE {after} END"
