"""One SLO with an indicator, judged on what a replayed server answers."""

from __future__ import annotations

from typing import Any

from replay import START_S, Replay

from slogate.gate import check_queried
from slogate.measuring.measure import Asking
from slogate.measuring.servers import Addresses
from slogate.slo.every import load_every
from slogate.verdict import Finding

START_US = START_S * 1_000_000
MINUTE_US = 60_000_000


def query(text: str, **more: str) -> dict[str, Any]:
    """A query of a Prometheus."""
    return {"type": "prometheus", "spec": {"query": text}, **more}


def events(
    bad: str = 'requests_total{code="500"}', total: str = "requests_total"
) -> dict[str, Any]:
    """Bad events of all."""
    return {"bad": query(bad), "total": query(total)}


def spec_text(indicator: dict[str, Any], **keys: Any) -> str:
    """A spec of one SLO."""
    slo = {"name": "a", "indicator": indicator, "objective": "99%", "window": "1h", **keys}
    more = {key: slo.pop(key) for key in ("openslo", "corrections") if key in slo}
    return str({"slogate": 1, "service": "shop", "slos": [slo], **more}).replace("True", "true")


def asking(replay: Replay, paused: list[float] | None = None, **known: Any) -> Asking:
    """Whoever asks the server, without waiting."""
    waits = [] if paused is None else paused
    return Asking(addresses=Addresses(**{"given": replay.url, **known}), pause=waits.append)


def judged(
    replay: Replay, indicator: dict[str, Any], *, minutes: int | None = 60, **keys: Any
) -> Finding:
    """What is found so many minutes after the start; None: at the server's own time."""
    specs = load_every([("slo/shop.yaml", spec_text(indicator, **keys))])
    at = None if minutes is None else START_US + minutes * MINUTE_US
    verdict = check_queried(asking(replay), specs, "shop", at=at, version="1")
    return verdict.findings[0]
