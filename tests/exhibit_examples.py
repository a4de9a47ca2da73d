"""Exhibits of made-up series, the same each time: what the reference engine sees in them."""

from __future__ import annotations

import math
from random import Random

from verdict_examples import START, WINDOW

from slogate.engines._look_rows import look
from slogate.engines._rows import Row
from slogate.model.exhibit import View
from slogate.model.selection import Endpoint, Selection
from slogate.model.window import Window

END = WINDOW[1]
ENDPOINTS = (("GET", "/browse"), ("POST", "/checkout"), ("GET", "/search"))


def requests(count=2_700, end=END, endpoints=ENDPOINTS):
    """Requests from the start on, slower and failing for a while in the middle."""
    dice = Random(7)
    made = []
    for i in range(count):
        ts = START + (end - START) * i // count
        method, endpoint = endpoints[int(dice.random() * len(endpoints))]
        bad = 0.5 < i / count < 0.6 and endpoint == endpoints[1 % len(endpoints)][1]
        us = int(60_000 * math.exp(dice.gauss(0, 0.5)) * (6 if bad else 1))
        failed = bad and dice.random() < 0.2
        made.append(
            Row(ts=ts, last_ts=ts, stop_ts=ts, least_us=us, most_us=us, endpoint=endpoint,
                method=method, status=503 if failed else 200, ok=not failed, labels={})
        )  # fmt: skip
    return made


def buckets(step_us=15_000_000, edges=(-1, 5_000, 25_000, 100_000, 250_000, 1_000_000, None)):
    """The same requests, as a source tells of them that has only a histogram each step."""
    found = []
    for row in requests():
        start = row.ts - (row.ts - START) % step_us
        at = next(i for i, hi in enumerate(edges) if i and (hi is None or row.most_us <= hi))
        lo, hi = edges[at - 1], edges[at]
        most = 2**63 - 1 if hi is None else hi
        found.append(
            Row(ts=start, last_ts=start + step_us - 1, stop_ts=start + step_us, least_us=lo + 1,
                most_us=most, endpoint=row.endpoint, method=row.method, status=None, ok=None,
                labels={}, bucket=(lo, hi), step_us=step_us)
        )  # fmt: skip
    return found


def exhibit(rows=None, *, exact=True, endpoints=("POST /checkout",), end=END, window=WINDOW):
    """What there is to be seen of the rows, of the service and of these endpoints."""
    view = View(
        window=window and Window(start_ts=window[0], end_ts=window[1]),
        scenes=(Selection(), *(Selection(endpoint=Endpoint.parse(each)) for each in endpoints)),
    )
    whole = Window(start_ts=START, end_ts=end)
    return look(requests() if rows is None else rows, view, whole, exact=exact)
