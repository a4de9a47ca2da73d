"""What wrk2 prints with `--latency`: HdrHistogram's percentile spectrum of one run.

Its durations count from when a request was due. The first ten seconds are wrk2's calibration,
whose requests the spectrum does not hold: they are left out, and the step is what came after,
as long a part of the run as theirs is of its requests, so that the rate stays what it was.
Statuses from 400 on are failures of the whole run, taken as those of the measured part, though
not told which: successes and failures get the bounds that hold whichever they were. The start of
the run is not in the file. Refuses output that is not whole.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from slogate.sources._base import Origin, Source, choice
from slogate.sources._spectrum import HEAD, ROWS, spectrum
from slogate.sources._summaries import ENDPOINT, START, Step, count_of, only, reads, step_us
from slogate.sources._wrk import TAIL, totals

CALIBRATION = "requests of wrk2's calibration, whose times it does not tell"
_SPECTRUM = r"""
^[ ]*Latency\ Distribution\ \(HdrHistogram\ -\ (?P<kind>Recorded|Uncorrected)\ [^\n]*\n
(?:[ ]*[\d.]+%[ ]+[\d.]+(?:us|ms|s|m|h)[ ]*\n)+
[ ]*\n
[ ]*Detailed\ Percentile\ spectrum:\n
{HEAD}[ ]*\n(?P<rows>{ROWS})
\#\[Mean[^\n]*\n
\#\[Max[^\n]*,[ ]+Total\ count[ ]+=[ ]+(?P<count>\d+)\]\n
\#\[Buckets[^\n]*\n
[ ]*-+\n
""".replace("{HEAD}", HEAD).replace("{ROWS}", ROWS)
_FLAGS = re.MULTILINE | re.VERBOSE | re.ASCII
_BLOCK = re.compile(_SPECTRUM, _FLAGS)
_TAIL = re.compile(TAIL, _FLAGS)


def sniff(head: bytes) -> float:
    """1 for the heading of wrk2's own percentiles."""
    return 1.0 if b"Latency Distribution (HdrHistogram - " in head else 0.0


def _parse(origin: Origin, text: str) -> Step:
    kind = choice(origin, "latency", ("corrected", "uncorrected"))
    tail = only(_TAIL, text, "the totals of wrk2")
    blocks = list(_BLOCK.finditer(text))
    told = text.count("Latency Distribution (HdrHistogram - ")
    if not blocks or len(blocks) != told or blocks[-1].end() > tail.start():
        raise ValueError("it does not hold the spectrum of wrk2 as a whole")
    wanted = "Recorded" if kind == "corrected" else "Uncorrected"
    chosen = [block for block in blocks if block["kind"] == wanted]
    if len(chosen) != 1:
        raise ValueError(f"it holds {len(chosen)} spectra of {kind} latency, not one")
    ranks = spectrum(chosen[0]["rows"], "ms", finest=Fraction(1))
    if ranks.count != count_of(chosen[0]["count"], "Total count"):
        raise ValueError("its spectrum does not end at its total count")
    run = totals(origin, text, tail)
    calibration = run.requests - ranks.count
    if calibration < 0 or run.failed > run.requests:
        raise ValueError("it counts more responses or failures than requests")
    step = _measured(run.step, ranks.count, run.requests)
    step.split(ranks, run.failed)
    if calibration:
        step.left_out[CALIBRATION] = calibration
    step.untimed(run.broken + run.timeouts, ok=False)
    return step


def _measured(whole: Step, timed: int, requests: int) -> Step:
    """The end of the run in which so many of its requests lie; all of it where none does."""
    if not timed:
        return whole
    length = step_us(Fraction(whole.step_us * timed, requests))
    return replace(whole, ts=whole.ts + whole.step_us - length, step_us=length)


_EXAMPLE = b"""\
Running 30s test @ http://127.0.0.1:8080/hello
  2 threads and 100 connections
  Thread calibration: mean lat.: 1.136ms, rate sampling interval: 10ms
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.13ms    0.50ms   4.10ms   71.30%
    Req/Sec     1.06k    84.11     1.44k    66.80%
  Latency Distribution (HdrHistogram - Recorded Latency)
 50.000%    1.10ms
 75.000%    1.42ms
100.000%    4.10ms

  Detailed Percentile spectrum:
       Value   Percentile   TotalCount 1/(1-Percentile)

       0.105     0.000000            1         1.00
       1.102     0.500000        19803         2.00
       1.422     0.750000        29655         4.00
       3.007     0.999023        39500      1024.00
       4.099     0.999992        39539    131072.00
       4.099     1.000000        39539          inf
#[Mean    =        1.130, StdDeviation   =        0.500]
#[Max     =        4.096, Total count    =        39539]
#[Buckets =           27, SubBuckets     =         2048]
----------------------------------------------------------
  60018 requests in 30.00s, 19.81MB read
  Non-2xx or 3xx responses: 7
Requests/sec:   2000.28
Transfer/sec:    676.18KB
"""

PLUGIN = Source(
    name="wrk2",
    help="What wrk2 prints with --latency",
    sniff=sniff,
    open=reads(_parse),
    example=_EXAMPLE,
    example_options={"start": "2026-11-24T10:00:00Z"},
    options=START | ENDPOINT | {"latency": "corrected (from when due) or uncorrected (-U)"},
)
