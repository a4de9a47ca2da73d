"""JMeter's results as CSV (JTL): one row a sample, any subset of its columns.

The header line says which columns there are and what separates them; without one, JMeter's
own order is assumed and checked. `success` decides what failed, never the response code; a
code that is no number (`Non HTTP response code: …`) is no status. Transaction controllers
repeat their samples and are left out unless asked for. Rows that sum up several samples
(SampleCount over 1) are bad: their single times are lost. Refuses XML, times in another unit, and
dates without a time zone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice

from slogate.sources._base import (
    EARLIEST_TS,
    LATEST_TS,
    LONGEST_US,
    Origin,
    Scan,
    Source,
    choice,
)
from slogate.sources._clocks import clock_sql
from slogate.sources._csv import (
    Dialect,
    bad_rows,
    changed_line_end,
    head_text,
    reader_parameters,
    reader_sql,
    records,
)
from slogate.sources._jmeter import DATES, MS, dates_of, is_date
from slogate.sources._jmeter_look import CONTROLLER, part_labels, remarks
from slogate.sources._quotes import check_quotes, row_start

_ORDER = (
    "timeStamp", "elapsed", "label", "responseCode", "responseMessage", "threadName", "dataType",
    "success",
)  # fmt: skip
_TAILS = {
    8: ("failureMessage", "bytes", "sentBytes", "grpThreads", "allThreads", "Latency", "IdleTime",
        "Connect"),
    9: ("failureMessage", "bytes", "sentBytes", "grpThreads", "allThreads", "URL", "Latency",
        "IdleTime", "Connect"),
}  # fmt: skip
_USED = (
    *_ORDER[:5], "success", "failureMessage", "bytes", "Hostname", "SampleCount",
)  # fmt: skip
_ZONE = re.compile(r"UTC|Z|([+-])(\d\d):(\d\d)", re.ASCII)
_FIRST = re.compile(r'\s*"?(\w*|[\d/.-]{8,10}[ T][\d:.+-]{5,20})"?([,;\t|])', re.ASCII)
_MOMENT = re.compile(r"\d{10,19}|(?:\d+[-/.]){2}\d+[ T]\d\d:\d\d.{0,20}", re.ASCII)
_LOOK = 100

_NO_TIME = "its timeStamp is no time between 2001 and 2100"
_NO_ELAPSED = "its elapsed is no whole number of ms between 0 and a day"
_NO_SUCCESS = "its success is neither true nor false"
_SUMMED = "it sums up several samples (SampleCount over 1), whose single times are lost"
_CONTROLLER = "transaction controllers (kept with --option transactions=keep)"
_HEADER = "headers within the file, of files that were joined"
_PART = "parts of samples (kept without --option parts=skip)"


def sniff(head: bytes) -> float:
    """1 for JMeter's header, less for its default order without one."""
    text = head.decode("utf-8", "replace")
    first = _FIRST.match(text)
    record = next(records(text, first[2]), []) if first else []
    if "elapsed" in record and ("timeStamp" in record or _lacks_time(record)):
        return 1.0
    return 0.9 if _is_bare(record) else 0.0


def _lacks_time(header: list[str]) -> bool:
    """Whether it is JMeter's, but its times were not saved."""
    timed = {"timestamp", "time", "ts", "date", "datetime", "start"} & {*map(str.lower, header)}
    return not timed and len({*_ORDER} & {*header}) > 3


def _is_bare(record: list[str]) -> bool:
    """Whether it is a row in JMeter's default order, so that there is no header."""
    return (
        len(record) >= len(_ORDER)
        and _MOMENT.fullmatch(record[0]) is not None
        and re.fullmatch(r"-?\d+", record[1], re.ASCII) is not None
        and record[7] in {"true", "false"}
    )


