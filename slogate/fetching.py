"""The door in for servers: a span of a server's series → runs in the store, nothing twice.

    address, query, span ──offer──► what no run covers yet ──read──► runs, each whole

Each run says in its origin what it covers, and holds exactly that. A long import becomes
several runs, so that one that was killed goes on where its last run ends; one that fails keeps
what was answered before. Of production series only what is new is read; a load run stands for
itself and is one run or none. Two imports of the same series at once are refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from slogate import intake, plugins
from slogate.covering import COVERS, Missing, Span, covered, covers, missing, span_words
from slogate.errors import SourceError, UsageError
from slogate.ingest import Imported, Progress
from slogate.keeping import finished
from slogate.model.run import Kind, Reconciliation, Run
from slogate.recognition import check_options
from slogate.sources._base import Chunk, Offer, Origin, Remote, Source
from slogate.store.layout import Store
from slogate.store.locks import alone
from slogate.store.manifest import found_parts, list_runs, withdraw, write_run
from slogate.store.memory import remembering
from slogate.store.parts import write_part
from slogate.units import format_count

if TYPE_CHECKING:
    import pyarrow as pa

RUN_ROWS = 2_000_000
_OPTION = "--option "
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to fetch, for whom, and how it is read."""

    url: str
    service: str
    kind: Kind = "production"
    format: str = "auto"
    labels: Mapping[str, str] = field(default_factory=dict)
    commit: str | None = None
    branch: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    max_bad: Fraction | None = None


def import_url(
    store: Store,
    wish: Wish,
    *,
    environment: Mapping[str, str],
    now_ts: int,
    progress: Progress = lambda _rows, _expected: None,
) -> Imported:
    """Import what the server has of the wish and the store has not.

    Raises SourceError if the server cannot be asked or has nothing, UsageError for an unknown
    format or option, StoreError if the store refuses; runs that are whole by then stay.
    """
    source = _source(wish.format)
    check_options(source, wish.options)
    assert source.fetch is not None
    offer = source.fetch(Remote(url=wish.url, options=wish.options, environment=environment))
    # two would both find the same span missing
    who = ("fetch", wish.service, wish.kind, sorted(offer.identity.items()))
    with alone(store, who, "these series are being imported into this store already"):
        mine = [run for run in list_runs(store) if _same(run, wish, offer)]
        news = _news(wish, offer, mine)
        known, skipped = news.known, news.skipped
        if known and not news.spans:
            return Imported(run=known, new=False, skipped=skipped)
        fetching = _Fetching(
            store=store, wish=wish, offer=offer, source=source.name, now_ts=now_ts,
            progress=progress,
        )  # fmt: skip
        try:
            for span in news.spans:
                fetching.fetch(span)
        except SourceError as error:
            raise fetching.told(error) from None
    if known and not fetching.runs:
        return Imported(run=known, new=False, skipped=skipped)
    return fetching.imported(skipped)


def _source(wanted: str) -> Source:
    known = plugins.every("sources") if wanted == "auto" else {}
    source: Source = next((each for each in known.values() if each.fetch), None) or plugins.find(
        "sources", wanted
    )
    if source.fetch is None:
        raise UsageError(f"format {source.name} reads files, not servers", hint="download it first")
    return source


def _same(run: Run, wish: Wish, offer: Offer) -> bool:
    """Whether a run holds something of the same series; how they were read does not matter."""
    own = {key: run.origin.get(key) for key in offer.identity}
    return (run.service, run.kind, own) == (wish.service, wish.kind, dict(offer.identity)) and (
        COVERS in run.origin
    )


def _news(wish: Wish, offer: Offer, runs: Sequence[Run]) -> Missing:
    """The spans to read, which run has the others, and one run that has some of it already."""
    whole = (offer.start_us, offer.end_us)
    if wish.kind != "load":
        return missing(whole, runs)
    known = next((run for run in runs if covered(run) == whole), None)
    return Missing(() if known else (whole,), {}, known)


@dataclass(slots=True, kw_only=True)
class _Piece:
    """What becomes one run: what the server had after `start_us`, up to `until_us`."""

    start_us: int
    until_us: int
    tally: intake.Tally = field(default_factory=intake.Tally)


