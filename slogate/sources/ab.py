"""What ApacheBench (ab) prints: its percentiles in whole ms, and its counts, of one run.

Nine percentiles and the extremes bound the requests. A response whose length differs from the
first's is a failure, as ab has it (`length=ok` takes it for a success), and so is every status
that is not 2xx. Which of them are the same is not told: so many responses have no `ok`, and
none is told its time by its outcome. The start of the run is not in the file. Refuses output
that is cut off, and ab's files for gnuplot and in HTML.
"""

from __future__ import annotations

import re
from fractions import Fraction

from slogate.sources._base import Origin, Source, choice
from slogate.sources._histograms import Ranks
from slogate.sources._summaries import (
    ENDPOINT,
    START,
    Step,
    count_of,
    endpoint_of,
    only,
    reads,
    spread_us,
    start_of,
    step_us,
)
from slogate.units import format_count

_RUN = re.compile(
    r"""
^Document\ Path:[ ]*(?P<path>[^\n]*)\n
Document\ Length:[^\n]*\n
\s*
Concurrency\ Level:[ ]+\d+\n
Time\ taken\ for\ tests:[ ]+(?P<length>[\d.]+)\ seconds\n
Complete\ requests:[ ]+(?P<complete>\d+)\n
Failed\ requests:[ ]+(?P<failed>\d+)\n
(?:[ ]+\(Connect:\ (?P<connect>\d+),\ (?:Receive:\ (?P<receive>\d+),\ )?
   Length:\ (?P<size>\d+),\ Exceptions:\ (?P<exceptions>\d+)\)\n)?
(?:(?:Write|Broken\ pipe)\ errors:[ ]+(?P<write>\d+)\n)?
(?:Non-2xx\ responses:[ ]+(?P<status>\d+)\n)?
(?:Keep-Alive\ requests:[ ]+\d+\n)?
Total\ transferred:[ ]+\d+\ bytes\n
(?:[A-Z][^\n]*\n|[ ]{20,}[^\n]*\n)*
\s*
Connection\ Times\ \(ms\)\n
[ ]+min[^\n]*\n
(?:(?:Connect|Processing|Waiting):[^\n]*\n)+
Total:[ ]+(?P<shortest>\d+)[ ]+[^\n]*[ ](?P<longest>\d+)\n
(?:(?:WARNING|ERROR|[ ]{7})[^\n]*\n)*
(?:
\s*
Percentage\ of\ the\ requests\ served\ within\ a\ certain\ time\ \(ms\)\n
(?P<percentiles>(?:[ ]+\d+%[ ]+\d+(?:\ \(longest\ request\))?\n)+)
)?""",
    re.MULTILINE | re.VERBOSE | re.ASCII,
)
_PERCENTILE = re.compile(r"[ ]+(\d+)%[ ]+(\d+)")
_COUNTS = ("complete", "failed", "connect", "receive", "size", "exceptions", "write", "status")


def sniff(head: bytes) -> float:
    """1 for ab's name and its counts, less for either alone."""
    named = b"This is ApacheBench, Version" in head
    counted = b"Time taken for tests:" in head and b"Complete requests:" in head
    return (0.4 if named else 0.0) + (0.6 if counted else 0.0)


def _parse(origin: Origin, text: str) -> Step:
    if "<table" in text:
        raise ValueError("it is a page, as ab -w writes it; run ab without -w")
    found = only(_RUN, text if text.endswith("\n") else f"{text}\n", "the results of ab")
    told = {name: count_of(found[name] or "0", name) for name in _COUNTS}
    parts = told["connect"] + told["receive"] + told["size"] + told["exceptions"]
    if parts != told["failed"]:
        raise ValueError("its failed requests are not the sum of their kinds")
    ranks = _ranks(found, told["complete"])
    size = told["size"] if choice(origin, "length", ("failed", "ok")) == "failed" else 0
    step = Step(
        ts=start_of(origin), endpoint=endpoint_of(origin, found["path"].strip()),
        step_us=step_us(spread_us(found["length"], "s", "time")[1]),
    )  # fmt: skip
    # a response may be of another length for its status, or not: then more have failed
    surely = max(size, told["status"]) + told["receive"] + told["exceptions"] + told["write"]
    unclear = min(size, told["status"])
    step.split(ranks, surely, unclear=unclear)
    if unclear:
        step.notes.append(f"ab does not say whether {format_count(unclear)} more have failed")
    step.untimed(told["connect"], ok=False)
    return step


def _ranks(found: re.Match[str], complete: int) -> Ranks:
    """What the percentiles and the extremes tell of the complete requests."""
    ranks = Ranks(complete)
    ranks.between(_ms(found["shortest"])[0], _ms(found["longest"])[1])
    percentiles = _PERCENTILE.findall(found["percentiles"] or "")
    if complete > 1 and not percentiles:
        raise ValueError("it has no percentiles: it is cut off, or ab was run with -d")
    if complete > 1 and percentiles[-1][0] != "100":
        raise ValueError("its percentiles are cut off")
    for share, ms in percentiles:
        percent = count_of(share, "percentage")
        if percent > 100:
            raise ValueError(f"its percentage {percent}% is over 100%")
        rank = min(complete * percent // 100 + 1, complete)
        ranks.quantile(rank, rank, *_ms(ms))
    return ranks


def _ms(text: str) -> tuple[Fraction, Fraction]:
    return spread_us(text, "ms", "time")


_EXAMPLE = b"""\
This is ApacheBench, Version 2.3 <$Revision: 1934973 $>

Benchmarking 127.0.0.1 (be patient).....done


Server Software:        nginx
Server Hostname:        127.0.0.1
Server Port:            8080

Document Path:          /cart
Document Length:        5 bytes

Concurrency Level:      4
Time taken for tests:   0.307 seconds
Complete requests:      200
Failed requests:        20
   (Connect: 0, Receive: 0, Length: 20, Exceptions: 0)
Non-2xx responses:      3
Total transferred:      23620 bytes
HTML transferred:       1040 bytes
Requests per second:    651.02 [#/sec] (mean)
Time per request:       6.144 [ms] (mean)
Time per request:       1.536 [ms] (mean, across all concurrent requests)
Transfer rate:          75.08 [Kbytes/sec] received

Connection Times (ms)
              min  mean[+/-sd] median   max
Connect:        0    0   0.4      0       6
Processing:     3    6   2.6      5      16
Waiting:        3    6   2.6      5      16
Total:          3    6   2.6      5      16

Percentage of the requests served within a certain time (ms)
  50%      5
  66%      6
  75%      7
  80%      8
  90%     10
  95%     10
  98%     13
  99%     16
 100%     16 (longest request)
"""

PLUGIN = Source(
    name="ab",
    help="What ApacheBench (ab) prints",
    sniff=sniff,
    open=reads(_parse),
    example=_EXAMPLE,
    example_options={"start": "2026-11-24T10:00:00Z"},
    options=START
    | ENDPOINT
    | {"length": "failed or ok: what responses of another length than the first are"},
)
