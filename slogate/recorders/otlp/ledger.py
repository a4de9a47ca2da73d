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
from slogate.model.series import SERIES, Series
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
    sequence: int = 1
    requests: int = 0
    _waiting: dict[Series, list[pa.Table]] = field(default_factory=dict)

    @classmethod
    def begin(
        cls, store: Store, run_id: str, service: str, now_ts: int, labels: Mapping[str, str]
    ) -> Ledger:
        """A new run, said to be running."""
        run = Run(
            id=run_id, service=service, kind="production", state="running", created_ts=now_ts,
            labels=labels, source=SOURCE,
        )  # fmt: skip
        write_run(store, run)
        return cls(store, run)

    def add(self, series: Series, rows: pa.Table) -> None:
        """Keep rows until the next part."""
        import pyarrow.compute as pc

        self._waiting.setdefault(series, []).append(rows)
        starts = rows["ts"].cast("int64")
        last = starts if series == "requests" else pc.add(starts, rows["step_us"])
        counted = rows.num_rows if series == "requests" else pc.sum(rows["count"]).as_py()
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
        return sum(table.num_rows for tables in self._waiting.values() for table in tables)

    @property
    def waiting_bytes(self) -> int:
        """The memory that they take."""
        return sum(table.nbytes for tables in self._waiting.values() for table in tables)

    def flush(self) -> None:
        """Write what waits as parts, then the manifest; StoreError if the disk refuses."""
        if not self.waiting:
            return
        written, parts = 0, list(self.run.parts)
        for series in SERIES:
            tables = self._waiting.get(series)
            if tables:
                rows = (batch for table in tables for batch in table.to_batches())
                parts.append(
                    write_part(
                        self.store, self.run.id, self.run.service, self.run.kind, rows,
                        sequence=self.sequence, worker=None, series=series,
                    )
                )  # fmt: skip
                written += sum(table.num_rows for table in tables)
        self.sequence += 1
        self._waiting = {}
        rows_of = replace(self.run.rows, written=self.run.rows.written + written)
        self.run = replace(self.run, parts=tuple(parts), rows=rows_of)
        write_run(self.store, self.run)

    def close(self, state: State = "complete", note: str | None = None) -> None:
        """Write what waits, seal the parts, and say how the run ended."""
        self.flush()
        run = replace(self.run, state=state, note=note)
        self.run = sealed(self.store, run)
        write_run(self.store, self.run)
