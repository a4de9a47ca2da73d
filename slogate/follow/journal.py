"""Keeps what was read of a followed log, and how far: in the manifest of the day's run.

    the last run ──position──► where to go on ──rows──► parts, and the position, in one stroke

A part that no manifest names was never taken in: whoever goes on takes it away first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from slogate import intake
from slogate.errors import SourceError
from slogate.follow.tail import Piece, Position
from slogate.model.run import Kind, Reconciliation, Run
from slogate.recognition import OPTION, origin_of, read_alike
from slogate.repeated import FOLLOWED
from slogate.store.layout import Store
from slogate.store.manifest import found_parts, list_runs, read_run, update_run, write_run
from slogate.store.parts import number_of
from slogate.store.seals import sealed
from slogate.units import format_count

FORMAT = "--format"
BAD = "bad"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to follow, into which service's series, and how it is read.

    `every_s` is how often what has come is stored; `max_bad` the share of bad rows allowed, None
    allows any (they are counted and told).
    """

    path: Path
    service: str
    format: str = "auto"
    kind: Kind = "production"
    labels: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    every_s: float = 5.0
    max_bad: Fraction | None = None

    @property
    def key(self) -> str:
        """Names this following in ids and locks: the same file into the same service."""
        words = repr((str(self.path), self.service, self.kind))
        return hashlib.sha256(words.encode()).hexdigest()[:10]


def latest(store: Store, wish: Wish) -> Run | None:
    """The run of this following's last day."""
    start = f"follow-{wish.key}-"
    mine = [run for run in list_runs(store) if run.id.startswith(start)]
    return max(mine, key=lambda run: run.id, default=None)


def others(store: Store, wish: Wish) -> list[Run]:
    """The runs that may hold requests of the same log: not those of this following."""
    runs = list_runs(store, service=wish.service, kind=wish.kind)
    return [
        run
        for run in (read_alike(runs, wish.options) if wish.kind == "production" else [])
        if wish.labels.items() <= run.labels.items()
        and not run.id.startswith(f"follow-{wish.key}-")
    ]


def position_of(run: Run | None) -> Position | None:
    """How far the log was read; None where it was not; SourceError if the run does not say."""
    if run is None:
        return None
    try:
        told = {key: run.origin[key] for key in asdict(Position())}
        return Position(head=told.pop("head"), **{key: int(v) for key, v in told.items()})
    except (KeyError, ValueError):
        raise SourceError(
            f"run {run.id} does not say how far its log was read",
            hint=f"delete it, and the log is read from its start: slogate runs delete {run.id}",
        ) from None


def tidy(store: Store, run: Run) -> None:
    """Take away what a follower, or a compaction, that was killed has written and not named.

    Not while the run says that it is complete: its parts may be being merged.
    """
    named = {store.root / part for part in run.parts}
    for path in found_parts(store, run):
        if path not in named:
            path.unlink(missing_ok=True)


def close(store: Store, run: Run | None) -> None:
    """The run is complete; what was closed already stays as it is."""
    if run is not None and read_run(store, run.id).state == "running":
        update_run(store, run.id, lambda now: sealed(store, replace(now, state="complete")))


def next_number(run: Run, more: int) -> int:
    """A number that no part of the run has had, whatever was merged meanwhile."""
    return max(map(number_of, run.parts), default=-1) + 1 + more


def todays_run(store: Store, wish: Wish, last: Run | None, now_ts: int) -> Run:
    """Today's run: the one that is there, or a new one that goes on where the last one ended.

    Where the clock was set back to a day before, the last one goes on.
    """
    day = (_EPOCH + timedelta(microseconds=now_ts)).strftime("%Y%m%d")
    run_id = f"follow-{wish.key}-{day}"
    if last is not None and last.id >= run_id:
        run = read_run(store, last.id)  # others may have changed it since
        if run.state == "running":
            return run
        # said at once, so that nobody merges its parts while more are written
        run = update_run(store, last.id, lambda now: replace(now, state="running"))
        tidy(store, run)
        return run
    close(store, last)
    told = last.origin if last is not None else {}
    before = {key: value for key, value in told.items() if not key.startswith((BAD, OPTION))}
    options = origin_of([], wish.options)
    run = Run(
        id=run_id, service=wish.service, kind=wish.kind, state="running", created_ts=now_ts,
        labels=wish.labels, source="", origin={**before, FOLLOWED: str(wish.path), **options},
    )  # fmt: skip
    tidy(store, run)
    return run


def read_on(run: Run, piece: Piece, *, source: str, tally: intake.Tally) -> Run:
    """The run when what was counted of a piece is in it, and how far that is."""
    bad = int(run.origin.get(BAD, "0")) + tally.bad.total()
    position = {key: str(value) for key, value in asdict(piece.position).items()}
    counted = Reconciliation(
        seen=run.rows.seen + tally.rows, written=run.rows.written + tally.rows, unreadable=bad
    )
    first = min((ts for ts in (run.start_ts, tally.first_ts) if ts is not None), default=None)
    end = max((ts for ts in (run.end_ts, tally.last_ts) if ts is not None), default=None)
    return replace(
        run, state="running", source=source, start_ts=first, ramped_ts=first, stop_ts=end,
        end_ts=end, rows=counted,
        origin={**run.origin, **position, FORMAT: source, BAD: str(bad)},
        note=f"{format_count(bad)} bad rows were not kept" if bad else None,
    )  # fmt: skip


def keep(store: Store, run: Run, parts: Sequence[str]) -> Run:
    """Name the parts, and with them how far the log was read, in one stroke."""
    changed = replace(run, parts=(*run.parts, *parts))
    write_run(store, changed)
    return changed
