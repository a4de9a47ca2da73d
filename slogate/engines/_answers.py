"""Answers the needs of one window with DuckDB: groups, order statistics, and which series to trust.

Under `duckdb.py`. The groups of single requests are counted once and joined with those of each
series that counts requests in buckets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from slogate.engines._base import Sources, ladder_shares
from slogate.engines._choice import Answer, choose, settled
from slogate.engines._choosing import Bound
from slogate.engines._groups import (
    BEST,
    WORST,
    Group,
    evidence_of,
    holds,
    ladder,
    ladder_ranks,
    limit_of,
    read_groups,
    series_of,
)
from slogate.engines._sql import Question, count_groups, order_statistics
from slogate.engines._steps import count_steps, read_step_groups, weighed_statistics
from slogate.model.evidence import Evidence, Need
from slogate.model.window import Window

if TYPE_CHECKING:
    import duckdb

Ladder = tuple[tuple[Any, int | None], ...]


def gather(
    needs: list[Need], window: Window, sources: Sources, connection: duckdb.DuckDBPyConnection
) -> dict[str, Evidence]:
    """The evidence of needs of that window, by id."""
    question = Question(
        window=window,
        selections=tuple(dict.fromkeys(need.selection for need in needs)),
        predicates=tuple(dict.fromkeys(need.selection.success for need in needs)),
        limits=tuple(sorted({us for need in needs if (us := limit_of(need)) is not None})),
    )
    single: list[Group] = []
    if sources.requests:
        bound = Bound()
        text = count_groups(question, sources.requests, bound)
        single = read_groups(question, connection.execute(text, bound.values).fetchall())
    answers = [
        _answers(question, needs, single, sources.of(pool), connection) for pool in sources.pools
    ]
    return {need.id: choose(need, [answer[need.id] for answer in answers]) for need in needs}


def _answers(
    question: Question,
    needs: list[Need],
    single: list[Group],
    sources: Sources,
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, Answer]:
    """The answer to each need by single requests and the one pool of the sources."""
    near: list[Group] = []
    far: list[Group] = []
    if sources.pool:
        bound = Bound()
        text = count_steps(question, sources, bound)
        rows = connection.execute(text, bound.values).fetchall()
        near, far = read_step_groups(question, rows)
    groups = [*single, *near]
    worst = _ladders(question, needs, groups, sources, connection, case=WORST)
    best = worst
    if sources.pool:
        best = _ladders(question, needs, groups, sources, connection, case=BEST)
    found = {}
    for need in needs:
        evidence = replace(evidence_of(question, need, groups), ladder=worst.get(need.id, ()))
        best_case = replace(evidence.best or evidence, ladder=best.get(need.id, ()))
        chosen = (question.selections.index(need.selection), None)
        size = sum(g.count for g in (*near, *far) if holds(question, g.masks[WORST], chosen))
        found[need.id] = Answer(settled(evidence, best_case), size)
    return found


def _ladders(
    question: Question,
    needs: Sequence[Need],
    groups: Sequence[Group],
    sources: Sources,
    connection: duckdb.DuckDBPyConnection,
    *,
    case: int,
) -> dict[str, Ladder]:
    """The ladder of each latency need by its id; populations are sorted once each."""
    latency = [need for need in needs if need.measure == "latency"]
    shares = ladder_shares(latency)
    kinds = list(dict.fromkeys((series_of(question, n), n.failures == "slow") for n in latency))
    ranks = {
        (series, slow): ladder_ranks(
            question, groups, series, shares, with_failures=slow, case=case
        )
        for series, slow in kinds
    }
    series = list(dict.fromkeys(series for series, _ in kinds))
    wanted = sorted(
        {(series.index(k), r) for (k, _), found in ranks.items() for _, r in found if r is not None}
    )
    masks = {group.masks[case] for group in groups if not group.cut}
    members = sorted(
        {(i, *mask) for i, k in enumerate(series) for mask in masks if holds(question, mask, k)}
    )
    values: list[dict[int, int]] = [{} for _ in series]
    if wanted:
        bound = Bound()
        text = (
            weighed_statistics(question, sources, members, wanted, bound, case=case)
            if sources.pool
            else order_statistics(question, sources.requests, members, wanted, bound)
        )
        for number, rank, duration in connection.execute(text, bound.values).fetchall():
            values[number][rank] = duration
    made = {kind: ladder(ranks[kind], values[series.index(kind[0])]) for kind in kinds}
    return {n.id: made[series_of(question, n), n.failures == "slow"] for n in latency}