@dataclass(slots=True, kw_only=True)
class _Fetching:
    """An import under way: what is wanted, and what is stored of it so far."""

    store: Store
    wish: Wish
    offer: Offer
    source: str
    now_ts: int
    progress: Progress
    runs: list[Run] = field(default_factory=list)
    trouble: SourceError | None = None
    total: intake.Tally = field(default_factory=intake.Tally)

    @property
    def name(self) -> str:
        """What people call it: the address."""
        return next(iter(self.offer.identity.values()))

    def fetch(self, span: Span) -> None:
        """Store a span as runs, one after the other."""
        feed = self.offer.read(*span)
        piece = _Piece(start_us=span[0], until_us=span[0])
        while piece.until_us < span[1]:
            piece = _Piece(start_us=piece.until_us, until_us=piece.until_us)
            tables = self._tables(feed, piece, span)
            first = next(tables, None)
            if first is not None:
                self.runs.append(self._store(chain([first], tables), piece, span[1]))
            elif piece.tally.bad:
                intake.judge_bad(self.name, piece.tally, Fraction(0))
            self._add(piece.tally)
            if self.trouble is not None:
                raise self.trouble

    def _tables(
        self, feed: Iterator[tuple[int, Chunk]], piece: _Piece, span: Span
    ) -> Iterator[pa.Table]:
        """The rows of the feed, until they are enough for a run of their own."""
        origin = Origin(name=self.name, path=Path(), head=b"")
        before = self.total.rows
        while (answer := self._next(feed, piece)) is not None:
            until, chunk = answer
            piece.until_us = max(until, piece.until_us)
            table = intake.taken(origin, chunk, piece.tally, self.wish.labels)
            done = piece.until_us - span[0]
            rows = piece.tally.rows
            whole = rows * (span[1] - piece.start_us) // done if done else 0
            self.progress(before + rows, before + whole if done else None)
            if table is not None:
                yield table
            if self.wish.kind == "production" and rows >= RUN_ROWS:
                return

    def _next(self, feed: Iterator[tuple[int, Chunk]], piece: _Piece) -> tuple[int, Chunk] | None:
        """The next answer, None after the last; what came before a trouble is kept."""
        try:
            return next(feed, None)
        except SourceError as error:
            if self.wish.kind != "production" or not piece.tally.rows:
                raise
            self.trouble = error
            return None

    def _run(self, start_us: int, end_us: int) -> Run:
        wish, identity = self.wish, self.offer.identity
        content = repr((wish.service, wish.kind, sorted(identity.items()), start_us, end_us))
        when = f"{_EPOCH + timedelta(microseconds=start_us):%Y%m%d-%H%M%S}"
        told = {k: v for k, v in wish.options.items() if k not in {"query", "from", "to"}}
        options = {f"{_OPTION}{key}": value for key, value in told.items()}
        return Run(
            id=f"{when}-{hashlib.sha256(content.encode()).hexdigest()[:6]}",
            service=wish.service, kind=wish.kind, state="complete", created_ts=self.now_ts,
            commit=wish.commit, branch=wish.branch, labels=wish.labels, source=self.source,
            origin={**identity, **options},
        )  # fmt: skip

    def _store(self, tables: Iterator[pa.Table], piece: _Piece, end_us: int) -> Run:
        """Write the part and then the manifest, or leave nothing."""
        run = self._run(piece.start_us, end_us)
        for path in found_parts(self.store, run):  # of an import that was killed
            path.unlink(missing_ok=True)

        def covering() -> Run:
            origin = {**run.origin, COVERS: covers((piece.start_us, piece.until_us))}
            return replace(run, origin=origin, rows=Reconciliation(written=piece.tally.rows))

        part = write_part(
            self.store, run.id, run.service, run.kind,
            (batch for table in tables for batch in table.to_batches()),
            sequence=0, worker=None, series="histograms",
            metadata=lambda: remembering(covering()),
        )  # fmt: skip
        try:
            intake.judge_bad(self.name, piece.tally, self.wish.max_bad)
            done = finished(self.store, covering(), [part], piece.tally)
            write_run(self.store, done)
        except BaseException:
            withdraw(self.store, run.id, [part])
            raise
        return done

    def _add(self, tally: intake.Tally) -> None:
        total = self.total
        total.rows += tally.rows
        total.requests += tally.requests
        total.bad.update(tally.bad)
        total.left_out.update(tally.left_out)
        total.shown += tally.shown[: intake.SHOWN - len(total.shown)]
        total.endpoints |= tally.endpoints

    def told(self, error: SourceError) -> SourceError:
        """The error, with what is there in spite of it."""
        if not self.runs:
            return error
        end = span_words(covered(self.runs[-1])).partition(" to ")[2]
        hint = f"{error.hint}; " if error.hint else ""
        return SourceError(error.message, hint=f"{hint}all up to {end} is imported: call it again")

    def imported(self, skipped: Mapping[str, str]) -> Imported:
        """What to tell; of several runs the last, as long as all of them."""
        total, notes = self.total, self.offer.notes
        if not self.runs:
            what = ", ".join(f"{format_count(n)} {words}" for words, n in total.left_out.items())
            told = f"; left out: {what}" if what else ""
            span = span_words((self.offer.start_us, self.offer.end_us))
            raise SourceError(f"{self.name}: no requests were counted {span}{told}")
        if len(self.runs) > 1:
            notes += (f"stored as {len(self.runs)} runs: {', '.join(r.id for r in self.runs)}",)
        return Imported(
            run=replace(self.runs[-1], start_ts=self.runs[0].start_ts), new=True,
            requests=total.requests, bad=dict(total.bad), left_out=dict(total.left_out),
            shown=tuple(total.shown), endpoints=len(total.endpoints), named=total.named(),
            skipped=skipped, notes=notes,
        )  # fmt: skip
