"""Percentile spectra as text: vegeta's `report -type=hdrplot` and HdrHistogram's `.hgrm`.

Only durations are in them: neither when the run was (but for those that HdrHistogram's
HistogramLogProcessor makes of a log) nor how long, nor what failed, nor (but for vegeta) the
unit: all of it must be given. Vegeta's values are estimates of its digest, taken as they are
told. CSV of HdrHistogram is the same. Refuses spectra that are cut off or do not ascend.
"""

from __future__ import annotations

import re
from fractions import Fraction

from slogate.sources._base import EARLIEST_TS, LATEST_TS, Origin, Source
from slogate.sources._spectrum import HEAD, ROWS, spectrum
from slogate.sources._summaries import (
    ENDPOINT,
    ESTIMATES,
    NO_OUTCOME,
    OUTCOME,
    START,
    Step,
    endpoint_of,
    only,
    outcome_of,
    reads,
    start_of,
)
from slogate.units import parse_duration

_FILE = re.compile(rf"\A{HEAD}\s*(?P<rows>{ROWS})(?:\#\[[^\n]*\n)*\s*\Z", re.MULTILINE | re.ASCII)
_HEAD = re.compile(HEAD, re.ASCII)
_CSV = re.compile(r'"?Value"?,"?Percentile"?,')
_COMMENTS = re.compile(r"\A\s*(?:#[^\n]*\n\s*)*")
_STARTED = re.compile(
    r"\s*(?:#\[\w+ percentile distribution between (?P<after>\d{1,9}\.\d{1,9}) and [^\n]*\n)?"
    r"#\[StartTime: (?P<start>\d{1,10}(?:\.\d{1,9})?) \(seconds",
    re.ASCII,
)
_UNITS = ("ns", "us", "ms", "s")


def sniff(head: bytes) -> float:
    """1 for a file that begins with the names of a spectrum's columns."""
    text = head.decode("utf-8", "replace").replace("\r\n", "\n")
    return 1.0 if _HEAD.match(_in_columns(text)) else 0.0


def _in_columns(text: str) -> str:
    """The text, of CSV as HdrHistogram's libraries write it the same as they print."""
    text = _COMMENTS.sub("", text)
    return re.sub('[",]+', " ", text) if _CSV.match(text) else text


def _parse(origin: Origin, text: str) -> Step:
    start, text = _start(origin, text), _in_columns(text)
    found = only(_FILE, text if text.endswith("\n") else f"{text}\n", "a spectrum")
    vegeta = "Value(ms)" in found[0].partition("\n")[0] or "Value(ms)" in text[:200]
    unit = "ms" if vegeta else _unit(origin)
    ranks = spectrum(found["rows"], unit, finest=Fraction(0) if vegeta else None)
    step = Step(ts=start, step_us=_duration(origin), endpoint=endpoint_of(origin))
    ok = outcome_of(origin)
    step.timed(ranks, ok=ok)
    step.notes.extend([ESTIMATES] * vegeta + [NO_OUTCOME] * (ok is None))
    return step


def _start(origin: Origin, text: str) -> int:
    """When the run began: as given, else as the log did of which this was made."""
    told = _STARTED.match(text)
    if "start" in origin.options or not told:
        return start_of(origin)
    ts = (Fraction(told["start"]) + Fraction(told["after"] or 0)) * 1_000_000 // 1
    return ts if EARLIEST_TS <= ts <= LATEST_TS else start_of(origin)


def _unit(origin: Origin) -> str:
    unit = origin.options.get("unit")
    if unit not in _UNITS:
        what = (
            "the file does not say the unit of its values"
            if unit is None
            else (f"option unit is '{unit}', it must be {', '.join(_UNITS)}")
        )
        raise origin.fail(what, hint="say it: --option unit=ms")
    return unit


def _duration(origin: Origin) -> int:
    given = origin.options.get("duration")
    if given is None:
        raise origin.fail(
            "the file does not say how long the run was", hint="say it: --option duration=30s"
        )
    try:
        return max(parse_duration(given), 1)
    except ValueError as error:
        raise origin.fail(f"option duration: {error}") from None


_EXAMPLE = b"""\
Value(ms)  Percentile  TotalCount  1/(1-Percentile)
0.076715   0.000000    0           1.000000
0.439370   0.100000    200         1.111111
0.513059   0.500000    999         2.000000
0.555774   0.900000    1798        10.000000
2.658916   0.999756    1998        4098.360656
2.658916   1.000000    1998        10000000.000000
"""

PLUGIN = Source(
    name="hdrplot",
    help="Percentile spectra: vegeta's hdrplot, HdrHistogram's .hgrm",
    sniff=sniff,
    open=reads(_parse),
    example=_EXAMPLE,
    example_options={"start": "2026-11-24T10:00:00Z", "duration": "20s"},
    options=START
    | ENDPOINT
    | OUTCOME
    | {
        "duration": "how long the run was, which the file does not say: 30s",
        "unit": "of the values, where the file does not say it: ns, us, ms or s",
    },
)
