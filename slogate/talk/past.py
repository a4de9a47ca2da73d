"""What earlier verdicts said of the same objectives: the base to compare with, and the course.

Compared is what was observed, and that is no test: only limits decide. An objective that meant
something else then is another one, and is not compared.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from slogate.errors import StoreError
from slogate.model.run import Run, aspect_of
from slogate.reports.json import parse
from slogate.store.layout import Store, json_files
from slogate.store.verdicts import read_verdict
from slogate.verdict import Finding, Verdict

MOST_POINTS = 8
_BLOCKS = "▁▂▃▄▅▆▇█"
_NONE = "·"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """`base` is the run to compare with, called `name`; `courses` end before the verdict."""

    base: Verdict | None = None
    name: str = "before"
    before: Verdict | None = None
    courses: Mapping[str, Sequence[float | None]] = field(default_factory=dict)

    def same(self, finding: Finding) -> Finding | None:
        """The same objective at the base; None if there is none that meant the same."""
        for each in self.base.findings if self.base else ():
            if each.id == finding.id:
                return each if _is_same(each, finding) else None
        return None

    def trend(self, finding: Finding) -> str:
        """The course with the verdict's own value as its end; empty if that were all."""
        values = self.courses.get(finding.id, ())
        if sum(value is not None for value in values) == 0:
            return ""
        return sparkline([*values, finding.observed])


def _is_same(one: Finding, other: Finding) -> bool:
    if one.unit != other.unit:
        return False
    return one.revision is None or other.revision is None or one.revision == other.revision


def sparkline(values: Sequence[float | None]) -> str:
    """Each value as a block between the least and the largest, an unknown one as a dot."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, span = min(known), max(known) - min(known)
    return "".join(
        _NONE if each is None else _BLOCKS[int((each - low) / span * 7.999) if span > 0 else 3]
        for each in values
    )


def ended(verdict: Verdict) -> int:
    """The moment that a verdict tells of."""
    run, window = verdict.subject.run, verdict.subject.window
    return run.end_ts or (window[1] if window else 0) or run.start_ts or 0


def past_of(store: Store | None, verdict: Verdict, base: str | None) -> Past:
    """The past of a verdict: on the branch `base` if it is named, else of the run before."""
    earlier = _earlier(store, verdict) if store is not None else []
    own = [each for each in earlier if each.branch == verdict.subject.run.branch]
    there = [each for each in earlier if base and each.branch == base]
    chosen = _read(there or own or earlier, MOST_POINTS - 1)
    before = _read(own, 1)
    courses = {
        finding.id: [_value(each, finding) for each in chosen] for finding in verdict.findings
    }
    return Past(
        base=chosen[-1] if chosen else None,
        name=base if base and there else "before",
        before=before[-1] if before else None,
        courses=courses if chosen else {},
    )


def _value(earlier: Verdict, finding: Finding) -> float | None:
    found = next((each for each in earlier.findings if each.id == finding.id), None)
    return found.observed if found is not None and _is_same(found, finding) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A stored verdict: what it is of, when that ended (µs), and when it was written."""

    path: Path
    run: str
    branch: str | None
    at: int
    written: int


def _earlier(store: Store, verdict: Verdict) -> list[_Entry]:
    """The verdicts of the service on earlier runs of the kind, the last of each, oldest first."""
    found: dict[str, _Entry] = {}
    for path in json_files(store.verdicts):
        entry = _entry(path, verdict.subject.run)
        if entry is None or entry.at >= ended(verdict):
            continue
        known = found.get(entry.run)
        if known is None or known.written <= entry.written:
            found[entry.run] = entry
    return sorted(found.values(), key=lambda entry: entry.at)


def _entry(path: Path, run: Run) -> _Entry | None:
    """What a file is of, not wholly read; None if of something else, or damaged."""
    try:
        told, written = read_verdict(path)["run"], path.stat().st_mtime_ns
        at = _moment(told.get("end") or told["start"])
    except (StoreError, OSError, KeyError, TypeError, ValueError):
        return None
    mine = (run.service, run.kind, run.aspect)
    if (told.get("service"), told.get("kind"), aspect_of(told["id"])) != mine:
        return None
    entry = _Entry(path=path, run=told["id"], branch=told.get("branch"), at=at, written=written)
    return None if entry.run == run.id else entry


def _moment(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)


def _read(entries: Sequence[_Entry], most: int) -> list[Verdict]:
    """The last so many of them that can be read, oldest first."""
    found: list[Verdict] = []
    for entry in reversed(entries):
        if len(found) == most:
            break
        with contextlib.suppress(StoreError):  # a damaged one is no past
            found.append(parse(read_verdict(entry.path)))
    return found[::-1]
