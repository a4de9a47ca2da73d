"""Refuses production that the series have already, row for row: slices of a log, copies of it.

    the run as it is written, runs of the same time ──rows alike──► SourceError, or nothing

Contents tell a log that has grown (`grown.py`); this tells everything else by its rows: the second
half of a log, slices that overlap, a log that is followed too, other endings of lines, another
format. What is alike by chance, as two hosts are asked for their health, is no reason: then more
must be alike than if one of both were moved by a second, and more than a few kinds of rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import sqrt

from slogate.contents import remedy
from slogate.errors import SourceError
from slogate.hashing import hash_of
from slogate.model.run import Run
from slogate.recognition import File
from slogate.store.alike import LOOKED_AT, Alike, alike, counted_from_one_start
from slogate.store.layout import Store
from slogate.store.meeting import meeting, rows_of
from slogate.units import format_count

FOLLOWED = "followed"
OTLP = "otlp"
FEW, KINDS, MUCH = 10, 5, 1_000
SEVERAL = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def refuse_repeated(store: Store, run: Run, others: Iterable[Run]) -> set[str]:
    """SourceError if one of the others has requests of this run, whose parts are written.

    Returns which of the others are surely other traffic: much was looked at.
    """
    apart = set()
    for other in _worth_a_look(store, run, others):
        for series in ("requests", "histograms"):
            found = alike(store, run, other, series)
            if found is None:
                continue
            if same(found, exactly=series == "requests"):
                raise _refused(run, other, found)
            if min(found.one, found.other) >= MUCH:
                apart.add(other.id)
        of_otlp = run.source.startswith(OTLP) and other.source.startswith(OTLP)
        if of_otlp and found is not None and counted_from_one_start(store, run, other):
            raise SourceError(
                f"{_names(run)} counts from a start on from which run {other.id} has "
                "counted already, and requests would count twice",
                hint="leave out what was counted before its first points: --option first=skip",
            )
    return apart


def _worth_a_look(store: Store, run: Run, others: Iterable[Run]) -> list[Run]:
    """Those of the others that may have rows of this run, where asking each would take long."""
    start, end = run.start_ts or 0, run.end_ts or 0
    near = [
        other
        for other in others
        if (other.start_ts or 0) <= end
        and start <= (other.end_ts or 0)
        # it may have been deleted while this one was read
        and (store.runs / f"{other.id}.json").exists()
    ]
    small = [
        other
        for other in near
        if (rows := rows_of(other)) is not None
        and rows <= LOOKED_AT
        and not (run.source.startswith(OTLP) and other.source.startswith(OTLP))
    ]
    if len(small) < SEVERAL:
        return near
    met: set[str] = set()
    for series in ("requests", "histograms"):
        met |= meeting(store, run, small, series, FEW)
    unlike = {other.id for other in small} - met
    return [other for other in near if other.id not in unlike]


def refuse_followed(files: Iterable[File], runs: Iterable[Run]) -> None:
    """SourceError for a log that one of the runs follows: who follows it takes in what is new."""
    followed = [run for run in runs if FOLLOWED in run.origin]
    for file in files:
        for run in followed:
            told = run.origin.get("head_bytes", "0")
            size = int(told) if told.isdecimal() else 0
            if size and hash_of(file.origin.head[:size]) == run.origin.get("head"):
                raise SourceError(
                    f"{file.origin.name} is followed: run {run.id} has it up to line "
                    f"{run.origin.get('lines')}, and its requests would count twice",
                    hint=_hint(run),
                )


def same(found: Alike, *, exactly: bool) -> bool:
    """Whether rows that are alike are the same ones.

    Of other traffic about as many are alike when it is moved; more by ten, by five times the root
    of those that are alone, and by a quarter of all that could be more, is no chance. `exactly`:
    all that the two have at that time, to the last row, is none either.
    """
    if found.both < FEW or found.kinds < KINDS:
        return False
    if exactly and found.one == found.other == found.both:
        return True
    alone = min(found.one, found.other) - found.both
    more = found.both - found.moved
    return more >= FEW + 5 * sqrt(alone) and 4 * more >= more + alone


def _refused(run: Run, other: Run, found: Alike) -> SourceError:
    low = max(run.start_ts or 0, other.start_ts or 0)
    high = min(run.end_ts or 0, other.end_ts or 0)
    start, end = (f"{_EPOCH + timedelta(microseconds=us):%Y-%m-%d %H:%M:%S}" for us in (low, high))
    of = "looked at" if found.every > 1 else "of that time"
    told = f"{format_count(found.both)} of its {format_count(found.one)} rows {of} are alike"
    return SourceError(
        f"{_names(run)} holds requests that run {other.id} has already, "
        f"from {start} to {end} UTC, and would count them twice: {told}",
        hint=_hint(other),
    )


def _names(run: Run) -> str:
    return ", ".join(run.contents) or run.origin.get(FOLLOWED, run.id)


def _hint(run: Run) -> str:
    if FOLLOWED not in run.origin:
        return remedy(run.id)
    log = run.origin[FOLLOWED]
    return (
        f"what is written to it is taken in by: slogate import --follow {log}; "
        "it is other traffic? give it a --label of its own"
    )
