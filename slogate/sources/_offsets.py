"""CSV of load generators that count seconds from the start of their run, and leave failures out.

    origin, columns ──open_offsets──► Scan

The start is in no such file and has to be given. Nor is a request that got no answer: whoever
imports one is told that it says nothing about errors, in the note of the run too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from slogate.sources._base import LONGEST_US, Origin, Scan
from slogate.sources._csv import (
    Dialect,
    bad_rows,
    changed_line_end,
    head_text,
    reader_parameters,
    reader_sql,
    records,
)
from slogate.sources._quotes import check_quotes
from slogate.sources._summaries import endpoint_of, start_of

_DAY_S = LONGEST_US // 1_000_000
_LONGEST_S = 366 * _DAY_S
# no column of theirs is a text
_ROW = rb"(?:[\d.eE+-]*,){3}"
_USED = ("begun", "took", "status", "size")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The columns of a tool's CSV: all of them, and which of them are used for what."""

    tool: str
    columns: tuple[str, ...]
    used: Mapping[str, str]
    note: str

    def reason(self, column: str) -> str:
        """What is wrong with a row whose value in that column cannot be used."""
        return (
            f"its {next(name for name, use in self.used.items() if use == column)} {_WRONG[column]}"
        )


_WRONG = {
    "begun": "is no number of seconds within a year",
    "took": "is no number of seconds between 0 and a day",
    "status": "is no status of HTTP",
}


def sniff_header(head: bytes, table: Table) -> float:
    """1 for exactly the tool's header."""
    line = head.partition(b"\n")[0]
    return float(line.rstrip(b"\r") == ",".join(table.columns).encode())


def open_offsets(origin: Origin, table: Table) -> Scan:
    """The scan of such a file; SourceError says why it cannot be one."""
    rows = list(islice(records(head_text(origin), ","), 2))
    if not rows or tuple(rows[0]) != table.columns:
        hint = None
        missing = [name for name in table.used if rows and name not in rows[0]]
        if rows and rows[0][0] == table.columns[0] and missing:
            hint = f"it has no column {missing[0]}: {table.tool} is too old, or the line is cut off"
        raise origin.fail(f"its first line is no header of {table.tool}'s CSV", line=1, hint=hint)
    if len(rows) < 2:
        raise origin.fail("there is no row after the header")
    check_quotes(origin, _ROW)
    columns = tuple(table.used.get(name, f"unused {i}") for i, name in enumerate(table.columns))
    dialect = Dialect(delimiter=",", columns=columns, header=True)
    return Scan(
        sql=_QUERY.format(reader=reader_sql(dialect, _USED)),
        parameters={
            **reader_parameters(origin, dialect),
            "start": start_of(origin),
            "endpoint": endpoint_of(origin),
            **{f"no_{use}": table.reason(use) for use in _WRONG},
        },
        locate=lambda: bad_rows(origin, dialect, lambda row: _reason(row, table)),
        explain=lambda: changed_line_end(origin),
        notes=(table.note,),
    )


# to whole ns first: a fraction of a second is seldom exact in binary
_QUERY = f"""
WITH read AS ({{reader}}), timed AS (
    SELECT TRY_CAST(begun AS DOUBLE) AS begun, TRY_CAST(took AS DOUBLE) AS took,
        TRY_CAST(status AS SMALLINT) AS code, TRY_CAST(size AS BIGINT) AS bytes
    FROM read
)
SELECT CASE WHEN begun BETWEEN 0 AND {_LONGEST_S} THEN getvariable('start')
        + floor(round(begun * 1e9) / 1000)::BIGINT END AS ts,
    CASE WHEN took BETWEEN 0 AND {_DAY_S} THEN ceil(round(took * 1e9) / 1000)::BIGINT END
        AS duration_us,
    getvariable('endpoint') AS endpoint, code AS status,
    NULL::BOOLEAN AS ok, CASE WHEN bytes >= 0 THEN bytes END AS bytes,
    CASE WHEN begun NOT BETWEEN 0 AND {_LONGEST_S} OR begun IS NULL THEN getvariable('no_begun')
        WHEN took NOT BETWEEN 0 AND {_DAY_S} OR took IS NULL THEN getvariable('no_took')
        WHEN code NOT BETWEEN 100 AND 999 OR code IS NULL THEN getvariable('no_status') END AS bad,
    NULL::VARCHAR AS left_out
FROM timed
"""  # noqa: S608 (our own words)


def _reason(row: Mapping[str, str], table: Table) -> str | None:
    """Why a row is bad, as the query has it; None if it is kept."""
    for use, most_s in (("begun", _LONGEST_S), ("took", _DAY_S)):
        try:
            seconds = float(row[use])
        except ValueError:
            return table.reason(use)
        if not 0 <= seconds <= most_s:
            return table.reason(use)
    status = row["status"]
    known = status.isascii() and status.isdigit() and 100 <= int(status[:6]) <= 999
    return None if known else table.reason("status")
