"""Remembers the last spans that came, so that a batch that is sent again is not counted again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slogate.sources._otlp.telemetry import Losses, Span

REMEMBERED = 100_000
REPEATED = "spans that were delivered before"


class Repeats:
    """The ids of the last spans, oldest first."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._most = remembered
        self._ids: dict[bytes, None] = {}

    def new(self, spans: Iterable[Span], losses: Losses) -> Iterator[Span]:
        """The spans that have not come before, or have no id."""
        for span in spans:
            if not span.trace_id or not span.span_id:
                yield span
                continue
            key = bytes.fromhex(span.trace_id + span.span_id)
            if key in self._ids:
                losses.left_out[REPEATED] += 1
                continue
            self._ids[key] = None
            if len(self._ids) > self._most:
                del self._ids[next(iter(self._ids))]
            yield span
