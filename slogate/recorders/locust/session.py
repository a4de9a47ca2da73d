"""One run while it is being recorded: rows to parts, counts to the manifest.

The manifest is written before the load starts (`running`, so that a killed recorder leaves a
run that names what exists), after every part, and when the test has stopped. All writing is
done in a native thread; whoever asks for it waits as a greenlet, the load goes on. A part that
cannot be written is lost: that is said once, counted, and makes the run incomplete.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import monotonic, time
from typing import Any, TypeVar

import gevent
from gevent.lock import RLock

from slogate.model.run import Health, Reconciliation, Run, State, Users
from slogate.recorders.locust.shielding import to_the_end
from slogate.recorders.locust.source import Source
from slogate.recorders.locust.turns import Beside, without
from slogate.recorders.locust.unfinished import cut_off
from slogate.recorders.locust.writing import write_chunks, write_closed
from slogate.store.layout import Store
from slogate.store.manifest import delete_run, write_run
from slogate.store.seals import sealed
from slogate.units import US_PER_SECOND, format_span

T = TypeVar("T")
FLUSH_ROWS = 100_000
MOST_NOTES = 4
LAST_FLUSHES = 3
MOST_CHANGES = 2_000
LONGEST_FLUSH_S = 60.0
CLOCK_S = 1.0
CLOCK_DRIFT = 0.001
INCOMPLETE = "; the run will be incomplete"
_DIGITS = re.compile(r"\d+")


def now_us() -> int:
    """The wall clock."""
    return int(time() * US_PER_SECOND)


class Session:
    """One run; `counted` is the generator's own count, asked for while the test lives."""

    def __init__(
        self,
        store: Store,
        run: Run,
        source: Source,
        *,
        counted: Callable[[], int],
        flush_s: float,
        beside: Beside | None = None,
    ) -> None:
        self._store = store
        self._beside = beside
        self._run = run if beside is None else beside.head(run)
        self._source = source
        self._counted = counted
        self._flush_s = flush_s
        self._lock = RLock()
        self._process = os.getpid()
        self._began = monotonic()
        self._sequence = 0
        self._last_ts: int | None = None
        self._flushed_at = time()
        self._before_reset = 0
        self._uncountable = 0
        self._cut_off = 0
        self._frozen: int | None = None
        self._notes: list[str] = [run.note] if run.note else []
        self._withdrawn = False
        self.written = 0
        self.interrupted = False
        self.broken = False
        self.spawned = False

    @property
    def run(self) -> Run:
        """The manifest as it is now."""
        return self._run

    def begin(self) -> None:
        """The test starts: say so in the store before any load is sent."""
        self._source.begin()
        self._save(self._run)

    def ramped(self, *, with_shape: bool, asked: int | None = None) -> None:
        """All users are spawned; with a custom shape there is no such moment but the start."""
        self.spawned = True
        if self._run.ramped_ts is None and with_shape:
            self._run = replace(self._run, ramped_ts=self._run.start_ts)
        elif self._run.ramped_ts is None:
            self._run = replace(self._run, ramped_ts=now_us(), asked_users=asked)

    def present(self, users: int) -> None:
        """So many users there are now; of very many changes every other is forgotten."""
        found = self._run.users
        if users == (found[-1].count if found else 0):
            return
        if len(found) >= MOST_CHANGES:
            found = found[::2]
        self._run = replace(self._run, users=(*found, Users(now_us(), users)))

    def stopping(self) -> None:
        """The test was told to stop."""
        if self._run.stop_ts is None:
            stop = now_us()
            self._run = replace(self._run, stop_ts=stop)
            self._see_clock((stop - (self._run.start_ts or stop)) / US_PER_SECOND)

    def _see_clock(self, by_clock: float) -> None:
        """A clock that was set makes all rates wrong; nobody is made to suffer for its drift."""
        took = monotonic() - self._began
        if (ahead := abs(by_clock - took)) > CLOCK_S + CLOCK_DRIFT * took:
            how = f"back by {format_span(ahead)} during the test"
            if by_clock > took:
                how = f"forward by {format_span(ahead)} during the test, or the machine slept"
            self.fault(f"the clock was set {how}")

    def on_reset(self, counted: int) -> None:
        """The generator forgets what it has counted so far."""
        self._before_reset += counted

    def freeze(self, counted: int) -> None:
        """The generator starts counting anew for another test: this was its last word on ours."""
        self._frozen = counted

    def due(self) -> bool:
        """Whether the rows should be written now.

        Every few seconds, less often in long runs (a hundredth of the time so far), so that
        the number of parts grows only with the logarithm of their length.
        """
        elapsed = time() - (self._run.start_ts or 0) / US_PER_SECOND
        interval = min(LONGEST_FLUSH_S, max(self._flush_s, elapsed / 100))
        return self._source.pending() >= FLUSH_ROWS or time() - self._flushed_at >= interval

    def flush(self, *, final: bool = False) -> None:
        """Write what is finished as a part, and the manifest after it."""
        if os.getpid() != self._process:
            return
        with self._lock:
            self._flushed_at = time()
            if chunks := [chunk for chunk in self._source.take(final=final) if chunk.rows]:
                self._sequence += 1
                stored = self._do(
                    write_chunks, self._store, self._run, chunks, self._sequence, self._beside
                )
                if stored is not None:
                    self._uncountable += sum(chunk.uncountable for chunk in chunks)
                    self._cut_off += sum(cut_off(chunk) for chunk in chunks)
                    self.written += stored.rows
                    self._last_ts = max(self._last_ts or stored.last_ts, stored.last_ts)
                    self._run = replace(self._run, parts=(*self._run.parts, *stored.paths))
                    if self._beside is not None:
                        self._beside.parts += stored.beside
                        self._beside.written += stored.rows_beside
                    if not final:
                        self._save(replace(self._run, rows=self._reconciled()))

    def finish(self, exit_code: int | None = None) -> None:
        """The test is over: write the rest, reconcile the counts, say how the run ended.

        Not in a child that the user's own code has forked: the run is its parent's.
        """
        if os.getpid() == self._process:
            to_the_end(partial(self._finish, exit_code))

    def _finish(self, exit_code: int | None) -> None:
        self.stopping()
        for _ in range(LAST_FLUSHES):
            self.flush(final=True)
            if not self._source.pending():
                break
        if self._beside is not None and (trouble := self._beside.trouble()) is not None:
            self.fault(trouble)
        with self._lock:
            rows, health = self._reconciled(), self._source.health()
            if not (rows.seen or self.spawned or self.interrupted):
                self._withdraw()
                return
            self._run = replace(
                self._do(sealed, self._store, self._run) or self._run,
                rows=rows,
                health=health,
                state=self._state(rows, health.lost_processes),
                end_ts=max(self._run.stop_ts or 0, self._last_ts or 0),
                generator_exit=exit_code,
                note="; ".join(self._all_notes(rows, health)) or None,
            )
            self._save(self._run)

    def _withdraw(self) -> None:
        """No user ever ran: there was no test, Locust's own words say why."""
        if not self._withdrawn:
            self._withdrawn = True
            delete = partial(delete_run, force=True, keep_logs=True)
            self._do(delete, self._store, self._run.id)
            if self._beside is not None:
                self._do(delete, self._store, self._beside.against.run)

    def fault(self, sentence: str) -> None:
        """Something was lost; the run is incomplete, whoever reads stderr is told once.

        A second part that cannot be written is no news: what is lost is counted.
        """
        self.broken = True
        known = {_DIGITS.sub("", note) for note in self._notes}
        if _DIGITS.sub("", sentence) not in known and len(self._notes) < MOST_NOTES:
            self._notes.append(sentence)
            sys.stderr.write(f"slogate: {sentence}{INCOMPLETE}\n")

    def _reconciled(self) -> Reconciliation:
        """Whose count says what, of the run alone."""
        rows = self._all_rows()
        return rows if self._beside is None else without(rows, self._beside.written)

    def _all_rows(self) -> Reconciliation:
        written = self.written + (self._beside.written if self._beside is not None else 0)
        tally = self._source.tally()
        counted = self._frozen if self._frozen is not None else self._counted()
        before_reset = self._before_reset + tally.before_reset
        uncounted = written - counted - before_reset
        return Reconciliation(
            seen=tally.seen,
            written=written,
            counted=counted,
            uncountable=max(self._uncountable, uncounted),
            before_reset=before_reset,
        )

    def _state(self, rows: Reconciliation, lost_processes: int) -> State:
        if self.broken or rows.lost or lost_processes:
            return "incomplete"
        return "interrupted" if self.interrupted else "complete"

    def _all_notes(self, rows: Reconciliation, health: Health) -> list[str]:
        notes = list(self._notes)
        if faults := self._source.tally().faults:
            notes.append(f"the recorder failed {faults} times inside Locust")
        if lost := health.lost_processes:
            were = "process was" if lost == 1 else "processes were"
            notes.append(f"{lost} generator {were} lost with the last rows")
        if left := health.left_processes:
            what = "process" if left == 1 else "processes"
            notes.append(f"{left} generator {what} left in order while the test went on")
        if rows.lost:
            notes.append(f"{rows.lost} rows were lost")
        if self._cut_off:
            were = "request was" if self._cut_off == 1 else "requests were"
            notes.append(f"{self._cut_off} {were} cut off still waiting for a response")
        if (kept := rows.uncountable - self._uncountable) > 0:
            notes.append(f"{kept} events were kept from Locust's count by another listener")
        if self.interrupted:
            notes.append("the test was interrupted")
        return notes

    def _save(self, run: Run) -> None:
        if self._beside is not None:
            base = replace(self._beside.base(run), rows=without(self._all_rows(), self.written))
            self._do(write_closed, self._store, base)
        self._do(write_run, self._store, run)

    def _do(self, work: Callable[..., T], *arguments: Any) -> T | None:
        """The result of work done in a native thread; None, and a fault, if it failed."""
        result, error = gevent.get_hub().threadpool.apply(_attempt, (work, *arguments))
        if error is not None:
            self.fault(f"recording failed: {error}")
        return result  # type: ignore[no-any-return]


def _attempt(work: Callable[..., T], *arguments: Any) -> tuple[T | None, Exception | None]:
    try:
        return work(*arguments), None
    except Exception as error:  # noqa: BLE001 (handed over to the greenlet that waits)
        return None, error
