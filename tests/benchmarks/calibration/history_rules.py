"""Change points over a hundred runs: false alarms where nothing changed, steps of 10% found.

The p95 of each run of five minutes comes from a process of this bench, with 3% between runs. Real
series: benchmark results of hosted CI runners and of a database, in random order, so that nothing
can have changed, and as they were. Otava and ruptures are asked where they are installed:
`pip install apache-otava ruptures` into an environment of its own.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from latencies import PROCESSES

from slogate.stats.change_points import change_points

RUNS, CV, NEAR, LEAST = 100, 0.03, 3, 60
POOL, SECONDS = 400, 300
# series in random order that a collection has at least
TRIES = 30

Detector = Callable[[Sequence[float]], list[int]]


def rank_scan(values: Sequence[float]) -> list[int]:
    """Ours."""
    return [each.at for each in change_points(list(values))]


def latest_over(share: float) -> Detector:
    """The point rule of github-action-benchmark: against the previous run."""

    def detect(values: Sequence[float]) -> list[int]:
        return [at for at in range(1, len(values)) if values[at] > (1 + share) * values[at - 1]]

    return detect


def detectors() -> dict[str, Detector]:
    """All that can be asked here."""
    found: dict[str, Detector] = {"slogate": rank_scan}
    try:
        from otava.analysis import compute_change_points
    except ImportError:
        pass
    else:
        found["Otava"] = lambda values: [p.index for p in compute_change_points(list(values))[0]]
    try:
        import ruptures
    except ImportError:
        pass
    else:
        for name, model in (("ruptures PELT l2", "l2"), ("ruptures PELT l1", "l1")):
            found[name] = _pelt(ruptures, model)
    found["over 10% (point rule)"] = latest_over(0.10)
    found["over 200% (github-action-benchmark)"] = latest_over(1.0)
    return found


def _pelt(ruptures: object, model: str) -> Detector:
    def detect(values: Sequence[float]) -> list[int]:
        signal = np.asarray(values, dtype=float)
        steps = np.abs(np.diff(signal))
        sigma = np.median(steps) / 0.6745 / np.sqrt(2) or 1.0
        cost = sigma**2 if model == "l2" else sigma
        search = ruptures.Pelt(model=model, min_size=4, jump=1).fit(signal)
        return search.predict(pen=3 * np.log(len(signal)) * cost)[:-1]

    return detect


def measure(repeats: int, seed: int) -> list[dict[str, object]]:
    """A row a process: of each detector false alarms, steps found, and places that were right."""
    known = detectors()
    rows = []
    for number, (name, process) in enumerate({**PROCESSES, "with outliers": None}.items()):
        rng = np.random.default_rng([seed, number])
        source = PROCESSES["independent"] if process is None else process
        pool = np.quantile(source(rng, POOL, SECONDS).reshape(POOL, -1), 0.95, axis=1)
        row: dict[str, object] = {"process": name}
        counts: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for _ in range(repeats):
            quiet = _course(rng, pool, outliers=process is None)
            at = int(rng.integers(20, 81))
            moved = quiet * np.where(np.arange(RUNS) >= at, 1.1, 1.0)
            for rule, detect in known.items():
                found = detect(moved)
                counts[rule][0] += bool(detect(quiet))
                counts[rule][1] += any(abs(place - at) <= NEAR for place in found)
                counts[rule][2] += len(found)
        for rule, (alarms, hits, places) in counts.items():
            row[f"{rule}|same"] = alarms / repeats
            row[f"{rule}|found"] = hits / repeats
            row[f"{rule}|right"] = hits / places if places else None
        rows.append(row)
    return rows


def _course(rng: np.random.Generator, pool: np.ndarray, *, outliers: bool) -> np.ndarray:
    noise = rng.normal(0, CV, RUNS)
    if outliers:
        noise = rng.standard_t(3, RUNS) * CV / np.sqrt(3)
        noise += (rng.random(RUNS) < 0.03) * rng.uniform(0.2, 1.0, RUNS)
    return 100 * np.exp(rng.choice(pool, RUNS) + noise)


def measure_real(folder: Path, shuffles: int, seed: int) -> list[dict[str, object]]:
    """A row a collection: changes found a hundred runs, in random order and as they were."""
    rng = np.random.default_rng(seed)
    known = detectors()
    rows = []
    for name, courses in _collections(folder).items():
        runs = sum(map(len, courses))
        row: dict[str, object] = {"process": name, "runs": runs, "series": len(courses)}
        for rule, detect in known.items():
            row[f"{rule}|as it was"] = 100 * sum(len(detect(each)) for each in courses) / runs
        wrong: dict[str, int] = dict.fromkeys(known, 0)
        tried = 0
        for course in courses:
            for _ in range(max(shuffles, TRIES // len(courses))):
                order = rng.permutation(np.asarray(course))
                tried += 1
                for rule, detect in known.items():
                    wrong[rule] += bool(detect(order))
        for rule in known:
            row[f"{rule}|in random order"] = wrong[rule] / tried
        rows.append(row)
    return rows


def _collections(folder: Path) -> dict[str, list[list[float]]]:
    found: dict[str, list[list[float]]] = {"CI runners": [], "TigerBeetle": []}
    by_name: dict[tuple[str, str], list[float]] = defaultdict(list)
    (file,) = (folder / "runner-noise").glob("*.csv")
    with file.open(encoding="utf-8") as stream:
        for line in csv.DictReader(stream, delimiter=";"):
            by_name[line["suite"], line["bench"]].append(float(line["value"]))
    found["CI runners"] = [each[-200:] for each in by_name.values() if len(each) >= LEAST]
    with (folder / "otava" / "tigerbeetle_series.csv").open(encoding="utf-8") as stream:
        found["TigerBeetle"] = [[float(line["value"]) for line in csv.DictReader(stream)]]
    return found


def latencies_of(folder: Path) -> list[float]:
    """A recorded latency series without its failure at the end."""
    file = folder / "nab" / "ec2_request_latency_system_failure.csv"
    with file.open(encoding="utf-8") as stream:
        return [float(line["value"]) for line in csv.DictReader(stream)][:3_400]
