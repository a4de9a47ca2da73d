"""Logs of HdrHistogram (`.hlog`): one line an interval, tagged or not, of jHiccup, YCSB and others.

    [Tag=A,]start,length,max,base64 ──► one step: a row for each bucket that holds anything

The log does not say the unit of its values, nor what failed: the unit must be given, and
whether a request was a success is unknown unless `ok=true` says that only successes were
recorded. Where a log holds tagged and untagged intervals, which of them to take must be said:
often the untagged repeat all the tagged. Refuses histograms of doubles.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from slogate.errors import SourceError
from slogate.sources._base import (
    DAMAGED,
    EARLIEST_TS,
    LATEST_TS,
    LONGEST_US,
    BadRow,
    Chunk,
    Origin,
    Source,
    choice,
    damaged,
)
from slogate.sources._hdr import Packed, decode, unpack
from slogate.sources._hdr_columns import buckets
from slogate.sources._hdr_rows import Interval, absurd, rows_of
from slogate.sources._histograms import hi_us
from slogate.sources._summaries import NO_OUTCOME, OUTCOME, UNITS_US, moment, outcome_of
from slogate.units import format_duration

YEAR_US = 365 * 86_400_000_000
MOST_LINE = 16 << 20
_UNITS = ("ns", "us", "ms")
_TAGS = ("only", "untagged", "all")
_LOOK = 10_000
SHOWN = 5
# a number takes a byte or more, so these are at most about as many rows; of words most are nought
_BYTES_A_CHUNK = 131_072
_BYTES_A_LINE = 64
_HEADER = re.compile(r"#\[(StartTime|BaseTime): *(\d{1,10}(?:\.\d{1,9})?)\b", re.ASCII)
_SECONDS = r"\d{1,10}(?:\.\d{1,9})?"
_TOLD = re.compile(rf"(?:Tag=([^,]*),)?({_SECONDS}),({_SECONDS}),{_SECONDS}", re.ASCII)
_ROW = re.compile(
    rb"^(?:Tag=[^,\s]+,)?\d+(?:\.\d+)?,\d+(?:\.\d+)?,\d+(?:\.\d+)?,HIST[A-Za-z0-9+/=]+",
    re.MULTILINE | re.ASCII,
)
_UNTAGGED = "untagged intervals (kept with --option tags=all)"
_TAGGED = "tagged intervals (kept with --option tags=all)"
_NO_ROW = "it is no row of start, length and max in seconds, and a histogram"
_NO_TIME = "its interval is at no time between 2001 and 2100"
_NO_LENGTH = "its interval is not over 0 and up to a day long"


def sniff(head: bytes) -> float:
    """1 for the line that names the format, less for its column names or a row alone."""
    if b"#[Histogram log format version" in head:
        return 1.0
    if head.startswith(b'"StartTimestamp","Interval_Length"'):
        return 0.95
    return 0.8 if _ROW.search(head[:8192]) else 0.0


def open_log(origin: Origin) -> Iterator[Chunk]:
    """The intervals of a log; SourceError if it cannot be used, or its unit is not told."""
    unit = origin.options.get("unit")
    if unit not in _UNITS:
        raise _no_unit(origin, unit)
    reading = _Reading(
        origin, UNITS_US[unit], choice(origin, "tags", _TAGS) if "tags" in origin.options else "",
        ok=outcome_of(origin),
    )  # fmt: skip
    lines = _lines(origin)
    while reading.more(lines):
        yield reading.chunk()
    last = reading.chunk(notes=(NO_OUTCOME,) if reading.ok is None else ())
    if not reading.seen:
        first = reading.first or BadRow(line=None, reason="it holds no interval")
        raise origin.fail(first.reason, line=first.line)
    yield last


def _lines(origin: Origin) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, without those that are blank."""
    number = 0
    try:
        with origin.stream() as stream:
            while line := stream.readline(MOST_LINE):
                number += 1
                if len(line) == MOST_LINE:
                    raise origin.fail("the line is over 16 MiB", line=number)
                text = line.decode("utf-8", "replace").removeprefix("\ufeff").strip()
                if text:
                    yield number, text
    except DAMAGED as error:
        raise damaged(origin, error) from None


