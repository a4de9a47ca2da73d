"""Reads the body of a request: whole, bounded, decompressed; or says why not.

A body counts against the budget before it is read, or as it is decompressed: a small one that
would become a large one is stopped on the way, and so is one that grows as no telemetry does when
it is decompressed: parsed, it would take a hundred times its size. A refused body is read to its
end where that is not far, so that the sender gets to read the answer.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from email.message import Message
from typing import Protocol

from slogate.recorders.otlp.answers import EXHAUSTED, INVALID
from slogate.recorders.otlp.budget import Budget

BLOCK = 1 << 16
DRAINED = 64 << 20
GROWN, ANYWAY = 500, 1 << 20
_HEXADECIMAL = b"0123456789abcdefABCDEF"


class Stream(Protocol):
    """What a body is read from."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes."""

    def readline(self, size: int, /) -> bytes:
        """A line, up to so many bytes."""


class Refused(Exception):
    """An answer that is no success; `close` if the connection cannot be used further."""

    def __init__(self, http: int, code: int, message: str, *, close: bool = False) -> None:
        super().__init__(message)
        self.http = http
        self.code = code
        self.message = message
        self.close = close


BUSY = "too much is waiting to be written; send it again"


class Body:
    """A body and the bytes of the budget that it holds, to be given back with `release`."""

    def __init__(self, budget: Budget, limit: int) -> None:
        self._budget = budget
        self._limit = limit
        self._held = 0
        self._came = 0

    def read(self, stream: Stream, headers: Message) -> bytes:
        """The decompressed body; Refused if it is too large, damaged, or there is no room."""
        blocks = _blocks(stream, headers)
        try:
            encoding = (headers.get("Content-Encoding") or "identity").strip().lower()
            if encoding == "identity" and (length := _length(headers)):
                self._hold(length, length)
            return self._gathered(_decoded(self._coming(blocks), encoding))
        except Refused as refused:
            refused.close = refused.close or not _drained(blocks)
            raise

    def _gathered(self, blocks: Iterator[bytes]) -> bytes:
        parts: list[bytes] = []
        size = 0
        for block in blocks:
            size += len(block)
            self._hold(size, max(0, size - self._held))
            if size > max(ANYWAY, GROWN * self._came):
                raise Refused(413, INVALID, f"the body grows over {GROWN} times when unpacked")
            parts.append(block)
        return b"".join(parts)

    def _coming(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The blocks as they come, which are counted; Refused where they never end."""
        for block in blocks:
            self._came += len(block)
            if self._came > self._limit:
                self._hold(self._came, 0)
            yield block

    def _hold(self, size: int, more: int) -> None:
        """Take so many more bytes of the budget for a body that has `size` so far."""
        if size > self._limit:
            limit = self._limit / (1 << 20)
            raise Refused(413, INVALID, f"the body is larger than {limit:g} MiB")
        if not self._budget.take(more):
            raise Refused(429, EXHAUSTED, BUSY)
        self._held += more

    def release(self) -> None:
        """Give back what is held."""
        self._budget.give(self._held)
        self._held = 0


def _blocks(stream: Stream, headers: Message) -> Iterator[bytes]:
    """The body as it comes, of a known length or in chunks."""
    told = headers.get_all("Transfer-Encoding", [])
    lengths = {each.strip() for each in headers.get_all("Content-Length", [])}
    if len(lengths) + bool(told) > 1:
        # a proxy may have taken it for another request than we would
        raise Refused(400, INVALID, "the request says twice how long it is", close=True)
    if told:
        if [each.strip().lower() for each in told] != ["chunked"]:
            raise Refused(501, INVALID, "of transfer encodings only chunked is known", close=True)
        yield from _chunks(stream)
        return
    left = _length(headers)
    if left is None:
        raise Refused(411, INVALID, "the request does not say how long it is", close=True)
    while left:
        block = stream.read(min(BLOCK, left))
        if not block:
            raise Refused(400, INVALID, "the body is cut off", close=True)
        left -= len(block)
        yield block


def _length(headers: Message) -> int | None:
    text = (headers.get("Content-Length") or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _chunks(stream: Stream) -> Iterator[bytes]:
    broken = Refused(400, INVALID, "the chunks of the body are malformed", close=True)
    while True:
        digits = stream.readline(1_000).partition(b";")[0].strip()
        if not digits or digits.translate(None, _HEXADECIMAL):
            raise broken
        left = int(digits, 16)
        if left == 0:
            while stream.readline(1_000).strip():
                pass
            return
        while left:
            block = stream.read(min(BLOCK, left))
            if not block:
                raise broken
            left -= len(block)
            yield block
        if stream.readline(3).strip():
            raise broken


def _decoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    if encoding == "identity":
        return blocks
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return _inflated(blocks, encoding)
    raise Refused(415, INVALID, f"the encoding {encoding[:40]} is not known; send gzip")


def _inflated(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    damaged = Refused(400, INVALID, f"the {encoding} compression of the body is damaged")
    bits = zlib.MAX_WBITS if encoding == "deflate" else 31
    inflater = zlib.decompressobj(bits)
    try:
        for block in blocks:
            data = block
            while data:
                if inflater.eof:
                    inflater = zlib.decompressobj(bits)
                if part := inflater.decompress(data, BLOCK):
                    yield part
                data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        if not inflater.eof:
            raise damaged
    except zlib.error:
        raise damaged from None


def _drained(blocks: Iterator[bytes]) -> bool:
    """Read on to the end; False if that is too far or impossible."""
    left = DRAINED
    try:
        for block in blocks:
            left -= len(block)
            if left < 0:
                return False
    except (Refused, OSError, ValueError):
        return False
    return True
