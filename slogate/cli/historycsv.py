"""The verdicts of a history as CSV, one a line, in the units of the JSON document."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from slogate.history.document import Told, row

HEAD = (
    "objective", "time", "run", "commit", "branch", "outcome", "unit", "observed", "low", "high",
    "limit", "good", "total", "remaining", "burn_rate", "floor", "revision", "verdict",
)  # fmt: skip


def table(told: Sequence[Told]) -> str:
    """A head and a line a verdict; what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    for each in told:
        writer.writerows(_line(each, row(entry, number)) for entry, number in each.shown)
    return text.getvalue()


def _line(told: Told, found: dict[str, Any]) -> list[Any]:
    low, high = found["interval"] or (None, None)
    budget, floor = found["budget"] or {}, found["floor"] or {}
    known = {
        **found, **budget, "objective": told.course.id, "unit": told.course.last.unit,
        "low": low, "high": high, "floor": floor.get("value"),
    }  # fmt: skip
    return [_safe(known.get(name)) for name in HEAD]


def _safe(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets a mark before it."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
