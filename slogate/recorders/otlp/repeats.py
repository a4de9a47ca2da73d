"""Remembers the last spans that came, so that a batch that is sent again is not counted again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from operator import add

from slogate.sources._otlp.requests import Columns
from slogate.sources._otlp.telemetry import Losses, Span

REMEMBERED = 100_000
REPEATED = "spans that were delivered before"


class Repeats:
    """The ids of the last spans, oldest first."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._most = remembered
        # of a plain dictionary the oldest is found behind all that were forgotten before
        self._ids: OrderedDict[bytes, None] = OrderedDict()

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
            self._forget()
            yield span

    def fresh(self, columns: Columns, losses: Losses) -> Columns:
        """The spans that have not come before, as columns; all of those have ids."""
        keys = list(map(add, columns.traces, columns.spans))
        many = len(keys)
        known = dict.fromkeys(keys)
        if len(known) < many or not self._ids.keys().isdisjoint(known):
            first = {key: at for at, key in reversed(list(enumerate(keys)))}
            known = {key: None for key in known if key not in self._ids}
            columns = columns.at([first[key] for key in known])
            losses.left_out[REPEATED] += many - len(known)
        self._ids.update(known)
        self._forget()
        return columns

    def _forget(self) -> None:
        """Let go of the oldest that are too many."""
        while len(self._ids) > self._most:
            self._ids.popitem(last=False)
