"""Adds the groups of a scan up to tallies, and decides which series of a run to take.

Single requests and those in buckets are different requests and are added up. Counts and histograms
of one run are the same requests: of these the series that has more, else for each account the one
that leaves less open, is taken; never both. The second is read only where the first leaves
something open. Exact integers, so threads and the order of rows change nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from slogate.engines._base import Sources
from slogate.engines._choosing import Bound
from slogate.engines._slots import Asked, count_requests, count_steps, requests_by_part
from slogate.engines._sql import BITS
from slogate.model.predicate import Ok, is_of_time
from slogate.model.selection import Selection
from slogate.model.slots import Account, Edges, Every, Slots, Tallies, Tally

if TYPE_CHECKING:
    import duckdb

# (label, first slot, last slot) → requests, those surely good, those that may be
Key = tuple[str | None, int, int]
Counts = tuple[int, int, int]
Sums = dict[Key, Counts]
Runs = Mapping[str, int]
_NONE: Counts = (0, 0, 0)


@dataclass(slots=True, kw_only=True)
class Census:
    """What was counted for one account: single requests, and by pool and run those in buckets."""

    account: Account
    asked: Slots
    requests: Sums = field(default_factory=dict)
    steps: dict[tuple[int, int], Sums] = field(default_factory=lambda: defaultdict(dict))

    def add(self, sums: Sums, key: Key, counts: Counts) -> None:
        """Count so many more requests in slots that were asked, if they lie in the account's."""
        label, first, last = key
        early, late = self._own(first), self._own(last)
        if late >= 0 and early < self.account.slots.count:
            _add(sums, (label, early, late), counts)

    def _own(self, slot: int) -> int:
        """The account's slot that holds one that was asked."""
        own, asked = self.account.slots, self.asked
        if own is asked or slot < 0:
            return slot
        return own.slot(asked.start(slot)) if slot < asked.count else own.count

    def open(self, pool: int, run: int) -> int:
        """How many requests may be good or not, or lie in one slot or another."""
        return sum(
            total if first != last else maybe - sure
            for (_, first, last), (total, sure, maybe) in self.steps.get((pool, run), {}).items()
        )

    def tallies(self, pools: Mapping[int, Sequence[int]]) -> Tallies:
        """The tallies by label; of the pools of a run that which leaves least open."""
        joined: Sums = dict(self.requests)
        for run, same in pools.items():
            pool = min(same, key=lambda pool: (self.open(pool, run), pool))
            for key, counts in self.steps.get((pool, run), {}).items():
                _add(joined, key, counts)
        found: dict[str | None, list[Tally]] = defaultdict(list)
        for (label, first, last), counts in joined.items():
            found[label].append(Tally(first, last, *counts))
        order = sorted(found, key=lambda label: (label is not None, label or ""))
        return {label: tuple(sorted(found[label])) for label in order}


def _add(sums: Sums, key: Key, counts: Counts) -> None:
    before = sums.get(key, _NONE)
    sums[key] = (before[0] + counts[0], before[1] + counts[1], before[2] + counts[2])


def questions(accounts: Sequence[Account]) -> list[tuple[Asked, list[Account]]]:
    """The accounts by what they share, with what has to be asked for them.

    Edges of several accounts are asked as one: the slots of each are made of those between all.
    """
    shared: dict[tuple[object, str | None], list[Account]] = defaultdict(list)
    for account in accounts:
        kind = account.slots if isinstance(account.slots, Every) else None
        shared[kind, account.by].append(account)
    return [(_asked(group), group) for group in shared.values()]


def _asked(group: Sequence[Account]) -> Asked:
    slots = group[0].slots
    if isinstance(slots, Edges):
        edges = {at for each in group if isinstance(each.slots, Edges) for at in each.slots.at}
        slots = slots if len(group) == 1 else Edges(at=tuple(sorted(edges)))
    return Asked(
        slots=slots,
        by=group[0].by,
        selections=tuple(dict.fromkeys(requesters(account.selection) for account in group)),
        predicates=tuple(dict.fromkeys(account.selection.success for account in group)),
    )


def requesters(selection: Selection) -> Selection:
    """Whose requests these are, apart from what is a success."""
    return replace(selection, success=Ok())


