"""Looks at foreign files: which format reads each, which are the same, which are known.

A file is what it holds: its hash is that of its decompressed content. Manifests of earlier
versions hold the hash of a compressed file as it was stored, so both are compared.
"""

from __future__ import annotations

import hashlib
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from slogate import plugins
from slogate.errors import UsageError
from slogate.hashing import END, Hash, end_of, hash_of
from slogate.model.run import Kind, Run
from slogate.sources._base import DAMAGED, MARK, Origin, Source, damaged, read_origin
from slogate.sources._strangers import packed, stranger
from slogate.units import format_count, is_utf8

OPTION = "--option "
LONG_US = 31 * 86_400_000_000
NAMED = 3
_SURE = 0.2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file, the format that reads it, and the SHA-256 of it as stored and of its content.

    `content` is None where that is what is stored. `size` is that of the content, `stored_size`
    that of the file when it was looked at: it may be growing. `end` is the SHA-256 of the last
    `END` bytes of the content, empty where there are not so many.
    """

    source: Source
    origin: Origin
    hash: Hash = field(compare=False)
    size: int
    stored_size: int
    end: str
    content: str | None = None

    @property
    def stored(self) -> str:
        """The hash of the file as it lies there."""
        try:
            return self.hash.value
        except OSError as error:
            raise damaged(self.origin, error) from None

    @property
    def digest(self) -> str:
        """The hash of its content."""
        return self.content or self.stored

    @property
    def hashes(self) -> tuple[str, str]:
        """How manifests name its content, those of now and those of before."""
        return f"sha256:{self.digest}", f"sha256:{self.stored}"


def recognise(
    name: str, path: Path, wanted: str, options: Mapping[str, str], *, beside: bool = False
) -> File:
    """The file with the source that reads it and the hash of its content.

    `beside`: the hash is worked out while the caller goes on, who asks for it or stops it.
    """
    origin, size = read_origin(name, path), path.stat().st_size
    stored = Hash(path, size)
    if beside:
        stored.begin()
    try:
        auto = wanted == "auto"
        source = _sniffed(origin, options) if auto else plugins.find("sources", wanted)
        check_options(source, options)
        plain = origin.compression == "none"
        content, held, end = (None, size, end_of(path, size)) if plain else _content(origin)
    except BaseException:
        stored.stop()
        raise
    origin = replace(origin, options=options, whole=True)
    return File(
        source=source, origin=origin, hash=stored, size=held, stored_size=size,
        end=hash_of(end) if len(end) == END else "", content=content,
    )  # fmt: skip


@contextmanager
def readable(files: Sequence[tuple[str, Path]]) -> Iterator[list[tuple[str, Path]]]:
    """The files, those whose paths are not UTF-8 by other paths: no engine takes them as they are.

    Such a path is one of bytes of another encoding; what the file holds is not concerned.
    """
    with ExitStack() as held:
        found = []
        for name, given in files:
            path = given.absolute()
            if not is_utf8(str(path)):
                folder = held.enter_context(TemporaryDirectory(prefix="slogate-"))
                path = Path(folder) / "file"
                path.symlink_to(given.absolute())
            found.append((name, path))
        yield found


def _content(origin: Origin) -> tuple[str, int, bytes]:
    """The hash of what is decompressed, its size, and its last bytes."""
    found, size, end = hashlib.sha256(), 0, b""
    try:
        with origin.stream() as stream:
            while block := stream.read(1 << 20):
                found.update(block)
                size += len(block)
                end = (end + block[-END:])[-END:]
    except DAMAGED as error:
        raise damaged(origin, error) from None
    return found.hexdigest(), size, end


def check_options(source: Source, options: Mapping[str, str]) -> None:
    """UsageError for an option that the format does not know."""
    unknown = sorted(set(options) - set(source.options))
    if unknown:
        known = ", ".join(sorted(source.options)) or "none"
        hint = f"options of {source.name}: {known}"
        raise UsageError(f"format {source.name} has no option '{unknown[0]}'", hint=hint)


def scores_of(head: bytes) -> dict[str, float]:
    """How sure each format is that a file beginning so is of it; a byte order mark is nothing."""
    text = head.removeprefix(MARK)
    return {name: source.sniff(text) for name, source in plugins.every("sources").items()}


def _sniffed(origin: Origin, options: Mapping[str, str]) -> Source:
    """The source that is surest of the file; SourceError if none is, or two are alike."""
    head, scores = origin.head.removeprefix(MARK), scores_of(origin.head)
    best = max(scores.values(), default=0)
    sure = sorted(name for name, score in scores.items() if score == best)
    unsure = best < _SURE and "mapping" not in options  # who says the columns knows the file
    ours = best < _SURE or not plugins.added("sources").issuperset(sure)
    if odd := (packed(head) if ours else None) or (stranger(head) if unsure else None):
        raise origin.fail(f"it is {odd.name}, which cannot be imported", hint=odd.hint)
    which = " | ".join(sure) if best else "NAME (slogate import --formats lists them; any CSV"
    which += "" if best else ", NDJSON or log can be read: slogate docs import)"
    hint = f"say which it is: --format {which}"
    if not best:
        raise origin.fail("its format is not known", hint=hint)
    if len(sure) > 1:
        raise origin.fail(f"it could be {' or '.join(sure)}", hint=hint)
    chosen: Source = plugins.find("sources", sure[0])
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


def news(
    given: Sequence[File], runs: Sequence[Run], options: Mapping[str, str], kind: Kind
) -> tuple[list[File], dict[str, str], Run | None]:
    """What to import, why the others are skipped, and the run that holds it all already."""
    found, repeated = distinct(given)
    skipped = dict.fromkeys(repeated, "given twice")
    # of a run that holds but the rest of a file, `grown` finds what is before it as well
    alike = [run for run in read_alike(runs, options) if not any(
        content.after for content in run.contents.values()
    )]  # fmt: skip
    sames = [sorted(hashes) for hashes in zip(*(file.hashes for file in found), strict=True)]
    known = next((run for run in alike if split(run.origin)[0] in sames), None)
    if kind == "production" and not known:
        # a window is judged over all of a service's series: nothing may be in it twice
        found, again = _not_yet(found, alike)
        skipped |= {name: f"already imported as {run.id}" for name, run in again.items()}
        known = None if found else next(iter(again.values()))
    return found, skipped, known


def read_alike(runs: Iterable[Run], options: Mapping[str, str]) -> list[Run]:
    """The runs whose files were read with these options."""
    read_with = split(origin_of([], options))[1]
    return [run for run in runs if split(run.origin)[1] == read_with]


def origin_of(files: Sequence[File], options: Mapping[str, str]) -> dict[str, str]:
    """What the manifest says of the files and of the options they were read with."""
    hashes = {file.origin.name: file.hashes[0] for file in files}
    return hashes | {f"{OPTION}{key}": _said(value) for key, value in options.items()}


def _said(value: str) -> str:
    """An option's value; of one that names a file (a mapping, a pattern) what that holds counts."""
    try:
        held = Path(value.removeprefix("@")).read_bytes()
    except (OSError, ValueError):
        return value
    return f"{value} sha256:{hashlib.sha256(held).hexdigest()}"


def split(origin: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The hashes of an import and the options it was read with."""
    hashes = sorted(value for key, value in origin.items() if not key.startswith(OPTION))
    return hashes, {key: value for key, value in origin.items() if key.startswith(OPTION)}


def _not_yet(files: Sequence[File], runs: Sequence[Run]) -> tuple[list[File], dict[str, Run]]:
    """The files that none of the runs holds, and for the others the run that does."""
    held = {content: run for run in runs for content in split(run.origin)[0]}
    again = {f.origin.name: held[h] for f in files for h in f.hashes if h in held}
    return [file for file in files if file.origin.name not in again], again


def doubts(files: Sequence[File], runs: Sequence[Run], run: Run) -> list[str]:
    """What people may not have meant by importing these as that run, beside those runs."""
    told, named = [], set()
    formats = sorted({file.source.name for file in files})
    if len(formats) > 1:
        told.append(f"files of several formats ({', '.join(formats)}) are one run")
    if run.kind == "production":
        # with other options it may be another half of the file, so that it cannot be refused
        held = {content: each.id for each in runs for content in each.origin.values()}
        for file in files:
            if content := next((h for h in file.hashes if h in held), None):
                named.add(held[content])
                told.append(
                    f"{file.origin.name} is also in {held[content]}, read with other options: what "
                    "both took counts twice in the series, unless one of the runs is deleted"
                )
        told += _overlapping([each for each in runs if each.id not in named], run)
    return [*told, *_too_long(run)]


def _overlapping(runs: Sequence[Run], run: Run) -> Iterator[str]:
    """Whether requests may be in the production series twice: a longer copy of a log, say."""
    covering = [each.id for each in runs if _overlap(each, run)]
    if covering:
        names = ", ".join(covering[:NAMED]) + (", …" if len(covering) > NAMED else "")
        one = len(covering) == 1
        yield (
            f"{format_count(len(covering))} run{' already covers' if one else 's already cover'} "
            f"part of this span: {names}; requests in both are counted twice"
        )


def _overlap(one: Run, other: Run) -> bool:
    if one.state != "complete" or (one.source, one.labels) != (other.source, other.labels):
        return False
    spans = [(run.start_ts or 0, run.end_ts or 0) for run in (one, other)]
    start, end = max(start for start, _ in spans), min(end for _, end in spans)
    # where one file of a log ends the next begins; a run of a single moment lies within another
    return start < end or (start == end and any(start == end for start, end in spans))


def _too_long(run: Run) -> Iterator[str]:
    """Whether a load test took so long that the time of one of its rows must be wrong."""
    start, end = run.start_ts or 0, run.end_ts or 0
    if run.kind == "load" and end - start > LONG_US:
        moments = (_EPOCH + timedelta(microseconds=us) for us in (start, end))
        dates = " to ".join(f"{moment:%Y-%m-%d}" for moment in moments)
        days = format_count((end - start) // 86_400_000_000)
        yield (
            f"it is a load test of {days} days, {dates}: a row with a wrong time? Requests of "
            "real users are imported with --kind production"
        )


def not_applied(
    run: Run, labels: Mapping[str, str], commit: str | None, branch: str | None
) -> Iterator[str]:
    """What was asked for of files that the run holds already, and who does it."""
    missing = {key: value for key, value in labels.items() if run.labels.get(key) != value}
    if missing:
        words = " ".join(shlex.quote(f"{key}={value}") for key, value in missing.items())
        yield (
            f"--label was not applied to {run.id}: `slogate runs label {run.id} {words}` labels "
            "the run, though not its rows"
        )
    given = {"--commit": (commit, run.commit), "--branch": (branch, run.branch)}
    if changed := [name for name, (asked, has) in given.items() if asked not in {None, has}]:
        was = "was" if len(changed) == 1 else "were"
        yield (
            f"{' and '.join(changed)} {was} not applied to {run.id}: delete it with "
            f"`slogate runs delete {run.id}` and import it again, or label it"
        )
