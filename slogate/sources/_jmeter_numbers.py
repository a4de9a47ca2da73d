"""Whole numbers as JMeter writes them into XML: nothing else is one."""

from __future__ import annotations

import re
from functools import lru_cache

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
