"""Shared by Locust's own summaries: what its rounded response times and its counts say for sure.

    counts, buckets or percentiles, shortest, longest ──► Ranks ──► rows of the histogram series

Locust rounds response times to whole ms below 100 and to two digits above; each bucket stands
for all times that are rounded to it, bounds included. Failures are among the requests, without
being told which: successes and failures get the bounds that hold whichever they were. Refuses
response times that this rounding cannot give: a replaced `bucket_response_time` is not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from slogate.sources._base import EARLIEST_TS, LATEST_TS, LONGEST_US
from slogate.sources._histograms import Number, Ranks, Rows, hi_us

MOST_REQUESTS = 10**15
_LONGEST_RUN_US = 366 * LONGEST_US
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_PERCENT = re.compile(r"(\d{1,3}(?:\.(\d{1,12}))?)%", re.ASCII)
_BUCKET = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_DIGITS = 18
_COUNT = 15  # digits
_ROUNDED_AWAY = 6  # decimals to which Locust rounds the percentiles of its headers


Known = tuple[bool | None, tuple[int, int | None] | None, int, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The requests of one endpoint in one step; `ranks` is what is known of those with a time.

    `failed` of them failed; `beside` counts failures that are not among them.
    """

    method: str
    name: str
    ranks: Ranks
    failed: int
    untimed: int = 0
    beside: int = 0
    longest: Number | None = None

    def known(self) -> list[Known]:
        """Rows (ok, bounds, count, longest); ValueError if the counts contradict each other.

        It is known of so many requests that they succeeded and failed; the others may be either.
        """
        timed, untimed, failed = self.ranks.count, self.untimed, self.failed
        if failed > timed + untimed:
            raise ValueError(f"{self.name}: it counts more failures than requests")
        slow, missing = max(0, failed - untimed), max(0, failed - timed)
        parts = (
            (True, timed - min(failed, timed), untimed - min(failed, untimed)),
            (False, slow, missing + self.beside),
            (None, min(failed, timed) - slow, min(failed, untimed) - missing),
        )
        rows: list[Known] = []
        for ok, with_time, without in parts:
            buckets = list(self.ranks.some(with_time).buckets()) if with_time else []
            rows += [(ok, (low, high), count, None) for low, high, count in buckets]
            if buckets and with_time == timed and self.longest is not None:
                rows[-1] = (*rows[-1][:3], hi_us(self.longest))
            if without:
                rows.append((ok, None, without, None))
        return rows

    def add_to(self, rows: Rows, ts: int, step_us: int, worker: str | None = None) -> None:
        """Add what is known as rows of a step."""
        for ok, bounds, count, longest in self.known():
            rows.add(
                ts=ts, step_us=step_us, endpoint=self.name, method=self.method, count=count,
                bounds=bounds, ok=ok, worker=worker, max_us=longest,
            )  # fmt: skip


def spread_us(text: str) -> tuple[int, int]:
    """Between which durations (µs, both included) those lie that Locust rounds to this many ms."""
    # versions before 2.44 write 240.0, as Python rounds to tens
    text = text.removesuffix(".0")
    value = int(text) if _BUCKET.fullmatch(text) else -1
    below, above = _digit(value - 1), _digit(value)
    if value < 0 or value % below or value * 1_000 > 2 * LONGEST_US:
        raise ValueError(f"its response time '{text[:40]}' is none that Locust's rounding gives")
    return max(0, value * 1_000 - below * 500), value * 1_000 + above * 500


def _digit(value: int) -> int:
    """The digit to which a response time of so many ms is rounded."""
    return next((step for limit, step in ((100, 1), (1_000, 10), (10_000, 100)) if value < limit),
                1_000)  # fmt: skip


def quantiles(ranks: Ranks, row: Mapping[str, str]) -> None:
    """Note the percentiles of a row: each is a bucket in which one request of known rank is."""
    for name, text in row.items():
        match = _PERCENT.fullmatch(name)
        if not match or not ranks.count:
            continue
        share = Decimal(match[1]) / 100
        if share > 1:
            raise ValueError(f"{name} is no percentile")
        first = last = int(ranks.count * float(share))
        if len(match[2] or "") >= _ROUNDED_AWAY:
            slack = Decimal("5e-9") * ranks.count
            first = max(0, int(ranks.count * share - slack))
            last = int(ranks.count * share + slack)
        ranks.quantile(first + 1, last + 1, *spread_us(text))


def count_of(value: object, what: str) -> int:
    """A count of a JSON document or a CSV file; ValueError if it is none."""
    if isinstance(value, str) and len(value) <= _COUNT and value.isascii() and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_REQUESTS:
        raise ValueError(f"its {what} is {str(value)[:40]!r}, no count")
    return value


def duration_us(value: object, what: str) -> Number:
    """A response time in ms as exact µs; ValueError unless it is from 0 to a day."""
    found = _number(value)
    if found is None or not 0 <= found * 1_000 <= LONGEST_US:
        raise ValueError(f"its {what} is {str(value)[:40]!r}, no time in ms between 0 and a day")
    return found * 1_000


def moment_us(value: object, what: str) -> Number:
    """A Unix time in seconds as exact µs; ValueError unless it is from 2001 to 2100."""
    found = _number(value)
    if found is None or not EARLIEST_TS <= found * 1_000_000 <= LATEST_TS:
        raise ValueError(f"its {what} is {str(value)[:40]!r}, no time in s between 2001 and 2100")
    return found * 1_000_000


def whole_numbers(texts: Sequence[str]) -> list[int] | None:
    """What `count_of` makes of each of these, None where one is anything but a few digits."""
    joined = "".join(texts)
    plain = joined.isascii() and joined.isdigit() and "" not in texts
    return list(map(int, texts)) if plain and max(map(len, texts)) <= _COUNT else None


def rate_of(value: object, what: str) -> Fraction:
    """How many a second; ValueError unless it is a plausible number from 0."""
    found = _number(value)
    if found is None or found > MOST_REQUESTS:
        raise ValueError(f"its {what} is {str(value)[:40]!r}, no rate")
    return Fraction(found)


def run_us(length: Number) -> int:
    """The length of a run in whole µs, at least one; ValueError if it is over a year."""
    if length > _LONGEST_RUN_US:
        raise ValueError("it would be a run of over a year")
    return max(1, hi_us(length))


def _number(value: Any) -> Number | None:
    if isinstance(value, str) and len(value) <= _DIGITS and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Fraction(value)
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return Fraction(value) if plain and abs(value) < 1e18 else None
