"""What wrk prints, best with `--latency`: four percentiles and the longest, of one run.

Statuses from 400 on are failures, though wrk does not say how long they took: successes and
failures get the bounds that hold whichever they were. Timeouts are responses that came too
late to be recorded, longer than the longest that was. Its percentiles are corrected for
coordinated omission: wrk adds made-up responses, and does not tell how many. The start of the
run is not in the file. Refuses output that is not whole, and wrk2's.
"""

from __future__ import annotations

import re

from slogate.sources._base import Origin, Source
from slogate.sources._histograms import Ranks
from slogate.sources._summaries import ENDPOINT, START, Step, count_of, only, reads, whole_us
from slogate.sources._wrk import TAIL, TIME, totals

_RUN = re.compile(
    rf"""
^[ ]*Thread\ Stats[ ]+Avg[ ]+Stdev[ ]+Max[ ]+\+/-\ Stdev\n
^[ ]*Latency[ ]+\S+[ ]+\S+[ ]+(?P<max>[\d.]+)(?P<max_unit>us|ms|s|m|h)[ ]+\S+\n
^[ ]*Req/Sec[ ]+[^\n]+\n
(?:^[ ]*Latency\ Distribution\n(?P<percentiles>(?:[ ]+\d+%[ ]+{TIME}[ ]*\n)+))?
{TAIL}""",
    re.MULTILINE | re.VERBOSE | re.ASCII,
)
_MADE_UP = (
    "wrk takes its percentiles over its responses and others that it makes up for those missed"
)
# seconds have a space behind them, as their unit is shorter than others
_PERCENTILE = re.compile(rf"[ ]+(\d+)%[ ]+{TIME}[ ]*\n", re.ASCII)


def sniff(head: bytes) -> float:
    """1 for a whole run, less for its table alone; wrk2 is another format."""
    text = head.decode("utf-8", "replace").replace("\r\n", "\n")
    if "HdrHistogram" in text or "Percentile spectrum" in text:
        return 0.0
    if _RUN.search(text):
        return 1.0
    return 0.6 if "  Thread Stats   Avg      Stdev     Max   +/- Stdev" in text else 0.0


def _parse(origin: Origin, text: str) -> Step:
    if "Thread calibration: " in text:
        raise ValueError("it is wrk2's, without percentiles: let wrk2 print them with --latency")
    found = only(_RUN, text, "the output of wrk")
    run = totals(origin, text, found)
    timed = run.requests - run.timeouts
    if timed < 0 or run.failed > run.requests:
        raise ValueError("it counts more failures than requests")
    shortest, longest = whole_us(found["max"], found["max_unit"], "longest")
    ranks = Ranks(timed)
    ranks.between(0, longest)
    for percent, number, unit in _PERCENTILE.findall(found["percentiles"] or ""):
        share = count_of(percent, "percentile")
        rank = min(share * timed // 100 + 1, timed)
        ranks.quantile(rank, rank, *whole_us(number, unit, f"{percent}%"))
    run.step.split(ranks, run.failed)
    run.step.notes.append(_MADE_UP)
    late = Ranks(run.timeouts)
    late.at_least.append((0, shortest))
    run.step.timed(late, ok=False)
    run.step.untimed(run.broken, ok=False)
    return run.step


_EXAMPLE = b"""\
Running 2s test @ http://127.0.0.1:8080/hello
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.60ms  803.61us  11.98ms   95.58%
    Req/Sec     1.57k    97.16     1.69k    71.43%
  Latency Distribution
     50%    2.43ms
     75%    2.53ms
     90%    2.74ms
     99%    6.86ms
  3278 requests in 2.10s, 371.34KB read
  Socket errors: connect 0, read 2, write 0, timeout 1
  Non-2xx or 3xx responses: 12
Requests/sec:   1560.89
Transfer/sec:    176.82KB
"""

PLUGIN = Source(
    name="wrk",
    help="What wrk prints",
    sniff=sniff,
    open=reads(_parse),
    example=_EXAMPLE,
    example_options={"start": "2026-11-24T10:00:00Z"},
    options=START | ENDPOINT,
)
