"""Makes two judgements at a time: one is judged while DuckDB still counts for the other.

What a judgement notes on stderr is told with its result, so that notes come in its order, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from slogate.cli.options import held_notes, note

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
AT_A_TIME = 2


@contextmanager
def together(jobs: Sequence[Callable[[], T]]) -> Iterator[list[Callable[[], T]]]:
    """What gives the result of each job, or raises what it raised, in the order of the jobs.

    Whoever leaves early waits for those at work only. A single job is made when it is asked for.
    """
    if len(jobs) < AT_A_TIME:
        yield list(jobs)
        return
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(AT_A_TIME)
    notes: list[list[str]] = [[] for _ in jobs]
    try:
        begun = [pool.submit(_made, job, mine) for job, mine in zip(jobs, notes, strict=True)]
        yield [partial(_told, made, mine) for made, mine in zip(begun, notes, strict=True)]
    finally:
        pool.shutdown(cancel_futures=True)


def _made(job: Callable[[], T], notes: list[str]) -> T:
    with held_notes(notes):
        return job()


def _told(made: Future[T], notes: list[str]) -> T:
    try:
        return made.result()
    finally:
        while notes:
            note(notes.pop(0))
