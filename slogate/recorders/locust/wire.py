"""What a worker's report to its master carries: buffers as bytes, and counters.

It travels inside Locust's own statistics message, so that rows and Locust's count arrive
together or not at all. Refuses what is not a report of this version and byte order: a row that
cannot be read is a lost row, never a guess.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from slogate.model.run import Health
from slogate.recorders.locust.columns import ROW, Chunk, Words

KEY = "slogate"
VERSION = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one worker says; the counters run on over all tests of its life.

    `generation` counts the tests it has begun, `stopped` says that the latest is over there;
    `asked` repeats the last stop that it was asked for, `leaving` asks for a receipt.
    """

    chunks: tuple[Chunk, ...] = ()
    shipped: int = 0
    failed: int = 0
    before_reset: int = 0
    faults: int = 0
    generation: int = 0
    stopped: bool = True
    asked: int = 0
    leaving: bool = False
    health: Health | None = None


def pack(report: Report) -> dict[str, Any]:
    """The report as plain values that msgpack can carry."""
    counters = {
        name: getattr(report, name)
        for name in ("shipped", "failed", "before_reset", "faults", "generation", "stopped",
                     "asked", "leaving")
    }  # fmt: skip
    return {
        "version": VERSION,
        "order": sys.byteorder,
        "chunks": [_pack_chunk(chunk) for chunk in report.chunks],
        "health": asdict(report.health) if report.health else None,
        **counters,
    }


def _pack_chunk(chunk: Chunk) -> dict[str, Any]:
    return {
        "rows": chunk.rows,
        "uncountable": chunk.uncountable,
        "words": [tuple(words) for words in chunk.words],
        "packed": chunk.packed,
    }


def unpack(data: Mapping[str, Any], worker: str) -> Report:
    """The report of a worker; ValueError if it is of another version or damaged."""
    if data.get("version") != VERSION or data.get("order") != sys.byteorder:
        raise ValueError(f"worker {worker} runs another version of slogate or another byte order")
    try:
        health = data["health"]
        return Report(
            chunks=tuple(_unpack_chunk(chunk, worker) for chunk in data["chunks"]),
            shipped=int(data["shipped"]),
            failed=int(data["failed"]),
            before_reset=int(data["before_reset"]),
            faults=int(data["faults"]),
            generation=int(data["generation"]),
            stopped=bool(data["stopped"]),
            asked=int(data["asked"]),
            leaving=bool(data["leaving"]),
            health=Health(**health) if health else None,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a report of worker {worker} is damaged: {error!r}") from None


def _unpack_chunk(data: Mapping[str, Any], worker: str) -> Chunk:
    packed = data["packed"]
    if len(packed) != int(data["rows"]) * ROW.size:
        raise ValueError(f"a report of worker {worker} is damaged: its rows have a wrong length")
    return Chunk(
        worker=worker,
        packed=packed,
        uncountable=int(data["uncountable"]),
        words=_unpack_words(data["words"]),
    )


def _unpack_words(words: Sequence[Sequence[Any]]) -> tuple[Words, ...]:
    return tuple(
        Words(str(endpoint), str(method), int(status), bool(ok), error)
        for endpoint, method, status, ok, error in words
    )
