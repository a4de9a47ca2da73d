"""The course of one objective: its entries in order, and the revisions that they were judged by.

A revision is what the objective meant, however it was written. Each has a number, by its first
appearance; branches that mean different things by the same name go back and forth between two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from slogate.history.entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What the objective meant from an entry on. `changed` are (what, before, after)."""

    number: int
    hash: str
    since: Entry
    changed: tuple[tuple[str, Any, Any], ...]

    @property
    def definition(self) -> Mapping[str, Any]:
        """All that it meant."""
        return self.since.definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The entries of one objective, oldest first, at least one."""

    entries: tuple[Entry, ...]

    @property
    def id(self) -> str:
        """The id of the objective."""
        return self.entries[-1].objective

    @property
    def last(self) -> Entry:
        """The newest entry."""
        return self.entries[-1]

    def revisions(self) -> list[Revision]:
        """Each revision once, by its first appearance."""
        found: list[Revision] = []
        for entry, number in zip(self.entries, self.numbers(), strict=True):
            if number is not None and number > len(found):
                before = found[-1].definition if found else {}
                found.append(
                    Revision(
                        number=number,
                        hash=entry.revision or "",
                        since=entry,
                        changed=tuple(_changed(before, entry.definition)) if found else (),
                    )
                )
        return found

    def numbers(self) -> list[int | None]:
        """The number of the revision of each entry; None where it is not known."""
        known: dict[str, int] = {}
        return [
            None if entry.revision is None else known.setdefault(entry.revision, len(known) + 1)
            for entry in self.entries
        ]

    def stretches(self) -> list[list[Entry]]:
        """The measurements, one a run, cut where what is counted changed.

        Where that is not known it is taken to be what was counted next.
        """
        measure, told = None, []
        for entry in reversed(self.entries):
            measure = entry.measure or measure
            told.append((measure, entry))
        runs = groupby(reversed(told), key=lambda pair: pair[0])
        stretches = [
            list({entry.run: entry for _, entry in group if entry.counts}.values())
            for _, group in runs
        ]
        return [stretch for stretch in stretches if stretch]


def courses(entries: Sequence[Entry]) -> list[Course]:
    """The course of each objective, by id."""
    sorted_ = sorted(entries, key=lambda entry: entry.objective)
    return [
        Course(entries=tuple(group)) for _, group in groupby(sorted_, lambda entry: entry.objective)
    ]


def _changed(
    before: Mapping[str, Any], after: Mapping[str, Any], at: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """The leaves that differ, with the path to them."""
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        path = f"{at}.{key}" if at else key
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _changed(old, new, path)
        elif old != new:
            yield path, old, new
