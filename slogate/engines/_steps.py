"""Says in SQL what needs ask for of the series `counts` and `histograms`; all values are bound.

A row stands for many requests of which only bounds are known, so that its groups hold everything
twice, for the best case and for the worst: `_base.py` says what that means. A step that reaches
beyond the extent of the run is cut there, since no request of the run lies outside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slogate.engines._base import MAX_COUNT, Extent, Sources
from slogate.engines._choosing import Bound, select_rows
from slogate.engines._groups import WORST, Group
from slogate.engines._sql import BITS, Question, bin_of, masks, parquet, rows, succeeds
from slogate.model.evidence import BATCHES, UNBOUNDED_US
from slogate.model.predicate import ANY_TIME, Comparison, all_and_any
from slogate.model.series import LAST_TS
from slogate.model.window import Window

BROKEN = (
    f"t IS NULL OR t NOT BETWEEN 0 AND {LAST_TS} OR step IS NULL OR step NOT BETWEEN 1 AND "
    f"{LAST_TS} OR w IS NULL OR w NOT BETWEEN 1 AND {MAX_COUNT} OR lo < -1 OR "
    f"lo >= {UNBOUNDED_US} OR hi <= lo OR (lo IS NULL AND hi IS NOT NULL) OR total < 0 OR top < 0"
)
_FAILED = "NOT coalesce(ok, status < 500, false)"
# columns of the best and of the worst case: duration, sum, largest
_D = ("least", "most")


def count_steps(question: Question, sources: Sources, bound: Bound) -> str:
    """The statement that counts the groups, as `read_step_groups` wants them."""
    start, length = question.window.start_ts, question.window.length_us

    def batch(of: str) -> str:
        passed = f"({of} - {bound(start)}) * {BATCHES} // {bound(length)}" if length else "0"
        return f"CASE place WHEN 0 THEN least({BATCHES - 1}, {passed}) ELSE 0 END"

    bins = ", ".join(f"{bin_of(d, question.limits, bound)} AS bin_{d}" for d in _D)
    succeeded = ", ".join(name for case in (0, 1) for name in _names(question, case))
    return (
        f"{_located(question, sources, bound)} "  # noqa: S608
        f"SELECT {', '.join(_selections(question))}, {succeeded}, place, "
        f"{batch('first')} AS batch, {batch('last')} AS until, {bins}, "
        "sum(w), sum(coalesce(total, w::HUGEINT * least)), "
        "sum(coalesce(total, w::HUGEINT * most)), sum(w::HUGEINT * most), "
        f"max(coalesce(top, least)), max(coalesce(top, most)), min(lo), "
        f"max(coalesce(hi, {UNBOUNDED_US})), max(last - first + 1) "
        "FROM judged_steps GROUP BY ALL"
    )


def read_step_groups(
    question: Question, rows: Sequence[Sequence[int | None]]
) -> tuple[list[Group], list[Group]]:
    """The groups in the window or across its ends, and those outside it."""
    near: list[Group] = []
    far: list[Group] = []
    selections = len(_selections(question))
    predicates = len(question.masks) - selections
    for row in rows:
        bits = [bit or 0 for bit in row[: selections + 2 * predicates]]
        cases = (bits[selections : selections + predicates], bits[selections + predicates :])
        (place, batch, until, least, most, count, best, worst, edge, top_best, top_worst, lo, hi,
         step) = row[selections + 2 * predicates:]  # fmt: skip
        timed = most is not None
        group = Group(
            masks=((*bits[:selections], *cases[0]), (*bits[:selections], *cases[1])),
            batch=batch or 0,
            until=until or 0,
            bins=(least, most),
            count=count or 0,
            sums=(best or 0, worst or 0) if timed else (0, 0),
            maxima=(top_best, top_worst) if timed else (None, None),
            cut=place == 1,
            edge_us=edge or 0,
            bounds=(lo or 0, None if hi == UNBOUNDED_US else hi) if timed else None,
            step_us=step or 0,
        )
        (far if place == 2 else near).append(group)
    return near, far


def weighed_statistics(
    question: Question,
    sources: Sources,
    members: Sequence[tuple[int, ...]],
    ranks: Sequence[tuple[int, int]],
    bound: Bound,
    *,
    case: int,
) -> str:
    """The statement that finds the rank-th smallest durations of requests and a pool together.

    As `order_statistics`, in the best case or the worst; bounds of buckets count as durations.
    """
    names = [*_selections(question), *(n for n in question.masks if n.startswith("s"))]
    own = [*_selections(question), *_names(question, case)]
    pool = (
        f"SELECT {', '.join(own)}, {_D[case]} AS d, sum(w) AS w FROM judged_steps "  # noqa: S608
        "WHERE place = 0 AND least IS NOT NULL GROUP BY ALL"
    )
    located = _located(question, sources, bound)
    if sources.requests:
        pool += (
            f" UNION ALL SELECT {', '.join(names)}, d, count(*) FROM judged "  # noqa: S608
            "WHERE d IS NOT NULL GROUP BY ALL"
        )
        located = f"{rows(question, sources.requests, bound)}, {located.removeprefix('WITH ')}"
    columns = ", ".join(
        f"unnest({bound([row[i] for row in members])}) AS {name}"
        for i, name in enumerate(["series", *names])
    )
    wanted = ", ".join(
        f"unnest({bound([row[i] for row in ranks])}) AS {name}"
        for i, name in enumerate(["series", "rank"])
    )
    return f"""{located},
