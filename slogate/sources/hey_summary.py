"""What hey prints: its histogram, percentiles, statuses and errors of one run.

The histogram counts exactly, up to bounds printed to the ms; the percentiles are finer, and both
together bound every request. Which status took how long is not told: each gets the bounds that
hold whichever its requests were. Errors had no response. hey keeps at most a million response
times: the requests beyond have none. The start of the run is not in the file. Tabs may be spaces,
as a terminal gives them. Refuses output that is cut off, and hey's CSV.
"""

from __future__ import annotations

import re

from slogate.sources._base import Origin, Source
from slogate.sources._histograms import Ranks
from slogate.sources._statuses import check_rate, statuses_of
from slogate.sources._summaries import (
    ENDPOINT,
    START,
    Step,
    count_of,
    endpoint_of,
    only,
    reads,
    spread,
    spread_us,
    start_of,
    step_us,
)

_RUN = re.compile(
    r"""
^Summary:\n
[ ]+Total:[\t ]+(?P<total>[\d.]+)\ secs\n
[ ]+Slowest:[\t ]+(?P<slowest>[\d.]+)\ secs\n
[ ]+Fastest:[\t ]+(?P<fastest>[\d.]+)\ secs\n
[ ]+Average:[\t ][^\n]*\n
[ ]+Requests/sec:[\t ]+(?P<rate>[\d.]+)[ ]*\n
(?:[ ]*\n|[ ]+(?:Total\ data|Size/request):[^\n]*\n|Note:[^\n]*\n)*
Response\ time\ histogram:\n
(?P<histogram>(?:[ ]+[\d.]+\ \[\d+\][\t ]+\|[^\n]*\n)*)
\s*
Latency\ distribution:\n
(?P<percentiles>(?:[ ]+\d+%+\ in\ [\d.]+\ secs\n)*)
\s*
Details[^\n]*\n
(?:[ ]+[\w+\ -]+:[\t ][^\n]*\n)+
\s*
Status\ code\ distribution:\n
(?P<statuses>(?:[ ]+\[\d+\][\t ]+\d+\ responses[ ]*\n)*)
\s*
(?:Error\ distribution:\n
(?P<errors>(?:[ ]+\[\d+\][\t ][^\n]*\n)+)
)?
\s*(?=\Z|^[^\s\[])""",
    re.MULTILINE | re.VERBOSE | re.ASCII,
)
_BUCKET = re.compile(r"[ ]+([\d.]+) \[(\d+)\]")
_PERCENTILE = re.compile(r"[ ]+(\d+)%+ in ([\d.]+) secs")
_ERROR = re.compile(r"^[ ]+\[(\d+)\][\t ]", re.MULTILINE)
_BEGINS = re.compile(r"^Summary:\n +Total:[\t ]", re.MULTILINE)
_SHARES = (10, 25, 50, 75, 90, 95, 99)
_MOST_TIMES = 1_000_000


def sniff(head: bytes) -> float:
    """1 for hey's summary and histogram; oha prints neither so."""
    text = head.decode("utf-8", "replace").replace("\r\n", "\n")
    if not _BEGINS.search(text) or "Response time histogram:\n" not in text:
        return 0.0
    return 1.0 if "Requests/sec:" in text else 0.0


