"""Quotes left open and endless lines make rows vanish: refused. Odd numbers, zeros after gzip."""

from __future__ import annotations

import gzip
import re

import pytest
from foreign import HEADER, take

from slogate import plugins
from slogate.errors import SourceError

START = "2026-11-24T10:00:00Z"
K6 = "metric_name,timestamp,metric_value,method,name,status\n"
LOCUST = "timestamp,request_type,name,response_time_ms,response_length,status_code,exception\n"
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


def jmeter(number: int, label: str = "/a") -> str:
    """A sample of JMeter."""
    return f"{1_764_000_000_000 + number},34,{label},200,OK,true\n"


def dated(number: int, label: str = "/a") -> str:
    """A sample of JMeter whose time is a date, in a file with other separators."""
    return f"2025/11/24 16:{number // 60:02}:{number % 60:02}.123;34;{label};200;OK;true\n"


def export(number: int, path: str = "/a") -> str:
    """A row of an export, its time neither first nor always with a fraction."""
    fraction = f".{number:03}" if number % 3 else ""
    return f"GET,{path},2025-11-24T16:00:00{fraction}Z,200,{number}.5\n"


def epoch(number: int, path: str = "/a") -> str:
    """A row of an export with a number as time, in the last column."""
    return f"{path}\t3{number}\t{1_764_000_000_000 + number}\n"


def logged(number: int, name: str = "/a") -> str:
    """A request of Locust's logger."""
    return f"{1_764_000_000 + number}.25,GET,{name},5.5,5,200,\n"


def plotted(number: int, start: str = "Mon Nov 24 14:45:59 2025") -> str:
    """A request of ApacheBench."""
    return f"{start}\t{1_764_000_000 + number}\t0\t3\t3\t3\n"


def gatling(number: int) -> str:
    """A request of Gatling."""
    return f"REQUEST\t\tA\t{1_764_000_000_000 + number}\t{1_764_000_000_034 + number}\tOK\t \n"


FORMATS = {
    "k6-csv": (K6, k6),
    "vegeta-csv": ("", vegeta),
    "oha-csv": (OHA, oha),
    "jmeter-csv": (HEADER, jmeter),
    "jmeter-csv dates": (HEADER.replace(",", ";"), dated),
    "export-csv": ("method,path,time,status,took_ms\n", export),
    "export-csv epoch": ("path\ttook_ms\tts\n", epoch),
    "locust-requests": (LOCUST, logged),
    "ab-gnuplot": ("starttime\tseconds\tctime\tdtime\tttime\twait\n", plotted),
}
OPTIONS = {"oha-csv": {"start": START}, "jmeter-csv dates": {"timezone": "UTC"}}
every = pytest.mark.parametrize("name", FORMATS)


def read(tmp_path, name: str, content: str | bytes):
    """What the format makes of that."""
    source = plugins.find("sources", name.split(maxsplit=1)[0])
    return take(tmp_path, content, source=source, name="f.csv", **OPTIONS.get(name, {}))


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


@pytest.mark.parametrize("name", ["jmeter-csv", "jmeter-csv dates", "export-csv", "vegeta-csv"])
@pytest.mark.parametrize("closed", [None, "mid", "end"])
def test_a_quote_behind_spaces_swallows_rows_too(tmp_path, name, closed):
    """DuckDB passes over the spaces: a text that begins so is a field in quotes for it."""
    header, row = FORMATS[name]
    rows = [row(number) for number in range(400)]
    rows[10] = row(10, '  "0')
    if closed:
        rows[300] = row(300, '0"' if closed == "end" else '0"0')

    with pytest.raises(SourceError, match=rf"^f\.csv:{11 + bool(header)}: a quote opens here"):
        read(tmp_path, name, header + "".join(rows))


@pytest.mark.parametrize("name", ["jmeter-csv", "jmeter-csv dates", "export-csv"])
def test_a_text_in_quotes_behind_spaces_costs_no_row(tmp_path, name):
    """Closed in its line, or over line ends that begin no row."""
    header, row = FORMATS[name]
    rows = [row(0), row(1, ' "a, b; c"'), row(2), row(3, ' "a\nb"'), row(4)]

    found, tally = read(tmp_path, name, header + "".join(rows))

    assert (len(found), tally.bad) == (5, {})


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


@pytest.mark.parametrize("closed", [False, True])
def test_it_is_found_where_every_row_has_quotes(tmp_path, closed):
    """So many that they are not looked at one by one."""
    rows = [k6(number, '"a,b"') for number in range(2_000)]
    rows[1_200] = k6(1_200, '"a,b')
    if closed:
        rows[1_500] = k6(1_500, 'a,b"')

    with pytest.raises(SourceError, match=r"^f\.csv:1202: a quote opens here"):
        read(tmp_path, "k6-csv", K6 + "".join(rows))


