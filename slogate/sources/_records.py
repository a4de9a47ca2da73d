"""Turns the words of a record into the request series: what logs and exports share.

    words (SQL for each) ──► µs, status, method and path ──► Scan, with the reason of bad rows

Durations are worked out exactly and rounded up; an endpoint is the path without its query, on
demand with numbers and UUIDs replaced. `-` is how logs write that something was not told: no
response time stays null, no status is a failure without a response. Refuses to guess units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slogate.sources._base import (
    EARLIEST_TS,
    HEAD_BYTES,
    LATEST_TS,
    LONGEST_US,
    Origin,
    Scan,
    choice,
)
from slogate.sources._lines import LINES, Lines
from slogate.sources._template import Words

PATHS = "numbers: replace numbers and UUIDs in paths by :id (default: paths as they are)"
NO_TIMES = "it has no response times: errors and throughput can be judged, latencies cannot"
NO_OUTCOME = (
    "it tells neither status nor success: what is not known to be a success is a failure; "
    "judge durations with `failures: measured`"
)
NO_NAME = "it does not tell what was asked for: all is the endpoint -"
LABEL_LENGTH = 200

_NO_FORM = "it does not have the form of the format"
_NO_TIME = "its time is no time between 2001 and 2100"
_NO_TOOK = "its response time is no time between 0 and a day"
_NO_STATUS = "its status is no HTTP status"
_NO_OK = "its success is neither true nor false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """SQL for what a record says; None where records never say it.

    `time` is µs since the epoch, NULL where it is none, `at_end` whether that is the end of the
    request; `start` is its start where that is told besides. `took` is µs, NULL where it is no
    duration, `untimed` says that the record has none, `unanswered` that there was no response
    (where that is not a status of `-`). All others are texts: the request line or
    method and path, or else the endpoint. `ok` is a boolean, `odd_ok` says that what should be
    one is none. `steps` come before, `fits` is whether the record has the right form.
    """

    time: str
    at_end: bool = False
    start: str | None = None
    took: str | None = None
    untimed: str = "FALSE"
    request: str | None = None
    method: str | None = None
    path: str | None = None
    endpoint: str | None = None
    status: str | None = None
    unanswered: str | None = None
    ok: str | None = None
    odd_ok: str = "FALSE"
    error: str | None = None
    bytes: str | None = None
    worker: str | None = None
    trace_id: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    steps: Sequence[tuple[str, str]] = ()
    fits: str = "TRUE"
    left_out: str | None = None


def line_scan(
    origin: Origin,
    words: Words,
    record: Record,
    *,
    parameters: Mapping[str, object] | None = None,
) -> Scan:
    """The scan of a file of lines, whose words the record speaks of by their names."""
    picked = ", ".join(f"{sql} AS {name}" for name, sql in words.words.items())
    source = chained(LINES, words.steps)
    fits = f"({words.fits}) AS formed"
    relation = f"(SELECT line, {picked}, {fits} FROM {source} AS pieces)"  # noqa: S608 (names)
    return Scan(
        sql=record_sql(relation, record, line="line", paths=paths(origin), formed="formed"),
        parameters={**words.parameters, **(parameters or {})},
        feed=Lines(origin),
        labels=tuple(record.labels),
        notes=remarks(record),
    )


def remarks(record: Record) -> tuple[str, ...]:
    """What cannot be judged of such records, in sentences."""
    told = {
        NO_TIMES: record.took is None,
        NO_OUTCOME: record.status is None and record.ok is None,
        NO_NAME: record.endpoint == "'-'",
    }
    return tuple(sentence for sentence, holds in told.items() if holds)


def chained(relation: str, steps: Sequence[tuple[str, str]]) -> str:
    """The relation with one column more a step, each from those before it."""
    for name, sql in steps:
        relation = f"(SELECT *, {sql} AS {name} FROM {relation} AS step)"  # noqa: S608 (our words)
    return relation


def paths(origin: Origin) -> bool:
    """Whether ids in paths are to be replaced."""
    return choice(origin, "paths", ("as-is", "numbers")) == "numbers"


def record_sql(
    relation: str, record: Record, *, paths: bool = False, line: str = "", formed: str = "TRUE"
) -> str:
    """The query of a scan over a relation that has what the record speaks of."""
    method, endpoint, steps = _endpoint(record, paths)
    shift = "coalesce(took_us, 0)" if record.at_end and record.took else "0"
    start = f"time_us - {shift}"
    typed = [
        ("time_us", record.time),
        ("took_us", record.took or "NULL::BIGINT"),
        ("code", _code(record)),
        ("size", f"TRY_CAST({record.bytes} AS BIGINT)" if record.bytes else "NULL::BIGINT"),
        *([("start_us", record.start)] if record.start else []),
        *steps,
    ]
    gone = "code = 0" if record.status else "FALSE"
    told = {
        "duration_us": "took_us" if record.took else None,
        "status": "CASE WHEN code <> 0 THEN code END" if record.status else None,
        "ok": record.ok or (f"CASE WHEN {gone} THEN FALSE END" if record.status else None),
        "error": _cut(record.error, 2000) if record.error else None,
        "bytes": "CASE WHEN size >= 0 THEN size END" if record.bytes else None,
        "worker": record.worker,
        "trace_id": record.trace_id,
        "labels": _labels(record.labels) if record.labels else None,
    }
    moments = ["time_us", *(["coalesce(start_us, time_us)"] if record.start else [])]
    return _QUERY.format(
        no_time=" OR ".join(
            f"{moment} IS NULL OR {moment} NOT BETWEEN {EARLIEST_TS} AND {LATEST_TS}"
            for moment in moments
        ),
        relation=chained(relation, [*record.steps, *typed]),
        line=f"{line}," if line else "",
        start=f"coalesce(start_us, {start})" if record.start else start,
        method=method,
        endpoint=endpoint,
        told="".join(f"    {sql} AS {name},\n" for name, sql in told.items() if sql),
        left_out=_left_out(record, formed),
        formed=f"({formed}) AND ({record.fits})",
        no_took=f"took_us IS NULL AND NOT coalesce({record.untimed}, FALSE)"
        if record.took
        else "FALSE",
        no_status="(code IS NULL OR code NOT BETWEEN 100 AND 999) AND code IS DISTINCT FROM 0"
        if record.status
        else "FALSE",
        no_ok=record.odd_ok,
    )


def _left_out(record: Record, formed: str) -> str:
    """SQL for why a row is left out; what has not the form is bad, whatever else could be said."""
    return f"CASE WHEN {formed} THEN {record.left_out} END" if record.left_out else "NULL::VARCHAR"


# a column that is never told is left out: even of nulls it costs
_QUERY = f"""
SELECT {{line}}
    {{start}} AS ts,
    {{method}} AS method,
    {{endpoint}} AS endpoint,
{{told}}    CASE WHEN NOT ({{formed}}) THEN '{_NO_FORM}'
        WHEN {{no_time}} THEN '{_NO_TIME}'
        WHEN {{no_took}} OR took_us NOT BETWEEN 0 AND {LONGEST_US} THEN '{_NO_TOOK}'
        WHEN {{no_status}} THEN '{_NO_STATUS}' WHEN {{no_ok}} THEN '{_NO_OK}' END AS bad,
    {{left_out}} AS left_out
