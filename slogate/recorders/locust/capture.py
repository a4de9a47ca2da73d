"""The request listener: one event of Locust becomes one row of the columns.

An event is only noted, as it came: the less is done between two requests, the less their
generator is disturbed, and what is done for `BATCH` rows at once costs a third of it one by one.
A row whose iteration has not ended stays among the notes, its pace is not known yet. Odd values
(a missing keyword, a text for a number) make their batch take the long way, row by row. No
exception ever reaches Locust; a row that cannot be recorded at all is counted in `failed`.
"""

from __future__ import annotations

import inspect
import math
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain, compress
from operator import sub
from time import time
from typing import Any

from greenlet import getcurrent

from slogate.recorders.locust.columns import CAPACITY, NAN, Chunk, Columns, Words
from slogate.recorders.locust.pacing import current_state
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

BATCH = 128
LONGEST_HOLD_S = 30.0
_UNCOUNTABLE = "an event needs request_type, name, response_time and response_length"
_CELLS = 9
_FULL = BATCH * _CELLS


class Capture:
    """The rows of this process; `taken` ones were handed on, `failed` could not be recorded.

    `_notes` holds `_CELLS` values an event: start in s, response time in ms, when it was due,
    bytes, name, method, status (of a failure with its error), its user's state and iteration.
    """

    def __init__(self, worker: str = "") -> None:
        self.worker = worker
        self.columns = Columns()
        self.waiting: list[Columns] = []
        self.taken = 0
        self.failed = 0
        self._errors = Errors()
        self._notes: list[Any] = []
        self._full = _FULL
        self.counted: Callable[..., None] | None = None
        self.on_request = self._listener(None)

    def stand_in(self, handlers: list[Any]) -> None:
        """Take the place of Locust's own listener too, and hand on to it what it is for.

        Each listener costs a call with all the keywords of the event, half of what ours does.
        Only where nobody else listens in between; whoever listens later is called after, as ever.
        """
        if len(handlers) == 2 and handlers[0] is self.on_request and _counts(handlers[1]):
            self.counted = handlers[1]
            self.on_request = self._listener(self.counted)
            handlers[:] = [self.on_request]

    def _listener(self, counted: Callable[..., None] | None) -> Callable[..., None]:
        """What takes one event; a closure, whose names are at hand without a look-up."""
        notes, record, digest = self._notes, self.record, self.digest
        note = notes.extend

        def on_request(
            *,
            request_type: Any = MISSING,
            response_time: Any = MISSING,
            name: Any = MISSING,
            context: Any = None,  # noqa: ARG001 (named: to gather what is left over costs more)
            response: Any = None,
            exception: Any = None,
            start_time: Any = None,
            url: Any = None,  # noqa: ARG001
            response_length: Any = MISSING,
            **_: Any,
        ) -> None:
            try:
                state = getcurrent().slogate_state
                status = response.status_code if response is not None else 0
                if exception is not None or start_time is None:
                    raise LookupError  # noqa: TRY301 (the long way)
                note((
                    start_time, response_time, state.due, response_length,
                    name, request_type, status, state, state.iteration,
                ))  # fmt: skip
                state.due = NAN
            except Exception:  # noqa: BLE001 (nothing may reach Locust)
                record(
                    request_type=request_type,
                    name=name,
                    response_time=response_time,
                    response_length=response_length,
                    response=response,
                    exception=exception,
                    start_time=start_time,
                )
            if len(notes) >= self._full:
                digest()
            if counted is not None:
                if (
                    request_type is MISSING
                    or name is MISSING
                    or response_time is MISSING
                    or response_length is MISSING
                ):
                    raise TypeError(_UNCOUNTABLE)  # as Locust's own listener would
                counted(request_type, name, response_time, response_length, exception)

        return on_request

    def record(
        self,
        *,
        request_type: Any,
        name: Any,
        response_time: Any,
        response: Any = None,
        exception: Any = None,
        start_time: Any = None,
        response_length: Any = MISSING,
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
                start, response_time, state.due, response_length,
                name, request_type, status, state, state.iteration,
            ))  # fmt: skip
            state.due = NAN
        except Exception:  # noqa: BLE001
            self.failed += 1

    @property
    def seen(self) -> int:
        """Events that the listener has seen."""
        return self.taken + self.pending + self.failed

    @property
    def pending(self) -> int:
        """Rows that wait to be taken."""
        gathered = sum(columns.rows for columns in (*self.waiting, self.columns))
        return gathered + len(self._notes) // _CELLS

    def digest(self, *, final: bool = False, begun_after: float = -math.inf) -> None:
        """Turn notes into rows of the columns: those of ended iterations, with `final` all.

        An iteration that has not ended is not waited for if its row began before `begun_after`.
        """
        size = len(self._notes)
        cells = [self._notes[cell:size:_CELLS] for cell in range(_CELLS)]
        if not final and max(cells[-1], default=-1) >= 0:
            ended = [
                turn < 0 or state.iteration != turn or not number(start) > begun_after
                for start, state, turn in zip(cells[0], cells[-2], cells[-1], strict=True)
            ]
            kept = [not end for end in ended]
            held = [*chain.from_iterable(zip(*(compress(c, kept) for c in cells), strict=True))]
            cells = [list(compress(column, ended)) for column in cells]
        else:
            held = []
        self._notes[:size] = held  # in place: the listener knows this list
        self._full = max(_FULL, 2 * len(held))
        try:
            if cells[0]:
                self._append(cells)
        except Exception:  # noqa: BLE001
            self.failed += len(cells[0])

    def _append(self, cells: Sequence[list[Any]]) -> None:
        try:
            self.columns.extend(*_fill(self.columns, cells))
        except Exception:  # noqa: BLE001 (odd values)
            self.columns.extend(*_fill(self.columns, self._normal(cells)))
        if self.columns.rows >= CAPACITY:
            self._turn_over()

    def _normal(self, cells: Sequence[list[Any]]) -> list[list[Any]]:
        """The same rows with numbers and texts where they belong, unknown ones as such."""
        starts, times, dues, sizes, names, methods, statuses, states, iterations = cells
        self.columns.uncountable += sum(
            any(value is MISSING for value in row)
            for row in zip(times, sizes, names, methods, strict=True)
        )
        return [
            [number(start) for start in starts],
            [number(duration) for duration in times],
            dues,
            [byte_count(size) for size in sizes],
            [text_of(name) for name in names],
            [text_of(method) for method in methods],
            [s if isinstance(s, tuple) else status_number(s) for s in statuses],
            states,
            iterations,
        ]

    def _turn_over(self) -> None:
        full, self.columns = self.columns, Columns()
        self.waiting.append(full)

    def take(self, *, final: bool) -> list[Chunk]:
        """The rows whose iterations have ended, in finished buffers; with `final` all.

        A row's pace is known when its iteration ends; it is held back that long, at most
        `LONGEST_HOLD_S`.
        """
        self.digest(final=final, begun_after=time() - LONGEST_HOLD_S)
        if self.columns.rows:
            self._turn_over()
        ready, self.waiting = self.waiting, []
        chunks = [columns.chunk(self.worker) for columns in ready]
        self.taken += sum(chunk.rows for chunk in chunks)
        return chunks

    def discard(self) -> None:
        """Forget what was recorded before the test began."""
        taken = self.taken
        self.take(final=True)
        self.taken = taken


