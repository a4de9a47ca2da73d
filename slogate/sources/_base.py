"""What every foreign format agrees on: `Source`, what it is given, and what it gives back.

    Origin (a file, its first bytes, options) ──open──► Scan | iterator of Chunk ──► intake

A source is one file of this folder that ends in `PLUGIN = Source(…)`. It either reads the
file itself and yields Arrow record batches (`Chunk`), or hands out a `Scan`: a query over the
file that DuckDB reads and the store runs. It never writes, never sees the store, and raises
nothing but SourceError. A row that cannot be used is counted with its reason, never dropped
silently; a whole file that cannot be used is a SourceError that names the file and the line.
"""

from __future__ import annotations

import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Literal, Protocol, cast

from slogate.errors import SourceError
from slogate.model.series import Series

DAMAGED = (OSError, EOFError, ValueError, zlib.error)
HEAD_BYTES = 65_536
REJECTS_LIMIT = 100_000
EARLIEST_TS = 1_000_000_000_000_000
LATEST_TS = 4_102_444_800_000_000
LONGEST_US = 86_400_000_000
NO_UTF8 = "it is not UTF-8"
TO_UTF8 = "convert it, from the encoding that it has: iconv -f LATIN1 -t UTF-8 FILE > CONVERTED"
MARK = b"\xef\xbb\xbf"

