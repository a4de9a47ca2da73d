"""Finds what makes rows of a CSV vanish: a quote left open, and lines too long to be read.

    origin, how a row begins ──check_quotes──► nothing, or SourceError with the line
    origin ──check_lines──► the same, for files without quotes

A line end within quotes is good CSV (texts of errors have them), so that no reader minds if
thousands of rows lie between a quote that was left open and the next; and DuckDB passes over what
is longer than its buffer without a word. Refuses a file in which a line within quotes begins as
its rows do, or a line or a quoted field is over 16 MB. Only where a first look finds such a line
are the quotes followed one by one.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import IO, cast

from slogate.errors import SourceError
from slogate.sources._base import DAMAGED, Origin, damaged, lines_at

_BLOCK = 1 << 20
_SPARE = 1 << 16
_LINE_FEED = 10
_LONGEST = 16_000_000
_FEW = 200
# all but quotes and line ends
OTHERS = bytes(set(range(256)) - set(b'"\n'))
# DuckDB passes over spaces before a field's quote
_SPACED = re.compile(rb'(?:(?<=[,;\t|])|^) +"')
# an odd number of quotes: pairs of them are quotes that the field holds
_CLOSING = re.compile(rb'(?<!")(?:"")*"(?!")')


def check_quotes(origin: Origin, row: bytes, delimiter: bytes = b",") -> None:
    """SourceError if a quote opens a field that holds a whole row; `row`: how rows begin."""
    try:
        with origin.stream() as stream:
            if not _is_suspect(origin, stream, re.compile(b"\n" + row, re.ASCII)):
                return
        with origin.stream() as stream:
            line = _opened(stream, re.compile(row, re.ASCII), delimiter)
    except DAMAGED as error:
        raise damaged(origin, error) from None
    if line:
        hint = "close that quote; one that belongs to a text is written twice"
        raise origin.fail("a quote opens here that takes in whole rows", line=line, hint=hint)


def check_lines(origin: Origin) -> None:
    """SourceError if there is a line that no reader would take, nor count."""
    try:
        with origin.stream() as stream:
            for _ in _blocks(origin, stream):
                pass
    except DAMAGED as error:
        raise damaged(origin, error) from None


def row_start(columns: Sequence[str], known: Mapping[str, bytes], delimiter: str) -> bytes:
    """How a row begins whose columns of these names look so; for `check_quotes`."""
    cut = re.escape(delimiter.encode())
    last = max(columns.index(name) for name in known)
    parts = [
        b'"?(?:%b)"?' % known[name] if name in known else b"[^%b\n]*" % cut
        for name in columns[: last + 1]
    ]
    return cut.join(parts) + b"[%b\r\n]" % cut


def _blocks(origin: Origin, stream: IO[bytes]) -> Iterator[tuple[bytes | bytearray, int]]:
    """The file in pieces that end where a line does, if it is not a very long one.

    A piece is the first bytes, so many, of what is used again for the next one: memory that is
    asked for anew for each costs more than what is done with it.
    """
    buffer = bytearray(_BLOCK + _SPARE)
    view = memoryview(buffer)
    end = length = 0
    while size := cast("io.BufferedIOBase", stream).readinto(view[:_BLOCK]):
        block: bytes | bytearray = buffer
        tail = b"" if buffer[size - 1] == _LINE_FEED else stream.readline(_BLOCK)
        if size + len(tail) <= len(buffer):
            view[size : size + len(tail)] = tail
        else:
            block = bytes(view[:size]) + tail
        size += len(tail)
        end += size
        last = block.rfind(b"\n", 0, size)
        last = last if last >= 0 else block.rfind(b"\r", 0, size)
        length = size - 1 - last if last >= 0 else length + size
        if length > _LONGEST:
            raise _too_long(origin, end - length)
        yield block, size


def _too_long(origin: Origin, at: int) -> SourceError:
    hint = "take that line out; no row is so long"
    return origin.fail("a line of over 16 MB", line=lines_at(origin, [at])[at], hint=hint)


def _is_suspect(origin: Origin, stream: IO[bytes], row: re.Pattern[bytes]) -> bool:
    """Whether a row or too much is after an odd number of quotes; any counts, so it may be none."""
    within = suspect = False
    length = 0
    for block, size in _blocks(origin, stream):
        if suspect or not (within or block.find(b'"', 0, size) >= 0):
            continue
        if within and block.find(b'"', 0, size) < 0:
            length += size
        else:
            length = 0
        start = b"\n" if within else b""
        inner, within = _inner(block, size, within)
        suspect = length > _LONGEST or row.search(start + inner) is not None
    return suspect


def _inner(block: bytes | bytearray, size: int, within: bool) -> tuple[bytes, bool]:
    """What stands within quotes, over line ends at least, and whether the block ends there.

    `within`: whether it begins there. Where quotes are few, to look for each is many times faster
    than to split at all of them.
    """
    parts, start = list[bytes | bytearray](), 0
    while len(parts) < _FEW:
        if not within:
            start = block.find(b'"', start, size) + 1
            if not start:
                return b'"'.join(parts), False
        end = block.find(b'"', start, size)
        within = end < 0
        parts.append(block[start : size if within else end])
        if within:
            return b'"'.join(parts), True
        start = end + 1
    rest = bytes(memoryview(block)[start:size])
    quotes = rest.translate(None, OTHERS)
    if b'"' not in quotes.replace(b'""', b""):
        return b'"'.join(parts), False  # each of the others is closed in its line
    # where quotes are closed in their line, only lines between two that have an odd number matter
    odd = [at for at, each in enumerate(quotes.split(b"\n")) if len(each) % 2]
    lines = rest.split(b"\n")
    for first, last in zip_longest(odd[::2], odd[1::2], fillvalue=len(lines)):
        parts += b"\n".join(lines[first : last + 1]).split(b'"')[1::2]
    return b'"'.join(parts), len(odd) % 2 == 1


def _opened(stream: IO[bytes], row: re.Pattern[bytes], delimiter: bytes) -> int:
    """The line of the first quote that swallows a row or far too much, 0 if none does."""
    opened = length = 0
    number = 1
    for line in iter(partial(stream.readline, _BLOCK), b""):
        here = number
        number += line.endswith(b"\n")
        length += len(line)
        if opened and (row.match(line) or length > _LONGEST):
            return opened
        rest = closing(line) if opened else line
        if rest is not None:
            opened = length = 0
            if opens(rest, delimiter) or opens(_SPACED.sub(b'"', rest), delimiter):
                opened = here
    return 0


def closing(line: bytes) -> bytes | None:
    """What follows where a quoted field ends that began before this line; None if it goes on."""
    found = _CLOSING.search(line)
    return b"-" + line[found.end() :] if found else None


def opens(line: bytes, delimiter: bytes) -> bool:
    """Whether a quoted field begins in the line that does not end in it."""
    whole = re.compile(rb'(^|%b)"(?:[^"]|"")*"' % re.escape(delimiter))
    return _begins(line, delimiter) and _begins(whole.sub(rb"\1", line), delimiter)


def _begins(line: bytes, delimiter: bytes) -> bool:
    """Whether a field of the line begins with a quote."""
    return line.startswith(b'"') or delimiter + b'"' in line
