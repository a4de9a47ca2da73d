"""Finds what of a followed log was imported before, so that following begins behind it.

Called at the beginning of each file: what runs hold is known by the SHA-256 of the content, as the
import knows it (`grown.py`). Refuses where their last line was cut off: the import takes the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import IO

from slogate.contents import held_by, passed, reach_of, segments_of
from slogate.errors import SourceError
from slogate.follow.tail import HEAD, Position
from slogate.hashing import hash_of
from slogate.model.run import Run
from slogate.units import format_count


def begin(path: Path, file: IO[bytes], runs: Iterable[Run]) -> tuple[Position, str] | None:
    """Where to begin in a file, and what people should know of it; None: at its start."""
    size = file.seek(0, 2)
    file.seek(0)
    segments = segments_of(lambda: nullcontext(file), size, held_by(runs))
    if not segments:
        return None
    whose = ", ".join(dict.fromkeys(who for *_, who in segments))
    offset = reach_of(segments)
    if any(end > offset for _, end, _ in segments):
        raise SourceError(
            f"{path} holds requests that {whose} has already, and some between that nobody has: "
            "they would count twice",
            hint="delete those runs and follow it from its start: slogate runs delete RUN",
        )
    file.seek(0)
    lines, last = passed(file, offset)
    if not last.endswith(b"\n"):
        rest = file.readline(2)
        if not rest.startswith((b"\n", b"\r\n")):
            raise SourceError(
                f"{path} was imported as {whose} up to the middle of its line {lines + 1}",
                hint="import it once more, which takes in the rest of that line, then follow it",
            )
        offset, lines = offset + len(rest), lines + 1
    file.seek(0)
    head = file.read(min(HEAD, offset))
    position = Position(offset=offset, lines=lines, head_bytes=len(head), head=hash_of(head))
    return position, f"{path} is imported as {whose} up to line {format_count(lines)}"
