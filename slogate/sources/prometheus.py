"""Prometheus, and what answers as it does (Mimir, Thanos, …): counters, histograms of requests.

A server is asked through its HTTP API (`slogate import URL --query …`); a file is an answer
of it that somebody saved (`curl 'http://…/api/v1/query?query=metric[1h]' > saved.json`).
Both give the histogram series: how many requests each bucket counted between two scrapes.
Refuses gauges and summaries, buckets of unknown unit, and answers that are not whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from slogate.sources._base import DAMAGED, Chunk, Offer, Origin, Remote, Source, damaged
from slogate.sources._prometheus import settings

LARGEST_FILE = 32 << 20
_START = re.compile(r'\s*\{\s*"status"\s*:\s*"(success|error)"')
_COUNTS = re.compile("_(total|count|bucket)$")


def sniff(head: bytes) -> float:
    """Nearly sure of a saved answer, by its first key and its kind of result."""
    text = head.decode("utf-8", "replace")
    if not _START.match(text):
        return 0.0
    return 0.95 if '"resultType"' in text else 0.6


def open_saved(origin: Origin) -> Iterator[Chunk]:
    """The rows of a saved answer; SourceError says why it is none."""
    for option in settings.SERVER_ONLY:
        if option in origin.options:
            raise origin.fail(f"option {option} is for servers, this is a saved answer")
    try:
        with origin.stream() as stream:
            body = stream.read(LARGEST_FILE + 1)
    except DAMAGED as error:
        raise damaged(origin, error) from None
    if len(body) > LARGEST_FILE:
        hint = "import from the server itself: slogate import URL --query …"
        raise origin.fail(f"it is over {LARGEST_FILE >> 20} MiB", hint=hint)
    try:
        yield _read(origin, json.loads(body))
    except json.JSONDecodeError as error:
        told = f"this is no whole JSON document: {error.msg}"
        raise origin.fail(told, line=error.lineno) from None
    except (ValueError, RecursionError) as error:
        told = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise origin.fail(told) from None


def fetch(remote: Remote) -> Offer:
    """What a server has; SourceError says why it cannot be asked."""
    # the modules of HTTP take longer to import than those of all files
    from slogate.sources._prometheus.server import connect

    return connect(remote)


def _read(origin: Origin, document: object) -> Chunk:
    from slogate.sources._prometheus.answer import data_of, matrix, warnings_of
    from slogate.sources._prometheus.naming import choose
    from slogate.sources._prometheus.reader import Reader

    remote = Remote(url=origin.name, options=origin.options, environment={})
    data, warned = data_of(document), warnings_of(document)
    if warned and not settings.flag(remote, "warnings", "accept"):
        raise ValueError(f"the server warned that it may not be whole: {warned}")
    answer = list(matrix(data))
    names = sorted({each.labels.get("__name__", "") for each in answer})
    if len(names) != 1 or not names[0]:
        told = ", ".join(filter(None, names)) or "none"
        raise ValueError(f"one metric is needed, by its name; it has {told}")
    naming = choose({label for each in answer for label in each.labels}, origin.options)
    reader = Reader(
        naming=naming,
        unit_us=lambda: _unit_us(origin, names[0]),
        counters=lambda name: _check_counter(origin, name),
        step=settings.step_ms(remote),
        gap=settings.length_us(remote, "gap", "1h") // 1000,
    )
    return replace(reader.take(answer), notes=(f"{names[0]}: {naming.told()}",))


def _unit_us(origin: Origin, name: str) -> Fraction:
    try:
        return settings.unit_us(origin.options.get("unit"), name)
    except ValueError as error:
        raise origin.fail(str(error), hint="say it: --option unit=s") from None


def _check_counter(origin: Origin, name: str) -> None:
    if not _COUNTS.search(name) and origin.options.get("type") != "counter":
        hint = "if it counts requests and only ever grows: --option type=counter"
        raise origin.fail(f"{name} may be no counter", hint=hint)


_EXAMPLE = b"""\
{"status": "success", "data": {"resultType": "matrix", "result": [
  {"metric": {"__name__": "http_request_duration_seconds_bucket", "handler": "/cart",
              "job": "shop", "le": "0.1", "method": "POST", "status": "200"},
   "values": [[1764000000, "40"], [1764000015.5, "44"], [1764000030, "3"]]},
  {"metric": {"__name__": "http_request_duration_seconds_bucket", "handler": "/cart",
              "job": "shop", "le": "+Inf", "method": "POST", "status": "200"},
   "values": [[1764000000, "41"], [1764000015.5, "47"], [1764000030, "3"]]}
]}}
"""

PLUGIN = Source(
    name="prometheus",
    help="Prometheus: a server's URL, or a saved answer of its API (.json)",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_saved,
    fetch=fetch,
    options=settings.OPTIONS,
)
