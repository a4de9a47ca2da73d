"""How fast Locust's totals over time (`_stats_history.csv`, --csv-full-history) are imported.

    python tests/benchmarks/import_locust_history.py [plain] [megabytes=200] [repeats=3]

Forty endpoints, a moment a second, most with requests since the last; `plain`, as without
--csv-full-history, has all of them together alone, with percentiles that hardly change. The peer
is Python's `csv` with nothing else done.

On two cores at 200 MB: 96 MB/s per core, 1.36 times as fast as the peer; row by row 35. `plain`:
51 MB/s per core, 0.66 times as fast as the peer, for the columns of each row are looked at;
row by row 20.
"""

from __future__ import annotations

import csv
import random
import sys
from functools import partial
from pathlib import Path

from side_by_side import run

_START = 1_764_000_000
_SHARES = ["50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%", "99.9%", "99.99%", "100%"]
_TIMES = ("Median", "Average", "Min", "Max")


def generate(path: Path, megabytes: int, *, plain: bool = False) -> None:
    """Write a history of this size."""
    chance = random.Random(1)
    names = [f"/api/v1/resources/{number}/items" for number in range(40)]
    counts = dict.fromkeys(names, 0)
    totals = ("Total Request Count", "Total Failure Count",
              *(f"Total {which} Response Time" for which in _TIMES),
              "Total Average Content Size")  # fmt: skip
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(
            ["Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s", *_SHARES,
             *totals]
        )  # fmt: skip
        second = _START
        while file.tell() < megabytes * 1_000_000:
            for _ in range(100):
                for name in names:
                    counts[name] += chance.randrange(40)
                    if not plain:
                        table.writerow(_row(second, "GET", name, counts[name], chance))
                # the longest is 940
                shares = [12, 18, 25, 33, 47, 61, 90, 120, 170, chance.choice((340, 350)), 940]
                last = _row(second, "", "Aggregated", sum(counts.values()), chance)
                table.writerow(last[:6] + shares + last[17:] if plain else last)
                second += 1


def _row(second: int, method: str, name: str, count: int, chance: random.Random) -> list[object]:
    shares = sorted(chance.choices((12, 18, 25, 33, 47, 61, 90, 120, 170, 340), k=len(_SHARES)))
    rate = chance.uniform(10, 40)
    return [second, 50, method, name, f"{rate:.6f}", "0.000000", *shares, count, count // 100, 33,
            41.123456 + chance.random(), 2.5, 940.25, 512.0]  # fmt: skip


def csv_alone(file: str, out: str) -> int:
    """Read every record as a list of words."""
    del out
    with Path(file).open(newline="") as text:
        return sum(1 for _ in csv.reader(text))


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "plain"]
    write = partial(generate, plain="plain" in sys.argv)
    run(__file__, "run_stats_history.csv", write, csv_alone, words, peer="csv")