def open_jmeter(origin: Origin) -> Scan:
    """The scan of a JMeter CSV file; SourceError says why it cannot be one."""
    encoding = choice(origin, "encoding", ("utf-8", "latin-1"))
    dialect, rows = _dialect(origin, encoding)
    times = [row["timeStamp"] for row in rows]
    dates = dates_of(origin, times, line=2 if dialect.header else 1)
    date = dates.form if dates else None
    start = {"timeStamp": dates.expression if dates else MS, "elapsed": rb"-?\d+"}
    skip = choice(origin, "transactions", ("skip", "keep")) == "skip"
    apart = choice(origin, "parts", ("keep", "skip")) == "keep"
    parts = None if apart else part_labels(origin, dialect)
    at_end = choice(origin, "timestamp", ("start", "end")) == "end"
    # what has 13 characters and is a number in our range cannot be written in any other way
    time = "1000 * CASE WHEN strlen(timeStamp) = 13 THEN TRY_CAST(timeStamp AS BIGINT) END"
    if date:
        zone = None if date == "iso" else _zone_us(origin)
        time = clock_sql("timeStamp", date, zone_us=zone)
    check_quotes(
        origin, row_start(dialect.columns, start, dialect.delimiter), dialect.delimiter.encode()
    )
    notes = remarks(rows, at_end=at_end, controllers=not skip, parts=apart)
    bound = {"time_format": date, "parts": parts}
    return Scan(
        sql=_sql(dialect, time=time, at_end=at_end, skip=skip, parts=not apart),
        parameters=reader_parameters(origin, dialect)
        | {name: value for name, value in bound.items() if value is not None},
        locate=lambda: bad_rows(
            origin, dialect, lambda row: _reason(row, date, skip=skip, parts=parts or ())
        ),
        explain=lambda: changed_line_end(origin),
        notes=tuple(notes),
    )


def _dialect(origin: Origin, encoding: str) -> tuple[Dialect, list[dict[str, str]]]:
    """How the file is written, and its first rows."""
    text = head_text(origin, encoding)
    if text.lstrip().startswith("<"):
        raise origin.fail("this is XML, no CSV", hint="JMeter's XML is --format jmeter-xml")
    first = _FIRST.match(text)
    rows = list(islice(records(text, first[2]), _LOOK)) if first else []
    if first is None or not rows:
        raise origin.fail("its first line is no header of JMeter's CSV format", line=1)
    bare = _is_bare(rows[0])
    columns = _bare_columns(len(rows[0])) if bare else tuple(rows.pop(0))
    _check_columns(origin, columns)
    if not rows:
        raise origin.fail("there is no row after the header")
    dialect = Dialect(delimiter=first[2], columns=columns, header=not bare, encoding=encoding)
    whole = [row for row in rows if len(row) == len(columns)]
    return dialect, [dict(zip(columns, row, strict=True)) for row in whole]


def _bare_columns(count: int) -> tuple[str, ...]:
    known = (*_ORDER, *_TAILS.get(count - len(_ORDER), ()))
    return (*known, *[""] * (count - len(known)))


def _check_columns(origin: Origin, columns: tuple[str, ...]) -> None:
    missing = [name for name in ("timeStamp", "elapsed", "label") if name not in columns]
    if "success" not in columns and "responseCode" not in columns:
        missing.append("success")
    if missing:
        hint = "let JMeter save it (jmeter.save.saveservice.* in user.properties)"
        names = ", ".join(missing)
        raise origin.fail(f"the header has no column {names}", line=1, hint=hint)
    twice = [name for name in _USED if columns.count(name) > 1]
    if twice:
        raise origin.fail(f"the header names the column {twice[0]} twice", line=1)


def _zone_us(origin: Origin) -> int:
    zone = origin.options.get("timezone")
    if zone is None:
        raise origin.fail(
            "timeStamp is a date without a time zone",
            hint="say which: --option timezone=UTC, or its offset: --option timezone=+02:00",
        )
    match = _ZONE.fullmatch(zone)
    if not match:
        raise origin.fail(f"option timezone is '{zone}', it must be UTC or an offset like +02:00")
    sign, hours, minutes = match.groups()
    seconds = (int(hours) * 3600 + int(minutes) * 60) if sign else 0
    return (-seconds if sign == "-" else seconds) * 1_000_000


def _sql(dialect: Dialect, *, time: str, at_end: bool, skip: bool, parts: bool) -> str:
    """The scan's query; nothing of the file is written into it, only our own words."""
    has_success = "success" in dialect.columns
    same = " AND ".join(f"{name} = '{name}'" for name in _USED if name in dialect.columns)
    is_header = f"CASE WHEN timeStamp = 'timeStamp' THEN CASE WHEN {same} THEN '{_HEADER}' END END"
    left_out = [is_header, *([_IS_CONTROLLER] if skip else []), *([_IS_PART] if parts else [])]
    return _QUERY.format(
        reader=reader_sql(dialect, _USED),
        time=time,
        worker="Hostname AS worker," if "Hostname" in dialect.columns else "",
        ok=_SUCCESS if has_success else _CODE_SUCCESS,
        no_success="ok IS NULL" if has_success else "FALSE",
        shift="took_us" if at_end else "0",
        left_out=f"coalesce({', '.join(left_out)})",
    )


_SUCCESS = """CASE success WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE
    ELSE CASE lower(success) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END END"""
