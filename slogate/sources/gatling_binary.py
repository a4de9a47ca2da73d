"""Gatling's simulation.log since 3.13: binary, big-endian, times in ms since the start of the run.

    RUN record ──► records of requests, users, groups, errors, one after the other

A text is written once with a number and named by minus its number afterwards. Records of which
all texts are known already are matched in bulk by one pattern; the others are read field by field.
Nothing marks where a record begins: from the first one that cannot be, the rest is lost, so a
damaged file is refused. One that ends within a record gives the requests before it and a bad row
that says so. The groups of a request become its label `group`; GROUP records repeat requests and
are passed over.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

from slogate.sources._base import (
    DAMAGED,
    EARLIEST_TS,
    LATEST_TS,
    LONGEST_US,
    BadRow,
    Chunk,
    Origin,
    Source,
    damaged,
)
from slogate.sources._gatling import Cursor, Damage, Short

_BLOCK = 1 << 20
_MOST_TEXTS = 128 << 20
_LONGEST_RECORD = 64 << 20
_VERSION = re.compile(rb"\0\0\0[\0-\x20][0-9]+\.[0-9]+[\w.+-]*\0", re.ASCII)
_STATUS = re.compile(r"status.*found ([1-5][0-9][0-9])\Z", re.DOTALL | re.ASCII)
_TEXT_CHARACTERS = 2_000

_KNOWN = rb"[\x80-\xff].{3}"
_GROUPS = rb"\0\0\0(?:\0|" + rb"|".join(bytes([n]) + _KNOWN * n for n in (1, 2, 3, 4)) + rb")"
_OTHERS = rb"\x02.{4}[\0\x01].{4}|\x03%b.{12}[\0\x01]|\x04%b.{4}" % (_GROUPS, _KNOWN)
_REQUEST = rb"%b%b.{8}[\0\x01]%b" % (_GROUPS, _KNOWN, _KNOWN)
_RECORD = re.compile(rb"\x01(%b)|%b" % (_REQUEST, _OTHERS), re.DOTALL)
_RECORDS = re.compile(rb"(?:\x01%b|%b)*+" % (_REQUEST, _OTHERS), re.DOTALL)
# a request as it stands in the file, behind its kind: how many groups, which (4 bytes each), and
_NAME, _START, _END, _OK, _MESSAGE, _REST = 4, 8, 12, 16, 17, 21  # without groups

_CUT = "the file ends within a record"
_NO_END = "its end is no time between its start and a day later"


def sniff(head: bytes) -> float:
    """1 for a RUN record with a version."""
    return float(head.startswith(b"\0") and _VERSION.match(head, 1) is not None)


def open_gatling(origin: Origin) -> Iterator[Chunk]:
    """The requests of a binary log; SourceError if it is none or damaged."""
    try:
        with origin.stream() as stream:
            yield from _chunks(origin, stream)
    except DAMAGED as error:
        raise damaged(origin, error) from None


def _chunks(origin: Origin, stream: Any) -> Iterator[Chunk]:
    log, buffer, before = _Log(), b"", 0
    while block := stream.read(_BLOCK):
        buffer += block
        try:
            end = log.read(buffer)
            rows = log.rows()
        except Damage as error:
            at = before + log.at
            raise origin.fail(f"it is no log of Gatling's from byte {at} on: {error}") from None
        if len(buffer) - end > _LONGEST_RECORD:
            raise origin.fail(f"a record is longer than 64 MB, at byte {before + end}")
        buffer, before = buffer[end:], before + end
        if rows is not None:
            yield rows
    if not log.start_us:
        raise origin.fail("it ends within its first record")
    if buffer:
        yield Chunk(rows=None, bad={_CUT: 1}, shown=(BadRow(line=None, reason=_CUT),))


class _Log:
    """Reads record after record; remembers the texts and the start of the run."""

    def __init__(self) -> None:
        self.start_us = 0
        self.at = 0  # where the record begins that is being read
        self._texts: list[str] = []
        self._statuses: list[int | None] = []
        self._size = 0
        self._raw: list[bytes] = []
        self._known: tuple[Any, Any] | None = None

    def read(self, buffer: bytes) -> int:
        """Read all whole records; how many bytes that were."""
        self.at = 0
        try:
            while self.at < len(buffer):
                if self.start_us:
                    match = _RECORDS.match(buffer, self.at)
                    end = match.end() if match else self.at
                    found = _RECORD.findall(buffer, self.at, end)
                    self._raw += filter(None, found)
                    self.at = end
                    if end == len(buffer):
                        break
                self.at = self._record(Cursor(buffer, self.at))
        except Short:
            pass
        return self.at

    def _record(self, cursor: Cursor) -> int:
        """One record, field by field; where it ends."""
        kind = cursor.take(1)[0]
        if (kind == 0) == bool(self.start_us):
            raise Damage("it does not begin with a run" if kind else "a second run begins")
        if kind == 0:
            self._run(cursor)
        elif kind == 1:
            self._raw.append(
                self._group_texts(cursor) + self._text(cursor) + cursor.take(8)
                + cursor.flag() + self._text(cursor)
            )  # fmt: skip
        elif kind == 2:
            cursor.take(4)
            cursor.flag()
            cursor.take(4)
        elif kind == 3:
            self._group_texts(cursor)
            cursor.take(12)
            cursor.flag()
        elif kind == 4:
            self._text(cursor)
            cursor.take(4)
        else:
            raise Damage(f"there is no record of kind {kind}")
        return cursor.at

    def _run(self, cursor: Cursor) -> None:
        version, _ = cursor.text(), cursor.text()
        start_ms = int.from_bytes(cursor.take(8), "big", signed=True)
        if not re.match(r"\d+\.\d+", version, re.ASCII):
            raise Damage("it names no version")
        if not EARLIEST_TS <= start_ms * 1_000 <= LATEST_TS:
            raise Damage("the start of the run is no time in ms between 2001 and 2100")
        cursor.text()
        for _ in range(cursor.count("scenarios")):
            cursor.text()
        for _ in range(cursor.count("assertions")):
            cursor.take(cursor.length())
        self.start_us = start_ms * 1_000

    def _text(self, cursor: Cursor) -> bytes:
        """Minus the number of a text, which is read and kept where it comes for the first time."""
        number = cursor.int32()
        if number < 0:
            return number.to_bytes(4, "big", signed=True)
        text = cursor.text()[:_TEXT_CHARACTERS]
        if number == len(self._texts) + 1:
            self._size += len(text)
            self._texts.append(text)
            match = _STATUS.fullmatch(text)
            self._statuses.append(int(match[1]) if match else None)
            self._known = None
        elif not 0 < number <= len(self._texts):  # one that was read before, but not to its end
            raise Damage(f"its texts are not numbered one after the other ({number})")
        if self._size > _MOST_TEXTS:
            raise Damage("it has over 128 million characters of different texts")
        return (-number).to_bytes(4, "big", signed=True)

    def _group_texts(self, cursor: Cursor) -> bytes:
        count = cursor.count("groups")
        return count.to_bytes(4, "big") + b"".join(self._text(cursor) for _ in range(count))

    def rows(self) -> Chunk | None:
        """The requests since the last time; Damage if they name a text that never came."""
        raw, self._raw = self._raw, []
        if not raw:
            return None
        import pyarrow as pa
        import pyarrow.compute as pc

        sizes = list(map(len, raw))
        parts = []
        for size in sorted(set(sizes)):
            mine = raw if len(raw) == sizes.count(size) else [r for r in raw if len(r) == size]
            parts.append(self._alike(b"".join(mine), size))
        if len(parts) == 1:
            return _kept(parts[0])
        batch = pa.Table.from_batches(parts).combine_chunks().to_batches()[0]
        # where each of them stood, inverted: the order of the file again
        places = pc.array_sort_indices(pa.array(sizes, pa.int32()))
        return _kept(batch.take(pc.array_sort_indices(places)))

    def _alike(self, raw: bytes, size: int) -> Any:
        """The rows of requests that stand one after the other, all in as many groups."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._known is None:
            self._known = (pa.array(self._texts, pa.string()), pa.array(self._statuses, pa.int16()))
        texts, statuses = self._known
        more, count = size - _REST, len(raw) // size
        began, ended = (_int32(raw, at + more, size) for at in (_START, _END))
        ok = _flags(raw[_OK + more :: size])
        message = self._place(raw, _MESSAGE + more, size)
        failed = message.filter(pc.invert(ok))
        said = pc.utf8_trim_whitespace(texts.take(failed))
        labels = None
        if more:
            groups = [texts.take(self._place(raw, 4 + at, size)) for at in range(0, more, 4)]
            values = pc.binary_join_element_wise(*groups, ",")
            offsets = pa.array(range(count + 1), pa.int32())
            labels = pa.MapArray.from_arrays(offsets, pa.repeat("group", count), values)
        columns = {
            "ts": pc.add(pc.multiply(began, 1_000), self.start_us),
            "duration_us": pc.multiply(pc.subtract(ended, began), 1_000),
            "endpoint": texts.take(self._place(raw, _NAME + more, size)),
            "status": _spread(ok, statuses.take(failed)),
            "ok": ok,
            "error": _spread(ok, pc.if_else(pc.equal(said, ""), None, said)),
            "labels": labels or pa.nulls(count, pa.map_(pa.string(), pa.string())),
        }  # fmt: skip
        return pa.RecordBatch.from_pydict(columns)

    def _place(self, raw: bytes, at: int, size: int) -> Any:
        """Which texts are named there."""
        import pyarrow.compute as pc

        found = pc.subtract(-1, _int32(raw, at, size))
        ends = pc.min_max(found).as_py()
        if ends["max"] >= len(self._texts):
            raise Damage("a record before names a text that was never written")
        return found


