"""A real Prometheus that scraped a real exporter through a restart of it, for several tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exporter import NAME, NATIVE, Exporter, ask, exporter, free_port, prometheus, wait_for

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
        with exporter(port, seed=1) as first:
            seen = live(first, url, rounds=12)
        wait_for(lambda: any(up["value"][1] == "0" for up in ask(url, "up")), "the end of a life")
        with exporter(port, seed=2) as second:
            live(second, url, rounds=8)
        samples = [
            (int(at * 1000 + 0.5), int(count))
            for series in ask(url, f'{NAME}_count{{handler="/browse"}}[1h]')
            for at, count in series["values"]
        ]
        yield Recorded(
            url, samples[0][0], samples[-1][0], first.raw[seen:] + second.raw,
            frozenset(n - seen for n in first.shown["/metrics"])
            | frozenset(len(first.raw) - seen + n for n in second.shown["/metrics"]),
        )  # fmt: skip


def live(service: Exporter, url: str, rounds: int) -> int:
    """A life with traffic at each scrape; how many requests the server saw first."""
    service.observe(30)
    wait_for(lambda: service.scraped() >= 2 and total(url), "the first scrapes")
    values = [int(series["values"][0][1]) for series in ask(url, f"{NAME}_count[1h]")]
    for _ in range(rounds):
        service.observe(40)
        seen = service.scraped()
        wait_for(lambda seen=seen: service.scraped() > seen, "a scrape")
    wait_for(
        lambda: all(
            total(url, metric) == len(service.raw)
            for metric in (f"{NAME}_count", f"histogram_count({NATIVE})")
        ),
        "the last scrape",
    )
    return sum(values)


def total(url: str, metric: str = f"{NAME}_count") -> int:
    """How many requests the server knows of now."""
    return sum(int(series["value"][1]) for series in ask(url, f"sum({metric})"))
