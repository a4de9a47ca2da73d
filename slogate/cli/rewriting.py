"""Puts a new text in a file's place in one step: it is never half written, its mode is kept.

A file that changed since it was read is left alone. A link stays one: what it leads to is written.
"""

from __future__ import annotations

import os
from pathlib import Path

from slogate.errors import UsageError


def rewrite(file: Path, before: str, after: str) -> None:
    """Write beside the file and put it in its place; UsageError if that cannot be."""
    place = file.resolve()
    beside = place.with_name(f".{place.name}.{os.getpid()}.new")
    try:
        if place.read_bytes() != before.encode():
            raise UsageError(f"{file} was changed meanwhile", hint="try again")
        with beside.open("wb") as stream:
            stream.write(after.encode())
            stream.flush()
            os.fsync(stream.fileno())
        beside.chmod(place.stat().st_mode & 0o7777)
        beside.replace(place)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from None
    finally:
        beside.unlink(missing_ok=True)