def _int32(raw: bytes, at: int, size: int) -> Any:
    """The big-endian numbers that stand there in every record, as an Arrow column of int64."""
    import pyarrow as pa

    count = len(raw) // size
    content = bytearray(4 * count)
    for byte in range(4):
        content[byte::4] = raw[at + (3 - byte if sys.byteorder == "little" else byte) :: size]
    return pa.Array.from_buffers(pa.int32(), count, [None, pa.py_buffer(content)]).cast(pa.int64())


def _flags(said: bytes) -> Any:
    import pyarrow as pa

    buffers = [None, pa.py_buffer(said)]
    return pa.Array.from_buffers(pa.uint8(), len(said), buffers).cast(pa.bool_())


def _spread(ok: Any, of_failed: Any) -> Any:
    """A column that is null where the request was fine."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.replace_with_mask(pa.nulls(len(ok), of_failed.type), pc.invert(ok), of_failed)


def _kept(rows: Any) -> Chunk:
    """The rows whose end is after their start; the others are counted."""
    import pyarrow.compute as pc

    took = rows["duration_us"]
    fine = pc.and_(pc.greater_equal(took, 0), pc.less_equal(took, LONGEST_US))
    bad = len(rows) - pc.sum(fine).as_py()
    if not bad:
        return Chunk(rows=rows)
    shown = (BadRow(line=None, reason=_NO_END),)
    return Chunk(rows=rows.filter(fine), bad={_NO_END: bad}, shown=shown)


_EXAMPLE = (
    b"\0\0\0\0\x063.13.1\0\0\0\0\x04shop\0"
    b"\0\0\x01\x9a\xb6\x9c\x50\0\0\0\0\0\0\0\0\x01\0\0\0\x01A\0\0\0\0\0"
    b"\x02\0\0\0\0\x01\0\0\0\x05"
    b"\x01\0\0\0\0\0\0\0\x01\0\0\0\x04Home\0\0\0\0\x06\0\0\0\x28\x01\0\0\0\x02\0\0\0\0"
    b"\x01\0\0\0\0\xff\xff\xff\xff\0\0\0\x29\0\0\0\x30\x01\xff\xff\xff\xfe"
    b"\x01\0\0\0\x01\0\0\0\x03\0\0\0\x01G\0\xff\xff\xff\xff\0\0\0\x31\0\0\0\x40\0"
    b"\0\0\0\x04\0\0\0\x02no\0"
)

PLUGIN = Source(
    name="gatling-binary",
    help="Gatling's simulation.log since 3.13",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_gatling,
)
