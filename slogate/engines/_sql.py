"""Says in SQL what needs ask for; every name and value is bound, never pasted.

One scan sorts each request into a small group: which selections hold (bits of `m…`), which
predicates say success (bits of `s…`), whether it is back-filled, its batch, and its bin: how
many of all limits its duration exceeds. Counts, sums and maxima of these few groups answer
every need exactly; `_groups.py` adds them up. Nothing here has a weight: requests that are counted
in buckets are asked for in `_steps.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slogate.engines._base import MAX_BACKFILL
from slogate.engines._choosing import Bound, select_rows
from slogate.model.evidence import BATCHES
from slogate.model.predicate import (
    ANY_TIME,
    And,
    Comparison,
    Not,
    Ok,
    Or,
    Predicate,
    all_and_any,
)
from slogate.model.selection import Selection
from slogate.model.series import LAST_TS
from slogate.model.window import Window

BITS = 60
_OPERATORS = {"==": "=", "!=": "<>"}
# a hundred times this fits 64 bits; above, a hundredth is computed in 128, which is slow
_LONGEST = 2**56
_BROKEN = f"d < 0 OR t IS NULL OR t NOT BETWEEN 0 AND {LAST_TS}"


Compare = Callable[[Comparison, Bound, bool], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the needs of one window distinguish, each once, in the order of their bits."""

    window: Window
    selections: tuple[Selection, ...]
    predicates: tuple[Predicate, ...]
    limits: tuple[int, ...]

    @property
    def masks(self) -> list[str]:
        """The names of the columns that hold the bits."""
        selections, predicates = len(self.selections), len(self.predicates)
        return [f"m{i}" for i in range(0, selections, BITS)] + [
            f"s{i}" for i in range(0, predicates, BITS)
        ]


def count_groups(question: Question, parts: Sequence[str], bound: Bound) -> str:
    """The statement that counts the groups: masks, filled, batch, bin, count, sum, largest."""
    batch = "0"
    if length := question.window.length_us:
        passed = f"(t - {bound(question.window.start_ts)}) * {BATCHES} // {bound(length)}"
        batch = f"least({BATCHES - 1}, {passed})"
    return (
        f"{rows(question, parts, bound)} SELECT {', '.join(question.masks)}, filled, "  # noqa: S608
        f"{batch} AS batch, {bin_of('d', question.limits, bound)} AS bin, count(*), sum(d), max(d) "
        "FROM judged GROUP BY ALL"
    )


def order_statistics(
    question: Question,
    parts: Sequence[str],
    members: Sequence[tuple[int, ...]],
    ranks: Sequence[tuple[int, int]],
    bound: Bound,
) -> str:
    """The statement that finds the rank-th smallest durations: rows (series, rank, duration).

    `members` are (series, bits of each mask…): which groups belong to which series; `ranks`
    are the (series, rank) pairs wanted.
    """
    columns = ", ".join(
        f"unnest({bound([row[i] for row in members])}) AS {name}"
        for i, name in enumerate(["series", *question.masks])
    )
    wanted = ", ".join(
        f"unnest({bound([row[i] for row in ranks])}) AS {name}"
        for i, name in enumerate(["series", "rank"])
    )
    return (
        f"{rows(question, parts, bound)}, members AS (SELECT {columns}), "  # noqa: S608
        f"wanted AS (SELECT {wanted}), sorted AS (SELECT series, d, row_number() "
        "OVER (PARTITION BY series ORDER BY d) AS rank "
        f"FROM judged JOIN members USING ({', '.join(question.masks)}) WHERE d IS NOT NULL) "
        "SELECT series, rank, d FROM sorted SEMI JOIN wanted USING (series, rank)"
    )