def _parse(origin: Origin, text: str) -> Step:
    found = only(_RUN, text if text.endswith("\n") else f"{text}\n", "the summary of hey")
    statuses = statuses_of(found["statuses"])
    errors = sum(count_of(count, "errors") for count in _ERROR.findall(found["errors"] or ""))
    answered = sum(count for _, count in statuses)
    ranks = _ranks(found)
    if ranks.count != min(answered, _MOST_TIMES):
        raise ValueError(
            f"its histogram holds {ranks.count} requests, its statuses {answered}: it is cut off"
        )
    total_us = spread_us(found["total"], "s", "Total")
    made = spread(found["rate"], "Requests/sec")[0] * total_us[0] // 1_000_000
    if answered == _MOST_TIMES and made > answered + errors:
        raise ValueError(
            f"it made about {made} requests and kept the first {_MOST_TIMES} only, as hey does; "
            "send fewer at a time"
        )
    # older versions counted answered requests only
    check_rate(total_us, found["rate"], answered + errors, answered + errors, answered)
    step = Step(
        ts=start_of(origin), endpoint=endpoint_of(origin), step_us=step_us(total_us[1]),
    )  # fmt: skip
    for status, count in statuses:
        timed = min(count, ranks.count)
        if answered > _MOST_TIMES and len(statuses) > 1:
            # of which statuses the kept times are is unknown
            timed = 0
        step.timed(ranks.some(timed), status=status)
        step.untimed(count - timed, status=status)
    step.untimed(errors, ok=False)
    return step


def _ranks(found: re.Match[str]) -> Ranks:
    """What the histogram and the percentiles tell together."""
    buckets = _BUCKET.findall(found["histogram"])
    ranks = Ranks(sum(count_of(count, "histogram") for _, count in buckets))
    ranks.between(
        spread_us(found["fastest"], "s", "Fastest")[0],
        spread_us(found["slowest"], "s", "Slowest")[1],
    )
    below = 0
    for mark, count in buckets:
        below += count_of(count, "histogram")
        least, most = spread_us(mark, "s", "histogram")
        ranks.at_most.append((below, most))
        ranks.at_least.append((below, least))
    told = dict(_PERCENTILE.findall(found["percentiles"]))
    for share, rank in _places(ranks.count).items():
        # a time that is printed as 0 may be one that hey did not find
        if (seconds := told.get(str(share))) is not None:
            ranks.quantile(rank, rank, *spread_us(seconds, "s", f"{share}%"))
    return ranks


def _places(count: int) -> dict[int, int]:
    """The rank that hey prints for each of its percentiles: the next at which the share is met."""
    places: dict[int, int] = {}
    last = 0
    for share in _SHARES:
        last = max(last, -(-share * count // 100)) + 1
        if last > count:
            break
        places[share] = last
    return places


_EXAMPLE = """\

Summary:
  Total:\t0.1404 secs
  Slowest:\t0.0082 secs
  Fastest:\t0.0023 secs
  Average:\t0.0028 secs
  Requests/sec:\t1439.4449
  \n\
  Total data:\t1040 bytes
  Size/request:\t5 bytes

Response time histogram:
  0.002 [1]\t|
  0.003 [159]\t|■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■
  0.003 [29]\t|■■■■■■■
  0.004 [7]\t|■■
  0.005 [1]\t|
  0.005 [0]\t|
  0.006 [0]\t|
  0.006 [1]\t|
  0.007 [0]\t|
  0.008 [1]\t|
  0.008 [1]\t|


Latency distribution:
  10% in 0.0024 secs
  25% in 0.0025 secs
  50% in 0.0027 secs
  75% in 0.0028 secs
  90% in 0.0031 secs
  95% in 0.0037 secs
  99% in 0.0071 secs

Details (average, fastest, slowest):
  DNS+dialup:\t0.0000 secs, 0.0023 secs, 0.0082 secs
  DNS-lookup:\t0.0000 secs, 0.0000 secs, 0.0000 secs
  req write:\t0.0000 secs, 0.0000 secs, 0.0002 secs
  resp wait:\t0.0027 secs, 0.0022 secs, 0.0081 secs
  resp read:\t0.0001 secs, 0.0000 secs, 0.0004 secs

Status code distribution:
  [200]\t180 responses
  [500]\t20 responses

Error distribution:
  [2]\tGet "http://127.0.0.1:8080/": dial tcp 127.0.0.1:8080: connect: connection refused

""".encode()

PLUGIN = Source(
    name="hey-summary",
    help="What hey prints",
    sniff=sniff,
    open=reads(_parse),
    example=_EXAMPLE,
    example_options={"start": "2026-11-24T10:00:00Z"},
    options=START | ENDPOINT,
)
