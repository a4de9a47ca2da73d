"""What the formats of one record a line share: the lines of a file as a table for DuckDB.

    scan = Scan(sql=f"SELECT line, … FROM {LINES}", parameters={…}, feed=Lines(origin))

`LINES` (line BIGINT, text VARCHAR, never empty, without its line end) is what the query reads:
the feed hands over blocks of lines, which DuckDB splits with all its threads. The query hands out
`line` again beside `bad` and `left_out`: that places the bad rows. It ascends, but says in which
block the line stands and where: `lines` finds its number, for the few of which it is asked.
Blank lines are skipped. A line that cannot be text (no UTF-8, over `LONGEST` bytes) never
reaches the query: it is counted here as bad. No line is lost in silence, which DuckDB's own
readers of lines and of NDJSON do not warrant; splitting costs less than they do, the memory
does not grow with the file, and a byte order mark, CRLF and compression are seen to.
"""

from __future__ import annotations

import array
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any, cast

from slogate.sources._base import MARK, NO_UTF8, BadRow, Origin, lines_at

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST = 16 << 20
LINES = """(SELECT line, text FROM (
    SELECT unnest(range(first, first + len(texts))) AS line, unnest(texts) AS text
    FROM (SELECT first, string_split(block, chr(10)) AS texts FROM feed)
) WHERE text <> '')"""
SHOWN = 5
_BLOCK = 1 << 20
_SPARE = 1 << 16
# more than the lines of the largest block
_PLACES = 1 << 26
_LINE_FEED = 10
_TOO_LONG = f"it is longer than {LONGEST >> 20} MB"


class Lines:
    """The feed of a scan; `bad` and `shown` (each with its `line` as the query has it) grow."""

    def __init__(self, origin: Origin, *, encoding: str = "utf-8") -> None:
        """The lines of this file, `encoding` being utf-8 or one whose every byte is a character."""
        self.bad: Counter[str] = Counter()
        self.shown: list[BadRow] = []
        self._starts: list[int] = []
        self._origin = origin
        self._encoding = encoding

    def reader(self) -> pa.RecordBatchReader:
        """Reads the file once, from its start, while it is asked for batches."""
        import pyarrow as pa

        schema = pa.schema([("first", pa.int64()), ("block", pa.string())])
        return pa.RecordBatchReader.from_batches(schema, self._batches(schema))

    def _batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        self._starts.clear()
        with self._origin.stream() as stream:
            for start, block, size in self._pieces(stream):
                first = len(self._starts) * _PLACES
                self._starts.append(start)
                texts = self._texts(block, size, first)
                yield pa.record_batch([pa.array([first], pa.int64()), texts], schema=schema)

    def _pieces(self, stream: IO[bytes]) -> Iterator[tuple[int, bytes | bytearray, int]]:
        """Where each block of lines starts, and the first bytes, so many, of what holds it."""
        return _blocks(stream)

    def lines(self, places: Iterable[int]) -> dict[int, int]:
        """The numbers, from 1, of lines as the query has them: to count all would take long."""
        found = {place: divmod(place, _PLACES) for place in places}
        # a block begins behind the end of a line, which counts as part of that
        ends = {block: max(0, self._starts[block] - 1) for block, _ in found.values()}
        lines = lines_at(self._origin, [end for end in ends.values() if end])
        return {place: lines.get(ends[block], 1) + more for place, (block, more) in found.items()}

    def _texts(self, block: bytes | bytearray, size: int, first: int) -> Any:
        """A block of lines, empty where one cannot be used."""
        if self._encoding != "utf-8" or block.find(b"\r", 0, size) >= 0:
            block = self._plain(bytes(memoryview(block)[:size]))
            size = len(block)
        # whoever reads the feed may hold it while the next block is filled
        kept = bytes(memoryview(block)[:size])
        whole = _whole(kept)
        if size <= LONGEST and _is_text(whole):
            return whole
        return self._sorted_out(kept, first)

    def _plain(self, block: bytes) -> bytes:
        """The block as UTF-8 with bare line feeds."""
        block = block.replace(b"\r\n", b"\n").removesuffix(b"\r")
        if self._encoding == "utf-8" or block.isascii():
            return block
        return block.decode(self._encoding, "replace").encode()

    def _sorted_out(self, block: bytes, first: int) -> Any:
        """A block of lines, empty where one cannot be used, which is noted."""
        import pyarrow as pa

        texts: list[str] = []
        for number, line in enumerate(block.removesuffix(b"\n").split(b"\n"), start=first):
            reason = _TOO_LONG if len(line) > LONGEST else None
            text = ""
            try:
                text = "" if reason else line.decode()
            except UnicodeDecodeError:
                reason = NO_UTF8
            if reason:
                self._note(number, reason)
            texts.append(text)
        return pa.array(["\n".join(texts)], pa.string())

    def _note(self, line: int, reason: str) -> None:
        self.bad[reason] += 1
        if len(self.shown) < SHOWN:
            self.shown.append(BadRow(line=line, reason=reason))


def _blocks(stream: IO[bytes]) -> Iterator[tuple[int, bytes | bytearray, int]]:
    """The file in pieces of whole lines; of a line that is far too long only its beginning.

    A piece is where it starts in the file, and the first bytes, so many, of what is used again
    for the next one: memory that is asked for anew for each costs more than what is done with it.
    """
    buffer = bytearray(_BLOCK + _SPARE)
    view = memoryview(buffer)
    size, marked = _start(stream, view)
    at = 0
    while size := size + _fill(stream, view[size:_BLOCK]):
        tail = b"" if view[size - 1] == _LINE_FEED else stream.readline(LONGEST + 1)
        if size + len(tail) <= len(buffer):
            view[size : size + len(tail)] = tail
            yield at, buffer, size + len(tail)
        else:
            yield at, bytes(view[:size]) + tail, size + len(tail)
        at += size + len(tail) + (0 if at else marked)
        while len(tail) > LONGEST and not tail.endswith(b"\n"):
            tail = stream.readline(LONGEST + 1)
            at += len(tail)
        size = 0


def _start(stream: IO[bytes], view: memoryview) -> tuple[int, int]:
    """Read the first bytes without a byte order mark; how many they are, how long that was."""
    read = stream.read(len(MARK))
    start = read.removeprefix(MARK)
    view[: len(start)] = start
    return len(start), len(read) - len(start)


def _fill(stream: IO[bytes], view: memoryview) -> int:
    """Read as much as there is and fits."""
    return int(cast("io.BufferedIOBase", stream).readinto(view))


def _whole(block: bytes) -> Any:
    """A block as one text of Arrow's, not copied; the end of its last line left out."""
    import pyarrow as pa

    offsets = pa.py_buffer(array.array("i", [0, len(block) - block.endswith(b"\n")]))
    return pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(block)])


def _is_text(whole: Any) -> bool:
    """Whether it is UTF-8."""
    import pyarrow as pa

    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