pool({", ".join(names)}, d, w) AS ({pool}),
members AS (SELECT {columns}), wanted AS (SELECT {wanted}),
sorted AS (SELECT series, d, (sum(sum(w)) OVER (PARTITION BY series ORDER BY d))::BIGINT AS upto
           FROM pool JOIN members USING ({", ".join(names)}) GROUP BY series, d)
SELECT wanted.series, rank, d FROM wanted ASOF JOIN sorted
ON wanted.series = sorted.series AND rank <= upto"""  # noqa: S608


def tally_steps(parts: Sequence[str], window: Window, extent: Extent, bound: Bound) -> str:
    """The statement of a tally: (stored, requests, before, after)."""
    start, end = bound(window.start_ts), bound(window.end_ts)
    return (
        f"{placed(parts, extent, bound)} SELECT count(*), coalesce(sum(w), 0), "  # noqa: S608
        f"coalesce(sum(w) FILTER (first < {start}), 0), coalesce(sum(w) FILTER (first > {end}), 0) "
        "FROM placed"
    )


def span_of_steps(parts: Sequence[str], extent: Extent, bound: Bound) -> str:
    """The statement of a span: (requests, first start, end of the last step)."""
    return (
        f"{placed(parts, extent, bound)} "  # noqa: S608
        "SELECT coalesce(sum(w), 0), min(first), max(stop) FROM placed"
    )


def broken_steps_of(parts: Sequence[str], bound: Bound) -> str:
    """The statement that counts the rows that no writer writes."""
    return f"{_source(parts, bound)} SELECT count(*) FROM steps WHERE {BROKEN}"  # noqa: S608


def failures_of_all(sources: Sources, window: Window, most: int, bound: Bound) -> str:
    """The statement that counts the commonest failures: (method, endpoint, error, count)."""
    start, end = bound(window.start_ts), bound(window.end_ts)
    pool = (
        "SELECT method, endpoint, 'status ' || status AS error, w FROM placed "  # noqa: S608
        f"WHERE first BETWEEN {start} AND {end} AND {_FAILED}"
    )
    if sources.requests:
        pool += (
            " UNION ALL SELECT method, endpoint, coalesce(error, 'status ' || status), 1 "  # noqa: S608
            f"FROM {parquet(sources.requests, bound)} WHERE epoch_us(ts) BETWEEN {start} AND {end} "
            f"AND {_FAILED}"
        )
    return (
        f"{placed(sources.pool, sources.extent, bound)} SELECT coalesce(method, ''), "  # noqa: S608
        f"coalesce(endpoint, ''), coalesce(error, ''), sum(w) FROM ({pool}) "
        f"GROUP BY ALL ORDER BY 4 DESC, 1, 2, 3 LIMIT {bound(most)}"
    )


def _selections(question: Question) -> list[str]:
    return [name for name in question.masks if name.startswith("m")]


def _names(question: Question, case: int) -> list[str]:
    """The columns that hold the bits of the predicates in that case."""
    letter = "s" if case == WORST else "u"
    return [letter + name[1:] for name in question.masks if name.startswith("s")]


def _source(parts: Sequence[str], bound: Bound, more: str = "") -> str:
    return f"""WITH steps AS NOT MATERIALIZED (
  SELECT epoch_us(ts) AS t, step_us AS step, method, endpoint, status::BIGINT AS status, ok,
         lo_us AS lo, hi_us AS hi, count AS w, sum_us AS total, max_us AS top{more}
  FROM {parquet(parts, bound)})"""  # noqa: S608


def placed(parts: Sequence[str], extent: Extent, bound: Bound, more: str = "") -> str:
    """The beginning: `placed` has each row with the `first` and `last` start there may be in it.

    `stop` is where its step ends, `least` and `most` are the durations that it may hold.
    """
    since, until = extent
    first, last, stop = "t", "t + step - 1", "t + step"
    if since is not None:
        first = f"CASE WHEN {bound(since)} BETWEEN t AND {last} THEN {bound(since)} ELSE t END"
    if until is not None:
        end = bound(until)
        stop = f"CASE WHEN {end} BETWEEN t AND {last} THEN {end} ELSE {stop} END"
        last = f"CASE WHEN {end} BETWEEN t AND {last} THEN {end} ELSE {last} END"
    return f"""{_source(parts, bound, more)}, placed AS NOT MATERIALIZED (
  SELECT *, {first} AS first, {last} AS last, {stop} AS stop, lo + 1 AS least,
         CASE WHEN lo IS NOT NULL THEN greatest(lo + 1, least(
           coalesce(hi, {UNBOUNDED_US}), coalesce(top, {UNBOUNDED_US}))) END AS most
  FROM steps)"""  # noqa: S608


def _located(question: Question, sources: Sources, bound: Bound) -> str:
    """The beginning: `judged_steps` has the matched rows, and the place of each.

    0 in the window, 2 outside, 1 across one of its ends.
    """
    start, end = bound(question.window.start_ts), bound(question.window.end_ts)
    bits = masks("m", [select_rows(selection, bound) for selection in question.selections])
    names = ", ".join(_selections(question))
    keep = " OR ".join(f"m{i} <> 0" for i in range(0, len(question.selections), BITS))
    cases: list[tuple[str, Callable[[Comparison, Bound, bool], str]]] = [
        ("u", may_hold), ("s", surely_holds),
    ]  # fmt: skip
    succeeded = ", ".join(
        masks(letter, [f"coalesce({succeeds(p, bound, how)}, false)" for p in question.predicates])
        for letter, how in cases
    )
    return f"""{placed(sources.pool, sources.extent, bound, f", {bits}")},
