"""Lets the users of a test hit base and head in turns, and keeps the two apart in the store.

Both of Locust's HTTP clients ask `_build_url` where a request goes: it is wrapped, and what would
go to the head goes to the base while it is the base's turn. Users notice nothing and keep their
pace. Rows are told apart by the moment they started, in the native thread that writes them, so that
recording costs no more than without. Nothing of this is loaded unless a base is given.

Refuses to trust a test in which requests of the base's turns did not go to the base, as those of
other clients do: such a run is incomplete, and cannot pass.
"""

from __future__ import annotations

import functools
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from time import time
from typing import TYPE_CHECKING, Any

from slogate.model.run import Reconciliation, Run
from slogate.model.turns import SETTLED, Interleaved, Side, Turns
from slogate.recorders.locust.arrow import label_rows

if TYPE_CHECKING:
    import pyarrow as pa

# requests whose turn ended between the look at the clock and their start, and custom events
ELSEWHERE = 0.05
_ENDS = ("/", "?", "#", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """What the caller says of the base: its run's id, its URL and the head's, the order of turns.

    `words` are what the user called it.
    """

    run: str
    words: str
    base: str
    head: str
    turns: Turns

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Against:
        """As it stands in the environment; KeyError or ValueError for what is half given."""
        texts = {name: str(given[name]) for name in ("run", "words", "base", "head")}
        lengths = {name: int(given[name]) for name in ("seed", "slice_us", "settle_us")}
        return cls(**texts, turns=Turns(**lengths))


class Switch:
    """Sends requests to whose turn it is; `turned` went to the base."""

    def __init__(self, against: Against) -> None:
        self._turns = against.turns
        self._head, self._base = against.head.rstrip("/"), against.base.rstrip("/")
        self._slice = -1
        self._is_base = False
        self.turned = 0

    def install(self) -> None:
        """Wrap Locust's clients."""
        from locust.clients import HttpSession
        from locust.contrib.fasthttp import FastHttpSession

        for client in (HttpSession, FastHttpSession):
            setattr(client, "_build_url", self._watch(client._build_url))  # noqa: B010, SLF001

    def _watch(self, build: Callable[[Any, str], str]) -> Callable[[Any, str], str]:
        @functools.wraps(build)
        def built(session: Any, path: str) -> str:
            return self.turn(build(session, path))

        return built

    def turn(self, url: str) -> str:
        """The URL of the head, or the same of the base while it is its turn."""
        number = self._turns.slice_of(int(time() * 1e6))
        if number != self._slice:
            self._slice, self._is_base = number, self._turns.side(number) == "base"
        if not self._is_base or not url.startswith(self._head):
            return url
        rest = url[len(self._head) :]
        if rest[:1] not in _ENDS:
            return url
        self.turned += 1
        return self._base + rest


@dataclass(slots=True)
class Beside:
    """The base's run, recorded beside the head's: what is known of it so far."""

    against: Against
    switch: Switch
    parts: list[str] = field(default_factory=list)
    written: int = 0

    def head(self, run: Run) -> Run:
        """The head's run, which names the base's."""
        return replace(run, interleaved=self._mark("head", self.against.run))

    def base(self, run: Run) -> Run:
        """The base's run, from the head's; it began just before, so that the head is the latest.

        Commit and branch are those of the head, and not known of the base.
        """
        return replace(
            run,
            id=self.against.run,
            created_ts=None if run.created_ts is None else run.created_ts - 1,
            commit=None,
            branch=None,
            parts=tuple(self.parts),
            seals={},
            interleaved=self._mark("base", run.id),
        )

    def _mark(self, side: Side, other: str) -> Interleaved:
        turns = self.against.turns
        return Interleaved(
            side=side,
            other=other,
            words=self.against.words,
            seed=turns.seed,
            slice_us=turns.slice_us,
            settle_us=turns.settle_us,
        )

    def trouble(self) -> str | None:
        """Why the two cannot be told apart, as a sentence; None if they can."""
        astray = self.written - self.switch.turned
        if astray <= ELSEWHERE * self.written + 1:
            return None
        return (
            f"{astray} of the {self.written} requests of the base's turns did not go to the base "
            f"({self.against.base}): only those of Locust's HTTP clients to {self.against.head} do"
        )


def without(rows: Reconciliation, others: int) -> Reconciliation:
    """The count of one side: what was written of the other is none of it."""
    counted = None if rows.counted is None else max(0, rows.counted - others)
    seen, written = max(0, rows.seen - others), rows.written - others
    return replace(rows, seen=seen, written=written, counted=counted)


def split(table: pa.Table, turns: Turns, labels: Mapping[str, str]) -> dict[Side, pa.Table]:
    """The rows of each side that has any, with the slice that they started in."""
    import pyarrow as pa
    import pyarrow.compute as pc

    moments = table["ts"].cast(pa.int64())
    numbers = pc.divide(moments, _one(turns.slice_us))
    found: dict[Side, list[pa.Table]] = {}
    for number in sorted(pc.unique(numbers).to_pylist()):
        mine = table.filter(pc.equal(numbers, _one(number)))
        start = turns.window(number).start_ts
        settled = pc.greater_equal(mine["ts"].cast(pa.int64()), _one(start))
        for rows, word in (
            (mine.filter(settled), SETTLED[1]),
            (mine.filter(pc.invert(settled)), "no"),
        ):
            if rows.num_rows:
                marks = {**labels, "slice": str(number), SETTLED[0]: word}
                at = table.schema.get_field_index("labels")
                column = label_rows(rows.num_rows, marks)
                labelled = rows.set_column(at, table.schema.field(at), column)
                found.setdefault(turns.side(number), []).append(labelled)
    return {side: pa.concat_tables(tables) for side, tables in found.items()}


def _one(value: int) -> Any:
    """An Arrow scalar that no conversion from Python was needed for."""
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int64(), 1, [None, pa.py_buffer(array("q", [value]))])[0]