def count(
    accounts: Sequence[Account], sources: Sources, runs: Runs,
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, Tallies]:  # fmt: skip
    """The tallies of each account by its id."""
    found: dict[str, Tallies] = {}
    most = largest(sources.pools, runs, connection)
    for asked, group in questions(accounts):
        scan = _Scan(asked, group, runs, connection)
        if sources.requests:
            scan.requests(sources.requests)
        pools = {run: same[:1] for run, same in most.items()}
        for number, parts in enumerate(sources.pools):
            scan.steps(number, [part for part in parts if number in pools[runs[part]]])
        # what the first series of a run leaves open may be answered by the other
        left = {run for run, same in most.items() if len(same) > 1 and scan.is_open(same[0], run)}
        for number, parts in enumerate(sources.pools):
            more = [p for p in parts if runs[p] in left and number in most[runs[p]][1:]]
            scan.steps(number, more)
        pools |= {run: most[run] for run in left}
        found |= {census.account.id: census.tallies(pools) for census in scan.found.values()}
    return {account.id: found[account.id] for account in accounts}


def largest(
    pools: Sequence[Sequence[str]], runs: Runs, connection: duckdb.DuckDBPyConnection
) -> dict[int, list[int]]:
    """Of each run the series that count most requests: one that counts fewer has lost some."""
    present: dict[int, dict[int, int]] = defaultdict(dict)
    for number, parts in enumerate(pools):
        for part in parts:
            present[runs[part]][number] = 0
    several = {run for run, series in present.items() if len(series) > 1}
    for number, parts in enumerate(pools):
        if mine := [part for part in parts if runs[part] in several]:
            bound = Bound()
            rows = connection.execute(requests_by_part(mine, bound), bound.values).fetchall()
            for part, total in rows:
                present[runs[part]][number] += int(total or 0)
    return {
        run: [number for number in sorted(series) if series[number] == max(series.values())]
        for run, series in present.items()
    }


@dataclass(slots=True)
class _Scan:
    """The counting of the accounts of one question."""

    asked: Asked
    group: Sequence[Account]
    runs: Runs
    connection: duckdb.DuckDBPyConnection
    found: dict[str, Census] = field(init=False)
    known: dict[tuple[int, ...], list[tuple[Census, bool, bool]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with nothing counted."""
        self.found = {each.id: Census(account=each, asked=self.asked.slots) for each in self.group}

    def is_open(self, pool: int, run: int) -> bool:
        """Whether a series of a run leaves anything open for any account."""
        return any(census.open(pool, run) for census in self.found.values())

    def requests(self, parts: Sequence[str]) -> None:
        """Count single requests."""
        bound = Bound()
        text = count_requests(self.asked, parts, bound)
        for row in self.connection.execute(text, bound.values).fetchall():
            *masks, label, slot, total = row
            for census, sure, maybe in self._of(tuple(masks)):
                counts = (total, total * sure, total * maybe)
                census.add(census.requests, (label, slot, slot), counts)
        if any(map(is_of_time, self.asked.predicates)):
            self._untimed(parts)

    def _untimed(self, parts: Sequence[str]) -> None:
        """Add what may be good among the single requests that nobody timed."""
        bound = Bound()
        text = count_requests(self.asked, parts, bound, untimed=True)
        for row in self.connection.execute(text, bound.values).fetchall():
            *masks, label, slot, total = row
            for census, perhaps, _ in self._of(tuple(masks)):
                census.add(census.requests, (label, slot, slot), (0, 0, total * perhaps))

    def steps(self, pool: int, parts: Sequence[str]) -> None:
        """Count requests in buckets."""
        if not parts:
            return
        bound = Bound()
        text = count_steps(self.asked, parts, bound)
        for row in self.connection.execute(text, bound.values).fetchall():
            *masks, label, part, first, last, total = row
            for census, sure, maybe in self._of(tuple(masks)):
                counts = (total, total * sure, total * maybe)
                census.add(census.steps[pool, self.runs[part]], (label, first, last), counts)

    def _of(self, masks: tuple[int, ...]) -> list[tuple[Census, bool, bool]]:
        """Whose rows with these bits are, surely good and perhaps; there are few combinations."""
        if masks not in self.known:
            self.known[masks] = [*self._read(masks)]
        return self.known[masks]

    def _read(self, masks: tuple[int, ...]) -> Iterator[tuple[Census, bool, bool]]:
        width, deep = len(self.asked.masks), len(self.asked.successes("s"))
        sure = masks[width : width + deep]
        maybe = masks[width + deep :] or sure
        for account in self.group:
            if _bit(masks, self.asked.selections.index(requesters(account.selection))):
                number = self.asked.predicates.index(account.selection.success)
                yield self.found[account.id], _bit(sure, number), _bit(maybe, number)


def _bit(masks: Sequence[int], number: int) -> bool:
    return bool(masks[number // BITS] >> number % BITS & 1)
