"""One run against a limit: how often each rule fails or passes a service, wrongly or rightly.

Runs of 300 s of a service whose true share of slow requests is known: exactly what is allowed, half
of it, twice it. Peers compare the percentile with the limit (k6, Gatling, and with a limit
github-action-benchmark): there is no third answer, so that a service at its limit is a coin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from latencies import PROCESSES, Latencies, recorded

from slogate.stats.proportion import (
    Batch,
    clopper_pearson,
    decide,
    design_effect,
    floor_from_history,
    interval,
)

ALLOWED, ALPHA, SECONDS, K = 0.05, 0.05, 300, 10
PAST = 10

Run = list[Batch]
Rule = Callable[[Run, "float | None"], str]


def ours_first(run: Run, floor: float | None) -> str:
    """The gate on a first run."""
    del floor
    return decide(interval(run, ALPHA, None), ALLOWED)


def ours(run: Run, floor: float | None) -> str:
    """The gate after ten earlier runs."""
    return decide(interval(run, ALPHA, floor), ALLOWED)


def point(run: Run, floor: float | None) -> str:
    """Observed percentile against the limit."""
    del floor
    return "fail" if _bad(run) > ALLOWED * _total(run) else "pass"


def textbook(run: Run, floor: float | None) -> str:
    """Clopper and Pearson's interval, requests taken for independent."""
    del floor
    lower, upper = clopper_pearson(_bad(run), _total(run), ALPHA)
    return "fail" if lower > ALLOWED else "pass" if upper <= ALLOWED else "inconclusive"


def _bad(run: Run) -> int:
    return sum(batch.bad for batch in run)


def _total(run: Run) -> int:
    return sum(batch.total for batch in run)


RULES: dict[str, Rule] = {
    "slogate, first run": ours_first,
    "slogate, with history": ours,
    "i.i.d. interval": textbook,
    "point rule (k6, Gatling)": point,
}


def measure(
    runs: int, seed: int, series: Sequence[float] | None, names: Sequence[str] = tuple(PROCESSES)
) -> list[dict[str, object]]:
    """A row a process: of each rule the shares of outcomes at, under and over the limit."""
    known = {name: PROCESSES[name] for name in names}
    if series is not None:
        known["recorded (NAB)"] = recorded(np.array(series))
    return [
        _row(name, process, runs, np.random.default_rng([seed, number]))
        for number, (name, process) in enumerate(known.items())
    ]


def _row(name: str, process: Latencies, runs: int, rng: np.random.Generator) -> dict[str, object]:
    logs = process(rng, runs, SECONDS)
    past = process(rng, min(runs, 200), SECONDS)
    # limits at which the true share of slow requests is so much of the allowed
    whole = np.concatenate([logs.ravel(), past.ravel()])
    limits = {ratio: np.quantile(whole, 1 - ratio * ALLOWED) for ratio in (0.25, 0.5, 1.0, 2.0)}
    healthy = [_variances(run) for run in _batches(past, limits[0.5])]
    picks = rng.integers(0, len(healthy), (runs, PAST))
    floors = [floor_from_history([healthy[at] for at in pick]) for pick in picks]
    found: dict[str, object] = {"process": name}
    for ratio, limit in limits.items():
        judged = _batches(logs, limit)
        for rule, judge in RULES.items():
            outcomes = [judge(run, floor) for run, floor in zip(judged, floors, strict=True)]
            for outcome in ("pass", "fail"):
                found[f"{rule}|{ratio:g}|{outcome}"] = outcomes.count(outcome) / runs
    return found


def _batches(logs: np.ndarray, limit: float) -> list[Run]:
    bad = (logs > limit).sum(axis=2).reshape(len(logs), K, -1).sum(axis=2)
    total = logs.shape[1] * logs.shape[2] // K
    return [[Batch(total=total, bad=int(each)) for each in run] for run in bad]


def _variances(run: Run) -> tuple[float, float, int]:
    effect = design_effect(run)
    return effect.v, effect.v_iid, _bad(run)
