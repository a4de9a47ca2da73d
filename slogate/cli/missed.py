"""Says which endpoints of specs no request was of, and what those that there are are called."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from slogate.cli.complaints import tame
from slogate.cli.options import note
from slogate.errors import StoreError
from slogate.model.series import split_endpoint
from slogate.store.endpoints import endpoints
from slogate.store.layout import Store
from slogate.store.manifest import list_runs
from slogate.verdict import Outcome, Verdict

LIKE = 0.6


def note_missed(verdicts: Sequence[Verdict], store: Store, *, quiet: bool) -> None:
    """A note for each verdict that lacks data of endpoints, where there are data of others."""
    for verdict in verdicts:
        missed = dict.fromkeys(
            each.endpoint
            for each in verdict.findings
            if each.outcome is Outcome.NO_DATA
            and each.endpoint is not None
            and each.comparison is None
            and not each.total
        )
        if not quiet and missed and verdict.subject.judged:
            _note(list(missed), verdict, store)


def _note(missed: Sequence[str], verdict: Verdict, store: Store) -> None:
    """What the endpoints of the run are called, of production those of its newest run."""
    run = verdict.subject.run
    try:
        if run.kind == "production":
            stored = list_runs(store, service=run.service, kind="production")
            run = next((each for each in stored if each.id == run.id), next(iter(stored), run))
        known = [name for name, _ in endpoints(store, run)]
    except StoreError:  # the verdict is told already, and this would only have helped
        return
    for name in missed:
        near = difflib.get_close_matches(name, known, n=1, cutoff=LIKE)
        meant = f"; did you mean {_written(near[0])}?" if near and near[0] != name else ""
        note(tame(f"note: there is no {name} in run {run.id}{meant}"))
    note(f"note: `slogate runs show {run.id}` lists the endpoints of the run")


def _written(known: str) -> str:
    """What stands in a spec for an endpoint; quoted if spaces count."""
    _, endpoint = split_endpoint(known)
    if endpoint != endpoint.lstrip():
        return f"'{endpoint}'"
    return known if known == known.strip() else f"'{known}'"
