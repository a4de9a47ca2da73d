"""The rows of this process, from the events of its listener to finished buffers.

An event with odd values (a missing keyword, a text for a number), the first of its kind, and a
failure take the long way, `record`. No exception ever reaches Locust; a row that cannot be
recorded at all is counted in `failed`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import time
from typing import Any

from slogate.recorders.locust.columns import (
    NAN,
    ROW,
    Chunk,
    Rows,
    Words,
    column,
    parted,
    with_paces,
)
from slogate.recorders.locust.listener import listener, stand_in
from slogate.recorders.locust.pacing import current_state, going
from slogate.recorders.locust.values import (
    MISSING,
    Errors,
    byte_count,
    is_failure,
    number,
    status_of,
    text_of,
)

LONGEST_HOLD_S = 30.0


class Capture:
    """The rows of this process; `taken` ones were handed on, `failed` could not be recorded."""

    def __init__(self, worker: str = "") -> None:
        self.worker = worker
        self.taken = 0
        self.failed = 0
        self._rows = Rows()
        self._uncountable = 0
        self._learnt: dict[int, float] = {}
        self._errors = Errors()
        self.on_request = self._listener(None, None)

    def stand_in(self, hook: Any) -> None:
        """Where nobody else listens to a hook of Locust, be all that an event of it passes."""
        self.on_request = stand_in(hook, self.on_request, self._listener)

    def _listener(self, counted: Callable[..., None] | None, hook: Any) -> Callable[..., None]:
        return listener(self._rows, self.record, counted, hook)

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
        """Record one request with care."""
        try:
            start, duration = number(start_time), number(response_time)
            if math.isnan(start):  # the event is fired at the end
                start = time() - (duration / 1000 if duration > 0 else 0.0)
            state = current_state()
            kind = self._kind(name, request_type, response, exception)
            self._rows.packed += ROW.pack(
                start, duration, start - state.due, state.pace, byte_count(response_length),
                kind, state.iteration,
            )  # fmt: skip
            state.due = NAN
            given = (request_type, name, response_time, response_length)
            self._uncountable += any(value is MISSING for value in given)
        except Exception:  # noqa: BLE001
            self.failed += 1

    def _kind(self, name: Any, method: Any, response: Any, exception: Any) -> int:
        """The kind of its words; the listener knows it by itself from the next such success on."""
        failed = is_failure(exception)
        error = self._errors.text(exception) if failed else None
        kind = self._rows.kind(
            Words(text_of(name), text_of(method), status_of(response), not failed, error)
        )
        if exception is None and type(name) is type(method) is str:
            status = 0 if response is None else getattr(response, "status_code", None)
            if type(status) is int:
                self._rows.interned[name, method, status] = kind
        return kind

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
        return len(self._rows)

    def take(self, *, final: bool) -> list[Chunk]:
        """The rows whose iterations have ended; with `final` all.

        How often an endpoint occurs in an iteration is known when that ends; its rows are held
        back so long, at most `LONGEST_HOLD_S`.
        """
        packed, words = self._rows.take()
        if self._learnt:
            packed = with_paces(packed, self._learnt)
            self._learnt.clear()
        if not final and (places := _held(packed)):
            held, packed = parted(packed, places)
            self._rows.put_back(held, words)
        if not packed:
            return []
        uncountable, self._uncountable = self._uncountable, 0
        chunk = Chunk(
            worker=self.worker, packed=packed, uncountable=uncountable, words=tuple(words)
        )
        self.taken += chunk.rows
        return [chunk]

    def discard(self) -> None:
        """Forget what was recorded before the test began."""
        taken = self.taken
        self.take(final=True)
        self.taken = taken


def _held(packed: bytes) -> list[int]:
    """The places of rows whose iteration goes on, and began not too long ago."""
    iterations = going()
    if not iterations:
        return []
    begun_before = time() - LONGEST_HOLD_S
    rows = zip(column(packed, "iteration"), column(packed, "start"), strict=True)
    return [
        place
        for place, (iteration, start) in enumerate(rows)
        if iteration in iterations and start > begun_before
    ]
