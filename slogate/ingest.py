"""The door in: foreign files → one run in the store, whole or not at all.

recognise each file → hash it → refuse what is imported already → read its rows → parts →
manifest. A file that comes alone is hashed beside the reading of its first rows. The manifest
comes last, so that a reader never sees half an import; when anything fails the parts are taken
away again. Bad rows are counted and named with their lines; over the allowed share they are a
reason to refuse the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from slogate import intake
from slogate.errors import SourceError, UsageError
from slogate.model.run import Kind, Reconciliation, Run
from slogate.model.series import Series
from slogate.recognition import (
    OPTION,
    File,
    doubts,
    news,
    not_applied,
    origin_of,
    readable,
    recognise,
    split,
)
from slogate.sources._base import NO_UTF8
from slogate.store.layout import Store
from slogate.store.locks import alone
from slogate.store.manifest import found_parts, list_runs, withdraw, write_run
from slogate.store.parts import write_part
from slogate.store.seals import sealed
from slogate.units import format_count, format_share

if TYPE_CHECKING:
    import pyarrow as pa

PART_ROWS = 4_000_000
ALLOWED_SHARE = Fraction(1, 100)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONVERT = "convert it, if it is Latin-1: iconv -f LATIN1 -t UTF-8 FILE > CONVERTED"

Progress = Callable[[int, int | None], None]
Rows = tuple[Series, "pa.Table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did. `new` is False where the run was there already.

    `requests` is how many requests the rows of the run stand for. `bad` and `left_out` count
    rows by reason; `shown` are the first bad ones with their place.
    `endpoints` is counted up to one over `intake.ENDPOINTS_COUNTED`; `named` are the first of
    them, as specs name them. `skipped` files are named with why.
    `notes` are sentences of the source for people.
    """

    run: Run
    new: bool
    requests: int = 0
    bad: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    endpoints: int = 0
    named: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def import_files(
    store: Store,
    files: Sequence[tuple[str, Path]],
    *,
    service: str,
    now_ts: int,
    format: str = "auto",  # noqa: A002 (the option's name)
    kind: Kind = "load",
    labels: Mapping[str, str] | None = None,
    commit: str | None = None,
    branch: str | None = None,
    options: Mapping[str, str] | None = None,
    max_bad: Fraction | None = None,
    run_id: str | None = None,
    progress: Progress = lambda _rows, _expected: None,
) -> Imported:
    """Import the files (name for people, path) as one run of the service.

    `max_bad` is the share of rows that may be bad; None allows 1%, or one row (a cut-off last
    line). Raises SourceError for files that cannot be used, UsageError for an unknown format or
    option, StoreError if the store refuses; nothing is left behind then.
    """
    chosen = dict(options or {})
    with readable(files) as paths:
        given = [recognise(*file, format, chosen, beside=len(files) == 1) for file in paths]
        try:
            # the same files by two at once: the second finds there what the first has imported
            with alone(store, ("import", service, kind)):
                return _import(
                    store, given, service=service, now_ts=now_ts, kind=kind, labels=labels or {},
                    commit=commit, branch=branch, options=chosen, max_bad=max_bad, run_id=run_id,
                    progress=progress,
                )  # fmt: skip
        finally:
            for file in given:
                file.hash.stop()


