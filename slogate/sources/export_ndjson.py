"""NDJSON from anywhere: one object a request, keys by a mapping or by their names.

A mapping may name a key within an object by dots (`http.status`). Values that are no text are
taken as JSON writes them. Refuses to guess what a key means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from slogate.sources._base import Chunk, Origin, Scan, Source
from slogate.sources._export import OPTIONS, export_record, usual_numbers, words_of
from slogate.sources._json_lane import lane_words
from slogate.sources._json_log import json_lines, json_log_words, key_parts
from slogate.sources._naming import is_known, meaning_of
from slogate.sources._records import line_scan
from slogate.sources._returned import is_ours, returned


def sniff(head: bytes) -> float:
    """Rather sure of known keys; a little of any objects, to ask what they mean."""
    keys = {key for line in json_lines(head) for key in line}
    if not keys:
        return 0.0
    return 0.6 if is_known(sorted(keys)) else 0.1


def open_ndjson(origin: Origin) -> Scan | Iterator[Chunk]:
    """The scan of an NDJSON export; SourceError says what its keys leave open."""
    lines = json_lines(origin.head, 200)
    if not lines:
        raise origin.fail("its first lines are no JSON objects", line=1)
    keys = dict.fromkeys(key for line in lines for key in line)
    if is_ours(keys, origin):
        return returned(origin, keys, "ndjson")
    samples = {key: [_text(line.get(key)) for line in lines] for key in keys}
    reached = dict(_reached(lines))
    if "mapping" in origin.options:
        # which may name what is within objects
        samples = {
            key: [_text(_within(line, path)) for line in lines] for key, path in reached.items()
        } | samples
    meaning = meaning_of(origin, samples, list(reached))
    # a key that itself holds a dot is meant before one within an object
    own = {**reached, **{key: [key] for key in keys}}
    words = words_of(meaning)
    paths = key_parts(words, own)
    for word, key in words.items():
        if key not in samples:
            samples[key] = [_text(_within(line, paths[word])) for line in lines]
    kinds, usual = usual_numbers(origin, meaning, samples)
    lane = lane_words(words, own, kinds, usual)
    record, bound = export_record(origin, meaning, samples, numbers=kinds if lane else ())
    scan = line_scan(origin, lane or json_log_words(words, own), record, parameters=bound)
    rare = ", ".join(key for key in words.values() if key not in own)
    told = f"none of its first {len(lines)} lines has {rare}; it is read where it comes"
    return replace(scan, notes=(*scan.notes, *([told] if rare else [])))


def _reached(
    values: Iterable[Mapping[str, object]], before: Sequence[str] = (), deep: int = 5
) -> Iterator[tuple[str, list[str]]]:
    """What can be named, by dots where it is within objects, and the keys that lead to it."""
    for value in values:
        for key, held in value.items():
            path = [*before, key]
            if isinstance(held, dict) and held and deep:
                yield from _reached([held], path, deep - 1)
            else:
                yield ".".join(path), path


def _within(value: object, path: Sequence[str]) -> object:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _text(value: object) -> str:
    return "" if value is None else str(value)


_EXAMPLE = b"""\
{"ts": 1764000000123, "latency_ms": 34.2, "method": "GET", "path": "/browse", "status": 200}
{"ts": 1764000001301, "latency_ms": 8, "method": "POST", "path": "/cart", "status": 503}
"""

PLUGIN = Source(
    name="export-ndjson",
    help="any NDJSON, by a mapping of its keys or by their names",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_ndjson,
    options=OPTIONS,
    lines=True,
)