def rows(question: Question, parts: Sequence[str], bound: Bound) -> str:
    """The common beginning: `judged` has the matched requests and the back-filled ones."""
    start, end = bound(question.window.start_ts), bound(question.window.end_ts)
    selected = [select_rows(selection, bound) for selection in question.selections]
    succeeded = [f"coalesce({succeeds(p, bound)}, false)" for p in question.predicates]
    bits = masks("m", selected)
    keep = " OR ".join(f"m{i} <> 0" for i in range(0, len(selected), BITS))
    names = ", ".join(name for name in question.masks if name.startswith("m"))
    return f"""
WITH source AS NOT MATERIALIZED (
  SELECT epoch_us(ts) AS t, duration_us AS d, pace_us AS p, status::BIGINT AS status, ok, {bits}
  FROM {parquet(parts, bound)}),
matched AS NOT MATERIALIZED (SELECT * FROM source WHERE {keep}),
located AS NOT MATERIALIZED (
  SELECT {names}, t, d, status, ok, 0 AS filled FROM matched WHERE t BETWEEN {start} AND {end}
  UNION ALL
  SELECT {names}, t + k * p, d - k * p, status, ok, 1 FROM ({backfill("matched", start, end)})),
judged AS NOT MATERIALIZED (
  SELECT {names}, d, t, filled, {masks("s", succeeded)} FROM located)"""  # noqa: S608


def parquet(parts: Sequence[str], bound: Bound) -> str:
    """The parts as a relation; what is special in a glob is escaped."""
    escaped = [p.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]") for p in parts]
    return f"read_parquet({bound(escaped)}, hive_partitioning = false)"


def backfill(relation: str, start: str, end: str) -> str:
    """The rows of `relation` (t, d, p) once for each missed start k that lies in the window.

    The numbers are unnested in two steps, so that memory stays bounded.
    """
    return (
        "SELECT *, unnest(range(greatest(first, page * 1000), "  # noqa: S608
        "least(last, page * 1000 + 999) + 1)) AS k FROM "
        "(SELECT *, unnest(range(first // 1000, last // 1000 + 1)) AS page "
        f"FROM ({missed(relation, start, end)}))"
    )


def missed(relation: str, start: str, end: str) -> str:
    """The rows that stand for missed starts in the window: numbers `first` to `last`, if any."""
    first = f"greatest(1, ({start} - t + p - 1) // p)"
    last = f"least(d // p - 1, ({end} - t) // p, {first} + {MAX_BACKFILL - 1})"
    return (
        f"SELECT *, {first} AS first, {last} AS last FROM {relation} "  # noqa: S608
        f"WHERE p > 0 AND d > p AND d - p >= p AND t <= {end}"
    )


def masks(letter: str, conditions: list[str]) -> str:
    """Conditions as bits of integer columns, named after the first bit of each."""
    columns = []
    for at in range(0, len(conditions), BITS):
        bits = " + ".join(
            f"({condition})::BIGINT * {1 << i}"
            for i, condition in enumerate(conditions[at : at + BITS])
        )
        columns.append(f"({bits}) AS {letter}{at}")
    return ", ".join(columns)


def bin_of(column: str, limits: tuple[int, ...], bound: Bound) -> str:
    """How many of the ascending limits the duration exceeds; NULL without a duration."""
    arms = "".join(f" WHEN {column} <= {bound(limit)} THEN {i}" for i, limit in enumerate(limits))
    return f"CASE WHEN {column} IS NULL THEN NULL{arms} ELSE {len(limits)} END"


def _measured(comparison: Comparison, bound: Bound, _negated: bool) -> str:
    column = "status" if comparison.field == "status" else "d"
    operator = _OPERATORS.get(comparison.operator, comparison.operator)
    return f"({column} {operator} {bound(comparison.value)})"


def succeeds(
    predicate: Predicate, bound: Bound, compare: Compare = _measured, *, negated: bool = False
) -> str:
    """The condition of a success; `compare` writes a comparison, told whether it is negated."""
    both: Callable[[Predicate], str] = lambda side: succeeds(side, bound, compare, negated=negated)  # noqa: E731
    match predicate:
        case Ok():
            return "coalesce(ok, status < 500)"
        case Comparison():
            return compare(predicate, bound, negated)
        case Not(operand=operand):
            return f"(NOT {succeeds(operand, bound, compare, negated=not negated)})"
        case And(left=left, right=right):
            return f"({both(left)} AND {both(right)})"
        case Or(left=left, right=right):
            return f"({both(left)} OR {both(right)})"


