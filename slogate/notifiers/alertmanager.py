"""Alertmanager, and what takes alerts as it does (Mimir, Grafana): its API v2, `/api/v2/alerts`.

It tells alerts apart by their labels, so that telling one twice is telling it once. What fires
lapses there unless it is told again in time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from slogate.model.notice import Notice
from slogate.notifiers._base import Notifier, time_text

BATCH = 256
PATH = "/api/v2/alerts"


def address(url: str) -> str:
    """The place for alerts of a server whose base address, or that very place, is given."""
    return re.sub(r"/+(api/v2(/alerts)?/?)?$", "", url) + PATH


def render(notices: Sequence[Notice], *, now_ts: int, lapse_us: int) -> list[bytes]:
    """Arrays of alerts, not too many in one; those that have ended go first."""
    order = sorted(notices, key=lambda each: each.ends_ts is None)
    batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
    return [
        json.dumps([_alert(each, now_ts + lapse_us) for each in batch]).encode()
        for batch in batches
    ]


def _alert(notice: Notice, lapses_ts: int) -> dict[str, Any]:
    return {
        "labels": dict(notice.labels),
        "annotations": dict(notice.annotations),
        "startsAt": time_text(notice.starts_ts),
        "endsAt": time_text(lapses_ts if notice.ends_ts is None else notice.ends_ts),
    }


PLUGIN = Notifier(
    name="alertmanager",
    help="Alertmanager, or what has its API v2",
    address=address,
    render=render,
    repeats=True,
)
