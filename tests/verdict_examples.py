"""Plain examples of findings and verdicts, to be changed field by field in tests."""

from __future__ import annotations

from slogate.model.run import Reconciliation, Run
from slogate.verdict import Finding, GoodShare, Outcome, Place, Subject, Verdict

START = 1_793_498_400_000_000
WINDOW = (START + 5_000_000, START + 45_000_000)

FIGURES = {
    "bad": 74, "total": 20_160, "allowed": 100.8, "spent": 0.734126984126984,
    "remaining": 0.265873015873016, "remaining_units": 26.8, "allowed_minutes": 50.4,
    "remaining_minutes": 13.4,
}  # fmt: skip
BUDGET = {
    "budgeting": "occurrences",
    "unit": "requests",
    "objective": 0.995,
    **FIGURES,
    "best_case": {**FIGURES, "bad": 70, "spent": 0.7, "remaining": 0.3},
    "burn_rate": 3.5,
    "burn_rates": [{"seconds": 3_600, "rate": 3.5, "best_case": None, "total": 28}],
    "exhausted_in_seconds": 107_184,
    "forecast": {
        "label": "estimate: nominal 80%, measured 60 to 80%; never gates",
        "days": 7, "spent": 0.8, "interval": [0.7, 1.1], "exhausted": 0.2,
    },
    "alerts": [
        {"severity": "page", "long_seconds": 3_600, "short_seconds": 300, "factor": 13.44,
         "burning": None}
    ],
    "corrected_seconds": 3_600,
    "uncorrected": FIGURES,
    "policy": {"remaining": 0.5, "message": "Only reliability work ships.", "freeze": False},
    "frozen": False,
}  # fmt: skip
UNKNOWN_BUDGET = {
    **BUDGET, "total": 0, "spent": None, "remaining": None, "remaining_minutes": None,
    "best_case": None, "burn_rate": None, "burn_rates": [], "exhausted_in_seconds": None,
    "forecast": None, "alerts": [], "uncorrected": None, "policy": None,
}  # fmt: skip


def finding(**changes):
    """A p95 budget that is breached and blocks, unless changed."""
    fields = {
        "service": "shop",
        "name": "checkout",
        "kind": "percentile",
        "text": "p95: 300ms",
        "endpoint": "POST /checkout",
        "place": Place(file="slo/shop.yaml", line=12, column=5, sha256="ab" * 32),
        "outcome": Outcome.FAIL,
        "severity": "error",
        "limit": 300_000.0,
        "unit": "us",
        "observed": 412_345.0,
        "interval": (388_000.0, 431_000.0),
        "confidence": 0.95,
        "good": 11_279,
        "total": 12_408,
        "good_share": GoodShare(observed=0.909, interval=(0.904, 0.914), required=0.95),
        "window": WINDOW,
        "reason": "p95 of POST /checkout is 412 ms (388–431), over the 300 ms budget",
    } | changes
    key = fields["text"].partition(":")[0]
    fields.setdefault("id", f"{fields['service']}/{fields['name']}/{key}")
    fields.setdefault("blocking", fields["outcome"] is not Outcome.PASS)
    return Finding(**fields)


def passing(**changes):
    """The same budget, met."""
    share = GoodShare(observed=0.998, interval=(0.996, 0.999), required=0.95)
    fields = {
        "outcome": Outcome.PASS,
        "observed": 112_000.0,
        "interval": (109_000.0, 118_000.0),
        "good_share": share,
        "reason": "p95 of POST /checkout is 112 ms (109–118), within the 300 ms budget",
    }
    return finding(**(fields | changes))


def verdict(*findings, ended="complete", note=None, failures=(), **changes):
    """A verdict with these findings on a run that is complete, unless it ended otherwise."""
    run = Run(
        id="r1",
        service="shop",
        kind="load",
        state=ended,
        note=note,
        start_ts=START,
        ramped_ts=START,
        stop_ts=WINDOW[1],
        end_ts=WINDOW[1],
        rows=Reconciliation(seen=13_000, written=13_000, counted=13_000),
    )
    fields = {
        "id": "5b1de0c2f6a98e74",
        "version": "0.1.0",
        "subject": Subject(
            run=run,
            rows=13_000,
            warmup=592,
            judged=12_408,
            backfilled=0,
            window=WINDOW,
            failures=failures,
        ),
        "findings": findings,
    }
    return Verdict(**(fields | changes))