def left_open(predicate: Predicate, bound: Bound) -> str:
    """Whether a request may be a success, and is surely none while nobody knows its duration."""

    def compare(comparison: Comparison, bound: Bound, negated: bool) -> str:
        if comparison.field == "status":
            return _measured(comparison, bound, negated)
        ends = all_and_any(comparison.operator, *ANY_TIME, comparison.value)
        return "true" if ends[not negated] else "false"

    perhaps, sure = (succeeds(predicate, bound, how) for how in (compare, _measured))
    return f"(coalesce({perhaps}, false) AND NOT coalesce({sure}, false))"


def tally_rows(parts: Sequence[str], window: Window, bound: Bound) -> str:
    """The statement of a tally: rows, before, after, paced within, broken, back-filled within."""
    start, end = bound(window.start_ts), bound(window.end_ts)
    relation = _paces(parts, bound)
    return f"""{relation} SELECT * FROM
(SELECT count(*), count(*) FILTER (t < {start}), count(*) FILTER (t > {end}),
        count(*) FILTER (p > 0 AND t BETWEEN {start} AND {end}),
        count(*) FILTER ({_BROKEN}) FROM source),
(SELECT coalesce(sum(last - first + 1) FILTER (last >= first), 0)
 FROM ({missed("source", start, end)}))"""  # noqa: S608


def broken_rows(parts: Sequence[str], bound: Bound) -> str:
    """The statement that counts the rows that no writer writes."""
    return f"{_paces(parts, bound)} SELECT count(*) FROM source WHERE {_BROKEN}"  # noqa: S608


def busiest_pace(parts: Sequence[str], window: Window, bound: Bound) -> str:
    """The statement that finds the pace of the row with the most missed starts."""
    start, end = bound(window.start_ts), bound(window.end_ts)
    return (
        f"{_paces(parts, bound)} SELECT p FROM ({missed('source', start, end)}) "  # noqa: S608
        "ORDER BY last - first DESC, p LIMIT 1"
    )


def commonest_failures(parts: Sequence[str], window: Window, most: int, bound: Bound) -> str:
    """The statement that counts the commonest failures: (method, endpoint, error, count)."""
    start, end = bound(window.start_ts), bound(window.end_ts)
    return (
        "SELECT coalesce(method, ''), coalesce(endpoint, ''), "  # noqa: S608
        "coalesce(error, 'status ' || status, ''), count(*) "
        f"FROM {parquet(parts, bound)} WHERE epoch_us(ts) BETWEEN {start} AND {end} "
        "AND NOT coalesce(ok, status < 500, false) "
        f"GROUP BY ALL ORDER BY 4 DESC, 1, 2, 3 LIMIT {bound(most)}"
    )


def phases(parts: Sequence[str], window: Window, bound: Bound) -> str:
    """The statement that counts starts by hundredth of the commonest pace: (pace, part, count)."""
    start, end = bound(window.start_ts), bound(window.end_ts)
    return f"""{_paces(parts, bound)},
paced AS NOT MATERIALIZED (SELECT * FROM source WHERE p > 0 AND t BETWEEN {start} AND {end})
SELECT p, CASE WHEN p < {_LONGEST} THEN (t % p + p) % p * 100 // p
               ELSE ((t % p)::HUGEINT + p) % p * 100 // p END AS part, count(*) FROM paced
WHERE p = (SELECT p FROM paced GROUP BY p ORDER BY count(*) DESC, p LIMIT 1) GROUP BY ALL"""  # noqa: S608


def _paces(parts: Sequence[str], bound: Bound) -> str:
    return (
        "WITH source AS NOT MATERIALIZED (SELECT epoch_us(ts) AS t, "  # noqa: S608
        f"duration_us AS d, pace_us AS p FROM {parquet(parts, bound)})"
    )
