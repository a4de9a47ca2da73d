"""Stores with load runs whose requests are known one by one."""

from __future__ import annotations

from pathlib import Path

from builders import run
from series_strategies import row, table

from slogate.model.run import Reconciliation
from slogate.store.layout import open_store
from slogate.store.manifest import write_run
from slogate.store.parts import write_part

ROWS = 4_000


def keep(
    root: Path,
    name: str,
    slow: set[int],
    *,
    moved: int = 0,
    endpoint: str = "/checkout",
    told: tuple[tuple[str, str], ...] = (),
    **changes: object,
) -> None:
    """A run of 20 requests a second for 200 s, of which these are slow; `told` are their labels."""
    store = open_store(root / ".slogate", create=True)
    rows = table(
        [
            row(
                i * 50_000,
                duration_us=150_000 if i in slow else 10_000 + (i * 7_919 % 4_001) + moved,
                endpoint=endpoint,
                method="POST",
                labels=list(told) or None,
            )
            for i in range(ROWS)
        ]
    )
    part = write_part(store, name, "shop", "load", rows, sequence=0, worker="w")
    counts = Reconciliation(seen=ROWS, written=ROWS, counted=ROWS)
    write_run(store, run(id=name, parts=(part,), rows=counts, branch="main", **changes))
