"""A real Prometheus that scraped a real exporter through a restart of it, for several tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exporter import NAME, NATIVE, Exporter, ask, exporter, prometheus, wait_for
from ports import free_port

# how many requests were seen before anybody scraped
BEGUN = 30
METRICS = (f"{NAME}_count", f"histogram_count({NATIVE})")

Raw = list[tuple[tuple[str, str, str], float]]


@dataclass(frozen=True)
class Recorded:
    """What a server recorded, and what really happened between its first and last scrape."""

    url: str
    start_ms: int
    end_ms: int
    raw: Raw
    shown: frozenset[int]


@contextmanager
def recording(program: str, folder: Path) -> Iterator[Recorded]:
    """A few seconds of traffic, a restart in their middle, and the server still there."""
    port = free_port()
    with prometheus(program, folder, free_port(), port) as url:
        with exporter(port, seed=1, begun=BEGUN) as first:
            live(first, url, rounds=12)
        wait_for(lambda: any(up["value"][1] == "0" for up in ask(url, "up")), "the end of a life")
        with exporter(port, seed=2, begun=BEGUN) as second:
            live(second, url, rounds=8)
        samples = [
            (int(at * 1000 + 0.5), int(count))
            for series in ask(url, f'{NAME}_count{{handler="/browse"}}[1h]')
            for at, count in series["values"]
        ]
        yield Recorded(
            url, samples[0][0], samples[-1][0], first.raw[BEGUN:] + second.raw,
            frozenset(n - BEGUN for n in first.shown["/metrics"])
            | frozenset(len(first.raw) - BEGUN + n for n in second.shown["/metrics"]),
        )  # fmt: skip


def live(service: Exporter, url: str, rounds: int) -> None:
    """A life with traffic at each scrape, after one of either page that saw the same requests."""
    wait_for(lambda: all(total(url, metric) == BEGUN for metric in METRICS), "the first scrapes")
    for _ in range(rounds):
        service.observe(40)
        seen = service.scraped()
        wait_for(lambda seen=seen: service.scraped() > seen, "a scrape")
    wait_for(
        lambda: all(total(url, metric) == len(service.raw) for metric in METRICS),
        "the last scrape",
    )


def total(url: str, metric: str = f"{NAME}_count") -> int:
    """How many requests the server knows of now."""
    return sum(int(series["value"][1]) for series in ask(url, f"sum({metric})"))
