"""The door in: foreign files → one run in the store, whole or not at all.

recognise each file → hash it → leave out what is imported already → read its rows → parts →
manifest. A file that comes alone is hashed beside the reading of its first rows. The manifest
comes last, so that a reader never sees half an import; when anything fails the parts are taken
away again. Bad rows are counted and named with their lines; over the allowed share they are a
reason to refuse the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from slogate import intake
from slogate.errors import SourceError, UsageError
from slogate.grown import (
    Growing,
    Rest,
    content_of,
    covering_each_other,
    refuse_within,
    rests,
    unchanged,
)
from slogate.keeping import keep
from slogate.model.run import Kind, Run
from slogate.recognition import (
    File,
    doubts,
    news,
    not_applied,
    origin_of,
    read_alike,
    readable,
    recognise,
    split,
)
from slogate.repeated import refuse_followed, refuse_repeated
from slogate.sources._base import NO_UTF8
from slogate.store.layout import Store
from slogate.store.locks import alone
from slogate.store.manifest import found_parts, list_runs
from slogate.units import format_count

if TYPE_CHECKING:
    import pyarrow as pa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Progress = Callable[[int, int | None], None]


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
    wish = _Wish(
        service=service, now_ts=now_ts, kind=kind, labels=labels or {}, commit=commit,
        branch=branch, options=dict(options or {}), max_bad=max_bad, run_id=run_id,
        progress=progress,
    )  # fmt: skip
    with readable(files) as paths:

        def looked_at() -> list[File]:
            beside = len(files) == 1
            return [recognise(*file, format, wish.options, beside=beside) for file in paths]

        given = looked_at()
        try:
            # the same files by two at once: the second finds there what the first has imported
            with alone(store, ("import", service, kind)):
                try:
                    return _import(store, given, wish, copied=False)
                except Growing:
                    if kind != "production":
                        raise
                given += looked_at()
                return _import(store, given[len(paths) :], wish, copied=True)
        finally:
            for file in given:
                file.hash.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What was asked for."""

    service: str
    now_ts: int
    kind: Kind
    labels: Mapping[str, str]
    commit: str | None
    branch: str | None
    options: Mapping[str, str]
    max_bad: Fraction | None
    run_id: str | None
    progress: Progress


def _import(store: Store, given: Sequence[File], wish: _Wish, *, copied: bool) -> Imported:
    """Import what no run holds; of copies, if the files are still being written to."""
    runs = list_runs(store)
    mine = [run for run in runs if run.service == wish.service and run.kind == wish.kind]
    begun = _begun(given, wish) if len(given) == 1 and not copied else None
    try:
        files, skipped, known = news(given, mine, wish.options, wish.kind)
        alike = read_alike(mine, wish.options) if wish.kind == "production" and not known else []
        held = [run for run in alike if wish.labels.items() <= run.labels.items()]
        refuse_within(files)
        refuse_followed(files, held)
        with rests(store, files, held, copied=copied) as left:
            skipped |= {rest.given.origin.name: rest.told for rest in left if rest.file is None}
            new = [rest for rest in left if rest.file is not None]
            if known is None and not new:
                known = next(run for run in mine if run.id in left[0].whose)
            if known is not None:
                _refuse_bad(known, wish.max_bad)
                notes = [*not_applied(known, wish.labels, wish.commit, wish.branch)]
                if known.state == "incomplete":
                    again = f"delete it and import again: slogate runs delete {known.id}"
                    notes.append(
                        f"{known.id} is incomplete, {known.note}; to have it whole, {again}"
                    )
                return Imported(run=known, new=False, skipped=skipped, notes=tuple(notes))
            if begun is None or new[0].file is not given[0]:
                begun = _begun([rest.file for rest in new if rest.file is not None], wish)
            first = _first(begun, new)
            run = _new_run(wish, new, first)
            _make_way(store, run, [each.id for each in runs])
            continued = {who for rest in new for who in rest.whose}
            others = [each for each in mine if each.id not in continued]
            tables = chain([first], begun.tables, unchanged(new))
            beside = [each for each in held if each.id not in continued]
            run = keep(
                store, run, tables, begun.tally, wish.max_bad,
                check=lambda stored: refuse_repeated(store, stored, beside),
            )  # fmt: skip
            return _imported(run, new, begun.tally, others, skipped)
    finally:
        if begun is not None:
            begun.tables.close()