# without the column, a code that is no number still says that no response came
_CODE_SUCCESS = """CASE WHEN responseCode IS NOT NULL
    AND TRY_CAST(responseCode AS INTEGER) IS NULL THEN FALSE END"""
# most messages begin with something else, which is quickly seen
_IS_CONTROLLER = f"""CASE WHEN starts_with(responseMessage, '{CONTROLLER}')
    THEN CASE WHEN contains(responseMessage, ', number of failing samples : ')
    THEN '{_CONTROLLER}' END END"""
_IS_PART = f"""CASE WHEN regexp_matches(label, '-[0-9]+$')
    THEN CASE WHEN list_contains(getvariable('parts'), label) THEN '{_PART}' END END"""
_QUERY = f"""
WITH raw AS (SELECT *, TRY_CAST(elapsed AS BIGINT) AS took_ms FROM ({{reader}})), typed AS (
    SELECT *, {{time}} AS time_us, {{ok}} AS ok, TRY_CAST(bytes AS BIGINT) AS size,
        -- a whole number written plainly
        CASE WHEN strlen(elapsed) <= 15 AND took_ms::VARCHAR = elapsed THEN 1000 * took_ms END
            AS took_us
    FROM raw
)
SELECT
    time_us - {{shift}} AS ts,
    took_us AS duration_us,
    coalesce(label, '') AS endpoint,
    CASE WHEN responseCode = '200' THEN 200::SMALLINT
        WHEN regexp_full_match(responseCode, '[1-9][0-9][0-9]')
        THEN TRY_CAST(responseCode AS SMALLINT) END AS status,
    ok,
    CASE WHEN NOT ok THEN left(coalesce(
        -- without a response, JMeter's own words say why beside those of an assertion
        CASE WHEN TRY_CAST(responseCode AS INTEGER) IS NULL
            THEN failureMessage || ' (' || responseMessage || ')' END,
        failureMessage, responseMessage, responseCode), 2000) END AS error,
    CASE WHEN size >= 0 THEN size END AS bytes,
    {{worker}}
    CASE WHEN time_us NOT BETWEEN {EARLIEST_TS} AND {LATEST_TS} OR time_us IS NULL THEN '{_NO_TIME}'
        WHEN took_us NOT BETWEEN 0 AND {LONGEST_US} OR took_us IS NULL THEN '{_NO_ELAPSED}'
        WHEN {{no_success}} THEN '{_NO_SUCCESS}'
        WHEN TRY_CAST(SampleCount AS BIGINT) > 1 THEN '{_SUMMED}' END AS bad,
    {{left_out}} AS left_out
FROM typed
"""  # noqa: S608 (our own words)


def _reason(
    row: Mapping[str, str], date: str | None, *, skip: bool, parts: Sequence[str]
) -> str | None:
    """Why a row is bad, as the query has it; None if it is kept or left out."""
    message = row.get("responseMessage", "")
    if (skip and message.startswith(CONTROLLER)) or row["label"] in parts:
        return None
    time = row["timeStamp"]
    if time == "timeStamp" and all(row[name] == name for name in _USED if name in row):
        return None
    if not (is_date(time, date) if date else _between(time, EARLIEST_TS, LATEST_TS)):
        return _NO_TIME
    if not _between(row["elapsed"], 0, LONGEST_US):
        return _NO_ELAPSED
    if row.get("success", "true").lower() not in {"true", "false"}:
        return _NO_SUCCESS
    return _SUMMED if _between(row.get("SampleCount", ""), 2_000, LATEST_TS) else None


def _between(text: str, low_us: int, high_us: int) -> bool:
    """Whether the text is a plain whole number of ms within these bounds (µs)."""
    plain = re.fullmatch(r"0|-?[1-9][0-9]{0,14}", text, re.ASCII)
    return plain is not None and low_us <= int(text) * 1000 <= high_us


_EXAMPLE = b"""\
timeStamp,elapsed,label,responseCode,responseMessage,success
1764000000123,34,GET /browse,200,OK,true
1764000000301,8,POST /cart,503,"busy, ""try"" again
later",false
"""

PLUGIN = Source(
    name="jmeter-csv",
    help="JMeter results as CSV (.jtl, .csv)",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_jmeter,
    options={
        "transactions": "keep: count transaction controllers as requests (default: skip)",
        "parts": "skip: leave the parts of samples out (redirects, embedded resources)",
        "timestamp": "end: timeStamp is the end of a sample (default: start)",
        "timezone": "UTC or an offset like +02:00, where timeStamp is a date without its zone",
        "dates": DATES,
        "encoding": "latin-1, where the file is not UTF-8",
    },
)
