"""For tests of OTLP's histograms: series that do whatever a valid series may, as messages."""

from __future__ import annotations

import random

from telemetry import SHOP, attributes, metrics, point

ROUTES = ("/cart", "/[id]/é", "/{a}]b", '/"quoted"', "/long/" + "x" * 30)
KINDS = ("explicit", "exponential", "explicit delta", "exponential delta")


class Series:
    """A series that counts, restarts, falls, widens and is delivered twice, as it pleases."""

    def __init__(self, chance: random.Random, number: int) -> None:
        self.chance = chance
        self.kind = chance.choice(KINDS)
        told = {"http.request.method": "GET", "http.route": chance.choice(ROUTES), "n": number}
        if chance.random() < 0.7:
            told["http.response.status_code"] = chance.choice([200, 200, 404, 503])
        elif chance.random() < 0.3:
            told["error.type"] = "timeout"
        self.told, self.resource = told, {**SHOP, "host.name": chance.choice("ab")}
        self.since, self.scale, self.offset, self.zeros = 0.0, 3, -6, 0
        self.bounds = chance.choice([[5, 10, 25], [5, 10, 25], [0.5, 2.25], []])
        self.counts = [0] * (len(self.bounds) + 1 if "explicit" in self.kind else 4)

    def point(self, now: float) -> dict:
        """What it tells at that time."""
        chance, counts = self.chance, self.counts
        if "delta" in self.kind:
            counts[:], self.zeros, self.since = [0] * len(counts), 0, now - 3.5
        elif chance.random() < 0.1:
            counts[:], self.zeros = [0] * len(counts), 0
            self.since = now - 0.5 if chance.random() < 0.7 else self.since
        for _ in range(chance.randrange(4)):
            counts[chance.randrange(len(counts))] += chance.randrange(5)
        more = {"sum": sum(counts) * 2.5} if chance.random() < 0.8 else {}
        more |= {"max": 30.0 + now // 5} if chance.random() < 0.6 else {}
        at = now - chance.choice([1, 2, 3]) if chance.random() < 0.06 else now
        written = point(counts, at=at, since=self.since, explicitBounds=self.bounds, **more)
        pairs = list(self.told.items())
        if chance.random() < 0.3:
            chance.shuffle(pairs)
        written["attributes"] = attributes(dict(pairs))
        if chance.random() < 0.3:
            told = {
                "timeUnixNano": "1",
                "asDouble": 2.5,
                "filteredAttributes": attributes({"a": 1}),
            }
            written["exemplars"] = [told] * chance.randrange(3)
        if "exponential" in self.kind:
            self._exponential(written)
        elif not self.bounds and chance.random() < 0.5:
            del written["bucketCounts"], written["explicitBounds"]
        if chance.random() < 0.02:
            written["flags"] = 1
        return written

    def _exponential(self, written: dict) -> None:
        chance, counts = self.chance, self.counts
        change = chance.random()
        if change < 0.08:
            counts.insert(0, 0)
            self.offset -= 1
        elif change < 0.14:
            counts.append(0)
        elif change < 0.2 and self.scale > -2:
            # two buckets become one
            merged: dict[int, int] = {}
            for index, count in enumerate(counts, start=self.offset):
                merged[index >> 1] = merged.get(index >> 1, 0) + count
            self.scale, self.offset, counts[:] = self.scale - 1, min(merged), merged.values()
        elif change < 0.22:
            del counts[-1:]
        self.zeros += chance.randrange(2)
        self.counts = counts or [1]
        del written["explicitBounds"], written["bucketCounts"]
        texts = [str(count) for count in self.counts]
        written |= {
            "scale": self.scale, "zeroCount": str(self.zeros),
            "count": str(sum(self.counts) + self.zeros),
            "positive": {"offset": self.offset, "bucketCounts": texts},
        }  # fmt: skip


def history(chance: random.Random, count: int, **fields) -> list[dict]:
    """Messages of some series, those of a kind and resource together."""
    series = [Series(chance, number) for number in range(chance.randrange(1, 7))]
    found = []
    for now in range(5, count + 5):
        for each in chance.sample(series, chance.randrange(1, len(series) + 1)):
            if chance.random() < 0.9:
                points = [each.point(now)]
                told = {"delta": "delta" in each.kind, "resource": each.resource}
                found.append(metrics(*points, **told, **fields))
    return found
