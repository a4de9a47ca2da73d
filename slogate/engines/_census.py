"""Adds the groups of a scan up to tallies, and decides which series of a run to take.

Single requests and those in buckets are different requests and are added up. Counts and histograms
of one run are the same requests: of these the series that has more, else the one that leaves less
open, is taken; never both. Exact integers, so threads and the order of rows change nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from slogate.engines._slots import Asked, count_requests, count_steps
from slogate.engines._sql import BITS, Bound
from slogate.model.predicate import Ok
from slogate.model.selection import Selection
from slogate.model.slots import Account, Tallies, Tally

if TYPE_CHECKING:
    import duckdb

# (label, first slot, last slot) → requests, those surely good, those that may be
Sums = dict[tuple[str | None, int, int], tuple[int, int, int]]
Runs = Mapping[str, int]


@dataclass(slots=True)
class Census:
    """What was counted for one account: single requests, and by run and pool those in buckets."""

    requests: Sums = field(default_factory=dict)
    steps: dict[int, dict[int, Sums]] = field(default_factory=lambda: defaultdict(dict))

    def add(
        self, at: tuple[int, int] | None, key: tuple[str | None, int, int],
        counts: tuple[int, int, int],
    ) -> None:  # fmt: skip
        """Count so many more requests; `at` is the run and the pool of those in buckets."""
        sums = self.requests if at is None else self.steps[at[0]].setdefault(at[1], {})
        before = sums.get(key, (0, 0, 0))
        total, sure, maybe = (a + b for a, b in zip(before, counts, strict=True))
        sums[key] = (total, sure, maybe)

    def tallies(self, slots: int) -> Tallies:
        """The tallies by label; those wholly before or after all slots are left out."""
        joined: Sums = dict(self.requests)
        for pools in self.steps.values():
            for key, counts in _chosen([pools[pool] for pool in sorted(pools)]).items():
                before = joined.get(key, (0, 0, 0))
                total, sure, maybe = (a + b for a, b in zip(before, counts, strict=True))
                joined[key] = (total, sure, maybe)
        found: dict[str | None, list[Tally]] = defaultdict(list)
        for (label, first, last), counts in joined.items():
            if last >= 0 and first < slots:
                found[label].append(Tally(first, last, *counts))
        order = sorted(found, key=lambda label: (label is not None, label or ""))
        return {label: tuple(sorted(found[label])) for label in order}


def _chosen(pools: Sequence[Sums]) -> Sums:
    """The sums of the series that has most requests, of equals the one that leaves least open."""
    return min(pools, key=lambda sums: (-sum(total for total, _, _ in sums.values()), _open(sums)))


def _open(sums: Sums) -> int:
    """How many requests may be good or not, or lie in one slot or another."""
    return sum(
        total if first != last else maybe - sure
        for (_, first, last), (total, sure, maybe) in sums.items()
    )


def questions(accounts: Sequence[Account]) -> list[tuple[Asked, list[Account]]]:
    """The accounts by what they share, with what has to be asked for them."""
    shared: dict[tuple[object, str | None], list[Account]] = defaultdict(list)
    for account in accounts:
        shared[account.slots, account.by].append(account)
    return [(_asked(group), group) for group in shared.values()]


def _asked(group: Sequence[Account]) -> Asked:
    return Asked(
        slots=group[0].slots,
        by=group[0].by,
        selections=tuple(dict.fromkeys(_whose(account) for account in group)),
        predicates=tuple(dict.fromkeys(account.selection.success for account in group)),
    )


def _whose(account: Account) -> Selection:
    """Whose requests these are, apart from what is a success."""
    return replace(account.selection, success=Ok())


def count(
    accounts: Sequence[Account],
    requests: Sequence[str],
    pools: Sequence[Sequence[str]],
    runs: Runs,
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, Tallies]:
    """The tallies of each account by its id."""
    found = {account.id: Census() for account in accounts}
    for asked, group in questions(accounts):
        bits = _Bits(asked, group)
        if requests:
            bound = Bound()
            text = count_requests(asked, requests, bound)
            for row in connection.execute(text, bound.values).fetchall():
                *masks, label, slot, total = row
                for name, sure, maybe in bits.of(tuple(masks)):
                    counts = (total, total * sure, total * maybe)
                    found[name].add(None, (label, slot, slot), counts)
        for number, parts in enumerate(pools):
            if not parts:
                continue
            bound = Bound()
            text = count_steps(asked, parts, bound)
            for row in connection.execute(text, bound.values).fetchall():
                *masks, label, part, first, last, total = row
                for name, sure, maybe in bits.of(tuple(masks)):
                    counts = (total, total * sure, total * maybe)
                    found[name].add((runs[part], number), (label, first, last), counts)
    return {account.id: found[account.id].tallies(account.slots.count) for account in accounts}


@dataclass(slots=True)
class _Bits:
    """Which accounts the rows with some bits belong to; there are few combinations of bits."""

    asked: Asked
    group: Sequence[Account]
    known: dict[tuple[int, ...], list[tuple[str, bool, bool]]] = field(default_factory=dict)

    def of(self, masks: tuple[int, ...]) -> Iterable[tuple[str, bool, bool]]:
        """(id, surely good, perhaps good) of each account."""
        if masks not in self.known:
            self.known[masks] = [*self._read(masks)]
        return self.known[masks]

    def _read(self, masks: tuple[int, ...]) -> Iterable[tuple[str, bool, bool]]:
        width, deep = len(self.asked.masks), len(self.asked.successes("s"))
        sure = masks[width : width + deep]
        maybe = masks[width + deep :] or sure
        for account in self.group:
            if _bit(masks, self.asked.selections.index(_whose(account))):
                number = self.asked.predicates.index(account.selection.success)
                yield account.id, _bit(sure, number), _bit(maybe, number)


def _bit(masks: Sequence[int], number: int) -> bool:
    return bool(masks[number // BITS] >> number % BITS & 1)
