"""Looks at a run while it is still recorded: budgets as they move, and when to abort.

Reads the parts written so far through the same plan, gather and judge as the final verdict;
nothing that is shown here decides, except `--abort-on`, which stops a hopeless test early. A
run that was aborted can fail, it cannot pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Any

from slogate import plugins
from slogate.engines._base import Engine
from slogate.errors import StoreError, UsageError
from slogate.evaluate import MIN_REQUESTS, judge, plan
from slogate.gate import ENGINE, earlier_verdicts, floors_of
from slogate.model.early import EarlyStop
from slogate.model.evidence import Evidence, Need
from slogate.model.run import Reconciliation
from slogate.model.window import Window
from slogate.objectives._base import Objective, Scope
from slogate.sequential import (
    DECIDED,
    all_decided,
    deciding_needs,
    in_looks,
    plan_looks,
    taken_looks,
)
from slogate.slo.spec import Spec
from slogate.store.layout import Store
from slogate.store.manifest import read_run
from slogate.store.reading import parts_of
from slogate.verdict import Outcome, Place, Subject, Verdict

_RULE = re.compile(r"\s*([A-Za-z][\w.]*)\s*>\s*(\S.*?)\s*")


def abort_rule(text: str) -> Objective:
    """`errors > 50%`, `p95 > 5s` as an objective of the whole service, judged as observed."""
    match = _RULE.fullmatch(text)
    hint = "write one like 'errors > 50%' or 'p95 > 5s'"
    if match is None:
        raise UsageError(f"--abort-on {text!r} is no condition", hint=hint)
    key, value = match[1], match[2]
    for name, kind in plugins.every("objectives").items():
        if name != "throughput" and kind.keys.fullmatch(key):
            try:
                limit, quantile = kind.parse(key, value)
            except ValueError as error:
                raise UsageError(f"--abort-on {text!r}: {error}", hint=hint) from None
            return Objective(
                kind=name,
                key=key,
                text=value,
                limit=limit,
                quantile=quantile,
                scope=Scope(
                    service="run", name="abort-on", judge="observed", confidence=Fraction(95, 100)
                ),
                place=Place(file="--abort-on", line=1, column=1, sha256=""),
            )
    raise UsageError(f"--abort-on {text!r}: there is no objective '{key}'", hint=hint)


@dataclass(slots=True)
class EarlyLooks:
    """What the looks of a running test have counted so far, and which objectives are decided.

    `documents` are the earlier verdicts, read once.
    """

    documents: Sequence[Mapping[str, Any]] | None = None
    counted: dict[str, Evidence] = field(default_factory=dict)
    decided: frozenset[str] = frozenset()


def look_early(
    store: Store,
    run_id: str,
    specs: Sequence[Spec],
    early: EarlyStop,
    looks: EarlyLooks,
    *,
    version: str,
) -> Verdict | None:
    """What the looks so far decide, taken as the final verdict takes them; None before the first.

    It stops a test that may end early, and decides nothing else. Each look is counted once, for
    what is open by then, so that a stop comes soon after it; when all seems decided, the looks that
    decided are counted again, with what came in since. Facts of the run are not judged.
    """
    engine: Engine = plugins.find("engines", ENGINE)
    try:
        run = read_run(store, run_id)
        parts = [str(path) for path in parts_of(store, run)]
    except StoreError:
        return None
    documents = looks.documents
    if documents is None:
        documents = looks.documents = earlier_verdicts(store, specs)
    with engine.reading(parts, 1) as series:
        rows, first, last = series.span()
        recorded = Reconciliation(seen=rows, written=rows)
        stopped = replace(early, stopped=True)
        run = replace(run, end_ts=last, state="complete", rows=recorded, early_stop=stopped)
        if first is None or not taken_looks(specs, run):
            return None
        subject = Subject(run=run, rows=rows, warmup=0, judged=0, backfilled=0)
        whole = judge(specs, subject, {}, {}, version)

        def counted(needs: Sequence[Need]) -> Verdict:
            looks.counted.update(series.gather(needs))
            floors = partial(floors_of, documents, specs)
            return in_looks(specs, subject, looks.counted, floors, whole)

        needs = plan_looks(specs, run)
        new = [it for it in needs if it.id not in looks.counted and _of(it) not in looks.decided]
        verdict, fresh = counted(new), {need.id for need in new}
        while all_decided(specs, verdict) and (stale := deciding_needs(verdict) - fresh):
            verdict = counted([need for need in needs if need.id in stale])
            fresh |= stale
    looks.decided = frozenset(it.id for it in verdict.findings if it.outcome in DECIDED)
    return verdict


def _of(need: Need) -> str:
    return need.id.rpartition("@")[0]


def look(
    store: Store, run_id: str, specs: Sequence[Spec], rules: Sequence[Objective], version: str
) -> tuple[Verdict | None, str | None]:
    """(how the budgets stand, why to abort); None where there is nothing to say yet."""
    engine: Engine = plugins.find("engines", ENGINE)
    try:
        run = read_run(store, run_id)
        parts = [str(path) for path in parts_of(store, run)]
    except StoreError:
        return None, None
    with engine.reading(parts, 1) as series:
        rows, first, last = series.span()
        if first is None or last is None:
            return None, None
        recorded = Reconciliation(seen=rows, written=rows)
        run = replace(run, end_ts=last, state="complete", rows=recorded)
        whole = Window(start_ts=first, end_ts=last)
        asked = [plugins.find("objectives", rule.kind).needs(rule, whole) for rule in rules]
        evidence = series.gather([*plan(specs, run), *asked])
    for rule in rules:
        found = evidence[rule.id]
        if found.total < MIN_REQUESTS:
            continue
        judgement = plugins.find("objectives", rule.kind).judge(rule, found, whole, None)
        if judgement.outcome is Outcome.FAIL:
            return None, f"{rule.key} > {rule.text}: {judgement.reason}"
    subject = Subject(run=run, rows=rows, warmup=0, judged=0, backfilled=0)
    return judge(specs, subject, evidence, {}, version), None
