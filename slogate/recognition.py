"""Looks at foreign files: which format reads each, and which are the same."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slogate import plugins
from slogate.errors import UsageError
from slogate.model.run import Kind, Run
from slogate.sources._base import Origin, Source, read_origin


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file, the format that reads it, and the SHA-256 of its content as stored."""

    source: Source
    origin: Origin
    digest: str


def recognise(name: str, path: Path, wanted: str, options: Mapping[str, str]) -> File:
    """The file with the source that reads it and the hash of its content."""
    origin = read_origin(name, path)
    source: Source = _sniffed(origin) if wanted == "auto" else plugins.find("sources", wanted)
    check_options(source, options)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return File(source=source, origin=replace(origin, options=options), digest=digest)


def check_options(source: Source, options: Mapping[str, str]) -> None:
    """UsageError for an option that the format does not know."""
    unknown = sorted(set(options) - set(source.options))
    if unknown:
        known = ", ".join(sorted(source.options)) or "none"
        hint = f"options of {source.name}: {known}"
        raise UsageError(f"format {source.name} has no option '{unknown[0]}'", hint=hint)


def _sniffed(origin: Origin) -> Source:
    """The source that is surest of the file; SourceError if none is, or two are alike."""
    known = plugins.every("sources")
    scores = {name: source.sniff(origin.head) for name, source in known.items()}
    best = max(scores.values(), default=0)
    sure = sorted(name for name, score in scores.items() if score == best)
    which = " | ".join(sure) if best else "NAME (slogate import --formats lists them; any CSV"
    which += "" if best else ", NDJSON or log can be read: slogate docs import)"
    hint = f"say which it is: --format {which}"
    if not best:
        raise origin.fail("its format is not known", hint=hint)
    if len(sure) > 1:
        raise origin.fail(f"it could be {' or '.join(sure)}", hint=hint)
    chosen: Source = known[sure[0]]
    return chosen


def distinct(files: Sequence[File]) -> tuple[list[File], list[str]]:
    """Each content once, and the names of those that came again."""
    kept: dict[str, File] = {}
    again = [file.origin.name for file in files if kept.setdefault(file.digest, file) is not file]
    names = Counter(file.origin.name for file in kept.values())
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise UsageError(f"two different files are called {twice[0]}")
    return list(kept.values()), again


def doubts(files: Sequence[File], runs: Sequence[Run], kind: Kind) -> list[str]:
    """What people may not have meant by importing these beside those runs of the service."""
    told = []
    formats = sorted({file.source.name for file in files})
    if len(formats) > 1:
        told.append(f"files of several formats ({', '.join(formats)}) are one run")
    # with other options it may be another half of the file, so that it cannot be refused
    held = {content: run.id for run in runs for content in run.origin.values()}
    told += [
        f"{file.origin.name} is also in {held[content]}, read with other options: what both "
        "took counts twice in the series, unless one of the runs is deleted"
        for file in files
        if kind == "production" and (content := f"sha256:{file.digest}") in held
    ]
    return told
