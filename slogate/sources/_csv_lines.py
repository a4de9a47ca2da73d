"""The records of a CSV as lines, for formats of which few rows are of use.

    every block of lines ──a record on one line each──► filter by what it begins with ──► fields

DuckDB's own reader takes every row apart. Where most are passed over, to look at how a line begins
is many times faster. A line end within quotes comes as `BREAK`, so that a record is one line;
lines that this leaves over are blank, so that the numbers of all stay. Refuses a quote that takes
in whole rows, as `_quotes` does, and counts as bad a last line that is cut off.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import IO, Any

from slogate.sources._base import Origin
from slogate.sources._lines import LONGEST, Lines
from slogate.sources._quotes import OTHERS, closing, opens

TOO_FEW = "it has too few columns"
TOO_MANY = "it has too many columns"
NOT_CLOSED = "a quote is not closed, or text follows it"
BREAK = "\x1e"
_HAS_QUOTE = "contains(text, '\"')"
_QUOTED = r"""regexp_extract_all(text, '(?:^|,)("(?:[^"]|"")*"|[^",][^,]*|)', 1)"""
_WHOLE = "list_sum(list_transform(quoted, lambda field: strlen(field))) + len(quoted) - 1"
_UNQUOTED = f"""CASE WHEN starts_with(field, '"')
    THEN replace(replace(field[2:-2], '""', '"'), chr({ord(BREAK)}), chr(10)) ELSE field END"""


class CsvLines(Lines):
    """The feed of a scan; `row` is how rows begin, `columns` how many fields they have."""

    def __init__(self, origin: Origin, *, row: bytes, columns: int) -> None:
        """The records of this file, whose fields stand between commas."""
        super().__init__(origin)
        self._row = re.compile(row, re.ASCII)
        self._columns = columns

    def _pieces(self, stream: IO[bytes]) -> Iterator[tuple[int, bytes | bytearray, int]]:
        held, begins = b"", 0
        for start, block, size in super()._pieces(stream):
            if not held and block.find(b'"', 0, size) < 0:
                yield start, block, size
                continue
            begins = start - len(held)
            whole, held = self._joined(held + bytes(memoryview(block)[:size]))
            if whole:
                yield begins, whole, len(whole)
                begins += len(whole)
        if held:
            yield begins, _one_line(io.BytesIO(held).readlines()), len(held)

    def _joined(self, data: bytes) -> tuple[bytes, bytes]:
        """The lines, each record on one, and those of a last record that goes on behind them."""
        if b'"' not in data.translate(None, OTHERS).replace(b'""', b""):
            return data, b""  # each quote is closed in its line
        done, record = list[bytes](), list[bytes]()
        size = 0
        for line in io.BytesIO(data):
            if record and (size > LONGEST or self._row.match(line)):
                raise ValueError("a quote takes in whole rows")
            rest = closing(line) if record else line
            record.append(line)
            size += len(line)
            if rest is not None and not opens(rest, b","):
                done.append(_one_line(record))
                record, size = [], 0
        return b"".join(done), b"".join(record)

    def _texts(self, block: bytes | bytearray, size: int, first: int) -> Any:
        end = block.rfind(b"\n", 0, size) + 1
        if end < size <= LONGEST and block.count(b",", end, size) < self._columns - 1:
            self._note(first + block.count(b"\n", 0, end), TOO_FEW)
            size = end
        return super()._texts(block, size, first)


def _one_line(lines: list[bytes]) -> bytes:
    """The lines of a record as one, and a blank one for each of the others."""
    if len(lines) == 1:
        return lines[0]
    parts = [line.removesuffix(b"\n") for line in lines]
    ends = sum(line.endswith(b"\n") for line in lines)
    return BREAK.encode().join(parts) + b"\n" * ends


def fields_steps() -> list[tuple[str, str]]:
    """Steps over a relation that has `text`: `fields` of it, NULL where a quote is not closed."""
    found = f"""CASE WHEN quoted IS NULL THEN string_split(text, ',')
        WHEN {_WHOLE} = strlen(text) THEN list_transform(quoted, lambda field: {_UNQUOTED}) END"""
    return [("quoted", f"CASE WHEN {_HAS_QUOTE} THEN {_QUOTED} END"), ("fields", found)]


def fault_sql(columns: int) -> str:
    """SQL for what is wrong with such `fields`, NULL where there are so many as columns."""
    return (
        f"CASE WHEN fields IS NULL THEN '{NOT_CLOSED}' WHEN len(fields) < {columns} "
        f"THEN '{TOO_FEW}' WHEN len(fields) > {columns} THEN '{TOO_MANY}' END"
    )


def count_sql() -> str:
    """SQL for how many fields a text has, where its quotes are closed."""
    return f"CASE WHEN {_HAS_QUOTE} THEN len({_QUOTED}) ELSE len(string_split(text, ',')) END"
