"""The rows of this process, from the notes of its listener to finished buffers.

Notes become rows of the columns by the batch. Odd values (a missing keyword, a text for a
number) make theirs take the long way, row by row. No exception ever reaches Locust; a row that
cannot be recorded at all is counted in `failed`.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from itertools import compress, count
from operator import sub
from time import time
from typing import Any

from slogate.recorders.locust.columns import NAN, Chunk, Columns, Words
from slogate.recorders.locust.listener import CELLS, listener, stand_in
from slogate.recorders.locust.pacing import UserState, current_state
from slogate.recorders.locust.values import (
    MISSING,
    Errors,
    byte_count,
    is_failure,
    number,
    status_number,
    status_of,
    text_of,
)

LONGEST_HOLD_S = 30.0


class Capture:
    """The rows of this process; `taken` ones were handed on, `failed` could not be recorded.

    `_notes` holds `CELLS` values an event: start in s, response time in ms, when it was due,
    bytes, pace in s, (name, method, status; of a failure with its error), its user's state and
    iteration. `_open` has the iterations that had not ended when their rows were last looked at.
    """

    def __init__(self, worker: str = "") -> None:
        self.worker = worker
        self.columns = Columns()
        self._open: dict[int, UserState] = {}
        self._learnt: dict[int, float] = {}
        self.taken = 0
        self.failed = 0
        self._errors = Errors()
        self._notes: list[Any] = []
        self.on_request = self._listener(None, None)

    def stand_in(self, hook: Any) -> None:
        """Where nobody else listens to a hook of Locust, be all that an event of it passes."""
        self.on_request = stand_in(hook, self.on_request, self._listener)

    def _listener(self, counted: Callable[..., None] | None, hook: Any) -> Callable[..., None]:
        return listener(self._notes, self.record, self.digest, counted, hook)

    def record(
        self,
        *,
        request_type: Any,
        name: Any,
        response_time: Any,
        response_length: Any = MISSING,
        response: Any = None,
        exception: Any = None,
        start_time: Any = None,
    ) -> None:
        """Record one request with care; Locust does not count it."""
        try:
            status: Any = status_of(response)
            if is_failure(exception):
                status = (status, self._errors.text(exception))
            start = number(start_time)
            if math.isnan(start):  # the event is fired at the end
                duration = number(response_time)
                start = time() - (duration / 1000 if duration > 0 else 0.0)
            state = current_state()
            self._notes.extend((
                start, response_time, state.due, response_length, state.pace,
                (name, request_type, status), state, state.iteration,
            ))  # fmt: skip
            state.due = NAN
        except Exception:  # noqa: BLE001
            self.failed += 1

    def learn(self, iteration: int, pace: float) -> None:
        """What the pace of an iteration was, as it is known at its end."""
        self._learnt[iteration] = pace

    @property
    def seen(self) -> int:
        """Events that the listener has seen."""
        return self.taken + self.pending + self.failed

    @property
    def pending(self) -> int:
        """Rows that wait to be taken."""
        return self.columns.rows + len(self._notes) // CELLS

    def digest(self) -> None:
        """Turn notes into rows of the columns."""
        size = len(self._notes)
        cells = [self._notes[cell:size:CELLS] for cell in range(CELLS)]
        del self._notes[:size]
        try:
            try:
                rows = _columns(self.columns, cells)
            except Exception:  # noqa: BLE001 (odd values)
                self.columns.uncountable += _uncountable(cells)
                rows = _columns(self.columns, _normal(cells))
        except Exception:  # noqa: BLE001
            self.failed += len(cells[0])
        else:
            self.columns.extend(*rows)
            self._open.update((state.iteration, state) for state in set(cells[-2]))
            self._open = {n: state for n, state in self._open.items() if state.iteration == n}

    def take(self, *, final: bool) -> list[Chunk]:
        """The rows whose iterations have ended; with `final` all.

        How often an endpoint occurs in an iteration is known when that ends; its rows are held
        back so long, at most `LONGEST_HOLD_S`.
        """
        self.digest()
        columns, self.columns = self.columns, Columns()
        for place, iteration in enumerate(columns.iterations if self._learnt else ()):
            columns.paces[place] = self._learnt.get(iteration, columns.paces[place])
        if not final:
            begun_before = time() - LONGEST_HOLD_S
            going = {n for n, state in self._open.items() if state.iteration == n >= 0}
            goes_on = map(going.__contains__, columns.iterations if going else ())
            rows = compress(count(), goes_on)
            held = [place for place in rows if columns.starts[place] > begun_before]
            columns.move(held, self.columns)
        self._learnt.clear()
        self.taken += columns.rows
        return [columns.chunk(self.worker)] if columns.rows else []

    def discard(self) -> None:
        """Forget what was recorded before the test began."""
        taken = self.taken
        self.take(final=True)
        self.taken = taken


def _columns(columns: Columns, cells: Sequence[list[Any]]) -> list[array[Any]]:
    """The rows in the order of the columns; raises if a value is odd."""
    starts, times, dues, sizes, paces, words, _, iterations = cells
    return [
        array("d", starts),
        array("d", times),
        array("d", map(sub, starts, dues)),
        array("d", paces),
        array("q", sizes),
        array("q", _kinds(columns, words)),
        array("q", iterations),
    ]


def _kinds(columns: Columns, words: list[tuple[Any, Any, Any]]) -> list[int]:
    interned = columns.interned
    try:
        return [interned[key] for key in words]
    except KeyError:
        for key in set(words).difference(interned):
            interned[key] = columns.kind(_words(*key))
        return [interned[key] for key in words]


def _words(name: Any, method: Any, status: Any) -> Words:
    """What a row's words mean; raises `TypeError` if they are not what they should be."""
    known, error = status if isinstance(status, tuple) else (status, None)
    if not (type(name) is type(method) is str and type(known) is int):
        raise TypeError
    return Words(text_of(name), text_of(method), status_number(known), error is None, error)


def _uncountable(cells: Sequence[list[Any]]) -> int:
    """How many events lack what Locust's own listener needs."""
    return sum(
        any(value is MISSING for value in (duration, size, *words))
        for duration, size, words in zip(cells[1], cells[3], cells[5], strict=True)
    )


def _normal(cells: Sequence[list[Any]]) -> list[list[Any]]:
    """The same rows with numbers and texts where they belong, unknown ones as such."""
    starts, times, dues, sizes, paces, words, states, iterations = cells
    return [
        [number(start) for start in starts],
        [number(duration) for duration in times],
        dues,
        [byte_count(size) for size in sizes],
        paces,
        [
            (text_of(name), text_of(method), s if isinstance(s, tuple) else status_number(s))
            for name, method, s in words
        ],
        states,
        iterations,
    ]
