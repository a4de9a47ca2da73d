"""How long an answer takes: mixtures of lognormal humps, one mixture an endpoint.

Every mixture has a fast hump (a cache hit, a small basket), a compact main hump that holds the
95th percentile, and a rare slow one. The main hump is narrow on purpose: a budget of about 2.6
times the quiet p95 is then never touched by chance, and yet clearly breached by a service three
times slower, because most of the main hump crosses the limit at once.
Draws come from the caller's random generator; nothing here sleeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One hump: what happens, its share of the requests, its median and the sigma of its log."""

    what: str
    share: float
    median_us: int
    sigma: float


Mixture = tuple[Mode, ...]

BROWSE = (
    Mode(what="page from the cache", share=0.50, median_us=22_000, sigma=0.15),
    Mode(what="page rendered", share=0.47, median_us=54_000, sigma=0.05),
    Mode(what="cold shard", share=0.03, median_us=95_000, sigma=0.12),
)
SEARCH = (
    Mode(what="known query", share=0.35, median_us=45_000, sigma=0.12),
    Mode(what="index scanned", share=0.62, median_us=88_000, sigma=0.05),
    Mode(what="segment merged", share=0.03, median_us=150_000, sigma=0.10),
)
CART = (
    Mode(what="prices from the cache", share=0.40, median_us=25_000, sigma=0.15),
    Mode(what="prices looked up", share=0.58, median_us=62_000, sigma=0.05),
    Mode(what="stock checked again", share=0.02, median_us=105_000, sigma=0.10),
)
CHECKOUT = (
    Mode(what="paid by voucher", share=0.23, median_us=55_000, sigma=0.10),
    Mode(what="card authorised", share=0.75, median_us=101_000, sigma=0.06),
    Mode(what="card tried twice", share=0.02, median_us=165_000, sigma=0.10),
)
LOGIN = (
    Mode(what="session still valid", share=0.13, median_us=35_000, sigma=0.10),
    Mode(what="password hashed", share=0.85, median_us=81_000, sigma=0.04),
    Mode(what="hash upgraded", share=0.02, median_us=135_000, sigma=0.10),
)


def draw_us(mixture: Mixture, rng: Random) -> int:
    """Draw one latency in whole µs; the last mode takes whatever share the others leave."""
    point = rng.random()
    chosen = mixture[-1]
    for mode in mixture:
        point -= mode.share
        if point < 0:
            chosen = mode
            break
    return int(chosen.median_us * exp(rng.gauss(0.0, chosen.sigma)))
