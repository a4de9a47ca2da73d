"""k6's points as CSV (`k6 run --out csv=…`): one `http_req_duration` row a request.

The header says which tags have a column (that depends on k6's options and version); the unit
of the timestamp is told by its digits. By default k6 writes whole seconds: starts are then
known to the second, and the order of the file is kept. What a request is and what failed is
as in k6's JSON. Tags of your own stand in one column, unescaped: a value ends at an `&`.
Rows of other metrics are passed over, those of requests (`http_req_*`) once they are seen to begin
as such, the others if they have as many columns as the header. Refuses a file without any request.
"""

from __future__ import annotations

import re
from itertools import islice

from slogate.sources._base import DAMAGED, Origin, Scan, Source
from slogate.sources._csv import head_text, records
from slogate.sources._csv_lines import CsvLines, count_sql, fault_sql, fields_steps
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
from slogate.sources._lines import LINES
from slogate.sources._ndjson import moment_sql, rest_ns_sql
from slogate.sources._quotes import check_quotes
from slogate.sources._records import chained

_FIRST = ("metric_name", "timestamp", "metric_value")
# a word of SQL cannot name a column of the reader
_RENAMED = {"group": "group_name", "timestamp": "moment"}
_UNITS_NS = {10: 1_000_000_000, 13: 1_000_000, 16: 1_000, 19: 1}
_LOOK = 100
_ROW = rb"\w{1,200},\d{4}[\d:TZ.+-]{6,40},[\d.eE+-]+(?:,|\r?\n)"
_LOOK_BYTES = 64 << 20
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def sniff(head: bytes) -> float:
    """1 for k6's header."""
    return float(head.removeprefix(b"\xef\xbb\xbf").startswith(b"metric_name,timestamp,metric_val"))


def open_k6(origin: Origin) -> Scan:
    """The scan of a k6 CSV file; SourceError says why it cannot be one."""
    rows = list(islice(records(head_text(origin), ","), _LOOK))
    header = tuple(rows.pop(0)) if rows else ()
    if header[:3] != _FIRST:
        raise origin.fail("its first line is no header of k6's CSV", line=1)
    twice = [name for name in {*TAGS, "extra_tags", "metadata"} if header.count(name) > 1]
    if twice:
        raise origin.fail(f"the header names the column {min(twice)} twice", line=1)
    if not rows:
        raise origin.fail("there is no row after the header")
    unit = _unit(origin, [row[1] for row in rows if len(row) == len(header)])
    labels = labels_of(origin)
    parameters = {f"tag_{i}": f"&{re.escape(name)}=([^&]*)" for i, name in enumerate(labels)}
    return Scan(
        sql=_sql(header, unit, labels),
        parameters=parameters,
        feed=CsvLines(origin, row=_ROW, columns=len(header)),
        labels=(*LABELS, *labels),
        explain=lambda: check_quotes(origin, _ROW),
        empty=lambda: no_requests(origin, _metrics(origin)),
    )


def _unit(origin: Origin, times: list[str]) -> int | None:
    """How many ns a timestamp counts, None for RFC 3339; SourceError for what k6 never writes."""
    if not times:
        raise origin.fail("no row has as many columns as the header", line=2)
    for time in times:
        if re.fullmatch(r"\d+", time, re.ASCII) and len(time) in _UNITS_NS:
            return _UNITS_NS[len(time)]
        if _RFC3339.fullmatch(time):
            return None
    raise origin.fail(
        f"timestamp '{times[0][:40]}' is of no known format",
        line=2,
        hint="k6 writes Unix times in s, ms, µs or ns, or RFC 3339 (K6_CSV_TIME_FORMAT)",
    )


def _sql(header: tuple[str, ...], unit: int | None, labels: list[str]) -> str:
    """The scan's query; nothing of the file is written into it, only our own words."""
    names = {**_RENAMED, **{name: f"label_{i}" for i, name in enumerate(labels)}}
    used = [*_FIRST, *TAGS, "metadata", *(["extra_tags", *labels] if labels else [])]
    columns = ", ".join(
        f"{_field(header, name)} AS {names.get(name, name)}" for name in dict.fromkeys(used)
    )
    own = [
        f"coalesce(label_{i}, regexp_extract('&' || extra_tags, getvariable('tag_{i}'), 1))"
        for i in range(len(labels))
    ]
    digits = {value: key for key, value in _UNITS_NS.items()}
    end_us, rest_ns = moment_sql("moment"), rest_ns_sql("moment")
    if unit is not None:
        # µs come first, as no number of 19 digits may be multiplied
        count = f"CASE WHEN strlen(moment) = {digits[unit]} THEN TRY_CAST(moment AS BIGINT) END"
        end_us = f"{count} * {unit // 1000}" if unit >= 1000 else f"{count} // 1000"
        rest_ns = "0" if unit >= 1000 else f"{count} % 1000"
    rows = _ROWS.format(lines=LINES, count=count_sql(), columns=len(header))
    points = _POINTS.format(
        columns=columns,
        fault=fault_sql(len(header)),
        fields=chained(rows, fields_steps()),
        end_us=end_us,
        rest_ns=rest_ns,
    )
    return request_sql(points, label_values(own), placed=True)


def _field(header: tuple[str, ...], name: str) -> str:
    if name not in header:
        return "NULL::VARCHAR"
    return f"nullif(fields[{header.index(name) + 1}], '')"


# most rows are of other metrics of requests, which are known by how they begin; one that runs
# into a row of a request has that in it. All others are looked at as a whole, to find bad ones
_ROWS = f"""(SELECT line, text FROM {{lines}} WHERE
    CASE WHEN starts_with(text, 'http_req_') AND NOT contains(text, '_req_duration') THEN FALSE
        WHEN starts_with(text, '{HTTP},') OR starts_with(text, '{RPC},') THEN TRUE
        WHEN regexp_matches(text, '^"(?:{HTTP}|{RPC})",') THEN TRUE
        ELSE {{count}} <> {{columns}} END)"""  # noqa: S608 (our own words)
_POINTS = """
SELECT *, metric_name AS metric, group_name AS "group",
    TRY_CAST(metric_value AS DOUBLE) AS took_ms,
    {end_us} AS end_us, {rest_ns} AS rest_ns,
    regexp_extract('&' || metadata, '&trace_id=([^&]*)', 1) AS trace_id,
    NULL::VARCHAR AS left_out
FROM (SELECT line, {columns}, {fault} AS fault FROM {fields} AS rows)
"""


def _metrics(origin: Origin) -> set[str]:
    """The metrics that have rows, as far as it is looked into."""
    found: set[bytes] = set()
    left = _LOOK_BYTES
    try:
        with origin.stream() as stream:
            stream.readline(1 << 20)
            # a part of a line that is far too long is taken for one
            while left > 0 and (line := stream.readline(1 << 16)):
                left -= len(line)
                found.update([line.partition(b",")[0][:100]] if b"," in line[:101] else [])
    except DAMAGED:
        pass
    return {name.decode("utf-8", "replace") for name in found}


_EXAMPLE = b"""\
metric_name,timestamp,metric_value,method,name,status
http_reqs,1764000000,1,GET,/a,200
http_req_duration,1764000000,34.240418,GET,/a,200
http_req_duration,1764000001,0.000000,POST,/b,0
"""

PLUGIN = Source(
    name="k6-csv",
    help="k6 points as CSV (--out csv)",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_k6,
    options={"tags": KEPT_TAGS},
)
