"""Gatling's simulation.log as text (2.0 to 3.12): one tab-separated line a request, group or user.

The order of the fields changed four times; where OK or KO stands in a REQUEST line says which it
is, and so does every line for itself. A request took from its first time to its last. GROUP
lines repeat their requests and are passed over, as users are; the groups of a request become its
label `group`. Gatling writes a status only into the message of a failed check. Times within the
first days of 1970 are those of a log that counts from nought and are kept. Refuses Gatling's
binary log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from slogate.errors import SourceError
from slogate.sources._base import (
    DAMAGED,
    EARLIEST_TS,
    LATEST_TS,
    LONGEST_US,
    REJECTS_LIMIT,
    BadRow,
    Origin,
    Scan,
    Source,
    duckdb_path,
)
from slogate.sources._csv import padded
from slogate.sources._quotes import check_lines

_LOCATE_BYTES = 256 << 20
_WIDTH = 20  # a request has 11 at most, and what an extraInfoExtractor adds
_OTHERS = {"RUN", "USER", "GROUP", "ASSERTION", "ERROR"}
_SECONDS = (1_000_000_000, 4_102_444_800)
_KNOWN = re.compile(
    r"^(?:(?:RUN|USER|REQUEST|GROUP|ERROR|ASSERTION)\t|[^\t\n]*\t[^\t\n]*\t(?:RUN|USER|REQUEST)\t)",
    re.MULTILINE,
)
_FIRST = re.compile(rf"\A\s*{_KNOWN.pattern}", re.MULTILINE)

_NO_LINE = "it is no line of a Gatling log"
_NO_STATUS = "its fields are not those of a request: no OK or KO stands where it belongs"
_NO_TIME = "its start is no time in ms between 2001 and 2100"
_NO_END = "its end is no time between its start and a day later"
_ERRORS = "errors beside requests (ERROR lines)"

# groups, name, start, end, OK or KO, message: where they stand from 3.4 on, in 3.0 to 3.3, in 2.2
# and 2.3, in 2.0 and 2.1
_LAYOUTS = (
    ("REQUEST", 0, (1, 2, 3, 4, 5, 6)),
    ("REQUEST", 0, (2, 3, 4, 5, 6, 7)),
    ("REQUEST", 0, (3, 4, 5, 6, 7, 8)),
    ("REQUEST", 2, (3, 4, 5, 8, 9, 10)),
)


def sniff(head: bytes) -> float:
    """1 if it begins with a line of Gatling's, later than version 1."""
    first = _FIRST.match(head.decode("utf-8", "replace"))
    return float(first is not None and b"\nACTION\t" not in head)


def open_gatling(origin: Origin) -> Scan:
    """The scan of a text log; SourceError if it does not look like one."""
    if origin.head.startswith(b"\0"):
        raise origin.fail("it is no text", hint="Gatling's binary log is --format gatling-binary")
    if not _KNOWN.search(origin.head.decode("utf-8", "replace")):
        raise origin.fail("there is no line of a Gatling log at its beginning")
    check_lines(origin)
    return Scan(
        sql=_QUERY,
        parameters={
            "path": duckdb_path(origin.path),
            "compression": origin.compression,
            "rejects_limit": REJECTS_LIMIT,
        },
        locate=lambda: _bad_rows(origin),
        explain=lambda: _explain(origin),
        labels=("group",),
    )


def _explain(origin: Origin) -> SourceError | None:
    """What is wrong where DuckDB gave up: a line end unlike the others."""
    with origin.stream() as stream:
        seen = 0
        for number, line in enumerate(stream, start=1):
            if b"\r" in line.removesuffix(b"\n"):
                hint = "make all line ends alike, for example with dos2unix"
                return origin.fail("line ends change here", line=number, hint=hint)
            seen += len(line)
            if seen > _LOCATE_BYTES:
                break
    return padded(origin)


def _field(number: int) -> str:
    """SQL for the n-th field of a request, whatever its layout."""
    cases = " ".join(
        f"WHEN {layout} THEN c{fields[number]}" for layout, (_, _, fields) in enumerate(_LAYOUTS)
    )
    return f"CASE layout {cases} END"


def _layout() -> str:
    cases = " ".join(
        f"WHEN c{at} = '{tag}' AND c{fields[4]} IN ('OK', 'KO') THEN {layout}"
        for layout, (tag, at, fields) in enumerate(_LAYOUTS)
    )
    return f"CASE {cases} END"


