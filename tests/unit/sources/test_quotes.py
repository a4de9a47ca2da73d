"""A quote that is left open, and what lies up to the next one: refused, never one field."""

from __future__ import annotations

import gzip
import re

import pytest
from foreign import take

from slogate import plugins
from slogate.errors import SourceError

START = "2026-11-24T10:00:00Z"
K6 = "metric_name,timestamp,metric_value,method,name,status\n"
OHA = "request-start,DNS,DNS+dialup,Response-delay,request-duration,bytes,status\n"


def k6(number: int, name: str = "/a") -> str:
    """A request of k6."""
    return f"http_req_duration,{1_764_000_000 + number},34.5,GET,{name},200\n"


def vegeta(number: int, error: str = "") -> str:
    """A result of vegeta."""
    time = 1_764_000_000_645_818_631 + number
    return f"{time},200,3228223,0,6067,{error},,a,{number},GET,http://h/a,\n"


def oha(number: int, zero: str = "0") -> str:
    """A request of oha."""
    return f"{number}.5,{zero},0.001,0.003,0.01,612,200\n"


FORMATS = {"k6-csv": (K6, k6), "vegeta-csv": ("", vegeta), "oha-csv": (OHA, oha)}
every = pytest.mark.parametrize("name", FORMATS)


def read(tmp_path, name: str, content: str | bytes):
    """What the format makes of that."""
    given = {"start": START} if name == "oha-csv" else {}
    return take(tmp_path, content, source=plugins.find("sources", name), name="f.csv", **given)


@every
@pytest.mark.parametrize("closed", [None, "mid", "end"])
def test_a_quote_that_swallows_rows_is_refused_with_its_line(tmp_path, name, closed):
    """Whether another quote closes it, in the midst of a field or well, or none: no row is lost."""
    header, row = FORMATS[name]
    rows = [row(number) for number in range(400)]
    rows[10] = row(10, '"0')
    if closed:
        rows[300] = row(300, '0"' if closed == "end" else '0"0')
    line = 11 + header.count("\n")

    with pytest.raises(SourceError, match=rf"^f\.csv:{line}: a quote opens here"):
        read(tmp_path, name, header + "".join(rows))


@every
def test_it_is_found_in_a_compressed_file(tmp_path, name):
    """Compression hides no quote."""
    header, row = FORMATS[name]
    content = header + row(0) + row(1, '"0') + row(2) + row(3, '0"')

    with pytest.raises(SourceError, match="a quote opens here"):
        read(tmp_path, name, gzip.compress(content.encode()))


def test_it_is_found_across_blocks(tmp_path):
    """More than a block lies between the quote and the row that it swallows."""
    content = K6 + k6(0) + k6(1, '"' + "x\n" * 700_000) + k6(2)

    with pytest.raises(SourceError, match=r"^f\.csv:3: a quote opens here"):
        read(tmp_path, "k6-csv", content)


@pytest.mark.parametrize(
    "text",
    [
        '"two\nlines"',
        '"say ""http_req_duration,1""\nand, more"',
        '"a,b"',
        '5" disk',
        '""',
        '"""\n"""',
    ],
)
def test_texts_with_line_ends_and_quotes_are_read(tmp_path, text):
    """What holds no row is a text, be its quotes even or odd."""
    rows, tally = read(tmp_path, "k6-csv", K6 + k6(0, text) + k6(1, text) + k6(2))

    told = text[1:-1].replace('""', '"') if text.startswith('"') else text
    assert [row["endpoint"] for row in rows] == [told, told, "/a"]
    assert not tally.bad


def test_a_row_cut_off_in_its_last_field_is_one_bad_row(tmp_path):
    """An open quote that nothing follows loses nothing but its own row."""
    rows, tally = read(tmp_path, "k6-csv", K6 + k6(0) + re.sub(",200\n", "", k6(1, '"/b')))

    assert (len(rows), tally.bad.total()) == (1, 1)
