"""Sums up surveys with DuckDB: one pass over the parts for all that share a label.

What each survey asks for then goes over the base that was made, a selection and a method of slicing
at a time. Of a run whose counts and histograms have the same requests, each survey takes that which
leaves less open, as `_census.py` does; of none both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from slogate.engines._base import Sources
from slogate.engines._census import largest, requesters
from slogate.engines._choosing import Bound
from slogate.engines._dividing import check, unseen
from slogate.engines._grain import Few, edges_of, few_values, grain_of, groups_of
from slogate.engines._slicing import Rows, is_long, sliced, slowly, summed
from slogate.engines._span_sums import Sliced, has_cells, make_cells, openness, sum_spans
from slogate.engines._spans import (
    Base,
    add_requests,
    add_steps,
    add_untimed,
    any_doubt,
    any_long,
    any_other,
    any_untimed,
    count_values,
    make_base,
    open_sources,
)
from slogate.engines._sql import BITS
from slogate.model.predicate import Not
from slogate.model.selection import Selection
from slogate.model.slots import Every, Slots
from slogate.model.survey import (
    MOST_VALUES,
    Crowd,
    Slicing,
    Survey,
    Surveyed,
)

if TYPE_CHECKING:
    import duckdb

MEMORY = "700MB"
MINUTE_US = 60_000_000
Runs = Mapping[str, int]


def survey(
    surveys: Sequence[Survey], sources: Sources, runs: Runs,
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, Surveyed]:  # fmt: skip
    """The sums of each survey by its id; StoreError for parts with rows that no engine counts."""
    import duckdb

    try:
        return _survey(surveys, sources, runs, connection)
    except duckdb.Error:
        check(sources, connection)  # it knows the part that is damaged
        raise


def _survey(
    surveys: Sequence[Survey], sources: Sources, runs: Runs,
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, Surveyed]:  # fmt: skip
    found: dict[str, Surveyed] = {}
    most = largest(sources.pools, runs, connection)
    short = [each for each in surveys if not is_long(each)]
    check(unseen(sources, runs, most) if short else sources, connection)
    with TemporaryDirectory(prefix="slogate-") as folder:
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute("SET temp_directory = $1", [folder])
        few = few_values(short, sources, connection)
        while short:
            left: list[Survey] = []
            for group in groups_of(short, few):
                question = _Question.of(group, sources, runs, most, connection, few=few)
                found |= question.answers()
                left += [each for each in group if each.id not in found]
            # those by a label of which a look did not tell all values
            short, few = left, {}
        connection.execute("DROP TABLE IF EXISTS base; DROP TABLE IF EXISTS cells")
    for each in filter(is_long, surveys):
        found[each.id] = slowly(each, sources, runs, connection)
    return {each.id: found[each.id] for each in surveys}


@dataclass(slots=True, kw_only=True)
class _Question:
    """Surveys that share a base."""

    group: Sequence[Survey]
    base: Base
    connection: duckdb.DuckDBPyConnection
    untimed: bool = False
    # (pool, run) of each source but 0, by its number less one
    doubled: list[tuple[int, int]] = field(default_factory=list)
    left: set[int] = field(default_factory=set)
    crowds: dict[tuple[Selection, int, int], Crowd] = field(default_factory=dict)
    open: dict[tuple[Selection, Slots], dict[int, int]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, group: Sequence[Survey], sources: Sources, runs: Runs,
        most: Mapping[int, Sequence[int]], connection: duckdb.DuckDBPyConnection, *, few: Few,
    ) -> _Question:  # fmt: skip
        """The question with its base made."""
        predicates = [each.selection.success for each in group]
        predicates += [Not(each.events) for each in group if each.events is not None]
        labels = dict.fromkeys(each.by for each in group if each.by is not None)
        base = Base(
            by=next((label for label in labels if label not in few), None),
            few=tuple((label, few[label]) for label in labels if label in few),
            start_ts=min(each.edges.at[0] for each in group),
            end_ts=max(each.edges.at[-1] for each in group),
            grain_us=grain_of(group),
            edges=None if any(each.slices for each in group) else edges_of(group),
            selections=tuple(dict.fromkeys(requesters(each.selection) for each in group)),
            predicates=tuple(dict.fromkeys(predicates)),
        )
        made = cls(group=group, base=base, connection=connection)
        if base.unsure and sources.requests:
            bound = Bound()
            made.untimed = bool(made._ask(any_untimed(base, sources.requests, bound), bound)[0][0])
            made.base = replace(base, doubts=made.untimed)
        made._fill(sources, runs, most)
        if not made.untimed and made._ask(any_doubt())[0][0]:
            made = cls(group=group, base=replace(base, doubts=True), connection=connection)
            made._fill(sources, runs, most)
        return made

    def _fill(self, sources: Sources, runs: Runs, most: Mapping[int, Sequence[int]]) -> None:
        self._ask(make_base(self.base))
        if sources.requests:
            bound = Bound()
            self._ask(add_requests(self.base, sources.requests, bound), bound)
        if self.untimed:
            bound = Bound()
            self._ask(add_untimed(self.base, sources.requests, bound), bound)
        self._add_pools(sources, runs, most)

    @property
    def in_minutes(self) -> bool:
        """Whether all slots and spans are of whole minutes."""
        return self.base.grain_us % MINUTE_US == 0

    def _ask(self, text: str, bound: Bound | None = None) -> list[tuple[Any, ...]]:
        return self.connection.execute(text, bound.values if bound else None).fetchall()

    def _add_pools(self, sources: Sources, runs: Runs, most: Mapping[int, Sequence[int]]) -> None:
        for run, same in most.items():
            if len(same) > 1:
                self.doubled += [(pool, run) for pool in same]
        number = {each: at for at, each in enumerate(self.doubled, 1)}
        for first in (True, False):
            for pool, parts in enumerate(sources.pools):
                mine = [part for part in parts if pool in most[runs[part]]]
                wanted = [
                    part
                    for part in mine
                    if (most[runs[part]][0] == pool) is first and (first or runs[part] in self.left)
                ]
                if wanted:
                    bound = Bound()
                    told = [number.get((pool, runs[part]), 0) for part in wanted]
                    self._ask(add_steps(self.base, wanted, told, bound), bound)
            if not self.doubled:
                return
            if first:
                rows = self._ask(open_sources(minutes=self.in_minutes))
                self.left = {self.doubled[at - 1][1] for (at,) in rows}

    def answers(self) -> dict[str, Surveyed]:
        """The sums of each survey by its id."""
        found: dict[str, Surveyed] = {}
        plain, sliced_alike = [], defaultdict(list)
        others = {by for by, _ in self.base.few if self._ask(any_other(self.base, by))[0][0]}
        for each in self.group:
            if each.by in others:
                continue
            many = self._crowd(each)
            if many is not None:
                found[each.id] = many
            elif each.slices is None:
                plain.append(each)
            else:
                sliced_alike[self._alike(each, each.slices)].append(each)
        long = not self.in_minutes or self._ask(any_long())[0][0]
        found |= self._spans(plain, long=long)
        for some in sliced_alike.values():
            found |= self._slices(some, long=long)
        return found

    def _crowd(self, each: Survey) -> Crowd | None:
        if self.base.by is None:
            return None
        key = requesters(each.selection), each.edges.at[0], each.edges.at[-1]
        if key not in self.crowds:
            bound = Bound()
            ((values, some),) = self._ask(count_values(self.base, *key, bound), bound)
            self.crowds[key] = Crowd(values, tuple(some or ()))
        many = self.crowds[key]
        return many if many.values > MOST_VALUES else None

    def _sources(self, each: Survey) -> tuple[int, ...]:
        """The sources to take: of each run that has two the one that leaves less open."""
        found, runs = [0], defaultdict(list)
        for number, (_, run) in enumerate(self.doubled, 1):
            runs[run].append(number)
        for run, numbers in runs.items():
            chosen = numbers[0]
            if run in self.left:
                left = self._open(each)
                chosen = min(numbers, key=lambda number: (left.get(number, 0), number))
            found.append(chosen)
        return tuple(found)

    def _open(self, each: Survey) -> dict[int, int]:
        key = each.selection, each.slots
        if key not in self.open:
            bound, number = Bound(), self.base.predicates.index(each.selection.success)
            rows = self._ask(
                openness(self.base, requesters(each.selection), number, each.slots, bound), bound
            )
            self.open[key] = dict(rows)
        return self.open[key]

    def _spans(self, surveys: Sequence[Survey], *, long: bool) -> dict[str, Surveyed]:
        """The sums of surveys without slices: of the spans between the edges of any of them."""
        if not surveys:
            return {}
        edges = edges_of(surveys)
        told, width = self.base.told, len(self.base.masks)
        cells = not long and has_cells(edges)
        if cells:
            bound = Bound()
            self._ask(make_cells(edges, bound), bound)
        bound = Bound()
        rows = self._ask(sum_spans(self.base, edges, bound, long=long, cells=cells), bound)
        mine: dict[tuple[Selection, tuple[int, ...], str | None], Rows] = {}
        found: dict[str, Surveyed] = {}
        for each in surveys:
            selection, sources = requesters(each.selection), self._sources(each)
            key = selection, sources, each.by
            if key not in mine:
                place, bit = divmod(self.base.selections.index(selection), BITS)
                mine[key] = [
                    (told(each.by, row[1], row[2:]), *row[2 + width : 4 + width], row[4 + width :])
                    for row in rows
                    if row[0] in sources and row[2 + place] >> bit & 1
                ]
            found[each.id] = summed(self.base, each, edges, mine[key])
        return found

    def _alike(self, each: Survey, slices: Slicing) -> tuple[object, ...]:
        """What surveys must share to be counted in one statement."""
        phase = slices.slots.start_ts % slices.slots.step_us
        shape = slices.slots.step_us, phase, slices.objective is None
        return requesters(each.selection), self._sources(each), each.events, each.by, *shape

    def _slices(self, surveys: Sequence[Survey], *, long: bool) -> dict[str, Surveyed]:
        """The sums of surveys with slices alike."""
        numbers = self.base.predicates.index
        asked: dict[tuple[int, Fraction | None], None] = {}
        slots: list[Every] = []
        for each in surveys:
            assert each.slices is not None
            asked[numbers(each.selection.success), each.slices.objective] = None
            slots.append(each.slices.slots)
        start, step = min(each.start_ts for each in slots), slots[0].step_us
        end = max(each.start(each.count) for each in slots)
        goods, events = [*asked], surveys[0].events
        wanted = Sliced(
            base=self.base,
            selection=requesters(surveys[0].selection),
            sources=self._sources(surveys[0]),
            slots=Every(start_ts=start, step_us=step, count=(end - start) // step),
            edges=edges_of(surveys),
            goods=tuple(goods),
            events=None if events is None else numbers(Not(events)),
            by=surveys[0].by,
        )
        places = [
            (each, goods.index((numbers(each.selection.success), each.slices.objective)))
            for each in surveys
            if each.slices is not None
        ]
        return {**sliced(wanted, places, self._ask, long=long)}
