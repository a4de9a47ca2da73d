"""Locust's totals over time as CSV (`PREFIX_stats_history.csv`): the last of them is the run.

Each second Locust writes what it counted since the start; only the last whole group of rows is
stored, as one step from the first row to the last that counted more. Without --csv-full-history a
group is one row, of all endpoints together, with percentiles of the whole run; with it there is
a row an endpoint, but its percentiles are of some ten seconds and cannot be added up, so only
shortest, median and longest are used. Nothing in the file says which; rows of endpoints do, and
percentiles that contradict the longest response time: early versions write those of ten seconds
always. Rates of rows before are not read: they go on after the traffic has stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from slogate.sources._base import EARLIEST_TS, LATEST_TS, BadRow, Chunk, Origin, Source
from slogate.sources._histograms import Rows, hi_us
from slogate.sources._locust import (
    Counted,
    count_of,
    duration_us,
    moment_us,
    run_us,
    whole_numbers,
)
from slogate.sources._locust_blocks import Records, all_cells, cells_of, rows_in
from slogate.sources._locust_csv import (
    AGGREGATED,
    BEFORE_0_12,
    STOPPED,
    as_now,
    check_header,
    counted,
    of_the_whole_run,
)

_BEGINS = (b"Timestamp,User Count,Type,Name,", b"Type,Name,Timestamp,# requests,# failures,")
_TOTAL = "Total "
_MAX = "Total Max Response Time"
_MIN = "Total Min Response Time"
_ALL_BELOW = "100%"
_COLUMNS = (
    "Timestamp", "Type", "Name", "Total Request Count", "Total Failure Count",
    "Total Median Response Time", "Total Average Response Time", _MIN, _MAX,
)  # fmt: skip
_OF_ALL = (AGGREGATED, BEFORE_0_12)
_NO_KIND = ("", "None")
_SHOWN = 5
_SECOND = 1_000_000
_REPORTED_AFTER = 4 * _SECOND  # a worker tells its master of requests up to three seconds later
_WIDTH = "its columns are not those of the header"
_CUT = "the file ends within the rows of this moment"
_WINDOWED = (
    "percentiles of --csv-full-history are of about ten seconds each: only the shortest, median "
    "and longest response time are used"
)
_EARLY = _WINDOWED.replace("--csv-full-history", "this version of Locust")
_ALL = f"without --csv-full-history all endpoints are one, called {AGGREGATED}"

_SHORT = "Locust writes this file every ten seconds, of a short run little: import PREFIX_stats.csv"
_NAMES = tuple(name.encode() for name in _OF_ALL)

Row = tuple[int, list[str]]


@dataclass(slots=True)
class _Seen:
    """What the file told so far: the last whole group, and when it began and went on to count."""

    origin: Origin
    header: list[str]
    group: list[tuple[int, list[str] | bytes]] = field(default_factory=list)
    pending: list[tuple[int, list[str] | bytes]] = field(default_factory=list)
    requests: int = 0
    first: int = LATEST_TS
    begin: int = LATEST_TS
    end: int = 0
    last: int | None = None
    windowed: bool = False
    bad: Counter[str] = field(default_factory=Counter)
    shown: list[BadRow] = field(default_factory=list)
    name: int = field(init=False)
    places: tuple[int, int, int] = field(init=False)
    compared: list[int] = field(init=False)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Where the columns stand, and what tells whether percentiles are of the whole run."""
        at = self.header.index
        self.name = at("Name")
        self.places = at("Type"), at("Timestamp"), at("Total Request Count")
        self.compared = [
            at for at, name in enumerate(self.header) if name in (_MIN, _MAX) or name.endswith("%")
        ]

    def take_block(self, line: int, block: bytes) -> None:
        """More rows, of which only those of all endpoints together are looked at."""
        if self._looks_total(block) and self._take_totals(line, block):
            return
        at = 0
        for begin, end in _mentions(block):
            cells = cells_of(block[begin:end])
            if cells[self.name] not in _OF_ALL:
                continue
            if begin > at:
                self.pending.append((line, block[at:begin]))
                line += block.count(b"\n", at, begin)
            self.take(line, cells)
            line += 1
            at = end
        if at < len(block):
            self.pending.append((line, block[at:]))

    def rows(self) -> list[Row]:
        """The rows of the last whole group."""
        rows: list[Row] = []
        for line, found in self.group:
            rows += rows_in(line, found) if isinstance(found, bytes) else [(line, found)]
        return rows

    def take(self, line: int, cells: list[str]) -> None:
        """One more row; SourceError if it cannot be one."""
        self.pending.append((line, cells))
        # most rows are of endpoints, and are not looked at
        if cells[self.name] not in _OF_ALL:
            return
        try:
            self._count(cells)
        except ValueError as error:
            raise self.origin.fail(str(error), line=line) from None

    def _count(self, cells: list[str]) -> None:
        """Count what all endpoints together had; ValueError if it cannot be."""
        kind, at, total = self.places
        if cells[kind] not in _NO_KIND:
            return
        ts = int(moment_us(cells[at], "Timestamp"))
        requests = count_of(cells[total], "request count")
        if self.last is None and requests:  # its beginning is missing
            longest = duration_us(self.named(cells)[_MAX], "max response time")
            self.begin = ts - hi_us(longest) - _SECOND
        self._step(ts, requests)
        told = [cells[at] for at in self.compared]
        if told != self.told:
            self.windowed = self.windowed or not of_the_whole_run(self.named(cells), _TOTAL)
            self.told = told
        self.group, self.pending = self.pending, []

    def _step(self, ts: int, requests: int) -> None:
        """Note when they began and ended, of which there were so many at this time."""
        if self.last is not None and requests < self.requests:  # the statistics were reset
            self.begin = self.last
        elif not requests:
            self.first = min(self.first, ts)
            self.begin = max(self.first, ts - _REPORTED_AFTER)
        self.begin = min(self.begin, ts)
        if requests != self.requests:
            self.end = ts + _SECOND
        self.last = ts
        self.requests = requests

    def _looks_total(self, block: bytes) -> bool:
        """Whether it begins with two rows of all endpoints, of which else none follows another."""
        two = block[: block.find(b"\n", block.find(b"\n") + 1) + 1]
        rows = () if self.last is None else rows_in(0, two)
        return bool(rows) and all(cells[self.name] in _OF_ALL for _, cells in rows)

    def _take_totals(self, line: int, block: bytes) -> bool:
        """Two rows or more, all of all endpoints; false, and nothing done, if there are others."""
        cells, width = all_cells(block), len(self.header)
        kind, ts, total = (cells[at::width] for at in self.places)
        if not {*kind} <= {*_NO_KIND} or not {*cells[self.name :: width]} <= {*_OF_ALL}:
            return False
        moments, counts = whole_numbers(ts), whole_numbers(total)
        if not moments or not counts:
            return False
        if not EARLIEST_TS <= min(moments) * _SECOND <= max(moments) * _SECOND <= LATEST_TS:
            return False
        if 0 < self.requests <= counts[0] and counts == sorted(counts):
            # as it goes: nothing began anew
            self.begin = min(self.begin, min(moments) * _SECOND)
            if counts[-1] != self.requests:
                self.end = (moments[counts.index(counts[-1])] + 1) * _SECOND
            self.last, self.requests = moments[-1] * _SECOND, counts[-1]
        else:
            for moment, requests in zip(moments, counts, strict=True):
                self._step(moment * _SECOND, requests)
        if not self.windowed:
            self._compare({self.header[at]: cells[at::width] for at in self.compared})
        self.group, self.pending = [(line + len(counts) - 1, cells[-width:])], []
        return True

    def _compare(self, told: dict[str, list[str]]) -> None:
        """Note whether percentiles of many rows are of the whole run; most rows are alike."""
        kept = {
            name: values for name, values in told.items()
            if name in (_MIN, _MAX, _ALL_BELOW) or "0" in values or _ALL_BELOW not in told
        }  # fmt: skip
        rows = (dict(zip(kept, row, strict=True)) for row in {*zip(*kept.values(), strict=True)})
        self.windowed = not all(of_the_whole_run(row, _TOTAL) for row in rows)

    def named(self, cells: list[str]) -> dict[str, str]:
        """The values by their columns."""
        return dict(zip(self.header, cells, strict=True))

    def reject(self, line: int, reason: str) -> None:
        """One more row that is none."""
        self.bad[reason] += 1
        if len(self.shown) < _SHOWN:
            self.shown.append(BadRow(line=line, reason=reason))


