"""How many objects a request holds: nobody's takes so long that others wait for it in vain.

Resources, scopes, spans, metrics and points of histograms are taken one by one, some 25 µs each,
and one request after the other. The most that a request may hold is far over what senders send; it
is counted before any of it is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from slogate.recorders.otlp.answers import Signal
from slogate.sources._otlp.protobuf import wire
from slogate.sources._otlp.telemetry import Malformed

MOST = 150_000
CROWDED = "it holds over 150,000 resources, scopes, spans, metrics and points: send fewer at once"
_LEAST_BYTES = 2
_TOP, _INNER = 0x0A, 0x12
_KINDS, _POINTS = (0x4A, 0x52, 0x5A), 0x0A


def check_protobuf(body: bytes, signal: Signal) -> None:
    """Malformed if an encoded message holds too many, or is none."""
    if len(body) > MOST * _LEAST_BYTES:
        for count, _ in enumerate(_encoded(body, signal)):
            if count >= MOST:
                raise Malformed(CROWDED)


def _encoded(body: bytes, signal: Signal) -> Iterator[None]:
    """One for each object."""
    for resource in _of(body, 0, len(body), _TOP):
        yield
        for scope in _of(body, *resource, _INNER):
            yield
            for item in _of(body, *scope, _INNER):
                yield
                if signal == "metrics":
                    for kind in (pair for tag in _KINDS for pair in _of(body, *item, tag)):
                        yield from (None for _ in _of(body, *kind, _POINTS))


def _of(body: bytes, at: int, end: int, tag: int) -> Iterator[tuple[int, int]]:
    """Where the contents of the fields of that tag begin and end."""
    return ((each.content, each.end) for each in wire.fields(body, at, end) if each.tag == tag)


def check_json(document: Any) -> None:
    """Malformed if a document holds too many."""
    if isinstance(document, dict) and _counted(document, 3) > MOST:
        raise Malformed(CROWDED)


def _counted(holder: Mapping[str, Any], levels: int) -> int:
    """The objects in the lists of one, and in those of each of them; points are a level below."""
    if not levels:
        kinds = [value for value in holder.values() if isinstance(value, dict)]
        return sum(len(each) for kind in kinds for each in kind.values() if isinstance(each, list))
    lists = [value for value in holder.values() if isinstance(value, list)]
    inner = (each for some in lists for each in some if isinstance(each, dict))
    return sum(map(len, lists)) + sum(_counted(each, levels - 1) for each in inner)
