"""Reads the entries of Locust's statistics as JSON: what `--json-file` and worker reports hold.

An entry counts the requests of one endpoint since its `start_time`, which is set when the first
of them has ended: that one began earlier, by at most the longest response time. Versions before
2019 count failures beside the requests, not among them. Refuses entries that contradict
themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slogate.sources._histograms import Ranks
from slogate.sources._locust import Counted, count_of, duration_us, moment_us, run_us, spread_us
from slogate.sources._locust_plain import Plain, read_plain

_SINCE_2019 = ("num_none_requests", "num_fail_per_sec")


@dataclass(frozen=True, slots=True)
class Entry:
    """What an entry counts, and the step in which its requests began (µs since the epoch)."""

    counted: Counted | Plain
    begin: int
    end: int


def failures_beside(entries: Iterable[Any]) -> bool:
    """Whether these entries are of a version that counts failures beside requests.

    Only entries with more failures than requests can prove it: without one, failures are taken
    to be among the requests, which makes their share the larger.
    """
    return any(
        isinstance(entry, Mapping)
        and not any(name in entry for name in _SINCE_2019)
        and isinstance(entry.get("num_requests"), int)
        and isinstance(entry.get("num_failures"), int)
        and entry["num_failures"] > entry["num_requests"]
        for entry in entries
    )


def read_entry(found: object, *, beside: bool = False) -> Entry | None:
    """The entry of a JSON document, None if it counts nothing; ValueError if it is none."""
    if plain := read_plain(found, beside=beside):
        return Entry(*plain)
    if not isinstance(found, Mapping) or not isinstance(found.get("name"), str):
        raise ValueError("there is an entry without a name")  # noqa: TRY004 (the file is wrong)
    try:
        return _read(found, beside=beside)
    except ValueError as error:
        raise ValueError(f"{found['name'][:100]}: {error}") from None


def _read(found: Mapping[str, Any], *, beside: bool) -> Entry | None:
    requests, failed, untimed = (
        count_of(found.get(name, 0 if name == "num_none_requests" else None), name)
        for name in ("num_requests", "num_failures", "num_none_requests")
    )
    if not requests and not (beside and failed):
        return None
    ranks = Ranks(requests - untimed)
    _note_buckets(ranks, found.get("response_times"))
    longest = None
    if ranks.count:
        longest = duration_us(found.get("max_response_time"), "max_response_time")
        ranks.between(duration_us(found.get("min_response_time"), "min_response_time"), longest)
    began = moment_us(found.get("start_time"), "start_time") - (longest or 0)
    last = found.get("last_request_timestamp")
    ended = began if last is None else moment_us(last, "last_request_timestamp")
    if isinstance(last, int):  # of a version that cuts the fraction off
        ended += 1_000_000
    counted = Counted(
        method=str(found.get("method") or ""), name=found["name"], ranks=ranks,
        failed=0 if beside else failed, beside=failed if beside else 0, untimed=untimed,
        longest=longest,
    )  # fmt: skip
    counted.known()
    begin = began.numerator // began.denominator
    return Entry(counted, begin, begin + run_us(ended - begin))


def _note_buckets(ranks: Ranks, found: object) -> None:
    if not isinstance(found, Mapping):
        raise ValueError("it has no response_times")  # noqa: TRY004 (the file is wrong)
    buckets = sorted((*spread_us(ms), count_of(n, "response_times")) for ms, n in found.items())
    before = 0
    for least, most, count in buckets:
        ranks.at_least.append((before, least))
        before += count
        ranks.at_most.append((before, most))
    if before != ranks.count:
        raise ValueError(f"its response_times are of {before} requests, not of {ranks.count}")
