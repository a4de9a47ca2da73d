"""The rows of JMeter's XML: their columns, and whole numbers as JMeter writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

Row = tuple[int, int, str, int | None, bool | None, str | None, int | None, str | None]
# how plugins write a sample of their own, instead of attributes
ELEMENTS = {
    "startTime": "ts", "elapsedTime": "t", "success": "s", "label": "lb", "responseCode": "rc",
    "responseMessage": "rm", "bytes": "by",
}  # fmt: skip
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,14}", re.ASCII)


def whole_us(text: str | None) -> int | None:
    """A plain whole number times 1,000, as ms in µs; None for anything else."""
    if not text:
        return None
    return _us_again(text) if len(text) < 7 else _us(text)


def _us(text: str) -> int | None:
    if len(text) <= 15 and text[0] in "123456789" and text.isascii() and text.isdigit():
        return int(text) * 1_000
    return int(text) * 1_000 if _WHOLE.fullmatch(text) else None


_us_again = lru_cache(maxsize=1 << 16)(_us)


def batch(rows: Sequence[Row]) -> Any:
    """The rows as an Arrow record batch."""
    import pyarrow as pa

    names = ("ts", "duration_us", "endpoint", "status", "ok", "error", "bytes", "worker")
    types: tuple[Any, ...] = (
        pa.int64(), pa.int64(), pa.string(), pa.int16(), pa.bool_(), pa.string(), pa.int64(),
        pa.string(),
    )  # fmt: skip
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    arrays = [pa.array(list(c), kind) for c, kind in zip(columns, types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, list(names))
