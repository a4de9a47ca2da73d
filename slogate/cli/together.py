"""Makes two judgements at a time: one is judged while DuckDB still counts for the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

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
    try:
        yield [pool.submit(job).result for job in jobs]
    finally:
        pool.shutdown(cancel_futures=True)
