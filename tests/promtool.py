"""Traffic known to the request, as series that promtool reads, and rules run on it.

Counters begin at 0 and are scraped at whole minutes, so that windows of whole minutes begin and end
at scrapes: there `increase` counts exactly, and rules can be held against a census.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

METRIC = "http_request_duration_seconds"
COUNTER = "http_requests_total"
BOUNDS_MS = (100, 400, 1000)


@dataclass(frozen=True)
class Requests:
    """So many requests of a minute that have all of this in common."""

    minute: int
    region: str
    status: int
    duration_ms: int
    count: int


def traffic(minutes: int, seed: int) -> list[Requests]:
    """A day with incidents of every size, a quiet night with a few failures, and a silence."""
    chance = random.Random(seed)
    found: Counter[tuple[int, str, int, int]] = Counter()
    for minute in range(minutes):
        for region in ("eu", "us"):
            for _ in range(_volume(minute, minutes, chance)):
                bad, slow = _shares(minute, minutes, region)
                failed = chance.random() < bad
                late = chance.random() < slow
                duration = chance.choice((500, 900, 3000) if late else (20, 90, 100, 250, 400))
                status = chance.choice((500, 503)) if failed else chance.choice((200, 200, 404))
                found[minute, region, status, duration] += 1
    return [Requests(*key, count) for key, count in sorted(found.items())]


def _volume(minute: int, minutes: int, chance: random.Random) -> int:
    part = minute / minutes
    if 0.60 < part < 0.65:
        return 0
    return chance.choice((0, 0, 0, 1, 2)) if part > 0.72 else chance.randint(20, 40)


def _shares(minute: int, minutes: int, region: str) -> tuple[float, float]:
    part = minute / minutes
    if 0.15 < part < 0.19:
        return (0.5, 0.1) if region == "eu" else (0.002, 0.002)
    if 0.30 < part < 0.42:
        return 0.04, 0.05
    if 0.50 < part < 0.505:
        return 0.9, 0.0
    if 0.80 < part < 0.86:
        return 0.7, 0.3
    return 0.002, 0.002


def series(requests: Sequence[Requests], minutes: int) -> dict[str, list[int]]:
    """The counters of a classic histogram and of a plain counter at each whole minute."""
    grown: dict[str, Counter[int]] = {}

    def grow(name: str, labels: Mapping[str, str], minute: int, count: int) -> None:
        told = ",".join(f'{key}="{value}"' for key, value in labels.items())
        grown.setdefault(f"{name}{{{told}}}", Counter())[minute] += count

    for each in requests:
        labels = {"job": "shop", "region": each.region, "code": str(each.status)}
        grow(COUNTER, labels, each.minute, each.count)
        grow(f"{METRIC}_count", labels, each.minute, each.count)
        for bound in BOUNDS_MS:
            inside = each.count if each.duration_ms <= bound else 0
            grow(f"{METRIC}_bucket", {**labels, "le": f"{bound / 1000:g}"}, each.minute, inside)
    return {
        name: [0, *accumulate(counts[minute] for minute in range(minutes))]
        for name, counts in sorted(grown.items())
    }


Sample = tuple[Mapping[str, str], float]
# a query, the minute that it is asked of, and what it answers
Expected = Sequence[tuple[str, int, Sequence[Sample]]]


def run_expressions(
    program: str,
    folder: Path,
    told: Mapping[str, Sequence[float]],
    expected: Expected,
    *,
    rules: str = "",
) -> str:
    """What promtool says of queries and rules on these series; empty where all is as expected."""
    (folder / "rules.yaml").write_text(rules or "groups: []\n", encoding="utf-8")
    test = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": name, "values": " ".join(map(str, values))}
                    for name, values in told.items()
                ],
                "promql_expr_test": [
                    {
                        "expr": query,
                        "eval_time": f"{minute}m",
                        "exp_samples": [
                            {"labels": _written(labels), "value": value}
                            for labels, value in samples
                        ],
                    }
                    for query, minute, samples in expected
                ],
            }
        ],
    }
    (folder / "test.yaml").write_text(json.dumps(test), encoding="utf-8")
    return said_by([program, "test", "rules", "test.yaml"], folder)


def _written(labels: Mapping[str, str]) -> str:
    """Labels as promtool reads them; `__name__` is one of them."""
    told = (f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in labels.items())
    return f"{{{', '.join(told)}}}"


def check_rules(program: str, folder: Path, rules: str) -> str:
    """What `promtool check rules` finds wrong; empty if nothing is."""
    path = folder / "checked.yaml"
    path.write_text(rules, encoding="utf-8")
    return said_by([program, "check", "rules", str(path)], folder)


def check_queries(program: str, folder: Path, queries: Iterable[str]) -> str:
    """What is wrong with queries, as those of recording rules."""
    rules = [
        {"record": f"query:{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate(queries)
    ]
    return check_rules(program, folder, json.dumps({"groups": [{"name": "q", "rules": rules}]}))


def said_by(command: list[str], folder: Path) -> str:
    """What a checker says; empty if it is content."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr
