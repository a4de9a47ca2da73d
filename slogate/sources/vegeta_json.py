"""vegeta's results as JSON (`vegeta encode --to json`): one object a line, one a request.

The timestamp is the start, latencies are ns and rounded up to µs. What counts as failed is
said in `_vegeta`. Refuses the binary that `vegeta attack` writes: only vegeta itself reads it.
"""

from __future__ import annotations

import re

from slogate.sources._base import Origin, Scan, Source
from slogate.sources._lines import LINES, Lines
from slogate.sources._ndjson import NO_OBJECT, moment_sql, objects, shape, texts
from slogate.sources._vegeta import LABELS, request_sql

_KEYS = {"code", "timestamp", "latency", "bytes_in"}
_START = re.compile(
    rb'\{"attack":"(?:[^"\\]|\\.){0,999}","seq":\d+,"code":\d+,"timestamp":"[^"]+","latency":\d+,'
)
_GOB = (b"Result", b"Timestamp", b"Latency", b"BytesOut")


def sniff(head: bytes) -> float:
    """1 for vegeta's JSON, less for its binary, which is recognised to be refused."""
    if _is_gob(head):
        return 0.6
    # a body may make the first line longer than what there is of it
    first = next(objects(head), {})
    # who counts a latency in fractions counts no ns
    whole = all(type(first.get(name)) is int for name in ("code", "latency"))
    return float((first.keys() >= _KEYS and whole) or bool(_START.match(head)))


def _is_gob(head: bytes) -> bool:
    start = head[:1000]
    return b"{" not in start[:1] and all(word in start for word in _GOB)


def open_vegeta(origin: Origin) -> Scan:
    """The scan of a file of results; SourceError says why it cannot be one."""
    if _is_gob(origin.head):
        raise origin.fail(
            "this is vegeta's binary format",
            hint="let vegeta convert it: vegeta encode --to json results.bin > results.json",
        )
    if not sniff(origin.head):
        raise origin.fail("it begins with no result of vegeta", line=1)
    fields = {
        **texts("attack", "timestamp", "error", "method", "url", "code", "latency"),
        "bytes_in": "BIGINT",
    }
    return Scan(
        sql=request_sql(_RESULTS, placed=True),
        parameters={"shape": shape(**fields)},
        feed=Lines(origin),
        labels=LABELS,
    )


# the moment, which is spoken of often, is looked up once
_RESULTS = f"""
SELECT line, p.attack AS attack, TRY_CAST(p.code AS BIGINT) AS code,
    TRY_CAST(p.latency AS BIGINT) AS latency, p.bytes_in AS bytes_in,
    p.error AS error, p.method AS method, p.url AS url, {moment_sql("moment")} AS start_us,
    CASE WHEN p IS NULL THEN '{NO_OBJECT}' END AS fault
FROM (SELECT *, p.timestamp AS moment FROM (
    SELECT line, TRY(json_transform(text, getvariable('shape'))) AS p FROM {LINES}
))
"""  # noqa: S608 (our own words)

_EXAMPLE = b"""\
{"attack":"a","seq":0,"code":200,"timestamp":"2025-11-24T17:00:00.12041783+01:00",\
"latency":3228223,"bytes_out":0,"bytes_in":67,"error":"","method":"GET","url":"http://h/a?b=1"}
{"code":0,"timestamp":"2025-11-24T16:00:01Z","latency":5,"bytes_in":0,"error":"no route"}
"""

PLUGIN = Source(
    name="vegeta-json",
    help="vegeta results as JSON (vegeta encode --to json)",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_vegeta,
    lines=True,
)
