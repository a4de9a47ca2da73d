"""Reads the usual entries of Locust's statistics fast: those whose requests all have a time.

    entry ──► Plain: its buckets, as columns; None for any other

The rows are those of `_locust_entries`, which reads what is unusual: requests without a time,
buckets beyond the shortest or longest response time, whatever contradicts itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple, TypeGuard

from slogate.sources._base import LONGEST_US
from slogate.sources._histograms import Rows
from slogate.sources._locust import MOST_REQUESTS, spread_us

_LONGEST_MS = LONGEST_US // 1_000
_SECONDS = (1_000_000_001, 4_102_444_799)
_KEPT = 10_000


class Part(NamedTuple):
    """Requests of one outcome: lower and upper bounds of their buckets, counts, the longest."""

    ok: bool
    lo_us: Sequence[int]
    hi_us: Sequence[int]
    counts: Sequence[int]
    longest: int | None


class Plain(NamedTuple):
    """The requests of an entry."""

    name: str
    method: str
    parts: Sequence[Part]

    def add_to(self, rows: Rows, ts: int, step_us: int, worker: str | None = None) -> None:
        """Add its rows, as those of a step."""
        for ok, *buckets, longest in self.parts:
            rows.add_columns(
                (buckets[0], buckets[1], buckets[2]), ts=ts, step_us=step_us, endpoint=self.name,
                method=self.method, ok=ok, max_us=longest, worker=worker,
            )  # fmt: skip


class _Bounds(dict[str, int]):
    """The lower (0) or upper (1) bound of a bucket by its name."""

    def __init__(self, which: int) -> None:
        """Know none yet."""
        super().__init__()
        self._which = which

    def __missing__(self, text: str) -> int:
        found = spread_us(text)[self._which] - (not self._which)
        if len(self) < _KEPT:
            self[text] = found
        return found


_LOWER, _UPPER = _Bounds(0), _Bounds(1)


def read_plain(entry: object, *, beside: bool) -> tuple[Plain, int, int] | None:
    """What an entry of a JSON document counts, and the step in which its requests began (µs).

    None if it is to be read with more care.

    `beside`: failures are not among the requests.
    """
    if type(entry) is not dict:
        return None
    name, method = entry.get("name"), entry.get("method") or ""
    many, failed = entry.get("num_requests"), entry.get("num_failures")
    untimed, times = entry.get("num_none_requests", 0), entry.get("response_times")
    if not (type(name) is type(method) is str and type(times) is dict and times):
        return None
    if not (type(many) is type(failed) is type(untimed) is int and untimed == 0):
        return None
    if not 0 <= failed <= many <= MOST_REQUESTS or (beside and failed):
        return None
    when = _when(entry)
    buckets = _buckets(times, many, entry) if when else None
    if not when or not buckets:
        return None
    los, his, counts, longest = buckets
    if not failed or failed == many:
        parts = [Part(not failed, los, his, counts, longest)]
    else:
        parts = [
            Part(ok, *_some(los, his, counts, most), None)
            for ok, most in ((True, many - failed), (False, failed))
        ]
    return Plain(name, method, parts), *when


def _when(entry: Mapping[str, Any]) -> tuple[int, int] | None:
    """From when to when its requests began, in µs."""
    start, last = entry.get("start_time"), entry.get("last_request_timestamp")
    longest = entry.get("max_response_time")
    if not (_number(start) and _number(last) and _number(longest)):
        return None
    if not (_SECONDS[0] < start < _SECONDS[1] and _SECONDS[0] < last < _SECONDS[1]):
        return None
    if not 0 <= longest <= _LONGEST_MS:
        return None
    (whole, part), (ms, of) = start.as_integer_ratio(), longest.as_integer_ratio()
    begin = (1_000_000 * whole * of - 1_000 * ms * part) // (part * of)
    end = _up(last, 1_000_000) + (1_000_000 if type(last) is int else 0)
    return (begin, max(end, begin + 1)) if end - begin <= LONGEST_US else None


def _buckets(
    times: Mapping[str, Any], many: int, entry: Mapping[str, Any]
) -> tuple[list[int], list[int], list[int], int] | None:
    """The bounds and counts of its buckets, the outermost within the shortest and the longest."""
    least, most = entry.get("min_response_time"), entry["max_response_time"]
    if {*map(type, times.values())} != {int} or not _number(least) or not 0 <= least <= most:
        return None
    try:
        names = sorted(times, key=_LOWER.__getitem__)
        los, his = list(map(_LOWER.__getitem__, names)), list(map(_UPPER.__getitem__, names))
    except ValueError:
        return None
    counts = list(map(times.__getitem__, names))
    shortest, longest = _up(least, 1_000), _up(most, 1_000)
    if min(counts) < 1 or sum(counts) != many or shortest > his[0] or los[-1] + 2 > longest:
        return None
    if len(los) > 1 and (len({*los}) < len(los) or shortest > los[1]):
        return None
    los[0], his[-1] = max(los[0], shortest - 1), min(his[-1], longest)
    return los, his, counts, longest


def _some(
    los: Sequence[int], his: Sequence[int], counts: Sequence[int], many: int
) -> tuple[list[int], list[int], list[int]]:
    """The bounds and counts of so many of them, whichever they are.

    The n-th of these is at least the n-th of all, and at most the one with as many after it.
    """
    ends = list(accumulate(counts))
    beyond = ends[-1] - many
    lower = upper = at = 0
    found: tuple[list[int], list[int], list[int]] = ([], [], [])
    while at < many:
        while ends[lower] <= at:
            lower += 1
        while ends[upper] <= at + beyond:
            upper += 1
        end = min(ends[lower], ends[upper] - beyond)
        for column, value in zip(found, (los[lower], his[upper], end - at), strict=True):
            column.append(value)
        at = end
    return found


def _number(value: object) -> TypeGuard[float]:
    return type(value) is float or type(value) is int


def _up(value: float, times: int) -> int:
    """A number so many times, exactly, and rounded up."""
    whole, part = value.as_integer_ratio()
    return -(-whole * times // part)
