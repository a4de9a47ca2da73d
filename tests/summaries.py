"""Reads the summaries of load tools: what the tests of their formats share."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from foreign import Taken, take

from slogate import plugins

Rows = list[dict[str, Any]]


def example(name: str) -> str:
    """The example of a format."""
    text: str = plugins.find("sources", name).example.decode()
    return text


def summary(folder: Path, name: str, *edits: tuple[str, str], **options: str | None) -> Taken:
    """The example of a format with these texts replaced, each of which must be in it.

    An option that is None is left out, though the example is read with it.
    """
    source, text = plugins.find("sources", name), example(name)
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    given = {**source.example_options, **options}
    return take(
        folder, text, source=source, **{key: value for key, value in given.items() if value}
    )


def counted(rows: Rows, *names: str) -> dict[Any, int]:
    """How many requests have each combination of these columns."""
    found: Counter[Any] = Counter()
    for row in rows:
        found[tuple(row[n] for n in names) if len(names) > 1 else row[names[0]]] += row["count"]
    return dict(found)


def at(rows: Rows, share: float) -> tuple[int, int | None]:
    """Between which bounds (µs) the nearest-rank percentile of the timed requests must lie."""
    timed = [row for row in rows if row["lo_us"] is not None]
    rank = max(-(-sum(row["count"] for row in timed) * round(share * 1000) // 100_000), 1)
    return _ranked(timed, rank, "lo_us"), _ranked(timed, rank, "hi_us")  # type: ignore[return-value]


def _ranked(rows: Rows, rank: int, name: str) -> int | None:
    """The bound that so many requests have at most, the unbounded ones last."""
    for row in sorted(rows, key=lambda row: (row[name] is None, row[name])):
        rank -= row["count"]
        if rank <= 0:
            return row[name]  # type: ignore[no-any-return]
    raise AssertionError("there are not so many requests")
