"""Which spans of time the runs of a server's series cover, and which are still to be read.

    a span, runs ──missing──► spans that no run covers, and what to say about the others

A run says in its origin what it covers: after one moment, up to another. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.units import format_count

COVERS = "covers"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Missing:
    """The spans to read, which runs have the others (for people), and the newest run that does."""

    spans: tuple[Span, ...]
    skipped: dict[str, str]
    known: Run | None


def missing(whole: Span, runs: Sequence[Run]) -> Missing:
    """What of a span no run covers; StoreError if a run does not say what it covers."""
    spans, there = [whole], []
    for run in runs:
        start, end = covered(run)
        both = (max(start, whole[0]), min(end, whole[1]))
        if both[0] < both[1]:
            there.append((*both, run))
        spans = [
            (low, high)
            for begin, stop in spans
            for low, high in ((begin, min(stop, start)), (max(begin, end), stop))
            if low < high
        ]
    return Missing(tuple(spans), dict(_told(there)), there[0][2] if there else None)


def _told(there: Sequence[tuple[int, int, Run]]) -> Iterator[tuple[str, str]]:
    """A sentence for each stretch of time, whose runs may be many: one an hour, say."""
    stretches: list[tuple[int, int, list[str]]] = []
    for start, end, run in sorted(there, key=lambda each: each[:2]):
        if stretches and start <= stretches[-1][1]:
            begun, until, names = stretches[-1]
            stretches[-1] = (begun, max(until, end), [*names, run.id])
        else:
            stretches.append((start, end, [run.id]))
    for start, end, names in stretches:
        many = f"{format_count(len(names))} runs, the last of them {names[-1]}"
        told = names[0] if len(names) == 1 else many
        yield f"what was scraped {span_words((start, end))}", f"already imported as {told}"


def covers(span: Span) -> str:
    """How a run says what it covers."""
    return "/".join(
        (_EPOCH + timedelta(microseconds=us)).isoformat(timespec="milliseconds") for us in span
    )


def covered(run: Run) -> Span:
    """After when, and up to when, a run holds what its server had."""
    try:
        start, end = (
            (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
            for text in run.origin[COVERS].split("/")
        )
    except (ValueError, TypeError):
        raise StoreError(f"run {run.id} does not say what it covers") from None
    return start, end


def span_words(span: Span) -> str:
    """`from 2026-11-01 00:00:00 to … UTC`."""
    start, end = (f"{_EPOCH + timedelta(microseconds=us):%Y-%m-%d %H:%M:%S}" for us in span)
    return f"from {start} to {end} UTC"
