"""Does side by side what mostly waits, as load tests do: each test asks for the one it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def together(acts: Mapping[str, Callable[[], T]], at_once: int = 3) -> Iterator[Callable[[str], T]]:
    """Begin all of them, so many at once; what is given waits for one and returns its result."""
    with ThreadPoolExecutor(at_once) as pool:
        begun = {name: pool.submit(act) for name, act in acts.items()}
        try:
            yield lambda name: begun[name].result()
        finally:
            pool.shutdown(cancel_futures=True)