def _import(
    store: Store,
    given: Sequence[File],
    *,
    service: str,
    now_ts: int,
    kind: Kind,
    labels: Mapping[str, str],
    commit: str | None,
    branch: str | None,
    options: Mapping[str, str],
    max_bad: Fraction | None,
    run_id: str | None,
    progress: Progress,
) -> Imported:
    runs = list_runs(store)
    mine = [run for run in runs if run.service == service and run.kind == kind]
    begun = _begun(given, labels, progress) if len(given) == 1 else None
    files_new, skipped, known = news(given, mine, options, kind)
    if known:
        if begun:
            begun.tables.close()
        notes = tuple(not_applied(known, labels, commit, branch))
        return Imported(run=known, new=False, skipped=skipped, notes=notes)
    reading = begun or _begun(files_new, labels, progress)
    tally, first = reading.tally, _first(reading, files_new)
    origin = origin_of(files_new, options)
    run = Run(
        id=run_id or _run_id(first[1], service, kind, origin), service=service, kind=kind,
        state="complete", created_ts=now_ts, commit=commit, branch=branch, labels=labels,
        source=files_new[0].source.name, origin=origin,
        untold=tuple(sorted({what for file in files_new for what in file.source.untold})),
    )  # fmt: skip
    _make_way(store, run, [run.id for run in runs])
    run = _store(store, run, chain([first], reading.tables), tally, max_bad)
    return Imported(
        run=run, new=True, requests=tally.requests, bad=dict(tally.bad),
        left_out=dict(tally.left_out), shown=tuple(tally.shown),
        endpoints=len(tally.endpoints), named=tally.named(), skipped=skipped,
        notes=(*doubts(files_new, mine, run), *tally.notes),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Files that are being read: their first rows, or why there are none, and the others."""

    tally: intake.Tally
    first: Rows | SourceError | None
    tables: Generator[Rows]


def _begun(files: Sequence[File], labels: Mapping[str, str], progress: Progress) -> _Reading:
    tally = intake.Tally()
    first: Rows | SourceError | None
    pairs = [(file.source, file.origin) for file in files]
    tables = intake.read(pairs, tally, labels, progress)
    try:
        first = next(tables, None)
    except SourceError as error:  # to be raised only if the file is not known already
        first = error
    return _Reading(tally=tally, first=first, tables=tables)


def _first(reading: _Reading, files: Sequence[File]) -> Rows:
    """The first rows there are; SourceError that says what there was instead."""
    if isinstance(reading.first, SourceError):
        raise reading.first
    if reading.first is not None:
        return reading.first
    tally = reading.tally
    name = files[0].origin.name if len(files) == 1 else f"{len(files)} files"
    if tally.bad:
        count = format_count(tally.bad.total())
        raise SourceError(
            f"{name}: none of its rows can be used, {count} are bad{_shown(tally)}",
            hint=_CONVERT if NO_UTF8 in tally.bad else "is it of another format? --format NAME",
        )
    if tally.left_out:
        what = ", ".join(f"{format_count(n)} {kind}" for kind, n in tally.left_out.items())
        raise SourceError(f"{name}: there are no requests; left out: {what}")
    raise SourceError(f"{name}: there are no rows")


def _refuse_bad(name: str, tally: intake.Tally, allowed: Fraction) -> None:
    bad, total = tally.bad.total(), tally.bad.total() + tally.rows
    hint = _CONVERT if NO_UTF8 in tally.bad else "correct the file"
    raise SourceError(
        f"{name}: {format_count(bad)} of {format_count(total)} rows are bad "
        f"({format_share(Fraction(bad, total))}, {format_share(allowed)} allowed){_shown(tally)}",
        hint=f"{hint}, or keep the other rows with --max-bad and a share",
    )


def _shown(tally: intake.Tally) -> str:
    return "".join(f"\n  {line}" for line in tally.shown)


def _run_id(first: pa.Table, service: str, kind: str, origin: Mapping[str, str]) -> str:
    start = first["ts"][0].cast("int64").as_py()
    when = _EPOCH + timedelta(microseconds=start)
    content = repr((service, kind, *split(origin)))
    return f"{when:%Y%m%d-%H%M%S}-{hashlib.sha256(content.encode()).hexdigest()[:6]}"


def _make_way(store: Store, run: Run, known: Sequence[str]) -> None:
    """Refuse an id that is taken; clear what a killed import of the same files has left."""
    if run.id in known:
        raise UsageError(f"there is a run '{run.id}' already", hint="choose another id for it")
    for path in found_parts(store, run):
        path.unlink(missing_ok=True)


def _store(
    store: Store,
    run: Run,
    tables: Iterator[Rows],
    tally: intake.Tally,
    max_bad: Fraction | None,
) -> Run:
    """Write the parts and then the manifest, or leave nothing."""
    parts: list[str] = []
    try:
        for series, group in groupby(tables, itemgetter(0)):
            alike = (table for _, table in group)
            while (table := next(alike, None)) is not None:
                rows = _up_to(chain([table], alike), PART_ROWS)
                parts.append(
                    write_part(
                        store, run.id, run.service, run.kind, rows,
                        sequence=len(parts), worker=None, series=series,
                    )
                )  # fmt: skip
        names = [key for key in run.origin if not key.startswith(OPTION)]
        judge_bad(", ".join(names), tally, max_bad)
        stored = finished(store, run, parts, tally)
        write_run(store, stored)
    except BaseException:
        withdraw(store, run.id, parts)
        raise
    return stored


def _up_to(tables: Iterator[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Tables until they hold that many rows; the others stay for the next part."""
    for table in tables:
        yield table
        rows -= table.num_rows
        if rows <= 0:
            return


def judge_bad(name: str, tally: intake.Tally, max_bad: Fraction | None) -> None:
    """SourceError if more rows are bad than the share allows."""
    bad, total = tally.bad.total(), tally.bad.total() + tally.rows
    allowed = ALLOWED_SHARE if max_bad is None else max_bad
    if bad > allowed * total and not (max_bad is None and bad == 1):
        _refuse_bad(name, tally, allowed)


def finished(store: Store, run: Run, parts: Sequence[str], tally: intake.Tally) -> Run:
    """The run with what is known once all is written."""
    run = sealed(store, replace(run, parts=tuple(parts)))
    written = sum(seal.rows for seal in run.seals.values())
    bad = tally.bad.total()
    notes = [f"{format_count(bad)} bad rows were not kept"] if bad else []
    return replace(
        run,
        start_ts=tally.first_ts, ramped_ts=tally.first_ts, stop_ts=tally.last_ts,
        end_ts=tally.last_ts, rows=Reconciliation(seen=tally.rows, written=written, unreadable=bad),
        note="; ".join([*notes, *tally.notes]) or None,
    )  # fmt: skip
