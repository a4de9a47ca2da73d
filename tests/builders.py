"""Builds the nouns for tests: an objective, evidence, a run, with only what matters said."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from slogate import plugins
from slogate.model.evidence import BATCHES, Batch, Evidence
from slogate.model.run import Health, Reconciliation, Run
from slogate.model.selection import Endpoint, Selection
from slogate.objectives._base import Objective, Scope
from slogate.slo.spec import Spec
from slogate.verdict import Place, Subject

START = 1_700_000_000_000_000
SECOND = 1_000_000
PLACE = Place(file="slo/shop.yaml", line=7, column=5, sha256="0" * 64)


def objective(line: str, **scope: Any) -> Objective:
    """`p95: 300ms` as an objective of `shop/submit` for POST /checkout."""
    key, _, text = line.partition(": ")
    selection = Selection(endpoint=Endpoint.parse("POST /checkout"))
    for name, kind in plugins.every("objectives").items():
        if kind.keys.fullmatch(key):
            limit, quantile = kind.parse(key, text)
            return Objective(
                kind=name,
                key=key,
                text=text,
                limit=limit,
                quantile=quantile,
                scope=Scope(
                    **{"service": "shop", "name": "submit", "selection": selection, **scope}
                ),
                place=PLACE,
            )
    raise LookupError(line)


def evidence(bad: list[int] | int, total: list[int] | int = 100, **more: Any) -> Evidence:
    """Ten batches of (total, bad); the ladder is 1 ms a per cent unless given."""
    bads = bad if isinstance(bad, list) else [bad] * BATCHES
    totals = total if isinstance(total, list) else [total] * BATCHES
    sums = more.pop("sum_us", [0] * BATCHES)
    ladder = tuple((Fraction(i, 1000), i * 100) for i in range(1, 1001))
    return Evidence(
        batches=tuple(
            Batch(total=t, bad=b, sum_us=s) for t, b, s in zip(totals, bads, sums, strict=True)
        ),
        **{"matched": sum(totals), "failed": 0, "ladder": ladder, **more},
    )


def run(seconds: float = 200, **changes: Any) -> Run:
    """A complete load run of the shop, all users spawned after two seconds."""
    end = START + int(seconds * SECOND)
    return Run(
        **{
            "id": "r1",
            "service": "shop",
            "kind": "load",
            "state": "complete",
            "start_ts": START,
            "ramped_ts": START + 2 * SECOND,
            "stop_ts": end,
            "end_ts": end,
            "health": Health(cpu=0.2, lag_us=5_000, lag_p99_us=1_000, missed=0.0),
            "rows": Reconciliation(seen=1_000, written=1_000, counted=1_000),
            **changes,
        }
    )


def subject(it: Run | None = None, rows: int = 1_000) -> Subject:
    """The run with as many rows stored as its manifest says."""
    return Subject(run=it or run(), rows=rows, warmup=0, judged=rows, backfilled=0)


def spec(*objectives: Objective) -> Spec:
    """A spec of these objectives."""
    return Spec(
        file="slo/shop.yaml", text="slogate: 1", sha256="0" * 64, service="shop",
        objectives=objectives,
    )  # fmt: skip