def _fill(columns: Columns, cells: Sequence[list[Any]]) -> list[array[Any]]:
    """The rows as starts, times, lates, paces, sizes and kinds; raises if a value is odd."""
    starts, times, dues, sizes, names, methods, statuses, states, iterations = cells
    return [
        array("d", starts),
        array("d", times),
        array("d", map(sub, starts, dues)),
        array("d", _paces(states, iterations, names, methods)),
        array("q", sizes),
        array("q", _kinds(columns, list(zip(names, methods, statuses, strict=True)))),
    ]


def _paces(
    states: list[Any], iterations: list[int], names: list[Any], methods: list[Any]
) -> list[float]:
    """Pace ÷ how often the row's endpoint occurs in its iteration; in seconds, NaN if not paced."""
    paces = [state.pace for state in states]
    if max(iterations) < 0 or len(set(zip(states, iterations, strict=True))) == len(states):
        return paces
    rows = list(zip(states, iterations, names, methods, strict=True))
    times = Counter(rows)
    return [pace / times[row] for pace, row in zip(paces, rows, strict=True)]


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


def _counts(handler: Any) -> bool:
    """Whether it is Locust's own listener, which takes what it needs in this order."""
    known = ["request_type", "name", "response_time", "response_length", "exception"]
    return (
        getattr(handler, "__module__", None) == "locust.runners"
        and list(inspect.signature(handler).parameters)[: len(known)] == known
    )
