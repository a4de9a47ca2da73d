"""CSV with a header from anywhere: one row a request, columns by a mapping or by their names.

The separator is the one of , ; tab | that the header has most of. Quoted fields may hold
separators and line ends. Refuses files without a header, and to guess what a column means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from slogate.sources._base import BadRow, Chunk, Origin, Scan, Source
from slogate.sources._csv import (
    Dialect,
    bad_rows,
    changed_line_end,
    head_text,
    reader_parameters,
    reader_sql,
    records,
)
from slogate.sources._export import OPTIONS, export_record, words_of
from slogate.sources._mapping import Meaning
from slogate.sources._naming import is_known, meaning_of
from slogate.sources._quotes import check_lines, check_quotes, row_start
from slogate.sources._records import paths, record_sql, remarks
from slogate.sources._returned import is_ours, returned

_LOOK = 200
_LOCATED = 100
_LONGEST_MOMENT = 60
_AMOUNT = re.compile(r"[\d.eE+-]{0,40}", re.ASCII)
_NAME = re.compile(r"@?[^\W\d][\w .:/()\[\]%@-]*")


def sniff(head: bytes) -> float:
    """Rather sure of known names in a header; a little of any header, to ask what they mean."""
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    header, rows = _rows(text, _delimiter(text))
    if len(header) < 3 or not rows or not all(_NAME.fullmatch(name) for name in header):
        return 0.0
    return 0.6 if is_known(header) else 0.1


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t|", key=first.count)


def _rows(text: str, delimiter: str) -> tuple[list[str], list[list[str]]]:
    rows = list(islice(records(text, delimiter), _LOOK))
    header = [name.strip() for name in rows.pop(0)] if rows else []
    if header and not header[0] and all(header[1:]):
        # the index of pandas has no name
        header[0] = "index"
    return header, [row for row in rows if len(row) == len(header)]


def open_csv(origin: Origin) -> Scan | Iterator[Chunk]:
    """The scan of a CSV export; SourceError says what its columns leave open."""
    text = head_text(origin)
    delimiter = _delimiter(text)
    header, rows = _rows(text, delimiter)
    if len(header) < 2 or not all(header):
        raise origin.fail("its first line is no header that names columns", line=1)
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise origin.fail(f"the header names the column {twice[0]} twice", line=1)
    if not rows:
        raise origin.fail("there is no row with as many columns as the header")
    if is_ours(header, origin):
        return returned(origin, header, "csv")
    samples = {name: [row[at] for row in rows] for at, name in enumerate(header)}
    meaning = meaning_of(origin, samples)
    _check(origin, meaning, samples, delimiter)
    words = words_of(meaning)
    known = {name: word for word, name in words.items()}
    if len(known) < len(words):
        raise origin.fail("the mapping gives one column two meanings")
    columns = tuple(known.get(name, f"other_{at}") for at, name in enumerate(header))
    dialect = Dialect(delimiter=delimiter, columns=columns, header=True)
    record, bound = export_record(origin, meaning, samples)
    relation = f"({reader_sql(dialect, tuple(words))})"
    parameters = {**reader_parameters(origin, dialect), **bound}
    key = ", ".join(f"coalesce({word}, '')" for word in words)
    located = record_sql(relation, record, line=f"concat_ws(chr(31), {key}) AS place")
    return Scan(
        sql=record_sql(relation, record, paths=paths(origin)),
        parameters=parameters,
        locate=lambda: _located(origin, dialect, located, parameters, tuple(words)),
        explain=lambda: changed_line_end(origin),
        labels=tuple(record.labels),
        notes=remarks(record),
    )


def _check(
    origin: Origin, meaning: Meaning, samples: Mapping[str, Sequence[str]], delimiter: str
) -> None:
    """SourceError where lines within quotes have what the first rows have as time and duration."""
    time, took = meaning.fields["time"].name, meaning.fields.get("duration")
    forms = {_form(text.strip()) for text in samples[time] if text.strip()}
    if not forms:
        check_lines(origin)
        return
    start = {time: b" *(?:%b) *" % b"|".join(sorted(forms))}
    if took and all(_AMOUNT.fullmatch(text) for text in samples[took.name]):
        start[took.name] = _AMOUNT.pattern.encode()
    check_quotes(origin, row_start(tuple(samples), start, delimiter), delimiter.encode())


def _form(moment: str) -> bytes:
    """The pattern of moments that are written like this one; a fraction may come and go."""
    if moment.isdecimal():
        return rb"\d{%d}(?:\.\d+)?" % len(moment)
    parts = re.findall(r"[.,]\d+|\d+|[^\W\d_]+|.", moment[:_LONGEST_MOMENT], re.DOTALL)
    return b"".join(
        rb"(?:[.,]\d+)?" if part[0] in ".," and len(part) > 1
        else rb"\d+(?:\.\d+)?" if part.isdecimal()
        else rb"[^\W\d_]+" if part.isalpha() and part.isascii()
        else re.escape(part.encode())
        for part in parts
    )  # fmt: skip


def _located(
    origin: Origin,
    dialect: Dialect,
    sql: str,
    parameters: Mapping[str, object],
    words: tuple[str, ...],
) -> Iterator[BadRow]:
    """The first bad rows with their lines: found again by what they hold."""
    import duckdb

    connection = duckdb.connect(":memory:")
    for name, value in parameters.items():
        connection.execute(f"SET VARIABLE {name} = ?", [value])
    found = connection.execute(
        f"SELECT place, bad FROM ({sql}) WHERE bad IS NOT NULL LIMIT {_LOCATED}"  # noqa: S608 (our own words)
    ).fetchall()
    connection.close()
    reasons: dict[str, str] = dict(found)

    def reason(row: Mapping[str, str]) -> str | None:
        return reasons.get("\x1f".join(row[word] for word in words))

    return bad_rows(origin, dialect, reason)


_EXAMPLE = b"""\
started_at,latency_ms,method,path,status
2025-11-24T16:00:00.123Z,34.2,GET,/browse?page=2,200
2025-11-24T16:00:01.301Z,8,POST,/cart,503
"""

PLUGIN = Source(
    name="export-csv",
    help="any CSV with a header, by a mapping of its columns or by their names",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_csv,
    options=OPTIONS,
)
