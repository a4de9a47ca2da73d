"""Measures runs for a comparison: opens their parts once and counts what all lines ask for.

What a run measured is the worst and the best that its requests can mean (they are the same for
single requests). Some kinds are counted a second time, at what was found, to tell how requests
cluster. Whether a run is to be trusted is decided as for a verdict. The result depends neither on
threads nor on how parts are split.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slogate import plugins
from slogate.engines._base import Engine, Reading
from slogate.evaluate import MIN_SECONDS, judged_window
from slogate.model.evidence import Evidence
from slogate.model.run import Run
from slogate.model.window import Window
from slogate.objectives._base import Allowance, Contrast, Measured
from slogate.store.layout import Store
from slogate.store.reading import with_parts
from slogate.trust import absence, are_outside, distrust
from slogate.units import format_span
from slogate.verdict import Subject

ENGINE = "duckdb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one run measured: (worst, best) by the id of the line; a line without is missing.

    `trouble` says why the run is not to be trusted, `empty` why there is nothing to compare.
    """

    run: Run
    rows: int
    measured: dict[str, tuple[Measured, Measured]]
    trouble: str | None = None
    empty: str | None = None

    @property
    def usable(self) -> bool:
        """Whether it can be part of a base."""
        return self.trouble is None and self.empty is None


def contrast_of(allowance: Allowance) -> Contrast:
    """How its kind is compared; ValueError for a kind that cannot be."""
    found: Contrast | None = plugins.find("objectives", allowance.kind).contrast
    if found is None:
        raise ValueError(f"{allowance.kind} cannot be compared")
    return found


class Taker:
    """Measures runs of one store, each once however often it is asked for."""

    def __init__(
        self, store: Store, lines: Sequence[Allowance], *, threads: int | None = None
    ) -> None:
        self._store, self._lines, self._threads = store, lines, threads
        self._taken: dict[str, Taken] = {}

    def take(self, run: Run) -> Taken:
        """What the run measured."""
        if run.id not in self._taken:
            self._taken[run.id] = with_parts(self._store, run, lambda parts: self._read(run, parts))
        return self._taken[run.id]

    def has(self, run: Run) -> bool:
        """Whether it was asked for."""
        return run.id in self._taken

    def usable(self, runs: Sequence[Run], most: int) -> Iterator[Taken]:
        """The first so many that can be trusted."""
        count = 0
        for run in runs:
            if count == most:
                return
            taken = self.take(run)
            if taken.usable:
                count += 1
                yield taken

    def _read(self, run: Run, parts: list[Path]) -> Taken:
        engine: Engine = plugins.find("engines", ENGINE)
        extent = (run.start_ts, run.end_ts)
        with engine.reading([str(part) for part in parts], self._threads, extent) as series:
            rows, first, last = series.span()
            closed = run if run.end_ts is not None else replace(run, end_ts=last)
            subject = subject_of(closed, rows, first, last, series)
            trouble, empty = distrust(subject), None
            windows = {line.id: judged_window(closed, line.scope.warmup_us) for line in self._lines}
            spans = [window for window in windows.values() if window is not None]
            if not spans or rows == 0:
                least = min((line.scope.warmup_us for line in self._lines), default=0)
                empty = absence(subject, least)
            elif (seconds := max(window.seconds for window in spans)) < MIN_SECONDS:
                empty = f"run {run.id} has only {format_span(seconds)} to compare"
            measured = {} if empty is not None else self._measure(series, windows)
        return Taken(run=closed, rows=rows, measured=measured, trouble=trouble, empty=empty)

    def _measure(
        self, series: Reading, windows: dict[str, Window | None]
    ) -> dict[str, tuple[Measured, Measured]]:
        asked = [(line, window) for line in self._lines if (window := windows[line.id])]
        first = series.gather([contrast_of(line).needs(line, window) for line, window in asked])
        more = [
            need
            for line, window in asked
            if (again := contrast_of(line).again) is not None
            and (need := again(line, first[line.id], window)) is not None
        ]
        second = series.gather(more) if more else {}
        found = {}
        for line, window in asked:
            pair = _pair(line, first[line.id], second.get(line.id), window)
            if pair is not None:
                found[line.id] = pair
        return found


def _pair(
    line: Allowance, evidence: Evidence, again: Evidence | None, window: Window
) -> tuple[Measured, Measured] | None:
    measure = contrast_of(line).measure
    worst = measure(line, evidence, again, window)
    best = measure(line, evidence.best, again, window) if evidence.best else worst
    return None if worst is None or best is None else (worst, best)


def subject_of(
    run: Run, rows: int, first: int | None, last: int | None, series: Reading
) -> Subject:
    """What decides whether the run is to be trusted."""
    stored = rows
    if rows != run.rows.written:
        whole = Window(start_ts=first or 0, end_ts=last or first or 0)
        stored = series.tally(whole).stored
    return Subject(
        run=run, rows=rows, warmup=0, judged=rows, backfilled=0, stored=stored,
        stray=are_outside(run, first, last),
    )  # fmt: skip