def _ms(field: str) -> str:
    # what has up to 15 characters and reads as a number over 0 is one
    return f"CASE WHEN strlen({field}) <= 15 THEN TRY_CAST({field} AS BIGINT) END"


_QUERY = f"""
WITH raw AS (
    SELECT *, {_layout()} AS layout FROM read_csv(
        getvariable('path'), compression = getvariable('compression'),
        rejects_limit = getvariable('rejects_limit'), store_rejects=true, auto_detect=false,
        header=false, delim='\t', quote='', escape='', null_padding=true, hive_partitioning=false,
        columns={{{", ".join(f"'c{i}': 'VARCHAR'" for i in range(_WIDTH))}}})
), placed AS (
    SELECT *, {_field(0)} AS groups, {_field(1)} AS name, {_field(4)} AS said,
        trim({_field(5)}) AS message, {_ms(_field(2))} AS began, {_ms(_field(3))} AS ended
    FROM raw
    WHERE layout IS NOT NULL OR NOT (coalesce(c0, '') IN ('RUN', 'USER', 'GROUP', 'ASSERTION')
        OR coalesce(c2, '') IN ('RUN', 'USER', 'GROUP')
        OR c0 IS NULL AND c1 IS NULL AND c2 IS NULL)
)
SELECT
    1000 * began AS ts,
    1000 * (ended - began) AS duration_us,
    coalesce(name, '') AS endpoint,
    CASE WHEN said = 'KO' AND starts_with(message, 'status')
        THEN TRY_CAST(regexp_extract(message, 'found ([1-5][0-9][0-9])$', 1) AS SMALLINT)
        END AS status,
    said = 'OK' AS ok,
    CASE WHEN said = 'KO' AND message <> '' THEN left(message, 2000) END AS error,
    [groups] AS labels,
    CASE WHEN layout IS NULL THEN CASE WHEN c0 = 'ERROR' THEN NULL
            WHEN 'REQUEST' IN (c0, c2) THEN '{_NO_STATUS}' ELSE '{_NO_LINE}' END
        WHEN began IS NULL OR began < 0 OR began BETWEEN {_SECONDS[0]} AND {EARLIEST_TS // 1000 - 1}
            OR began > {LATEST_TS // 1000} THEN '{_NO_TIME}'
        WHEN ended IS NULL OR ended - began NOT BETWEEN 0 AND {LONGEST_US // 1000} THEN '{_NO_END}'
        END AS bad,
    CASE WHEN layout IS NULL AND c0 = 'ERROR' THEN '{_ERRORS}' END AS left_out
FROM placed
"""  # noqa: S608 (our own words)


def _bad_rows(origin: Origin) -> Iterator[BadRow]:
    """The lines that the query calls bad, with their numbers."""
    seen = 0
    try:
        with origin.stream() as stream:
            for number, line in enumerate(stream, start=1):
                found = _reason(line.decode("utf-8", "replace").rstrip("\r\n").split("\t"))
                if found:
                    yield BadRow(line=number, reason=found)
                seen += len(line)
                if seen > _LOCATE_BYTES:
                    return
    except DAMAGED:
        return


def _reason(row: Sequence[str]) -> str | None:
    """Why a line is bad, as the query has it; None if it is kept or left out."""
    if len(row) > _WIDTH:
        return None  # told by DuckDB
    row = [*row, *[""] * (_WIDTH - len(row))]
    layout = next(
        (f for tag, at, f in _LAYOUTS if row[at] == tag and row[f[4]] in {"OK", "KO"}), None
    )
    if layout is None:
        if row[0] in _OTHERS or row[2] in {"RUN", "USER", "GROUP"} or not any(row[:3]):
            return None
        return _NO_STATUS if "REQUEST" in (row[0], row[2]) else _NO_LINE
    began, ended = _number(row[layout[2]]), _number(row[layout[3]])
    if began is None or began < 0 or _SECONDS[0] <= began < EARLIEST_TS // 1000:
        return _NO_TIME
    if began > LATEST_TS // 1000:
        return _NO_TIME
    if ended is None or not 0 <= (ended - began) * 1000 <= LONGEST_US:
        return _NO_END
    return None


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?[0-9]{1,14}", text, re.ASCII) else None


_EXAMPLE = (
    b"REQUEST\t\tA\t1764000000123\t1764000000157\tOK\t \n"
    b"REQUEST\tG\tB\t1764000000201\t1764000000209\tKO\tno\n"
)

PLUGIN = Source(
    name="gatling-text",
    help="Gatling's simulation.log of 2.0 to 3.12",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_gatling,
)
