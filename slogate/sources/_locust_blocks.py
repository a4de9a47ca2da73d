"""Reads a long CSV file of Locust in blocks, of which most need not be taken apart.

    bytes ──► blocks of whole lines, each with as many columns as the header (unparsed)
          └─► where a block is anything else: its records, one by one

A block is whole if nothing but its commas, quotes and line ends says so. Refuses what
`_locust_csv.rows_of` refuses, and gives the same records.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import IO

from slogate.sources._base import DAMAGED, NO_UTF8, TO_UTF8, Origin, damaged
from slogate.sources._locust_csv import LONGEST, lines_of

_BLOCK = 65_536  # twice as much is the longest field that csv takes
_SHAPE = b',"\r\n\0'
_CONTENT = bytes(sorted(set(range(256)) - set(_SHAPE)))
_QUOTED = re.compile(rb'"(?<![^,\n]")[^"\r\n\0]*(?:""[^"\r\n\0]*)*"(?=[,\r\n])')
_LINE_AFTER_LINE = bytes.maketrans(b"\n", b",")
_FOLLOWING = bytes(range(0x80, 0xC0))  # bytes of UTF-8 that begin no character


@dataclass(slots=True)
class Records:
    """The records of a file; `width` is that of its header once it is known."""

    origin: Origin
    width: int = 0
    block: int = _BLOCK
    _lines: int = 0

    def __iter__(self) -> Iterator[tuple[int, list[str] | bytes]]:
        """The line of each record with its cells, or of a block with its text; no blank ones."""
        try:
            with self.origin.stream() as stream:
                blocks = _blocks(stream, self.block)
                for block in blocks:
                    short = len(block) < 2 * self.block
                    if self.width and short and _plain(block, self.width):
                        if not block.isascii():
                            block.decode()
                        yield self._lines + 1, block
                        self._lines += block.count(b"\n")
                    else:
                        yield from self._each(block, blocks)
        except UnicodeDecodeError:
            raise self.origin.fail(NO_UTF8, hint=TO_UTF8) from None
        except csv.Error as error:
            raise self.origin.fail(f"it is no CSV: {error}") from None
        except DAMAGED as error:
            raise damaged(self.origin, error) from None

    def _each(self, block: bytes, blocks: Iterator[bytes]) -> Iterator[tuple[int, list[str]]]:
        """The records of a block, and of those after it into which the last goes on."""
        begin = self._lines + 1
        waiting = deque(self._texts(block))

        def lines() -> Iterator[str]:
            while True:
                if not waiting:
                    waiting.extend(self._texts(next(blocks, b"")))
                if not waiting:
                    return
                yield waiting.popleft()

        reader, line = csv.reader(lines()), begin
        while waiting:
            row = next(reader, None)
            if row:
                yield line, row
            line = begin + reader.line_num

    def _texts(self, block: bytes) -> list[str]:
        """The lines of a block."""
        encoding = "utf-8" if self._lines else "utf-8-sig"
        with io.TextIOWrapper(io.BytesIO(block), encoding, newline="") as text:
            found = list(lines_of(self.origin, text, self._lines + 1))
        self._lines += len(found)
        return found


def rows_in(line: int, block: bytes) -> list[tuple[int, list[str]]]:
    """The records of a block that is whole, with their lines."""
    return list(enumerate(csv.reader(io.StringIO(block.decode(), newline="")), line))


def all_cells(block: bytes) -> list[str]:
    """The cells of a block that is whole, row after row."""
    if b'"' in block:
        text = io.StringIO(block.decode(), newline="")
        return list(chain.from_iterable(csv.reader(text)))
    return block.translate(_LINE_AFTER_LINE, b"\r").decode().split(",")[:-1]


def cells_of(line: bytes) -> list[str]:
    """The cells of a line of such a block."""
    text = line.decode().rstrip("\r\n")
    return next(csv.reader([text])) if '"' in text else text.split(",")


def _blocks(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """The file in blocks that end with a line; cut off within one of over a million characters."""
    while part := stream.read(size):
        parts, characters = [part], 0
        while not part.endswith(b"\n") and characters <= LONGEST:
            part = stream.readline(size)
            if not part:
                break
            parts.append(part)
            characters += len(part.translate(None, _FOLLOWING))
        yield b"".join(parts)


def _plain(block: bytes, width: int) -> bool:
    """Whether each line is a record of so many columns."""
    if not block.endswith(b"\n"):
        return False
    unquoted = _QUOTED.sub(b"", block) if b'"' in block else block
    shape, commas = unquoted.translate(None, _CONTENT), b"," * (width - 1)
    lines = block.count(b"\n")
    return any(shape == (commas + end) * lines for end in (b"\n", b"\r\n"))