def _refuse_bad(known: Run, max_bad: Fraction | None) -> None:
    """SourceError if the run that holds the files had more bad rows than may be this time."""
    bad, seen = known.rows.unreadable, known.rows.seen
    if max_bad is not None and bad > max_bad * (bad + seen):
        raise SourceError(
            f"already imported as {known.id}, and {format_count(bad)} of "
            f"{format_count(bad + seen)} rows were bad, more than is allowed now",
            hint=f"correct the file, and delete what is there: slogate runs delete {known.id}",
        )


def _new_run(wish: _Wish, new: Sequence[Rest], first: intake.Rows) -> Run:
    """The run to be, named after what it is made of."""
    files = [rest.given for rest in new]
    origin = origin_of(files, wish.options)
    contents = {rest.given.origin.name: content_of(rest) for rest in new}
    return Run(
        id=wish.run_id or _run_id(first[1], wish.service, wish.kind, origin),
        service=wish.service, kind=wish.kind, state="complete", created_ts=wish.now_ts,
        commit=wish.commit, branch=wish.branch, labels=wish.labels, source=files[0].source.name,
        origin=origin, contents=contents if wish.kind == "production" else {},
        untold=tuple(sorted({what for file in files for what in file.source.untold})),
    )  # fmt: skip


def _imported(
    run: Run,
    new: Sequence[Rest],
    tally: intake.Tally,
    others: Sequence[Run],
    skipped: Mapping[str, str],
) -> Imported:
    """What is told of an import; `others` are runs that it may overlap."""
    notes = [rest.told for rest in new if rest.whose]
    notes += doubts([rest.given for rest in new], others, run)
    if run.kind == "production":
        notes += covering_each_other(tally.spans)
    return Imported(
        run=run, new=True, requests=tally.requests, bad=dict(tally.bad),
        left_out=dict(tally.left_out), shown=tuple(tally.shown),
        endpoints=len(tally.endpoints), named=tally.named(), skipped=skipped,
        notes=(*notes, *tally.notes),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Files that are being read: their first rows, or why there are none, and the others."""

    tally: intake.Tally
    first: intake.Rows | SourceError | None
    tables: Generator[intake.Rows]


def _begun(files: Sequence[File], wish: _Wish) -> _Reading:
    tally = intake.Tally()
    first: intake.Rows | SourceError | None
    pairs = [(file.source, file.origin) for file in files]
    tables = intake.read(pairs, tally, wish.labels, wish.progress)
    try:
        first = next(tables, None)
    except SourceError as error:  # to be raised only if the file is not known already
        first = error
    return _Reading(tally=tally, first=first, tables=tables)


def _first(reading: _Reading, new: Sequence[Rest]) -> intake.Rows:
    """The first rows there are; SourceError that says what there was instead."""
    if isinstance(reading.first, SourceError):
        raise reading.first
    if reading.first is not None:
        return reading.first
    tally = reading.tally
    name = new[0].given.origin.name if len(new) == 1 else f"{len(new)} files"
    if tally.bad:
        count = format_count(tally.bad.total())
        raise SourceError(
            f"{name}: none of its rows can be used, {count} are bad{tally.listed}",
            hint=intake.CONVERT
            if NO_UTF8 in tally.bad
            else "is it of another format? --format NAME",
        )
    if tally.left_out:
        what = ", ".join(f"{format_count(n)} {kind}" for kind, n in tally.left_out.items())
        raise SourceError(
            f"{name}: there are no requests; left out: {what}",
            hint="what an option of the format can take in: slogate import --formats",
        )
    raise SourceError(f"{name}: there are no rows")


def _run_id(first: pa.Table, service: str, kind: str, origin: Mapping[str, str]) -> str:
    start = first["ts"][0].cast("int64").as_py()
    when = _EPOCH + timedelta(microseconds=start)
    content = repr((service, kind, *split(origin)))
    return f"{when:%Y%m%d-%H%M%S}-{hashlib.sha256(content.encode()).hexdigest()[:6]}"


def _make_way(store: Store, run: Run, known: Sequence[str]) -> None:
    """Refuse an id that is taken; clear what a killed import of the same files has left."""
    if run.id in known:
        hint = f"delete it, if it is not whole: slogate runs delete {run.id}"
        raise UsageError(f"there is a run '{run.id}' already", hint=hint)
    for path in found_parts(store, run):
        path.unlink(missing_ok=True)
