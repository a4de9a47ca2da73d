"""The request listener: one event of Locust becomes one row of the columns.

The common request takes the short way: no conversion, no check, six numbers stored at once. What
does not fit (no response time, missing keywords, odd types, a new word, a user seen first, a
full buffer) raises there before the row counts, and the long way records it with care. No
exception ever reaches Locust; a row that cannot be recorded at all is counted in `failed`.
"""

from __future__ import annotations

import math
from time import monotonic, time
from typing import Any

from greenlet import getcurrent

from slogate.recorders.locust.columns import (
    NAN,
    ROW,
    ROW_BYTES,
    UNKNOWN_BYTES,
    Chunk,
    Columns,
    Words,
)
from slogate.recorders.locust.pacing import current_state

LONGEST_HOLD_S = 30.0
ERROR_LENGTH = 200
NAME_LENGTH = 1000
DISTINCT_ERRORS = 1000
MISSING: Any = object()
_LARGEST_BYTES = 2**62
_write = ROW.pack_into


class Capture:
    """The columns of this process; `taken` rows were handed on, `failed` could not be recorded."""

    def __init__(self, worker: str = "") -> None:
        self.worker = worker
        self.columns = Columns()
        self.waiting: list[Columns] = []
        self.taken = 0
        self.failed = 0
        self._errors: set[str] = set()

    def on_request(
        self,
        *,
        request_type: Any = MISSING,
        response_time: Any = MISSING,
        name: Any = MISSING,
        context: Any = None,
        response: Any = None,
        exception: Any = None,
        start_time: Any = None,
        url: Any = None,
        response_length: Any = MISSING,
        **_: Any,
    ) -> None:
        """Record one request."""
        columns = self.columns
        place = columns.end
        try:
            status = response.status_code if response is not None else 0
            if exception is None:
                kind = columns.interned[name, request_type, status]
            else:
                kind = self._failure(columns, name, request_type, status, exception)
            state = getcurrent().slogate_state
            late = start_time - state.due
            size = response_length
            _write(columns.cells, place, start_time, response_time, late, state.pace, size, kind)
            state.due = NAN
            if state.watched:
                if state.columns is None:
                    state.columns = columns
                    state.first = place
                    columns.open += 1
                else:
                    state.note(columns, place)
            columns.end = place + ROW_BYTES
        except Exception:  # noqa: BLE001 (nothing may reach Locust)
            self._with_care(
                request_type=request_type,
                name=name,
                response_time=response_time,
                response_length=response_length,
                response=response,
                exception=exception,
                start_time=start_time,
            )

    def _with_care(
        self,
        *,
        request_type: Any,
        name: Any,
        response_time: Any,
        response_length: Any,
        response: Any,
        exception: Any,
        start_time: Any,
    ) -> None:
        try:
            if self.columns.end == len(self.columns.cells):
                self._turn_over()
            columns, place = self.columns, self.columns.end
            now, duration = time(), _number(response_time)
            start = _number(start_time)
            if math.isnan(start):  # the event is fired at the end
                start = now - (duration / 1000 if duration > 0 else 0.0)
            kind = self._kind(columns, name, request_type, _status(response), exception)
            state = current_state()
            size, late = _bytes(response_length), start - state.due
            _write(columns.cells, place, start, duration, late, state.pace, size, kind)
            state.due = NAN
            if state.watched:
                state.note(columns, place)
            columns.end = place + ROW_BYTES
            missing = MISSING in (request_type, name, response_time, response_length)
            columns.uncountable += missing
        except Exception:  # noqa: BLE001
            self.failed += 1

    def _failure(
        self, columns: Columns, name: Any, request_type: Any, status: Any, exception: Any
    ) -> int:
        key = (name, request_type, status, self._error(exception))
        kind = columns.interned.get(key)
        return kind if kind is not None else self._kind(columns, *key[:3], exception)

    def _kind(
        self, columns: Columns, name: Any, request_type: Any, status: int, exception: Any
    ) -> int:
        """The number of these words in this buffer, theirs from now on if they are new."""
        failed = _is_failure(exception)
        error = self._error(exception) if failed else None
        words = Words(_text(name), _text(request_type), _status_number(status), not failed, error)
        kind = columns.interned.get(words)
        if kind is None:
            kind = len(columns.words)
            columns.words.append(words)
            columns.interned[words] = kind
        if isinstance(name, str) and isinstance(request_type, str):
            short = (name, request_type, status)
            columns.interned[(*short, error) if failed else short] = kind
        return kind

    def _error(self, exception: Any) -> str:
        """What went wrong, bounded in length and in how many different ones there are."""
        try:
            text = str(exception) or type(exception).__name__
        except Exception:  # noqa: BLE001 (the user's own exception class)
            text = type(exception).__name__
        text = _clean(text[:ERROR_LENGTH])
        if text not in self._errors:
            if len(self._errors) >= DISTINCT_ERRORS:
                return type(exception).__name__
            self._errors.add(text)
        return text

    @property
    def seen(self) -> int:
        """Events that the listener has seen."""
        return self.taken + self.pending + self.failed

    @property
    def pending(self) -> int:
        """Rows that wait to be taken."""
        return sum(columns.rows for columns in (*self.waiting, self.columns))

    def _turn_over(self) -> None:
        full, self.columns = self.columns, Columns()
        full.closed_at = monotonic()
        self.waiting.append(full)

    def take(self, *, final: bool) -> list[Chunk]:
        """The finished buffers; with `final` all, else those whose iterations have ended.

        A row's pace is known when its iteration ends; a buffer is held back that long, at
        most `LONGEST_HOLD_S`.
        """
        now = monotonic()
        if self.columns.rows:
            self._turn_over()
        ready: list[Columns] = []
        held: list[Columns] = []
        for columns in self.waiting:
            done = final or not columns.open or now - columns.closed_at > LONGEST_HOLD_S
            (ready if done else held).append(columns)
        self.waiting = held
        for columns in ready:
            columns.settle()
        chunks = [columns.chunk(self.worker) for columns in ready]
        self.taken += sum(chunk.rows for chunk in chunks)
        return chunks

    def discard(self) -> None:
        """Forget what was recorded before the test began."""
        taken = self.taken
        self.take(final=True)
        self.taken = taken


def _is_failure(exception: Any) -> bool:
    """As Locust decides, but an exception object is always a failure."""
    return isinstance(exception, BaseException) or bool(exception)


def _number(value: Any) -> float:
    try:
        return float(value)
    except Exception:  # noqa: BLE001 (anything may come as a response time)
        return NAN


def _bytes(value: Any) -> int:
    try:
        size = int(value)
    except Exception:  # noqa: BLE001
        return UNKNOWN_BYTES
    return size if 0 <= size < _LARGEST_BYTES else UNKNOWN_BYTES


def _status(response: Any) -> int:
    try:
        return _status_number(response.status_code)
    except Exception:  # noqa: BLE001
        return 0


def _status_number(value: Any) -> int:
    try:
        status = int(value)
    except Exception:  # noqa: BLE001
        return 0
    return status if 100 <= status <= 999 else 0


def _text(value: Any) -> str:
    if value is MISSING or value is None:
        return ""
    try:
        return _clean(str(value)[:NAME_LENGTH])
    except Exception:  # noqa: BLE001
        return type(value).__name__


def _clean(text: str) -> str:
    """Without lone surrogates, which no UTF-8 file can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