judged_steps AS NOT MATERIALIZED (
  SELECT {names}, {succeeded}, first, last, lo, hi, least, most, w, total, top,
         CASE WHEN first >= {start} AND last <= {end} THEN 0
              WHEN last < {start} OR first > {end} THEN 2 ELSE 1 END AS place
  FROM placed WHERE {keep})"""  # noqa: S608


def may_hold(comparison: Comparison, bound: Bound, negated: bool) -> str:
    """Whether a comparison may hold of a request in the bucket."""
    return _of_bucket(comparison, bound, surely=negated)


def may_hold_untimed(comparison: Comparison, bound: Bound, negated: bool) -> str:
    """As `may_hold`, of a request too whose duration nobody measured: it may be any."""
    held = may_hold(comparison, bound, negated)
    if comparison.field == "status":
        return held
    ends = all_and_any(comparison.operator, *ANY_TIME, comparison.value)
    return f"coalesce({held}, {'true' if ends[not negated] else 'false'})"


def surely_holds(comparison: Comparison, bound: Bound, negated: bool) -> str:
    """Whether a comparison holds of every request in the bucket."""
    return _of_bucket(comparison, bound, surely=not negated)


def _of_bucket(comparison: Comparison, bound: Bound, *, surely: bool) -> str:
    """Whether the comparison holds of all durations of the bucket, or else of any."""
    value = bound(comparison.value)
    alone, inside = f"(least = {value} AND most = {value})", f"({value} BETWEEN least AND most)"
    if comparison.field == "status":
        operator = {"==": "=", "!=": "<>"}.get(comparison.operator, comparison.operator)
        return f"(status {operator} {value})"
    match comparison.operator:
        case "==":
            return alone if surely else inside
        case "!=":
            return f"(NOT {inside if surely else alone})"
        case "<" | "<=":
            return f"({'most' if surely else 'least'} {comparison.operator} {value})"
        case _:
            return f"({'least' if surely else 'most'} {comparison.operator} {value})"
