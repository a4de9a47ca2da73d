"""Tallies of accounts in plain Python, row by row: the reference of the other engines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from slogate.engines._rows import Row, selects, size
from slogate.model.evidence import UNBOUNDED_US
from slogate.model.predicate import Not, holds, holds_between, may_hold_untimed
from slogate.model.series import SERIES, Series
from slogate.model.slots import Account, Tallies, Tally
from slogate.model.survey import Survey, Surveyed, condense, without

Part = tuple[Series, list[Row]]
Key = tuple[str | None, int, int]


def tallies(account: Account, parts: Mapping[str, Part], runs: Mapping[str, int]) -> Tallies:
    """The tallies of one account by label."""
    joined: list[Row] = []
    by_run: dict[int, dict[Series, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for name, (series, rows) in parts.items():
        if series == SERIES[0]:
            joined += [row for row in rows if selects(account.selection, row)]
        else:
            by_run[runs[name]][series] += rows
    for pools in by_run.values():
        most = max(size(rows) for rows in pools.values())
        largest = [pools[name] for name in SERIES if name in pools and size(pools[name]) == most]
        mine = [[row for row in rows if selects(account.selection, row)] for rows in largest]
        joined += mine[min(range(len(mine)), key=lambda at: _open(account, mine[at]))]
    found: dict[str | None, list[Tally]] = defaultdict(list)
    for (label, first, last), counts in _sums(account, joined).items():
        found[label].append(Tally(first, last, *counts))
    order = sorted(found, key=lambda label: (label is not None, label or ""))
    return {label: tuple(sorted(found[label])) for label in order}


def survey_rows(survey: Survey, parts: Mapping[str, Part], runs: Mapping[str, int]) -> Surveyed:
    """The sums of one survey, of what is counted slot by slot."""
    account = Account(id=survey.id, selection=survey.selection, slots=survey.slots, by=survey.by)
    found = tallies(account, parts, runs)
    if survey.events is not None:
        none = replace(account, selection=replace(survey.selection, success=Not(survey.events)))
        others = tallies(none, parts, runs)
        left = {value: without(some, others.get(value, ())) for value, some in found.items()}
        found = {value: some for value, some in left.items() if some}
    return condense(survey, found)


def _open(account: Account, rows: Sequence[Row]) -> int:
    return sum(
        total if first != last else maybe - sure
        for (_, first, last), (total, sure, maybe) in _sums(account, rows).items()
    )


def _sums(account: Account, rows: Sequence[Row]) -> dict[Key, tuple[int, int, int]]:
    total: Counter[Key] = Counter()
    sure: Counter[Key] = Counter()
    maybe: Counter[Key] = Counter()
    for row in rows:
        label = None if account.by is None else row.labels.get(account.by) or None
        key = (label, account.slots.slot(row.ts), account.slots.slot(row.last_ts))
        if key[2] < 0 or key[1] >= account.slots.count:
            continue
        surely, perhaps = _good(account, row)
        total[key] += row.count
        sure[key] += row.count * surely
        maybe[key] += row.count * perhaps
    return {key: (total[key], sure[key], maybe[key]) for key in total}


def _good(account: Account, row: Row) -> tuple[bool, bool]:
    """Whether it is surely good, and whether it may be."""
    success, ok, status = account.selection.success, row.ok, row.status
    if row.bucket is None or row.least_us is None:
        good = holds(success, ok=ok, status=status, duration_us=row.least_us) is True
        perhaps = row.least_us is None and may_hold_untimed(success, ok=ok, status=status)
        return good, good or perhaps
    most = UNBOUNDED_US if row.most_us is None else row.most_us
    sure, may = holds_between(success, ok=ok, status=status, least_us=row.least_us, most_us=most)
    return sure is True, may is True