def _mentions(block: bytes) -> list[tuple[int, int]]:
    """Where the lines begin and end that may be of all endpoints together."""
    found = set()
    for name in _NAMES:
        at = block.find(name)
        while at >= 0:
            end = block.index(b"\n", at) + 1
            found.add((block.rfind(b"\n", 0, at) + 1, end))
            at = block.find(name, end)
    return sorted(found)


def sniff(head: bytes) -> float:
    """1 for Locust's header."""
    return float(head.replace(b'"', b"").startswith(_BEGINS))


def open_locust(origin: Origin) -> Iterator[Chunk]:
    """The one chunk of the file; SourceError if it cannot be used."""
    records = Records(origin)
    rows = iter(records)
    first = next(rows, (1, list[str]()))[1]
    header = as_now(first if isinstance(first, list) else [], _TOTAL)
    check_header(origin, header, _COLUMNS)
    records.width = len(header)
    seen = _Seen(origin, header)
    for line, row in rows:
        if isinstance(row, bytes):
            seen.take_block(line, row)
        elif len(row) != len(header):
            seen.reject(line, _WIDTH)
        else:
            seen.take(line, row)
    if seen.pending:
        seen.reject(seen.pending[0][0], _CUT)
    if not seen.group:
        raise origin.fail("there is no whole group of rows in it")
    if not seen.requests:
        raise origin.fail("it tells of no request", hint=_SHORT)
    yield _chunk(origin, seen)


