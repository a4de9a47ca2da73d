"""Follows a log into the store: each line once, whatever is killed when.

    Tail ──lines──► the format's source ──rows──► part, then manifest (with the position)

What was read and how far are kept in one file, the manifest, which is renamed into place: a part
that no manifest names was never imported, and its lines are read again. One run a day, so that
none grows for ever. Refuses formats whose lines do not stand alone, and a second follower.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from slogate import intake, plugins
from slogate.errors import SourceError
from slogate.follow.sample import Sample
from slogate.follow.tail import Piece, Position, Tail
from slogate.model.run import Kind, Reconciliation, Run
from slogate.recognition import recognise
from slogate.store.layout import Store
from slogate.store.locks import alone
from slogate.store.manifest import (
    found_parts,
    list_runs,
    read_run,
    update_run,
    withdraw,
    write_run,
)
from slogate.store.parts import number_of, write_part
from slogate.store.seals import sealed
from slogate.units import format_count, format_share

FOLLOWED = "followed"
FORMAT = "--format"
BAD = "bad"
FEW = 1_000
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


@dataclass(slots=True, kw_only=True)
class Followed:
    """What has been stored since the start, for progress and the last line; `notes` were told."""

    requests: int = 0
    bad: int = 0
    left_out: int = 0
    parts: int = 0
    run: Run | None = None
    notes: set[str] = field(default_factory=set)


def follow(
    store: Store,
    wish: Wish,
    *,
    now_ts: Callable[[], int],
    wait: Callable[[float], bool],
    tell: Callable[[str], None],
    show: Callable[[Followed], None] = lambda _followed: None,
) -> Followed:
    """Store what is appended until `wait(seconds)` says that it is over.

    `tell` gets sentences for people. SourceError where the lines cannot be read, UsageError where
    someone else follows the file already; what was stored stays.
    """
    followed = Followed()
    busy = f"{wish.path} is being followed into this store already"
    with alone(store, ("follow", wish.key), busy):
        followed.run = _latest(store, wish)
        if followed.run is None and not wish.path.is_file():  # else it may come back in a moment
            raise SourceError(f"there is no file {wish.path}")
        if followed.run is not None and followed.run.state == "running":
            _tidy(store, followed.run)
        tail, sample = Tail(wish.path, _position(followed.run)), Sample(wish.path)
        try:
            over = False
            while True:
                while (piece := tail.pull()) is not None:
                    _store(store, wish, piece, followed, sample, now_ts=now_ts(), tell=tell)
                    show(followed)
                while tail.notes:
                    tell(tail.notes.pop(0))
                if over:
                    break
                over = wait(wish.every_s)
        finally:
            tail.close()
            _close(store, followed.run)
    return followed


def _latest(store: Store, wish: Wish) -> Run | None:
    """The run of this following's last day."""
    start = f"follow-{wish.key}-"
    mine = [run for run in list_runs(store) if run.id.startswith(start)]
    return max(mine, key=lambda run: run.id, default=None)


def _position(run: Run | None) -> Position | None:
    if run is None:
        return None
    told = {key: run.origin.get(key, "0") for key in asdict(Position())}
    try:
        return Position(head=told.pop("head"), **{key: int(v) for key, v in told.items()})
    except ValueError:
        raise SourceError(f"run {run.id} does not say how far its log was read") from None


def _tidy(store: Store, run: Run) -> None:
    """Take away what a follower, or a compaction, that was killed has written and not named.

    Not while the run says that it is complete: its parts may be being merged.
    """
    named = {store.root / part for part in run.parts}
    for path in found_parts(store, run):
        if path not in named:
            path.unlink(missing_ok=True)


def _close(store: Store, run: Run | None) -> None:
    if run is not None and read_run(store, run.id).state == "running":
        update_run(store, run.id, lambda now: sealed(store, replace(now, state="complete")))


