"""Which parts took others' place, told by their own metadata: for when no manifest tells it.

Whoever merges or rolls up writes into each new part which ones it stands for, as ranges of their
numbers. After a crash in between both may lie there; `doubled` says which of them are one too
many. While all the old ones are there, the new ones are: they may not be complete. Where an old
one is gone, the manifest had been rewritten, and the old ones that are left are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from slogate.errors import StoreError
from slogate.store.layout import check_regular
from slogate.store.parts import number_of, part_of, series_of

REPLACES_KEY = b"slogate.replaces"
Ranges = Mapping[str, Sequence[Sequence[int]]]


def replacing(parts: Sequence[str]) -> dict[bytes, str]:
    """The metadata of a part that takes the place of these."""
    numbers: dict[str, list[int]] = {}
    for part in parts:
        numbers.setdefault(_maker(part), []).append(number_of(part))
    told = {maker: _ranges(sorted(found)) for maker, found in sorted(numbers.items())}
    return {REPLACES_KEY: json.dumps(told)}


def doubled(root: Path, paths: Sequence[Path]) -> list[Path]:
    """The parts of a run whose rows others that lie there hold too, sorted.

    StoreError where that cannot be told.
    """
    there = {path: path.relative_to(root).as_posix() for path in paths}
    extra: set[Path] = set()
    for path in there:
        told = _told(path)
        if told is None:
            continue
        old = [other for other, part in there.items() if _is_in(part, told)]
        whole = len(old) == sum(last - first + 1 for each in told.values() for first, last in each)
        extra |= {path} if whole else {*old}
    return sorted(extra)


def _maker(part: str) -> str:
    """The series and the worker of a part: its number is its own among theirs."""
    return f"{series_of(part)}/{part_of(PurePosixPath(part).name).rpartition('.')[0]}"


def _ranges(numbers: Sequence[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def _is_in(part: str, told: Ranges) -> bool:
    number = number_of(part)
    return any(first <= number <= last for first, last in told.get(_maker(part), ()))


def _told(path: Path) -> Ranges | None:
    """Which parts a part says that it replaces; None if it says nothing, or cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        check_regular(path)
        metadata = pq.read_metadata(path).metadata or {}
    except (OSError, StoreError, pa.ArrowException):
        return None  # it is named by whoever reads it
    text = metadata.get(REPLACES_KEY)
    if text is None:
        return None
    try:
        found: Any = json.loads(text)
        return {
            str(maker): [[int(first), int(last)] for first, last in ranges]
            for maker, ranges in found.items()
        }
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise StoreError(f"{path} does not say which parts it replaced") from None
