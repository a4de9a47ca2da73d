"""What `import` shows: a progress bar while it takes long, complaints, and one line at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from slogate import plugins
from slogate.cli.complaints import tame
from slogate.ingest import Imported
from slogate.intake import ENDPOINTS_COUNTED
from slogate.units import format_count, format_duration, format_span

PATIENCE_S = 2.0
MANY_ENDPOINTS = 100
PATHS = "paths"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAME_SHOWN = 100


@contextmanager
def progress(*, quiet: bool, no_color: bool) -> Iterator[Callable[[int, int | None], None]]:
    """To be called with rows read and rows expected; a bar on a terminal, after two seconds."""
    if quiet or not sys.stderr.isatty():
        yield lambda _rows, _expected: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("importing"), BarColumn(), TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    console = Console(stderr=True, no_color=no_color)
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("", total=None, told="")
    begun = time.monotonic()

    def show(rows: int, expected: int | None) -> None:
        taken = time.monotonic() - begun
        if taken < PATIENCE_S:
            return
        bar.start()
        told = f"{format_count(rows)} rows, {format_count(int(rows / taken))}/s"
        bar.update(task, completed=rows, total=max(rows, expected) if expected else None, told=told)

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()


def complaints(imported: Imported) -> list[str]:
    """What people should know about rows and files that were not taken."""
    lines = [f"note: {plain(note)}" for note in imported.notes]
    lines += [f"note: {plain(name)} is {why}" for name, why in imported.skipped.items()]
    lines += [
        f"note: left out: {format_count(count)} {what}" for what, count in imported.left_out.items()
    ]
    lines += [f"bad row: {plain(line)}" for line in imported.shown]
    more = sum(imported.bad.values()) - len(imported.shown)
    return [*lines, f"… and {format_count(more)} more bad rows"] if more > 0 else lines


def endpoints(imported: Imported) -> str:
    """The endpoints as specs name them, or how many there are and what may be done about it."""
    names = ", ".join(_short(plain(name)) or "(no name)" for name in imported.named)
    if imported.endpoints <= len(imported.named):
        return f"endpoints, as specs name them: {names}"
    told = f"{_how_many(imported)}, as specs name them: {names}, …"
    if imported.endpoints < MANY_ENDPOINTS or f"--option {PATHS}" in imported.run.origin:
        return told
    if PATHS in plugins.find("sources", imported.run.source).options:
        return f"{told}; where paths hold ids, --option {PATHS}=numbers makes them one"
    return f"{told}; where names hold ids, judge them as one: endpoint: GET /orders/*"


def _how_many(imported: Imported) -> str:
    if imported.endpoints > ENDPOINTS_COUNTED:
        return f"over {format_count(ENDPOINTS_COUNTED)} endpoints"
    return counted(imported.endpoints, "endpoint")


def _short(name: str) -> str:
    return name if len(name) <= NAME_SHOWN else f"{name[:NAME_SHOWN]}…"


def summary(imported: Imported) -> str:
    """`imported 255 requests in 1 min 0 s from 2019-03-05 11:00:27 UTC, … as run …`."""
    run = imported.run
    if not imported.new:
        return f"already imported as {run.id}: nothing changed"
    start, end = run.start_ts or 0, run.end_ts or 0
    bad = sum(imported.bad.values())
    when = _EPOCH + timedelta(microseconds=start)
    return (
        f"imported {counted(imported.requests, 'request')} ({counted(bad, 'bad row')}) over "
        f"{_span(end - start)} from {when:%Y-%m-%d %H:%M:%S} UTC, "
        f"{_how_many(imported)}, as run {run.id} of {plain(run.service)}"
    )


def _span(us: int) -> str:
    return format_duration(us) if us < 120_000_000 else format_span(us / 1e6)


def counted(count: int, noun: str) -> str:
    """`1 bad row`, `2,000 requests`."""
    return f"{format_count(count)} {noun}{'' if count == 1 else 's'}"


def plain(text: str) -> str:
    """Foreign text on one line, without characters that command a terminal."""
    return tame(text.replace("\n", "\ufffd"))
