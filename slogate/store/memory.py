"""What parts remember of their run's manifest, so that `rebuild` finds it when that is lost.

Where the rows came from, how far that was read, whose they are: told in the metadata of the part
that completes a run (or of each that did so once), with how many rows there were by then. Of a
run of which parts are missing the rows are fewer: then it is not believed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.store.parts import number_of
from slogate.store.record import run_from_json, run_to_json

MEMORY_KEY = b"slogate.run"
_KEPT = ("commit", "branch", "labels", "source", "origin", "contents", "untold")


def remembering(run: Run) -> dict[bytes, str]:
    """The metadata of the part with which the run has as many rows as it says were written."""
    document = run_to_json(run)
    told = {key: document[key] for key in _KEPT if document[key]}
    return {MEMORY_KEY: json.dumps({"rows": run.rows.written, **told}, sort_keys=True)}


def remembered(run: Run, paths: Iterable[Path]) -> Run:
    """The run with what its youngest part that remembers says, if all that it knew is there."""
    for path in sorted(paths, key=lambda path: number_of(path.name), reverse=True):
        told = _told(path)
        if told is None:
            continue
        if told.pop("rows", None) != run.rows.written:
            break
        document = {**run_to_json(run), **{key: told[key] for key in _KEPT if key in told}}
        try:
            known = run_from_json(document, path)
        except StoreError:
            break
        return replace(run, **{key: getattr(known, key) for key in _KEPT})
    return run


def _told(path: Path) -> dict[str, Any] | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        text = (pq.read_metadata(path).metadata or {}).get(MEMORY_KEY)
        found = None if text is None else json.loads(text)
    except (OSError, ValueError, RecursionError, pa.ArrowException):
        return None
    return found if isinstance(found, dict) else None
