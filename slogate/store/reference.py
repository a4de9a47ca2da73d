"""Picks the run that a person means: an id, the start of one, a label's value, or `latest`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from slogate.errors import StoreError
from slogate.model.run import Run

NAMED = 5
RECORD_FIRST = "record something first: run `slogate run` or `slogate import`"


def pick_run(runs: Sequence[Run], ref: str, what: str, *, alone: bool = False) -> Run:
    """The run that `ref` names; StoreError with near ids if it is none or more than one.

    In this order: the exact id; `latest`, the newest; the start of exactly one id; the value
    of a label, of the newest run that carries it. `runs` are sorted newest first; `what` says
    in the errors what was sought, such as `load run of service 'shop'`. With `alone` a label that
    several runs carry names none of them.
    """
    if exact := [run for run in runs if run.id == ref]:
        return exact[0]
    if not runs:
        raise StoreError(f"there is no {what}", hint=RECORD_FIRST)
    if ref == "latest":
        return runs[0]
    started = [run for run in runs if ref and run.id.startswith(ref)]
    if len(started) > 1:
        raise StoreError(f"'{ref}' is the start of {len(started)} run ids: {_ids(started)}")
    labelled = [run for run in runs if ref in run.labels.values()]
    if alone and not started and len(labelled) > 1:
        raise StoreError(
            f"'{ref}' is a label of {len(labelled)} runs: {_ids(labelled)}",
            hint="name each by its id",
        )
    if found := started or labelled:
        return found[0]
    names = [run.id for run in runs] + [value for run in runs for value in run.labels.values()]
    near = difflib.get_close_matches(ref, dict.fromkeys(names), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"the newest: {_ids(runs)}"
    raise StoreError(f"there is no {what} that '{ref}' names", hint=hint)


def near_service(runs: Sequence[Run], service: str) -> str | None:
    """A hint on which service was meant, of those that the runs are of; None without any."""
    names = sorted({run.service for run in runs})
    near = difflib.get_close_matches(service, names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    more = ", …" if len(names) > NAMED else ""
    return f"there are: {', '.join(names[:NAMED])}{more}" if names else None


def _ids(runs: Sequence[Run]) -> str:
    more = ", …" if len(runs) > NAMED else ""
    return ", ".join(run.id for run in runs[:NAMED]) + more
