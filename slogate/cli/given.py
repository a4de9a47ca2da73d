"""What people write on a command line: files, patterns, stdin, K=V pairs, shares."""

from __future__ import annotations

import glob
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from slogate.errors import UsageError
from slogate.units import is_utf8, parse_share

STDIN = "-"


@contextmanager
def given_files(words: Sequence[str]) -> Iterator[list[tuple[str, Path]]]:
    """Each file as (name for people, path); stdin lies in a temporary file meanwhile."""
    files: list[tuple[str, Path]] = []
    with tempfile.TemporaryDirectory(prefix="slogate-") as folder:
        for word in words:
            if word != STDIN:
                files += [(str(path), path) for path in _matching(word)]
            elif not any(name == "stdin" for name, _ in files):
                files.append(("stdin", _spooled(Path(folder) / "stdin")))
        yield files


def _matching(word: str) -> list[Path]:
    if not word:
        raise UsageError("an empty word is no file", hint="is a variable of the shell not set?")
    path = Path(word)
    try:
        there, folder, regular = path.exists(), path.is_dir(), path.is_file()
    except OSError as error:
        raise UsageError(f"'{word[:200]}' cannot be a file: {error.strerror}") from None
    if folder:
        # beside Spark's files lies an empty one
        ending = "*.parquet" if any(path.glob("*.parquet")) else "*"
        hint = f"name its files, for example '{word.rstrip('/')}/{ending}'"
        raise UsageError(f"{word} is a folder", hint=hint)
    if there and not regular:
        # it is read several times: recognised, hashed, imported
        raise UsageError(f"{word} is no regular file", hint="pipe it: … | slogate import -")
    if there:
        return [path]
    if "://" in word:
        shown = re.sub("//[^/]*@", "//", word)
        raise UsageError(f"{shown} is a URL", hint="a server is imported by itself: one URL")
    found = sorted(Path(name) for name in glob.glob(word, recursive=True))  # noqa: PTH207 (takes absolute patterns)
    files = [each for each in found if each.is_file()]
    if not files:
        raise UsageError(f"there is no file {word}")
    return files


def given_url(words: Sequence[str]) -> str | None:
    """The server's address, if that is what is given."""
    only = words[0] if len(words) == 1 else ""
    return only if re.match("https?://", only) and not Path(only).exists() else None


def _spooled(path: Path) -> Path:
    if sys.stdin.isatty():
        raise UsageError("stdin is a terminal", hint="pipe a file into it: … | slogate import -")
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path


def given_pairs(flag: str, words: Sequence[str]) -> dict[str, str]:
    """`K=V` words as a mapping; UsageError for anything else, or the same key twice."""
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UsageError(f"{flag} {word!r} is no pair", hint=f"write it so: {flag} key=value")
        if not is_utf8(word):
            raise UsageError(f"{flag} {word!r} is not UTF-8")
        if key in found:
            raise UsageError(f"{flag} {key} is given twice")
        found[key] = value
    return found


def given_share(flag: str, word: str) -> Fraction:
    """A share like `0.1%`; UsageError for anything else."""
    try:
        return parse_share(word)
    except ValueError as error:
        raise UsageError(f"{flag}: {error}") from None
