"""Follows a log into the store: each line once, whatever is killed when.

    Tail ──lines──► the format's source ──rows──► part, then manifest (with the position)

What was read and how far are kept in one file, the manifest, which is renamed into place: a part
that no manifest names was never imported, and its lines are read again. One run a day, so that
none grows for ever. Refuses formats whose lines do not stand alone, and a second follower.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from slogate import intake, plugins
from slogate.errors import SourceError
from slogate.follow.journal import (
    FORMAT,
    Wish,
    close,
    keep,
    latest,
    next_number,
    others,
    position_of,
    read_on,
    tidy,
    todays_run,
)
from slogate.follow.known import begin
from slogate.follow.sample import Sample
from slogate.follow.tail import Piece, Tail
from slogate.keeping import Ahead
from slogate.model.run import Run
from slogate.recognition import recognise
from slogate.repeated import refuse_repeated
from slogate.store.layout import Store
from slogate.store.locks import alone
from slogate.store.manifest import withdraw
from slogate.store.memory import remembering
from slogate.store.parts import write_part
from slogate.units import format_count, format_share

FEW = 1_000


@dataclass(slots=True, kw_only=True)
class Followed:
    """What has been stored since the start, for progress and the last line; `notes` were told.

    `catching_up`: not all that was there at the start has been read. `apart` are runs that are
    other traffic, by their rows.
    """

    requests: int = 0
    bad: int = 0
    left_out: int = 0
    parts: int = 0
    run: Run | None = None
    catching_up: bool = True
    apart: set[str] = field(default_factory=set)
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
        followed.run = latest(store, wish)
        if followed.run is None and not wish.path.is_file():  # else it may come back in a moment
            raise SourceError(f"there is no file {wish.path}")
        if followed.run is not None and followed.run.state == "running":
            tidy(store, followed.run)

        found, sample = position_of(followed.run), Sample(wish.path)
        tail = Tail(wish.path, found, begin=lambda at, file: begin(at, file, others(store, wish)))

        def take() -> bool:
            # an import of the same log sees how far it was read, or is seen by us
            with alone(store, ("import", wish.service, wish.kind)):
                if (piece := tail.pull()) is not None:
                    beside = _beside(store, wish, piece, followed)
                    _store(store, wish, piece, followed, sample,
                           beside=beside, now_ts=now_ts(), tell=tell)  # fmt: skip
            return piece is not None

        try:
            over = False
            while True:
                while take():
                    show(followed)
                followed.catching_up = False
                while tail.notes:
                    tell(tail.notes.pop(0))
                if over:
                    break
                over = wait(wish.every_s)
        finally:
            tail.close()
            close(store, followed.run)
    return followed


def _beside(store: Store, wish: Wish, piece: Piece, followed: Followed) -> list[Run]:
    """The runs of which a piece may hold requests: only what was there before can."""
    new = followed.catching_up or piece.first_line == 1
    known = others(store, wish) if new else []
    return [run for run in known if run.id not in followed.apart]


def _store(
    store: Store,
    wish: Wish,
    piece: Piece,
    followed: Followed,
    sample: Sample,
    *,
    beside: Sequence[Run],
    now_ts: int,
    tell: Callable[[str], None],
) -> None:
    """Store the rows of some lines and, with them, how far the log was read."""
    run = todays_run(store, wish, followed.run, now_ts)
    tally = intake.Tally()
    written: list[str] = []
    try:
        head = sample.head(piece.data)
        after = _written(store, wish, run, piece, head, tally=tally, written=written)
        followed.bad += tally.bad.total()
        followed.requests += tally.requests
        followed.left_out += tally.left_out.total()
        _judge_bad(wish, followed, tally)
        if written:
            followed.apart |= refuse_repeated(store, _only(run, written, tally), beside)
        followed.run = keep(store, after, written)
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


def _only(run: Run, parts: Sequence[str], tally: intake.Tally) -> Run:
    """As if these parts were all of the run."""
    return replace(
        run, state="complete", parts=tuple(parts), seals={}, start_ts=tally.first_ts,
        end_ts=tally.last_ts,
    )  # fmt: skip


def _written(
    store: Store,
    wish: Wish,
    run: Run,
    piece: Piece,
    head: bytes,
    *,
    tally: intake.Tally,
    written: list[str],
) -> Run:
    """Write the parts and name them in `written`; the run as it is then, which does not."""
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
        ahead = Ahead(read)

        def after() -> Run:
            return read_on(run, piece, source=file.source.name, tally=tally)

        def told() -> dict[bytes, str]:
            return remembering(after()) if ahead.series() is None else {}

        while (series := ahead.series()) is not None:
            written.append(
                write_part(
                    store, run.id, wish.service, wish.kind, ahead.take(), metadata=told,
                    sequence=next_number(run, len(written)), worker=None, series=series,
                )
            )  # fmt: skip
    return after()


def _lined() -> list[str]:
    return [name for name, source in plugins.every("sources").items() if source.lines]


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
