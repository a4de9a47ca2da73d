"""What oha prints: percentiles, statuses and errors of one run.

The percentiles are order statistics, printed to four decimals of a unit that depends on the
slowest; bounds of the histogram are not those that oha counted by, so it is not used. Which status
took how long is not told: each gets the bounds that hold whichever its requests were. Errors had
no response; those that oha's own deadline cut off are left out. The start of the run is not in
the file. Refuses output that is cut off.
"""

from __future__ import annotations

import re
from fractions import Fraction

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

_TIME = r"([\d.]+)[ ](secs?|ms|us|[µμ]s|ns)"
_RUN = re.compile(
    rf"""
^Summary:\n
[ ]+Success\ rate:[^\n]*\n
[ ]+Total:\s+(?P<total>{_TIME})\n
[ ]+Slowest:\s+(?P<slowest>(?:{_TIME})|[^\n]*)\n
[ ]+Fastest:\s+(?P<fastest>(?:{_TIME})|[^\n]*)\n
[ ]+Average:[^\n]*\n
[ ]+Requests/sec:\s+(?P<rate>[\d.]+)\n
(?:[ ]*\n|[ ]+[A-Z][^\n]*\n)*
Response\ time\ histogram:\n
(?:[ ]+[^\ \n][^\n]*\n)*
\s*
(?:Response\ time|Latency)\ distribution:\n
(?P<percentiles>(?:[ ]+[\d.]+%\ in\ [^\n]*\n)+)
(?:[ ]*\n|[ ]+[^\ \n][^\n]*\n|Response\ time\ [^\n]*\n)*
Details[^\n]*\n
(?:[ ]+[\w+\ -]+:[\t ][^\n]*\n)+
\s*
Status\ code\ distribution:\n
(?P<statuses>(?:[ ]+\[\d+\]\ \d+\ responses\n)*)
\s*
(?:Error\ distribution:\n
(?P<errors>(?:[ ]+\[\d+\]\ [^\n]*\n)+)
)?""",
    re.MULTILINE | re.VERBOSE,
)
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
_PERCENTILE = re.compile(rf"[ ]+([\d.]+)% in {_TIME}\n")
_ERROR = re.compile(r"\[(\d+)\] ([^\n]*)\n")
_DEADLINE = "aborted due to deadline"
_CUT_OFF = "requests that oha cut off at the end of the run"
_UNITS = {"sec": "s", "secs": "s", "ms": "ms", "us": "us", "µs": "us", "μs": "us", "ns": "ns"}


def sniff(head: bytes) -> float:
    """1 for oha's summary and percentiles; hey prints neither so."""
    text = _COLOURS.sub("", head.decode("utf-8", "replace").replace("\r\n", "\n"))
    # older versions called it latency, as hey does
    told = "Response time distribution:\n" in text or "\nLatency distribution:\n" in text
    return float("Summary:\n  Success rate:" in text and told and "Requests/sec:" in text)


def _parse(origin: Origin, text: str) -> Step:
    text = _COLOURS.sub("", text if text.endswith("\n") else f"{text}\n")
    found = only(_RUN, text, "the summary of oha")
    statuses = statuses_of(found["statuses"])
    errors = [
        (count_of(count, "errors"), name) for count, name in _ERROR.findall(found["errors"] or "")
    ]
    answered = sum(count for _, count in statuses)
    failed = sum(count for count, _ in errors)
    tried = sum(count for count, name in errors if name != _DEADLINE)
    total_us = _spread(found["total"], "Total")
    # versions differ in what they count
    counts = (answered, answered + tried, answered + failed)
    check_rate(total_us, found["rate"], answered + failed, *counts)
    step = Step(
        ts=start_of(origin), endpoint=endpoint_of(origin), step_us=step_us(total_us[1]),
    )  # fmt: skip
    ranks = _ranks(found, answered)
    for status, count in statuses:
        step.timed(ranks.some(count), status=status)
    for count, name in errors:
        if name == _DEADLINE:
            step.left_out[_CUT_OFF] = count
        else:
            step.untimed(count, ok=False)
    return step


def _ranks(found: re.Match[str], count: int) -> Ranks:
    ranks = Ranks(count)
    if not count:
        return ranks
    ranks.between(_spread(found["fastest"], "Fastest")[0], _spread(found["slowest"], "Slowest")[1])
    for share, number, unit in _PERCENTILE.findall(found["percentiles"]):
        percent = spread(share, "percentile")[1]
        # the arithmetic is oha's own: what floats make of it is the rank that was printed
        rank = int(float(share) / 100.0 * count) + 1
        if percent <= 101 and rank <= count:
            ranks.quantile(rank, rank, *spread_us(number, _UNITS[unit], f"{share}%"))
    return ranks


def _spread(text: str, name: str) -> tuple[Fraction, Fraction]:
    number, _, unit = text.partition(" ")
    return spread_us(number, _UNITS.get(unit, unit), name)


_EXAMPLE = """\
Summary:
  Success rate:\t98.50%
  Total:\t2.0041 secs
  Slowest:\t0.0123 secs
  Fastest:\t0.0005 secs
  Average:\t0.0021 secs
  Requests/sec:\t99.7954

  Total data:\t1000 B
  Size/request:\t5 B
  Size/sec:\t499 B

Response time histogram:
  0.001 [120] |■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■
  0.012 [77]  |■■■■■■■■■■■■■■■■■■■■

Response time distribution:
  10.00% in 0.0006 secs
  50.00% in 0.0019 secs
  90.00% in 0.0052 secs
  99.00% in 0.0118 secs
  99.99% in 0.0123 secs


Details (average, fastest, slowest):
  DNS+dialup:\t0.0012 secs, 0.0001 secs, 0.0021 secs
  DNS-lookup:\t0.0000 secs, 0.0000 secs, 0.0001 secs

Status code distribution:
  [200] 190 responses
  [500] 7 responses

Error distribution:
  [3] connection error: connection refused
""".encode()

PLUGIN = Source(
    name="oha-summary",
    help="What oha prints",
    sniff=sniff,
    open=reads(_parse),
    example=_EXAMPLE,
    example_options={"start": "2026-11-24T10:00:00Z"},
    options=START | ENDPOINT,
)
