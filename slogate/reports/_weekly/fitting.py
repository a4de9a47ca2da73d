"""As many rows as fit: a text is rendered with fewer, until it is no longer than it may be."""

from __future__ import annotations

from collections.abc import Callable


def fitting(render: Callable[[int], str], rows: int, limit: int) -> str:
    """The text with the most rows by the size of what was too long; its size is that of UTF-8."""
    while True:
        text = render(rows)
        size = len(text.encode("utf-8", "replace"))
        if size <= limit or not rows:
            return text
        rows = min(rows - 1, rows * limit // size)
