"""k6's points as NDJSON (`k6 run --out json=…`): one `http_req_duration` point a request.

k6 writes some nine points for each request and says nowhere which belong together; the
duration carries all that is needed. Its time is the END of the request: the start is that time
less the duration, to the ns (waiting for a connection comes before and is in neither).
`expected_response` decides what failed. A connection that failed has the duration 0 and no
response: its duration is unknown here. Calls of gRPC are requests too. Points of other metrics
and the definitions of metrics are no requests and are passed over, once they are seen to begin
and end as such; any other line that is no JSON is bad. Refuses a file without any request.
"""

from __future__ import annotations

import re

from slogate.sources._base import DAMAGED, Origin, Scan, Source
from slogate.sources._k6 import (
    HTTP,
    KEPT_TAGS,
    LABELS,
    RPC,
    TAGS,
    label_values,
    labels_of,
    no_requests,
    request_sql,
)
from slogate.sources._lines import LINES, Lines
from slogate.sources._ndjson import (
    NO_OBJECT,
    moment_sql,
    objects,
    rest_ns_sql,
    shape,
    texts,
)

_LOOK_BYTES = 256 << 20
_METRIC = re.compile(rb'"metric":\s?"([^"\\]{1,100})"')


def sniff(head: bytes) -> float:
    """1 where the first object is a point or the definition of a metric, as k6 writes them."""
    first = next(objects(head), {})
    is_line = first.get("type") in ("Metric", "Point") and isinstance(first.get("metric"), str)
    return float(is_line and isinstance(first.get("data"), dict))


def open_k6(origin: Origin) -> Scan:
    """The scan of a k6 NDJSON file; SourceError says why it cannot be one."""
    if not sniff(origin.head):
        raise origin.fail("it begins with no line of k6's JSON output", line=1)
    names = labels_of(origin)
    tags = texts(*TAGS, *names)
    # a value is read as text: as a number, true would be one
    data = {**texts("time", "value"), "tags": tags, "metadata": texts("trace_id")}
    own = [f"struct_extract(tags, getvariable('label_{i}'))" for i in range(len(names))]
    return Scan(
        sql=request_sql(_POINTS, label_values(own), placed=True),
        parameters={
            "shape": shape(**texts("metric", "type"), data=data),
            **{f"label_{i}": name for i, name in enumerate(names)},
        },
        feed=Lines(origin),
        labels=(*LABELS, *names),
        empty=lambda: no_requests(origin, _metrics(origin)),
    )


# the words are looked for as text first: few lines of many need to be taken apart, and those
# that begin and end as k6's do are not parsed. A filter over what was parsed would make DuckDB
# parse twice, so the rest is left out instead. The moment, which is spoken of often, is looked
# up once
_POINTS = f"""
SELECT line, p.metric AS metric, TRY_CAST(p.data.value AS DOUBLE) AS took_ms, p.data.tags AS tags,
    {", ".join(f'p.data.tags."{tag}" AS "{tag}"' for tag in TAGS)},
    {moment_sql("moment")} AS end_us, {rest_ns_sql("moment")} AS rest_ns,
    p.data.metadata.trace_id AS trace_id,
    CASE WHEN p.metric IS NULL THEN '{NO_OBJECT}' END AS fault,
    CASE WHEN p.metric NOT IN ('{HTTP}', '{RPC}') OR p.type <> 'Point'
        THEN 'lines that speak of requests but are none' END AS left_out
FROM (SELECT *, p.data.time AS moment FROM (
    SELECT line, TRY(json_transform(text, getvariable('shape'))) AS p
    FROM {LINES}
    WHERE contains(text, '_req_duration"') AND contains(text, '"Point"')
        AND (contains(text, '"{HTTP}"') OR contains(text, '"{RPC}"'))
        OR NOT ((starts_with(text, '{{"metric":"') OR starts_with(text, '{{"type":"'))
            AND ends_with(text, '}}')) AND TRY(json_type(text)) IS DISTINCT FROM 'OBJECT'
))
"""  # noqa: S608 (our own words)


def _metrics(origin: Origin) -> set[str]:
    """The metrics that the lines name, as far as it is looked into."""
    found: set[bytes] = set()
    left = _LOOK_BYTES
    try:
        with origin.stream() as stream:
            while left > 0 and (block := stream.read(1 << 20) + stream.readline(1 << 16)):
                left -= len(block)
                found.update(_METRIC.findall(block))
    except DAMAGED:
        pass
    return {name.decode("utf-8", "replace") for name in found}


_EXAMPLE = b"""\
{"metric":"http_req_duration","type":"Point","data":{"time":"2025-11-24T17:00:00.12041783+01:00",\
"value":34.24,"tags":{"expected_response":"true","method":"GET","name":"/a","status":"200"}}}
{"metric":"http_req_duration","type":"Point","data":{"time":"2025-11-24T17:00:00Z","value":0,\
"tags":{"name":"/a","status":"0"}}}
"""

PLUGIN = Source(
    name="k6-json",
    help="k6 points as NDJSON (--out json)",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_k6,
    options={"tags": KEPT_TAGS},
)