@dataclass(slots=True)
class _Reading:
    """A log as far as it is read: its times, the tags it held, and the lines not yet handed on.

    Their histograms are decoded at once when they are.
    """

    origin: Origin
    unit_us: Fraction
    tags: str
    ok: bool | None
    lines: list[Interval] = field(default_factory=list)
    packed: list[Packed] = field(default_factory=list)
    size: int = 0
    start_us: int | None = None
    base_us: int | None = None
    seen: set[bool] = field(default_factory=set)
    first: BadRow | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    shown: list[BadRow] = field(default_factory=list)

    def bad(self, number: int, reason: str) -> None:
        """Count a line that cannot be used."""
        self.reasons[reason] += 1
        row = BadRow(line=number, reason=reason)
        self.first = self.first or row
        if len(self.shown) < SHOWN:
            self.shown.append(row)

    def chunk(self, notes: tuple[str, ...] = ()) -> Chunk:
        """What was read since the last one."""
        rows = self._rows()
        bad, left_out, shown = dict(self.reasons), dict(self.left_out), tuple(self.shown)
        self.lines, self.packed, self.size, self.shown = [], [], 0, []
        self.reasons.clear()
        self.left_out.clear()
        return Chunk(
            rows=rows, series="histograms", bad=bad, left_out=left_out, shown=shown, notes=notes
        )

    def more(self, lines: Iterator[tuple[int, str]]) -> bool:
        """Read lines enough for a chunk; false once there are no more."""
        try:
            for number, line in lines:
                self.take(number, line)
                if self.size >= _BYTES_A_CHUNK:
                    return True
        except SourceError:
            # what is wrong before is told first
            self.chunk()
            raise
        return False

    def take(self, number: int, line: str) -> None:
        """Read one line."""
        if line.startswith("#"):
            self._header(line)
        elif not line.startswith('"StartTimestamp"'):
            self.size += _BYTES_A_LINE
            interval = Interval(number)
            try:
                self._interval(interval, line)
            except ValueError as error:
                interval.error = str(error)
            self.lines.append(interval)

    def _header(self, line: str) -> None:
        told = _HEADER.match(line)
        if told and told[1] == "StartTime":
            # a log that was begun anew in the same file counts from its own start
            self.start_us, self.base_us = _us(told[2]), None
        elif told:
            self.base_us = _us(told[2])

    def _interval(self, interval: Interval, line: str) -> None:
        """Read what a line says; ValueError says why it cannot be used."""
        head, _, payload = line.rpartition(",")
        told = _TOLD.fullmatch(head)
        if not told:
            raise ValueError(_NO_ROW)
        interval.tag, start, length = told.groups()
        interval.ts, interval.step_us = self._absolute(_us(start)), _us(length)
        if not EARLIEST_TS <= interval.ts <= LATEST_TS:
            raise ValueError(_NO_TIME)
        if not 0 < interval.step_us <= LONGEST_US:
            raise ValueError(_NO_LENGTH)
        packed = unpack(payload)
        self.packed.append(packed)
        self.size += len(packed.counts) if not packed.word else len(payload)

    def _rows(self) -> Any:
        """The buckets of the lines that can be used and are wanted."""
        found, at = buckets(self.packed, self.unit_us), 0
        longest = LONGEST_US // self.unit_us
        kept, wanted = list[Interval](), list[bool]()
        for interval in self.lines:
            error = interval.error
            if not error:
                error = found.errors[at] or absurd(found, at, longest)
                use = not error and self._wanted(interval.line, tagged=interval.tag is not None)
                wanted.append(use)
                kept += [interval] * use
                at += 1
            if error:
                self.bad(interval.line, error)
        untagged = self.origin.options.get("endpoint", "")
        return rows_of(found, wanted, kept, endpoint=untagged, ok=self.ok)

    def _absolute(self, told_us: int) -> int:
        """The time of an interval, given as the log has it."""
        if self.base_us is None:
            if self.start_us is None:
                self.start_us = _given_start(self.origin, told_us)
            relative = told_us < self.start_us - YEAR_US
            self.base_us = self.start_us if relative else 0
        return self.base_us + told_us

    def _wanted(self, number: int, *, tagged: bool) -> bool:
        self.seen.add(tagged)
        if not self.tags and len(self.seen) == 2:
            raise self.origin.fail(
                "it holds tagged and untagged intervals, and one may repeat the other",
                line=number,
                hint="say which to take: --option tags=only, tags=untagged, or tags=all for both",
            )
        if self.tags == "only" and not tagged:
            self.left_out[_UNTAGGED] += 1
        if self.tags == "untagged" and tagged:
            self.left_out[_TAGGED] += 1
        return self.tags in {"", "all"} or (self.tags == "only") == tagged


