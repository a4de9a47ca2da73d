"""Which requests of a histogram without a status and an `error.type` were successes.

The semantic conventions set `error.type` where a request failed, and leave it out where it did
not. So a series without it tells of successes, but only if its metric tells outcomes at all:
some point of it has a status or an `error.type`. Rows that wait for such a point are kept here;
at the end, or once there are `most` of them, nobody knows their outcome. Nothing is guessed: an
outcome that is not known is no success.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain

from slogate.sources._base import Chunk
from slogate.sources._histograms import Rows

MOST_WAITING = 262_144

Metric = tuple[str, str]


@dataclass(slots=True)
class Outcomes:
    """Rows by metric (service, name) whose outcome waits; `unknown` are names that told none."""

    most: int = MOST_WAITING
    unknown: dict[str, None] = field(default_factory=dict)
    _telling: set[Metric] = field(default_factory=set)
    _waiting: dict[Metric, Rows] = field(default_factory=dict)
    _chunks: dict[Metric, list[Chunk]] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many rows wait."""
        chunks = chain.from_iterable(self._chunks.values())
        return sum(map(len, self._waiting.values())) + sum(len(chunk.rows) for chunk in chunks)

    def learn(self, metric: Metric) -> None:
        """A point of the metric tells an outcome: those that tell none were successes."""
        self._telling.add(metric)

    def told_by(self, metric: Metric) -> bool:
        """Whether a point of the metric has told an outcome so far."""
        return metric in self._telling

    def waiting(self, metric: Metric) -> Rows:
        """Where the rows of that metric wait; they are added without an outcome."""
        return self._waiting.setdefault(metric, Rows())

    def wait(self, metric: Metric, chunk: Chunk) -> None:
        """Let rows of that metric wait, which have no outcome."""
        self._chunks.setdefault(metric, []).append(chunk)

    def forget(self) -> None:
        """Drop the rows that wait."""
        self._waiting.clear()
        self._chunks.clear()

    def chunks(self, *, final: bool) -> list[Chunk]:
        """The rows that need not wait any more, or all of them at the end."""
        found: list[Chunk] = []
        for metric in list({**self._waiting, **self._chunks}):
            if metric in self._telling:
                found += map(_successes, self._pop(metric))
            elif final or len(self) >= self.most:
                self.unknown[metric[1]] = None
                found += self._pop(metric)
        return found

    def _pop(self, metric: Metric) -> list[Chunk]:
        """The rows of a metric, which wait no more."""
        rows, chunks = self._waiting.pop(metric, Rows()), self._chunks.pop(metric, [])
        return [*chunks, rows.chunk()] if len(rows) else chunks


def _successes(chunk: Chunk) -> Chunk:
    import pyarrow as pa

    columns = {name: chunk.rows[name] for name in chunk.rows.schema.names}
    columns["ok"] = pa.repeat(pa.scalar(True), chunk.rows.num_rows)
    return replace(chunk, rows=pa.RecordBatch.from_pydict(columns))
