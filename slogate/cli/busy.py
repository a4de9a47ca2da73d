"""Shows that work over two seconds goes on, or how far it is: on a terminal only."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE_S = 2.0


@contextmanager
def busy(doing: str, *, quiet: bool, no_color: bool) -> Iterator[Callable[[int, int], None]]:
    """To be called with the bytes done and the bytes in all."""
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn(doing), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
        console=Console(stderr=True, no_color=no_color), transient=True,
    )  # fmt: skip
    task = bar.add_task("", total=None)
    begun = time.monotonic()

    def show(done: int, total: int) -> None:
        if time.monotonic() - begun >= PATIENCE_S:
            bar.start()
            bar.update(task, completed=done, total=max(done, total))

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()


@contextmanager
def waiting(doing: str, *, quiet: bool, no_color: bool = False) -> Iterator[None]:
    """Say what is being done, where nobody knows how much of it there is."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    status = Console(stderr=True, no_color=no_color).status(doing)
    late = threading.Timer(PATIENCE_S, status.start)
    late.daemon = True
    late.start()
    try:
        yield
    finally:
        late.cancel()
        late.join()
        status.stop()