Compression = Literal["none", "gzip", "zstd"]
_MAGIC: dict[bytes, Compression] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
# by a byte order mark, or by characters of ASCII alone that take two bytes each
_WIDE = {
    "UTF-32": re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff"),
    "UTF-16": re.compile(rb"\xff\xfe|\xfe\xff"),
    "UTF-16LE": re.compile(rb"(?:[\t\r\n -~]\0){16}"),
    "UTF-16BE": re.compile(rb"(?:\0[\t\r\n -~]){16}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One file as it was given: what people call it, where it lies, how it begins.

    `head` holds the first `HEAD_BYTES`, decompressed. `options` are those that the user gave for
    this format (`--option key=value`), already checked against `Source.options`. `first_line` is
    the number of its first line, where it is a piece of a file that is being followed. `whole`:
    it was read to its end before. `memory` is the source's own: the files of one import, and the
    pieces of a file, share it.
    """

    name: str
    path: Path
    head: bytes
    compression: Compression = "none"
    options: Mapping[str, str] = field(default_factory=dict)
    first_line: int = 1
    whole: bool = False
    memory: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def stream(self) -> IO[bytes]:
        """The decompressed bytes from the start; damaged compression raises one of DAMAGED."""
        return _stream(self.path, self.compression)

    def fail(
        self, message: str, *, line: int | None = None, hint: str | None = None
    ) -> SourceError:
        """The error to raise about this file."""
        where = f"{self.name}:{self.first_line - 1 + line}" if line else self.name
        return SourceError(f"{where}: {message}", hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A server as it was given: its address, options for the source, the environment.

    Secrets are looked up in `environment`, by names that the source tells.
    """

    url: str
    options: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def fail(self, message: str, *, hint: str | None = None) -> SourceError:
        """The error to raise about this server; it shows no user, no password and no query."""
        shown = re.sub(r"//[^/]*@", "//", self.url)
        return SourceError(f"{re.sub('[?#].*', '', shown, flags=re.DOTALL)}: {message}", hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that cannot be used, where it is (lines count from 1; None: not located) and why."""

    line: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some rows (an Arrow record batch, or table, of a series), and what was not kept beside them.

    `rows` have columns of the requests, or of the histograms where `series` says so; one left
    out is null, and `method` left out or null asks for `METHOD name` to be split.
    `bad` and `left_out` count rows by reason: bad ones cannot be used, left out were never
    requests (a transaction that repeats its parts). `shown` are a few of the bad ones. `notes`
    are what people must know about the file.
    """

    rows: Any
    series: Series = "requests"
    bad: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    shown: tuple[BadRow, ...] = ()
    notes: tuple[str, ...] = ()


class Feed(Protocol):
    """Arrow batches that a scan's query reads as the table `feed`; what is bad before it counts.

    `bad` and `shown` grow while the batches are read. `lines` finds the numbers of what the feed
    and the query have as lines.
    """

    bad: Counter[str]
    shown: list[BadRow]

    def reader(self) -> Any:
        """A pyarrow.RecordBatchReader from the start of the file."""

    def lines(self, places: Iterable[int]) -> dict[int, int]:
        """The numbers of lines, from 1, by what `line` is of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A query that DuckDB runs over the file: the columns of the request series and two more.

    `ts` is given as whole µs since the epoch; a column left out is null, and `method` left out
    or NULL asks for `METHOD name` to be split. The column `labels` is a map, or, which takes
    less time, a list of the values (NULL: none) of those that `labels` names, in that order.
    `bad` and `left_out` (text) are NULL for a row to keep, else the reason. Values and paths
    are bound: `getvariable('x')` reads the parameter x. With `store_rejects` (and a
    `rejects_limit` of REJECTS_LIMIT) malformed lines are counted too. `locate` finds bad rows
    again, with their lines; it is asked only if there are any, and not where the query has a
    column `line`. `explain` turns a refusal of DuckDB into a better one, `empty` says why there
    was no row at all. `notes` are what people must know about every file of the format.
    """

    sql: str
    parameters: Mapping[str, object]
    locate: Callable[[], Iterable[BadRow]] = tuple
    explain: Callable[[], SourceError | None] = lambda: None
    feed: Feed | None = None
    labels: tuple[str, ...] = ()
    empty: Callable[[], SourceError | None] = lambda: None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a server has of what was asked for, from after `start_us` up to `end_us`.

    `identity` says whose series these are (address, query), in words that stay the same: of one
    identity nothing is stored twice. `read(start_us, end_us)` yields chunks in the order of
    time, each with the moment up to which all has been given. `notes` are sentences for people.
    """

    identity: Mapping[str, str]
    start_us: int
    end_us: int
    read: Callable[[int, int], Iterator[tuple[int, Chunk]]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A foreign format: how it is recognised and read.

    `sniff(head)` says from 0 to 1 how sure it is that a file beginning so, behind a byte order
    mark, is of this format; it never raises. `open(origin)` raises SourceError if the file cannot
    be used. `example` is a small file of the format, with which the contract tests try it, read
    with `example_options`. `options` says what `--option key=value` the format knows. `lines`:
    each line stands alone (no header, no record over several lines), so that a growing file can
    be followed. `fetch` asks a server, where the format has one. `untold` is what such files are
    silent about, as in `Run`.
    """

    name: str
    help: str
    sniff: Callable[[bytes], float]
    open: Callable[[Origin], Scan | Iterator[Chunk]]
    example: bytes
    example_options: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    lines: bool = False
    untold: tuple[str, ...] = ()
    fetch: Callable[[Remote], Offer] | None = None


def read_origin(name: str, path: Path) -> Origin:
    """Look at a file; SourceError if it cannot be read, is empty, damaged or not in UTF-8."""
    origin = Origin(name=name, path=path.absolute(), head=b"")
    try:
        with path.open("rb") as file:
            origin = replace(origin, compression=_compression(file.read(4)))
        with origin.stream() as stream:
            head = _read_some(stream, HEAD_BYTES)
    except DAMAGED as error:
        raise damaged(origin, error) from None
    if not head:
        raise SourceError(f"{name} is empty")
    for encoding, begins in _WIDE.items():
        if begins.match(head):
            hint = f"convert it first: iconv -f {encoding} -t UTF-8 FILE > CONVERTED"
            raise origin.fail(f"it is {encoding}, not UTF-8", hint=hint)
    return replace(origin, head=head)


def damaged(origin: Origin, error: Exception) -> SourceError:
    """The error to raise for one of DAMAGED."""
    reason = getattr(error, "strerror", None) or error
    if origin.compression == "none":
        return origin.fail(f"it cannot be read: {reason}")
    return origin.fail(f"its {origin.compression} compression is damaged: {reason}")


def _compression(magic: bytes) -> Compression:
    for start, compression in _MAGIC.items():
        if magic.startswith(start):
            return compression
    return "none"


def _stream(path: Path, compression: Compression) -> IO[bytes]:
    stream: Any = None
    if compression == "none":
        stream = path.open("rb")
    elif compression == "gzip":
        import gzip

        stream = gzip.open(path, "rb")  # noqa: SIM115 (whoever asked for it closes it)
    else:
        import pyarrow as pa

        stream = io.BufferedReader(pa.input_stream(str(path), compression=compression))
    return cast("IO[bytes]", stream)


def _read_some(stream: IO[bytes], size: int) -> bytes:
    """Up to `size` bytes; what a damaged file gives before its fault counts as its head."""
    parts: list[bytes] = []
    try:
        while size > 0 and (part := stream.read(min(size, 4096))):
            parts.append(part)
            size -= len(part)
    except DAMAGED:
        if not parts:
            raise
    return b"".join(parts)


def lines_at(origin: Origin, offsets: Iterable[int]) -> dict[int, int]:
    """The line (from 1) in which each byte offset of the decompressed file lies."""
    lines: dict[int, int] = {}
    wanted = sorted(set(offsets))
    line, start = 1, 0
    with origin.stream() as stream:
        while wanted and (part := stream.read(1 << 20)):
            while wanted and wanted[0] < start + len(part):
                offset = wanted.pop(0)
                # after a CRLF, DuckDB names the line end as the byte at which a row starts
                lines[offset] = line + part.count(b"\n", 0, offset - start + 1)
            line += part.count(b"\n")
            start += len(part)
    return lines | dict.fromkeys(wanted, line)


def duckdb_path(path: Path) -> str:
    """The path as DuckDB takes it for one file, whatever characters of a pattern it holds."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def choice(origin: Origin, option: str, allowed: tuple[str, ...]) -> str:
    """The value of an option, the first allowed one by default; SourceError for any other."""
    value = origin.options.get(option, allowed[0])
    if value not in allowed:
        raise origin.fail(f"option {option} is '{value}', it must be {' or '.join(allowed)}")
    return value
