"""What the CSV formats share: reading a first record, finding bad rows again, line ends.

DuckDB reads the rows; this is for what DuckDB cannot say: what the header holds, in which
line a bad row stands (an embedded newline makes rows and lines differ), and why a file was
given up. Plain Python over a bounded first part of the file.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO

from slogate.errors import SourceError
from slogate.sources._base import DAMAGED, REJECTS_LIMIT, BadRow, Origin, duckdb_path

LOCATE_BYTES = 256 << 20
_LONGEST = 16 << 20
# more than the end of any gzip data has
_ZEROS = 16
_QUOTED = re.compile(rb'"[^"]*(?:"|\Z)')
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a file's rows are written; `header` says whether its first record names the columns."""

    delimiter: str
    columns: tuple[str, ...]
    header: bool
    encoding: str = "utf-8"


def head_text(origin: Origin, encoding: str = "utf-8") -> str:
    """The first bytes as text without a byte order mark."""
    return origin.head.decode(encoding, "replace").removeprefix(_BOM)


def records(text: str, delimiter: str) -> Iterator[list[str]]:
    """The records of a text until one cannot be read; blank lines are skipped."""
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if record:
                yield record
    except (csv.Error, TypeError, ValueError):
        return


def reader_sql(dialect: Dialect, used: Sequence[str]) -> str:
    """A SELECT of the used columns, all as text, NULL where the file has no such column.

    It reads the variables of `reader_parameters`; nothing of the file is written into it.
    """
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(dialect.columns)))
    picked = ", ".join(
        f"c{dialect.columns.index(name)} AS {name}"
        if name in dialect.columns
        else f"NULL::VARCHAR AS {name}"
        for name in used
    )
    given = ", ".join(
        f"{name} = getvariable('{name}')"
        for name in ("header", "delim", "compression", "encoding", "rejects_limit")
    )
    return (
        f"SELECT {picked} FROM read_csv(getvariable('path'), {given}, store_rejects=true, "  # noqa: S608 (see above)
        "auto_detect=false, quote='\"', escape='\"', hive_partitioning=false, "
        f"columns={{{columns}}})"
    )


def reader_parameters(origin: Origin, dialect: Dialect) -> dict[str, object]:
    """The variables that `reader_sql` reads."""
    return {
        "path": duckdb_path(origin.path),
        "header": dialect.header,
        "delim": dialect.delimiter,
        "compression": origin.compression,
        "encoding": dialect.encoding,
        "rejects_limit": REJECTS_LIMIT,
    }


def whole_sql(column: str) -> str:
    """SQL for the column as a whole number written plainly, else NULL."""
    number = f"TRY_CAST({column} AS BIGINT)"
    return f"CASE WHEN strlen({column}) <= 15 AND {number}::VARCHAR = {column} THEN {number} END"


def bad_rows(
    origin: Origin, dialect: Dialect, reason: Callable[[dict[str, str]], str | None]
) -> Iterator[BadRow]:
    """The well-formed rows for which `reason` has an objection, each with its first line."""
    with io.TextIOWrapper(origin.stream(), dialect.encoding, "replace", newline="") as text:
        rows = csv.reader(_up_to(text, LOCATE_BYTES), delimiter=dialect.delimiter)
        line, names_seen = 1, not dialect.header
        try:
            for row in rows:
                if names_seen and len(row) == len(dialect.columns):
                    found = reason(dict(zip(dialect.columns, row, strict=True)))
                    if found:
                        yield BadRow(line=line, reason=found)
                names_seen = names_seen or bool(row)
                line = rows.line_num + 1
        except (csv.Error, *DAMAGED):
            return


def _up_to(text: IO[str], limit: int) -> Iterator[str]:
    """The lines up to one that no row has; none is read whole that could fill the memory."""
    while limit > 0 and 0 < len(line := text.readline(_LONGEST)) < _LONGEST:
        limit -= len(line)
        yield line.removeprefix(_BOM)


def changed_line_end(origin: Origin) -> SourceError:
    """The error to raise where DuckDB gave up a file: at a line that ends unlike the others.

    An embedded line end is no such; where a stray quote hides which is which, the first odd
    line is named.
    """
    ending: bytes | None = None
    suspect: int | None = None
    quoted, seen = False, 0
    with origin.stream() as stream:
        for number, line in enumerate(iter(partial(stream.readline, _LONGEST), b""), start=1):
            outside = _QUOTED.sub(b"", b'"' + line if quoted else line)
            quoted ^= line.count(b'"') % 2 == 1
            if not quoted and ending and _end(outside) != ending:
                return _line_end_error(origin, number)
            if b"\r" in outside.removesuffix(b"\n").removesuffix(b"\r"):
                return _line_end_error(origin, number)
            ending = ending or _end(line)
            odd = b"\r" in line.removesuffix(ending)
            suspect = suspect or (number if odd else None)
            seen += len(line)
            if seen > LOCATE_BYTES or len(line) == _LONGEST:
                break
    if suspect:
        return _line_end_error(origin, suspect)
    return padded(origin) or origin.fail("its lines are no well-formed CSV")


def padded(origin: Origin) -> SourceError | None:
    """The error to raise where DuckDB gave up a file behind whose gzip stand zeros."""
    with origin.path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _ZEROS))
        if origin.compression != "gzip" or any(file.read()):
            return None
    hint = "unpack it with gzip -dc, which passes over them, and import that"
    return origin.fail("zeros follow its gzip data, as tapes and tar leave them", hint=hint)


def _end(line: bytes) -> bytes:
    return b"\r\n" if line.endswith(b"\r\n") else b"\n"


def _line_end_error(origin: Origin, line: int) -> SourceError:
    hint = "make all line ends alike, for example with dos2unix"
    return origin.fail("line ends change here", line=line, hint=hint)
