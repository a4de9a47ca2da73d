"""The samples of a selector over a long time, answer by answer.

Samples are asked for raw, through range selectors: stale markers are the server's business,
nothing is interpolated. Spans grow and shrink so that an answer stays small; a server that
answers nothing, whatever it is asked, is given up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from slogate.sources._prometheus.client import Client, TooMuch
from slogate.sources._prometheus.promql import Selector

FIRST_SPAN_MS = 600_000
LONGEST_SPAN_MS = 86_400_000
SHORTEST_SPAN_MS = 1_000
TROUBLES = 5
SMALL_ANSWER = 2 << 20
LARGE_ANSWER = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """A selector and whom it is asked; spans end with a `step` (ms) where there is one."""

    client: Client
    selector: Selector
    step: int | None = None

    def read(self, start: int, end: int) -> Iterator[tuple[int, Any]]:
        """What was scraped after the start, up to the end of each span, in ms."""
        at, span, longest, troubles = start, FIRST_SPAN_MS, LONGEST_SPAN_MS, 0
        while at < end:
            until = self._until(at, span, end)
            try:
                answer = self._samples(at, until)
            except TooMuch as error:
                troubles = troubles + 1 if error.troubled else 0
                if until - at <= SHORTEST_SPAN_MS or troubles == TROUBLES:
                    hint = "select fewer series, or one at a time"
                    if error.troubled:
                        hint = f"call it again when the server is well; else {hint}"
                    raise self.client.fail(f"{self.selector}: {error}", hint=hint) from None
                span = longest = (until - at) // 2
                continue
            troubles = 0
            size = self.client.size
            yield until, answer
            at = until
            if size < SMALL_ANSWER:
                span = min(span * 2, longest)
            elif size > LARGE_ANSWER:
                span //= 2

    def _until(self, at: int, span: int, end: int) -> int:
        """The end of a span, at the end of a step if there is one in it."""
        until = at + span
        if self.step and until // self.step * self.step > at:
            until = until // self.step * self.step
        return min(until, end)

    def _samples(self, at: int, until: int) -> Any:
        query = f"{self.selector}[{until - at}ms]"
        # as Thanos has it: no answer is better than half of one, or than one of each fifth minute
        parameters = [
            ("query", query), ("time", f"{until // 1000}.{until % 1000:03}"),
            ("partial_response", "false"), ("max_source_resolution", "0s"),
        ]  # fmt: skip
        return self.client.ask("query", parameters)