def _store(
    store: Store,
    wish: Wish,
    piece: Piece,
    followed: Followed,
    sample: Sample,
    *,
    now_ts: int,
    tell: Callable[[str], None],
) -> None:
    """Store the rows of some lines and, with them, how far the log was read."""
    run = _run(store, wish, followed.run, now_ts)
    tally = intake.Tally()
    written: list[str] = []
    try:
        head = sample.head(piece.data)
        source = _written(store, wish, run, piece, head, tally=tally, written=written)
        followed.bad += tally.bad.total()
        followed.requests += tally.requests
        followed.left_out += tally.left_out.total()
        _judge_bad(wish, followed, tally)
        followed.run = _keep(store, run, piece, source=source, parts=written, tally=tally)
    except BaseException:
        withdraw(store, run.id, written)
        raise
    sample.learn(piece.data)
    for note in tally.notes:
        if note not in followed.notes:
            tell(note)
    followed.notes.update(tally.notes)
    for line in tally.shown:
        tell(f"bad row: {line}")
    followed.parts += len(written)


def _written(
    store: Store,
    wish: Wish,
    run: Run,
    piece: Piece,
    head: bytes,
    *,
    tally: intake.Tally,
    written: list[str],
) -> str:
    """Write the parts and name them in `written`; the name of the format."""
    with tempfile.TemporaryDirectory(prefix="slogate-") as folder:
        lines = Path(folder) / "lines"
        lines.write_bytes(piece.data)
        wanted = run.origin.get(FORMAT, "auto") if wish.format == "auto" else wish.format
        file = recognise(str(wish.path), lines, wanted, wish.options)
        if not file.source.lines:
            raise SourceError(
                f"{wish.path}: {file.source.name} cannot be followed",
                hint=f"formats whose lines stand alone can: {', '.join(_lined())}",
            )
        origin = replace(file.origin, first_line=piece.first_line, head=head)
        read = intake.read([(file.source, origin)], tally, wish.labels, lambda _rows, _all: None)
        for series, table in read:
            written.append(
                write_part(
                    store, run.id, wish.service, wish.kind, table,
                    sequence=_next(run, len(written)), worker=None, series=series,
                )
            )  # fmt: skip
    return file.source.name


def _lined() -> list[str]:
    return [name for name, source in plugins.every("sources").items() if source.lines]


def _next(run: Run, more: int) -> int:
    """A number that no part of the run has had, whatever was merged meanwhile."""
    return max(map(number_of, run.parts), default=-1) + 1 + more


def _run(store: Store, wish: Wish, last: Run | None, now_ts: int) -> Run:
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
        _tidy(store, run)
        return run
    _close(store, last)
    before = dict(last.origin) if last is not None else {}
    before.pop(BAD, None)  # that day's
    options = {f"--option {key}": value for key, value in wish.options.items()}
    run = Run(
        id=run_id, service=wish.service, kind=wish.kind, state="running", created_ts=now_ts,
        labels=wish.labels, source="", origin={**before, FOLLOWED: str(wish.path), **options},
    )  # fmt: skip
    _tidy(store, run)
    return run


def _judge_bad(wish: Wish, followed: Followed, tally: intake.Tally) -> None:
    total = followed.requests + followed.bad
    if wish.max_bad is None or followed.bad <= wish.max_bad * total:
        return
    if wish.max_bad and total < FEW:
        return
    lines = "".join(f"\n  {line}" for line in tally.shown)
    raise SourceError(
        f"{wish.path}: {format_count(followed.bad)} of {format_count(total)} rows are bad, "
        f"{format_share(wish.max_bad)} allowed{lines}"
    )


def _keep(
    store: Store,
    run: Run,
    piece: Piece,
    *,
    source: str,
    parts: Sequence[str],
    tally: intake.Tally,
) -> Run:
    """Name the parts and the position in one stroke."""
    bad = int(run.origin.get(BAD, "0")) + tally.bad.total()
    position = {key: str(value) for key, value in asdict(piece.position).items()}
    counted = Reconciliation(
        seen=run.rows.seen + tally.rows, written=run.rows.written + tally.rows, unreadable=bad
    )
    first = min((ts for ts in (run.start_ts, tally.first_ts) if ts is not None), default=None)
    end = max((ts for ts in (run.end_ts, tally.last_ts) if ts is not None), default=None)
    changed = replace(
        run, state="running", source=source, start_ts=first, ramped_ts=first, stop_ts=end,
        end_ts=end, parts=(*run.parts, *parts), rows=counted,
        origin={**run.origin, **position, FORMAT: source, BAD: str(bad)},
        note=f"{format_count(bad)} bad rows were not kept" if bad else None,
    )  # fmt: skip
    write_run(store, changed)
    return changed
