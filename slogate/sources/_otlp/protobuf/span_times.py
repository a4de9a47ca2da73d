"""When spans began and how long they took, many at once.

Both ends are columns of bytes: numbers of 64 bits, the lowest byte first. All starts are taken from
all ends as if each column were one large number, and what can be is told by the highest bytes.
"""

from __future__ import annotations

import sys
from array import array
from operator import mul

from slogate.sources._base import EARLIEST_TS, LATEST_TS, LONGEST_US

_EARLIEST_NS, _LATEST_NS, _LONGEST_NS = (
    EARLIEST_TS * 1_000,
    LATEST_TS * 1_000 + 999,
    LONGEST_US * 1_000,
)
_WIDTH, _HIGHEST, _SIXTH = 8, 7, 5
# of moments and durations whose highest bytes are these, nothing more needs to be known
_MOMENTS = bytes(range((_EARLIEST_NS >> 56) + 1, _LATEST_NS >> 56))
_DURATIONS = bytes(range(_LONGEST_NS >> 40))


def durations(starts: bytes, ends: bytes) -> tuple[array[int], array[int], list[bool]]:
    """The starts and durations in ns, and of which spans both can be; nothing if of all."""
    begun = _wholes(starts)
    # where one ends before its start, its highest byte says so: a moment has none of the two bits
    lent = 1 << 8 * len(ends)
    each = (int.from_bytes(ends, "little") - int.from_bytes(starts, "little")) % lent
    between = each.to_bytes(len(ends), "little")
    took = _wholes(between)
    if (
        not (any(between[_HIGHEST::_WIDTH]) or any(between[_HIGHEST - 1 :: _WIDTH]))
        and (not between[_SIXTH::_WIDTH].strip(_DURATIONS) or max(took) <= _LONGEST_NS)
        and (
            not starts[_HIGHEST::_WIDTH].strip(_MOMENTS)
            or (min(begun) >= _EARLIEST_NS and max(begun) <= _LATEST_NS)
        )
    ):
        return begun, took, []
    # what one lent is missing at the next
    longs = [end - start for start, end in zip(begun, _wholes(ends), strict=True)]
    clear = [
        _EARLIEST_NS <= start <= _LATEST_NS and 0 <= long <= _LONGEST_NS
        for start, long in zip(begun, longs, strict=True)
    ]
    return begun, array("q", map(mul, longs, clear)), clear


def _wholes(values: bytes) -> array[int]:
    found = array("q", values)
    if sys.byteorder == "big":
        found.byteswap()
    return found
