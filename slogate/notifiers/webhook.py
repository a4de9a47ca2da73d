"""Any address that takes JSON: a document with the alerts, and a `text` that chats show.

Each beginning and each end is told once. One that may have arrived, of which no answer came, is
told again with the same `key`, `status` and `startsAt`, by which a receiver can know it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from slogate.model.notice import Notice
from slogate.notifiers._base import Notifier, time_text

SCHEMA = "slogate.notice/v1"
BATCH = 64


def address(url: str) -> str:
    """The address as it is."""
    return url


def render(notices: Sequence[Notice], *, now_ts: int, lapse_us: int) -> list[bytes]:
    """Documents of alerts, not too many in one; those that have ended go first. No wall clock."""
    del now_ts, lapse_us
    order = sorted(notices, key=lambda each: each.ends_ts is None)
    batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
    return [json.dumps(_document(batch)).encode() for batch in batches]


def _document(notices: Sequence[Notice]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "text": "\n".join(map(_line, notices)),
        "alerts": [_alert(each) for each in notices],
    }


def _alert(notice: Notice) -> dict[str, Any]:
    return {
        "key": notice.key,
        "status": "firing" if notice.ends_ts is None else "resolved",
        "labels": dict(notice.labels),
        "annotations": dict(notice.annotations),
        "startsAt": time_text(notice.starts_ts),
        "endsAt": None if notice.ends_ts is None else time_text(notice.ends_ts),
    }


def _line(notice: Notice) -> str:
    summary = notice.annotations.get("summary", notice.key)
    if notice.ends_ts is None:
        severity = notice.labels.get("severity", "alert")
        return f"FIRING ({severity}) since {time_text(notice.starts_ts)}: {summary}"
    return f"RESOLVED at {time_text(notice.ends_ts)}: {summary}"


PLUGIN = Notifier(
    name="webhook",
    help="any address that takes a JSON document, such as a chat's",
    address=address,
    render=render,
)
