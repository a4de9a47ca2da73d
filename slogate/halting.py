"""What is at work in this process and must be told to stop when a signal comes.

DuckDB looks for signals between the tasks of a query, and then waits for its other threads: a
Ctrl-C alone would end a long query when it is done, and as an error of DuckDB's. Told by
`interrupt()` it ends at once. Whoever opens a connection says so here; the program's signal
handlers call `halt`, unless somebody who was told to stop already said `hush`: people press twice,
and CI sends another signal, while the last words are said. Children of a fork have nothing at work.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from slogate.errors import Interrupted


@dataclass(slots=True, kw_only=True, eq=False)
class _Work:
    """What can be stopped, in which process, and the words of who stopped it."""

    stop: Callable[[], object]
    process: int
    stopped: str | None = None


_AT_WORK: set[_Work] = set()
_WHY: list[str] = []
_HUSHED: list[bool] = []


@contextlib.contextmanager
def stoppable(stop: Callable[[], object]) -> Iterator[None]:
    """Let `halt` call `stop` meanwhile; Interrupted in place of whatever error comes of that."""
    work = _Work(stop=stop, process=os.getpid())
    _AT_WORK.add(work)
    try:
        yield
    except Exception:
        if work.stopped is None:
            raise
        raise Interrupted(work.stopped) from None
    finally:
        _AT_WORK.discard(work)


def halt(why: str) -> None:
    """Stop what is at work; nothing that goes wrong with it may hide the signal."""
    _WHY.append(why)
    for work in tuple(_AT_WORK):
        if work.process == os.getpid():
            work.stopped = why
            with contextlib.suppress(Exception):
                work.stop()


def hush() -> None:
    """Let no more signals stop this process: what it has left to do is short."""
    _HUSHED.append(True)


def heed() -> None:
    """Let signals stop this process again."""
    _HUSHED.clear()


def hushed() -> bool:
    """Whether signals stop nothing now."""
    return bool(_HUSHED)


def halted() -> str | None:
    """Why this process was told to stop, if it was: a library may make an error of its own of it.

    One that is being imported does.
    """
    return _WHY[0] if _WHY else None