FROM {{relation}} AS records
"""  # noqa: S608 (our own words)


def _code(record: Record) -> str:
    """The status as a number, 0 where there was no response, NULL where it is no number."""
    if record.status is None:
        return "NULL::SMALLINT"
    gone = record.unanswered or f"{record.status} = '-'"
    # nothing more is worked out where it is a number
    none = f"CASE WHEN {gone} THEN 0::SMALLINT END"
    return f"coalesce(TRY_CAST({record.status} AS SMALLINT), {none})"


def _cut(text: str, length: int) -> str:
    """SQL for the first characters of a text: to count its bytes takes less time."""
    return f"CASE WHEN strlen({text}) > {length} THEN left({text}, {length}) ELSE {text} END"


_KNOWN = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_METHOD = "regexp_full_match(given_method, '[A-Z][A-Z_-]{0,30}')"
# beside a path of its own, a method may be in small letters, or missing
_OWN_METHOD = "coalesce(regexp_full_match(given_method, '([A-Za-z][A-Za-z_-]{0,30})?'), TRUE)"
# split_part would make lists
_BEFORE_QUERY = """CASE WHEN contains(whole_path, '?')
    THEN left(whole_path, strpos(whole_path, '?') - 1) ELSE whole_path END"""
_ID = r"/(?:[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(/|$)"


def _endpoint(record: Record, numbers: bool) -> tuple[str, str, list[tuple[str, str]]]:
    """SQL for method and endpoint, and what has to be worked out before."""
    if record.endpoint:
        named = f"coalesce(nullif({record.endpoint}, ''), '-')"
        return record.method or "NULL::VARCHAR", named, []
    method, path = record.method or record.request, record.path
    # a CASE stops at what is common, an OR would try the expression on every row
    # (and an IN of many would be planned as a join, which loses the order of the file)
    known = " ".join(f"WHEN '{word}' THEN TRUE" for word in _KNOWN)
    other = _METHOD if record.request else _OWN_METHOD
    named = f"CASE given_method {known} ELSE {other} END" if method else "TRUE"
    steps = []
    if record.request:
        steps = [("request_words", f"string_split({record.request}, ' ')")]
        method, path = "request_words[1]", "request_words[2]"
    steps += [
        ("given_method", method or "''"),
        ("whole_path", f"{path}"),
        ("given_path", _BEFORE_QUERY),
        # what is no request line at all (a TLS handshake on a plain port) has neither
        ("readable", f"CASE WHEN {named} THEN given_path <> '' ELSE FALSE END"),
    ]
    bare = (
        r"CASE WHEN starts_with(given_path, '/') THEN given_path WHEN contains(given_path, '://') "
    )
    bare += r"THEN regexp_replace(given_path, '^[a-z]+://[^/]*/?', '/') ELSE given_path END"
    if numbers:
        # neighbours share their slash, so that once is not enough
        for _ in range(2):
            bare = f"regexp_replace({bare}, '{_ID}', '/:id\\1', 'g')"
    return (
        "CASE WHEN readable THEN coalesce(given_method, '') ELSE '' END",
        f"CASE WHEN readable THEN {bare} ELSE '-' END",
        steps,
    )


def _labels(labels: Mapping[str, str]) -> str:
    """SQL for the values of the labels that were told."""
    values = (
        f"CASE WHEN ({value}) NOT IN ('', '-') THEN {_cut(value, LABEL_LENGTH)} END"
        for value in labels.values()
    )
    return f"[{', '.join(values)}]"


def lines_of(head: bytes, count: int = 200) -> list[str]:
    """The first lines of a head that are not blank; the last, cut one only if it is alone."""
    lines = head.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    if len(lines) > 1 and len(head) >= HEAD_BYTES:
        lines.pop()
    return [line.removesuffix("\r") for line in lines if line.strip()][:count]
