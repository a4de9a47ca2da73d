"""Shared by what prints a percentile spectrum: HdrHistogram's text, wrk2's and vegeta's.

    Value  Percentile  TotalCount  1/(1-Percentile) ──► Ranks

Each line says that so many took its value or less, and all others longer. Refuses spectra that
do not ascend, or whose last line is not all of them: they are cut off or mixed up.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

from slogate.sources._histograms import Ranks
from slogate.sources._summaries import count_of, spread_us

HEAD = r"[ \t]*Value(?:\(ms\))?[ \t]+Percentile[ \t]+TotalCount[ \t]+1/\(1-Percentile\)[ \t]*\n"
_WHOLE = re.compile(r"1(?:\.0{0,40})?", re.ASCII)
# of the last line, Java and Python leave out what would be infinite
ROWS = r"(?:[ \t]*[\d.]+[ \t]+[\d.]+[ \t]+\d+(?:[ \t]+(?:[\d.]+|inf|Infinity))?[ \t]*\n)+"


def spectrum(rows: str, unit: str, *, finest: Fraction | None = None) -> Ranks:
    """What a spectrum in that unit tells of its durations; ValueError if it contradicts itself.

    `finest` (µs) is the step of the values where they are exact; they are rounded otherwise.
    """
    told = [line.split()[:3] for line in rows.splitlines()]
    counts = [count_of(count, "TotalCount") for _, _, count in told]
    values = [spread_us(value, unit, "Value") for value, _, _ in told]
    if finest is not None:
        # halfway between the ends is what is written
        exact = [sum(ends, Fraction(0)) / 2 for ends in values]
        values = [(value + finest, value) for value in exact]
    if not _WHOLE.fullmatch(told[-1][1]):
        raise ValueError("its spectrum ends before the last percentile: it is cut off")
    if any(later < earlier for earlier, later in pairwise(counts)):
        raise ValueError("its TotalCount does not ascend")
    ranks = Ranks(counts[-1])
    for count, (least, most) in zip(counts, values, strict=True):
        ranks.at_most.append((count, most))
        ranks.at_least.append((count, least))
    return ranks
