"""`slogate import --follow`: takes in what is appended to a log until Ctrl-C or SIGTERM."""

from __future__ import annotations

import json
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from slogate.cli.given import STDIN
from slogate.cli.importing import counted, plain
from slogate.cli.options import note, out
from slogate.errors import EXIT_PASS, UsageError
from slogate.follow.follower import Followed, follow
from slogate.follow.journal import Wish
from slogate.store.layout import Store
from slogate.units import US_PER_SECOND, format_count, parse_duration

MIN_EVERY_US, MAX_EVERY_US = 100_000, 3_600_000_000
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def follow_file(store: Store, wish: Wish, *, as_json: bool, quiet: bool) -> int:
    """Follow the file; the exit code. Ctrl-C is the way to end it, so it ends well."""
    note(f"following {plain(str(wish.path))}; Ctrl-C ends it, and it can be resumed", quiet=quiet)
    with _until_signalled() as over:
        followed = follow(
            store,
            wish,
            now_ts=lambda: time.time_ns() // 1_000,
            wait=over.wait,
            tell=lambda line: note(plain(line), quiet=quiet),
            show=_shown(quiet=quiet),
        )
    if sys.stderr.isatty() and not quiet:
        sys.stderr.write("\n")
    _tell(followed, as_json=as_json)
    return EXIT_PASS


def given_log(words: Sequence[str]) -> Path:
    """The one file to follow; UsageError for several, a pattern or stdin."""
    if len(words) != 1 or words[0] == STDIN:
        raise UsageError("--follow takes one file", hint="follow each log by a process of its own")
    if re.match("https?://", words[0]):
        hint = "import from a server again and again: each moment is taken once"
        raise UsageError("--follow takes a file, not a server", hint=hint)
    given = Path(words[0])
    if given.is_dir():
        raise UsageError(f"{words[0]} is a folder")
    # one name of each log, so that nobody follows it twice; what it links to itself may change
    return given.parent.resolve() / given.name


def given_every(word: str) -> float:
    """The seconds of `--every`; UsageError for anything that is no length of time."""
    try:
        every = parse_duration(word)
    except ValueError as error:
        raise UsageError(f"--every: {error}", hint="write it so: --every 5s") from None
    if not MIN_EVERY_US <= every <= MAX_EVERY_US:
        raise UsageError(f"--every {word} is out of range", hint="it is 100ms to 1h")
    return every / US_PER_SECOND


@contextmanager
def _until_signalled() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C or SIGTERM sets; a second one interrupts as ever."""
    over = threading.Event()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def end(_number: int, _frame: object) -> None:
        over.set()
        _restore(before)

    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # nohup
            signal.signal(number, end)
    try:
        yield over
    finally:
        _restore(before)


def _restore(handlers: Mapping[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _shown(*, quiet: bool) -> Callable[[Followed], None]:
    if quiet or not sys.stderr.isatty():
        return lambda _followed: None

    def show(followed: Followed) -> None:
        sys.stderr.write(f"\r{_sum(followed)} ")
        sys.stderr.flush()

    return show


def _sum(followed: Followed) -> str:
    told = f"{counted(followed.requests, 'request')}, {counted(followed.bad, 'bad row')}"
    return f"{told}, {format_count(followed.left_out)} left out" if followed.left_out else told


def _tell(followed: Followed, *, as_json: bool) -> None:
    run = followed.run
    if as_json:
        document = {
            "run": run.id if run else None,
            "requests": followed.requests,
            "bad": followed.bad,
            "left_out": followed.left_out,
            "parts": followed.parts,
            "lines": int(run.origin["lines"]) if run else 0,
        }
        out(f"{json.dumps(document, indent=2)}\n")
        return
    where = f", as run {run.id} of {plain(run.service)}" if run else ""
    out(f"followed {_sum(followed)}{where}\n")