def test_line_ends_among_many_quotes_are_read(tmp_path):
    """A text of two lines is one, be there thousands of quotes beside it."""
    rows = [k6(number, '"a,b"') for number in range(2_000)]
    rows[1_200] = k6(1_200, '"two\nlines"')

    found, tally = read(tmp_path, "k6-csv", K6 + "".join(rows))

    assert (len(found), tally.bad.total()) == (2_000, 0)
    assert found[1_200]["endpoint"] == "two\nlines"


@pytest.mark.parametrize("place", [1_199, 1_200, 1_201])
def test_it_is_found_among_many_line_ends(tmp_path, place):
    """Texts of several lines before and behind it do not hide it."""
    rows = [
        k6(number, '"say ""a"",\nb"' if number % 20 == 0 else '"a,b"') for number in range(2_000)
    ]
    rows[place] = k6(place, '"a')
    line = 2 + "".join(rows[:place]).count("\n")

    with pytest.raises(SourceError, match=rf"^f\.csv:{line}: a quote opens here"):
        read(tmp_path, "k6-csv", K6 + "".join(rows))


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


@pytest.mark.parametrize("name", ["jmeter-csv", "export-csv", "locust-requests"])
@pytest.mark.parametrize("text", ['"at\n1,2\n2025-11-24: ""x""\n"', '"5"" disk"', '5" disk'])
def test_texts_of_these_formats_are_read_too(tmp_path, name, text):
    """Line ends within quotes and odd quotes within texts cost no row."""
    header, row = FORMATS[name]
    rows, tally = read(tmp_path, name, header + row(0, text) + row(1) + row(2, text) + row(3))

    told = text[1:-1].replace('""', '"') if text.startswith('"') else text
    assert [row["endpoint"] for row in rows] == [told, "/a", told, "/a"]
    assert not tally.bad


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["jmeter-csv", "export-csv", "gatling-text"])
def test_a_line_that_the_reader_would_pass_over_is_refused(tmp_path, name, packed):
    """A line over its buffer vanishes there without a word, and is told with its number here."""
    header, row = FORMATS.get(name, ("", gatling))
    rows = [row(number) for number in range(1, 101)]
    content = (header + "".join(rows[:50]) + "a" * 34_000_000 + "\n" + rows[50]).encode()
    line = 51 + header.count("\n")

    with pytest.raises(SourceError, match=rf"^f\.csv:{line}: a line of over 16 MB"):
        read(tmp_path, name, gzip.compress(content, 1) if packed else content)


def test_a_text_that_the_reader_would_pass_over_is_refused(tmp_path):
    """So does a text of many lines, and is told with the line of its quote."""
    content = (
        HEADER + jmeter(0) + jmeter(1, '"' + ("a line " * 100 + "\n") * 50_000 + '"') + jmeter(2)
    )

    with pytest.raises(SourceError, match=r"^f\.csv:3: a quote opens here"):
        read(tmp_path, "jmeter-csv", content)


def test_a_line_of_megabytes_is_counted(tmp_path):
    """What the reader tells of stays one bad row."""
    content = HEADER + jmeter(0) + "a" * 10_000_000 + "\n" + jmeter(1)
    rows, tally = read(tmp_path, "jmeter-csv", content)

    assert (len(rows), tally.bad.total()) == (2, 1)


@pytest.mark.parametrize("name", ["jmeter-csv", "vegeta-csv", "gatling-text"])
def test_zeros_behind_a_gzip_are_told(tmp_path, name):
    """DuckDB takes them for data; whoever has such a file learns what is odd about it."""
    header, row = FORMATS.get(name, ("", gatling))
    packed = gzip.compress((header + row(0) + row(1)).encode())

    with pytest.raises(SourceError, match=r"^f\.csv: zeros follow its gzip data") as caught:
        read(tmp_path, name, packed + b"\0" * 512)

    assert "gzip -dc" in (caught.value.hint or "")
    assert len(read(tmp_path, name, packed).rows) == 2


@pytest.mark.parametrize("took", ["1.2.3", "...", "1e999999999", "9" * 5000])
def test_a_number_that_is_none_is_one_bad_row(tmp_path, took):
    """However absurd the first of an export's durations is."""
    header, row = FORMATS["export-csv"]
    content = header + row(0).replace("0.5", took) + row(1)

    rows, tally = read(tmp_path, "export-csv", content)

    assert (len(rows), dict(tally.bad)) == (
        1, {"its response time is no time between 0 and a day": 1}
    )  # fmt: skip
