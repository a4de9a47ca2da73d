"""One run of one service while telemetry comes in: rows that wait, parts, and the manifest.

The manifest is there, `running`, before the first row is acknowledged; it names each part once
the part is on disk, and it is closed with a seal for each. Rows wait in memory (and in the
journal) until they are worth a part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from slogate.model.run import Run, State
from slogate.model.series import Series
from slogate.store.layout import Store
from slogate.store.manifest import write_run
from slogate.store.parts import write_part
from slogate.store.seals import sealed

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE = "otlp"


@dataclass(slots=True)
class Ledger:
    """What is known of a run; `requests` is how many requests its rows stand for."""

    store: Store
    run: Run
    series: Series
    sequence: int = 1
    requests: int = 0
    _waiting: list[pa.Table] = field(default_factory=list)

    @classmethod
    def begin(
        cls,
        store: Store,
        series: Series,
        *,
        run_id: str,
        service: str,
        now_ts: int,
        labels: Mapping[str, str],
    ) -> Ledger:
        """A new run, said to be running."""
        run = Run(
            id=run_id, service=service, kind="production", state="running", created_ts=now_ts,
            labels=labels, source=SOURCE,
        )  # fmt: skip
        write_run(store, run)
        return cls(store, run, series)

    def add(self, rows: pa.Table) -> None:
        """Keep rows until the next part."""
        import pyarrow.compute as pc

        self._waiting.append(rows)
        starts = rows["ts"].cast("int64")
        single = self.series == "requests"
        last = starts if single else pc.add(starts, rows["step_us"])
        counted = rows.num_rows if single else pc.sum(rows["count"]).as_py()
        first_ts, last_ts = pc.min(starts).as_py(), pc.max(last).as_py()
        run = self.run
        start = first_ts if run.start_ts is None else min(run.start_ts, first_ts)
        end = last_ts if run.end_ts is None else max(run.end_ts, last_ts)
        self.requests += counted
        self.run = replace(
            run, start_ts=start, ramped_ts=start, stop_ts=end, end_ts=end,
            rows=replace(run.rows, seen=run.rows.seen + rows.num_rows),
        )  # fmt: skip

    @property
    def waiting(self) -> int:
        """Rows that are in no part yet."""
        return sum(table.num_rows for table in self._waiting)

    @property
    def waiting_bytes(self) -> int:
        """The memory that they take."""
        return sum(table.nbytes for table in self._waiting)

    def flush(self) -> None:
        """Write what waits as a part, then the manifest; StoreError if the disk refuses."""
        if not self.waiting:
            return
        part = write_part(
            self.store, self.run.id, self.run.service, self.run.kind,
            [batch for table in self._waiting for batch in table.to_batches()],
            sequence=self.sequence, worker=None, series=self.series,
        )  # fmt: skip
        written = self.run.rows.written + self.waiting
        self.sequence += 1
        self._waiting = []
        rows = replace(self.run.rows, written=written)
        self.run = replace(self.run, parts=(*self.run.parts, part), rows=rows)
        write_run(self.store, self.run)

    def close(self, state: State = "complete", note: str | None = None) -> None:
        """Write what waits, seal the parts, and say how the run ended."""
        self.flush()
        run = replace(self.run, state=state, note=note)
        self.run = sealed(self.store, run)
        write_run(self.store, self.run)