def _us(seconds: str) -> int:
    whole, _, part = seconds.partition(".")
    return int(whole) * 1_000_000 + int(part[:6].ljust(6, "0"))


def _given_start(origin: Origin, told_us: int) -> int:
    """When a log begins that has no StartTime: as given, else at its first interval."""
    if "start" not in origin.options:
        if told_us < EARLIEST_TS:
            hint = "say it: --option start=2026-11-24T10:00:00Z"
            raise origin.fail("it has no StartTime, from which its intervals count", hint=hint)
        return told_us
    try:
        return moment(origin.options["start"], "option start")
    except ValueError as error:
        raise origin.fail(str(error)) from None


def _no_unit(origin: Origin, given: str | None) -> Exception:
    """The error to raise where the unit is not known: with what the log would hold in each."""
    if given is not None:
        return origin.fail(f"option unit is '{given}', it must be ns, us or ms")
    longest = 0
    for (_, line), _ in zip(_lines(origin), range(_LOOK), strict=False):
        try:
            if not line.startswith(("#", '"')):
                longest = max([longest, *(high for _, high, _ in decode(line.rpartition(",")[2]))])
        except ValueError:
            continue
    each = ", ".join(
        f"{format_duration(hi_us(longest * UNITS_US[unit]))} in {unit}" for unit in _UNITS
    )
    return origin.fail(
        f"a log does not say the unit of its values; its longest is {each}",
        hint="say it: --option unit=ns (jHiccup), unit=us (YCSB) or unit=ms",
    )


_EXAMPLE = b"""\
#[Histogram log format version 1.2]
#[StartTime: 1764000000.000 (seconds since epoch), Mon Nov 24 16:00:00 UTC 2025]
"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
0.127,1.007,5.439,HISTFAAAACh4nJNpmSzMwMDAxgABTFCakYGB2c1gxwIG+w8QgfnyfEcZ2QBvqgXo
1.134,0.999,2.527,HISTFAAAACR4nJNpmSzMwMDAzAABTFCaESjkZrBjAYP9B4hAtzwXAF1TBQE=
"""

PLUGIN = Source(
    name="hdr-log",
    help="Logs of HdrHistogram (.hlog): jHiccup, YCSB, cassandra-stress and others",
    sniff=sniff,
    open=open_log,
    example=_EXAMPLE,
    example_options={"unit": "us"},
    options=OUTCOME
    | {
        "unit": "of the values, which the file does not say: ns, us or ms",
        "tags": "where a log holds both: only (tagged), untagged, or all of its intervals",
        "endpoint": "what untagged intervals are called: /checkout, or 'GET /checkout'",
        "start": "when the log began, where it has no StartTime: 2026-11-24T10:00:00Z",
    },
)
