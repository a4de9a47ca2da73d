"""A real Prometheus with days of traffic that are known to the event, made without waiting.

Targets are scraped every minute, seven seconds past it. One of two instances joins later and is
restarted, series of failures appear with the first failure, two incidents break what was promised.
"""

from __future__ import annotations

import json
import random
import subprocess
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path

from exporter import PATIENCE_S, ask, wait_for
from ports import free_port

END_S = int(datetime(2026, 3, 31, 12, tzinfo=UTC).timestamp())
DAYS = 3
START_S = END_S - DAYS * 86_400
JOINED_S = START_S + 43_200
RESTARTED_S = END_S - 86_400 + 3_600
INCIDENTS = ((END_S - 2 * 86_400, 5_400), (END_S - 9_000, 3_600))
HTTP = "http_request_duration_seconds_count"
CODES = ("200", "404", "429", "500", "503")

Labels = tuple[tuple[str, str], ...]
Growth = tuple[int, str, Labels, int]


@dataclass
class Backfilled:
    """Where the server is, and all growth: (scrape, metric, labels, by how much)."""

    url: str = ""
    growth: list[Growth] = field(default_factory=list)
    lines: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    known: dict[str, list[tuple[int, dict[str, str], int]]] = field(default_factory=dict)

    def count(
        self, metric: str, start_s: float, end_s: float, chosen: Callable[[dict[str, str]], bool]
    ) -> int:
        """What came to light after the start, up to the end."""
        if metric not in self.known:
            mine = [
                (at, dict(labels), by) for at, name, labels, by in self.growth if name == metric
            ]
            self.known[metric] = sorted(mine, key=itemgetter(0))
        rows = self.known[metric]
        first, last = (bisect_right(rows, each, key=itemgetter(0)) for each in (start_s, end_s))
        return sum(by for _, labels, by in rows[first:last] if chosen(labels))


def traffic() -> Backfilled:
    """All of it; the same every time."""
    made, chance = Backfilled(), random.Random(4)
    for instance in ("a:1", "b:1"):
        _http(made, chance, instance)
    _apiserver(made, chance)
    return made


def _http(made: Backfilled, chance: random.Random, instance: str) -> None:
    since = START_S if instance == "a:1" else JOINED_S
    values = dict.fromkeys(CODES, 0)
    for at in range(since + 7, END_S + 1, 60):
        if instance == "b:1" and RESTARTED_S <= at < RESTARTED_S + 60:
            values = dict.fromkeys(CODES, 0)
        bad = 0.2 if any(begin <= at < begin + length for begin, length in INCIDENTS) else 0.0002
        volume = chance.randint(5, 60)
        for code in CODES:
            weight = {"200": 0, "404": 0.03, "429": bad / 4, "500": bad, "503": bad / 2}[code]
            by = sum(chance.random() < weight for _ in range(volume)) if weight else volume
            values[code] += by
            first = at == since + 7
            if values[code] or code == "200":
                labels = (("code", code), ("instance", instance), ("job", "myservice"))
                _sample(made, HTTP, labels, at, values[code], 0 if first else by)


def _apiserver(made: Backfilled, chance: random.Random) -> None:
    family = "apiserver_request_duration_seconds"
    values: dict[tuple[str, str], int] = defaultdict(int)
    for at in range(START_S + 7, END_S + 1, 60):
        for verb in ("GET", "WATCH"):
            volume = chance.randint(1, 9)
            slow = sum(chance.random() < 0.01 for _ in range(volume))
            for name, by in (
                (f"{family}_bucket/0.4", volume - slow), (f"{family}_bucket/5", volume),
                (f"{family}_count/", volume), ("apiserver_request_total/", volume),
            ):  # fmt: skip
                metric, _, le = name.partition("/")
                values[name, verb] += by
                own = (("le", le),) if le else (("code", "200"),) if "total" in metric else ()
                labels = tuple(sorted((*own, ("instance", "k:1"), ("job", "k"), ("verb", verb))))
                first = at == START_S + 7
                _sample(made, metric, labels, at, values[name, verb], 0 if first else by)


def _sample(made: Backfilled, metric: str, labels: Labels, at: int, value: int, by: int) -> None:
    inner = ",".join(f'{name}="{text}"' for name, text in labels)
    made.lines[metric].append(f"{metric}{{{inner}}} {value} {at}\n")
    if by:
        made.growth.append((at, metric, labels, by))


@contextmanager
def backfilled(promtool: str, program: str, folder: Path) -> Iterator[Backfilled]:
    """The traffic, and a server that has it."""
    made = traffic()
    text = "".join(line for lines in made.lines.values() for line in lines)
    (folder / "history.txt").write_text(f"{text}# EOF\n")
    subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "openmetrics", "history.txt", "data"],
        cwd=folder, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (folder / "prometheus.yml").write_text(json.dumps({"global": {}}))
    port = free_port()
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [program, "--config.file=prometheus.yml", "--storage.tsdb.path=data",
             "--storage.tsdb.retention.time=100y", f"--web.listen-address=127.0.0.1:{port}"],
            cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        made.url = f"http://127.0.0.1:{port}"
        wait_for(lambda: ask(made.url, f"sum({HTTP})", END_S), "the history")
        yield made
    finally:
        server.terminate()
        server.wait(PATIENCE_S)
