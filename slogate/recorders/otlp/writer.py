"""The one thread that writes: batches → journal → acknowledged; and parts when they are due.

Whatever has come while the disk was busy goes into the journal together. Parts follow every few
seconds, less often in long runs (a hundredth of the time so far, at most a minute), or when
there are many rows. A disk that refuses ends the receiver: nothing is acknowledged after it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.model.series import Series
from slogate.recorders.otlp.journal import Journal, Record
from slogate.recorders.otlp.ledger import Ledger
from slogate.recorders.otlp.router import Rows
from slogate.store.layout import Store
from slogate.units import US_PER_SECOND

FLUSH_ROWS = 100_000
FLUSH_BYTES = 32 << 20
LONGEST_FLUSH_S = 60.0
ROLL_US = 86_400 * US_PER_SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Submission:
    """Rows of one request; `done` is set once they are safe, or `failed`."""

    rows: Rows
    done: threading.Event = field(default_factory=threading.Event)
    failed: bool = False


class Writer:
    """Takes submissions from any thread and writes them in their order."""

    def __init__(
        self,
        store: Store,
        *,
        flush_s: float,
        labels: Mapping[str, str],
        clock_us: Callable[[], int],
    ) -> None:
        self._store = store
        self._flush_s = flush_s
        self._labels = labels
        self._clock_us = clock_us
        self._journal = Journal(store)
        self._ledgers: dict[tuple[str, Series], Ledger] = {}
        self._queue: list[Submission] = []
        self._changed = threading.Condition()
        self._stopping = False
        self._begun_s = self._flushed_s = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self.closed: list[tuple[Run, int]] = []
        self.failure: Exception | None = None
        self.requests = 0

    def start(self) -> None:
        """Begin the first journal and the thread; StoreError if the store refuses."""
        try:
            self._journal.begin([])
        except OSError as error:
            raise StoreError(f"the journal cannot be written: {error}") from None
        self._thread.start()

    def submit(self, rows: Rows) -> Submission:
        """Queue the rows of a request; wait for `done` before it is acknowledged."""
        submission = Submission(rows)
        with self._changed:
            if self.failure is not None:
                submission.failed = True
                submission.done.set()
                return submission
            self._queue.append(submission)
            self._changed.notify()
        return submission

    def stop(self) -> None:
        """Write all that was submitted, close the runs, end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def services(self) -> int:
        """How many services have a run."""
        return len({service for service, _ in list(self._ledgers)})

    @property
    def doubled(self) -> set[str]:
        """The services whose requests are told twice, by spans and by histograms."""
        every = [service for service, _ in list(self._ledgers)]
        return {service for service in every if every.count(service) > 1}

    def _work(self) -> None:
        batch: list[Submission] = []
        try:
            while True:
                batch, stopping = self._next()
                self._keep(batch)
                if self._due():
                    self._flush()
                if stopping and not self._queue:
                    break
            for ledger in self._ledgers.values():
                ledger.close()
            self._journal.close()
        except Exception as error:  # noqa: BLE001 (told by whoever started the thread)
            self._fail(error, batch)
        self.closed += [(ledger.run, ledger.requests) for ledger in self._ledgers.values()]

    def _next(self) -> tuple[list[Submission], bool]:
        """What has come since; waits for something, at most until parts may be due."""
        with self._changed:
            if not self._queue and not self._stopping:
                self._changed.wait(min(0.5, self._flush_s))
            batch, self._queue = self._queue, []
            return batch, self._stopping

    def _keep(self, batch: list[Submission]) -> None:
        """Journal the rows and acknowledge them."""
        records = []
        for submission in batch:
            for service, series, rows in submission.rows:
                ledger = self._ledger(service, series)
                records.append(Record(ledger.run.id, series, ledger.sequence, rows))
        if records:
            self._journal.append(records)
        for submission in batch:
            for service, series, rows in submission.rows:
                self._ledgers[service, series].add(rows)
            submission.done.set()
        ended = sum(requests for _, requests in self.closed)
        self.requests = ended + sum(ledger.requests for ledger in self._ledgers.values())

    def _ledger(self, service: str, series: Series) -> Ledger:
        """The open run; spans and histograms have each their own, so that one can be deleted."""
        now = self._clock_us()
        ledger = self._ledgers.get((service, series))
        if ledger is None:
            when = _EPOCH + timedelta(microseconds=now)
            run_id = f"{when:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
            self._journal.announce(run_id)
            ledger = Ledger.begin(
                self._store, series, run_id=run_id, service=service, now_ts=now, labels=self._labels
            )
            self._ledgers[service, series] = ledger
        return ledger

    def _due(self) -> bool:
        now = time.monotonic()
        interval = min(LONGEST_FLUSH_S, max(self._flush_s, (now - self._begun_s) / 100))
        ledgers = self._ledgers.values()
        return (
            now - self._flushed_s >= interval
            or sum(ledger.waiting for ledger in ledgers) >= FLUSH_ROWS
            or sum(ledger.waiting_bytes for ledger in ledgers) >= FLUSH_BYTES
        )

    def _flush(self) -> None:
        """Write parts of all that waits, and begin a new journal; runs end after a day."""
        self._flushed_s = time.monotonic()
        now = self._clock_us()
        if not any(ledger.waiting for ledger in self._ledgers.values()):
            return
        for key, ledger in list(self._ledgers.items()):
            ledger.flush()
            if now - (ledger.run.created_ts or now) >= ROLL_US:
                ledger.close()
                self.closed.append((ledger.run, ledger.requests))
                del self._ledgers[key]
        self._journal.begin([ledger.run.id for ledger in self._ledgers.values()])

    def _fail(self, error: Exception, batch: list[Submission]) -> None:
        with self._changed:
            self.failure = error
            waiting, self._queue = [*batch, *self._queue], []
        for submission in waiting:
            if not submission.done.is_set():
                submission.failed = True
                submission.done.set()