def _chunk(origin: Origin, seen: _Seen) -> Chunk:
    group = seen.rows()
    full = len(group) > 1
    rows, requests = Rows(), 0
    for line, cells in group[:-1] if full else group:
        try:
            whole = not full and not seen.windowed
            found: Counted = counted(seen.named(cells), _TOTAL, percentiles=whole)
            requests += found.ranks.count + found.untimed
            if found.ranks.count or found.untimed:
                found.add_to(rows, seen.begin, run_us(seen.end - seen.begin))
        except (ValueError, ArithmeticError) as error:
            raise origin.fail(str(error), line=line) from None
    if requests != seen.requests:
        line = group[-1][0]
        raise origin.fail(f"the rows before do not add up to {AGGREGATED}", line=line)
    told = (_WINDOWED,) if full else (_ALL, *((_EARLY,) if seen.windowed else ()))
    return Chunk(
        rows=rows.chunk().rows, series="histograms", bad=seen.bad, shown=tuple(seen.shown),
        notes=(STOPPED, *told),
    )  # fmt: skip


_EXAMPLE = b"""\
Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,100%,Total Request Count,\
Total Failure Count,Total Median Response Time,Total Average Response Time,\
Total Min Response Time,Total Max Response Time,Total Average Content Size
1795544034,0,,Aggregated,0.0,0.0,N/A,N/A,0,0,0,0.0,0,0,0
1795544036,5,GET,/a,0.0,0.0,0,0,4,1,3,3.5,2.4,240.5,5.0
1795544036,5,,Aggregated,0.0,0.0,0,0,4,1,3,3.5,2.4,240.5,5.0
"""

PLUGIN = Source(
    name="locust-history",
    help="Locust totals over time as CSV (_stats_history.csv)",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_locust,
)
