"""Finds the quote that swallows rows of a CSV: up to the next one they would all be one field.

    origin, how a row begins ──check_quotes──► nothing, or SourceError with the quote's line

A line end within quotes is good CSV (texts of errors have them), so that no reader minds if
thousands of rows lie between a quote that was left open and the next. Refuses a file in which
a line within quotes begins as its rows do. Only where a first look finds such a line are the
quotes followed one by one.
"""

from __future__ import annotations

import re
from functools import partial
from typing import IO

from slogate.sources._base import DAMAGED, Origin, damaged

_BLOCK = 1 << 20
# an odd number of quotes: pairs of them are quotes that the field holds
_CLOSING = re.compile(rb'(?<!")(?:"")*"(?!")')


def check_quotes(origin: Origin, row: bytes, delimiter: bytes = b",") -> None:
    """SourceError if a quote opens a field that holds a whole row; `row`: how rows begin."""
    try:
        with origin.stream() as stream:
            if not _is_suspect(stream, re.compile(b"\n" + row, re.ASCII)):
                return
        with origin.stream() as stream:
            line = _opened(stream, re.compile(row, re.ASCII), delimiter)
    except DAMAGED as error:
        raise damaged(origin, error) from None
    if line:
        hint = "close that quote; one that belongs to a text is written twice"
        raise origin.fail("a quote opens here that takes in whole rows", line=line, hint=hint)


def _is_suspect(stream: IO[bytes], row: re.Pattern[bytes]) -> bool:
    """Whether a row begins after an odd number of quotes; any quote counts, so it may be none."""
    within = False
    while block := stream.read(_BLOCK):
        block += stream.readline(_BLOCK)
        if within or b'"' in block:
            parts = (b"\n" + block).split(b'"')
            if row.search(b'"'.join(parts[0 if within else 1 :: 2])):
                return True
            within ^= len(parts) % 2 == 0
    return False


def _opened(stream: IO[bytes], row: re.Pattern[bytes], delimiter: bytes) -> int:
    """The line of the first quote that swallows a row, 0 if none does."""
    whole = re.compile(rb'(^|%b)"(?:[^"]|"")*"' % re.escape(delimiter))
    opened = 0
    for number, line in enumerate(iter(partial(stream.readline, _BLOCK), b""), start=1):
        rest = line
        if opened:
            if row.match(line):
                return opened
            if not (closing := _CLOSING.search(line)):
                continue
            opened, rest = 0, b"-" + line[closing.end() :]
        if _opens(rest, delimiter) and _opens(whole.sub(rb"\1", rest), delimiter):
            opened = number
    return 0


def _opens(line: bytes, delimiter: bytes) -> bool:
    """Whether a field of the line begins with a quote."""
    return line.startswith(b'"') or delimiter + b'"' in line
