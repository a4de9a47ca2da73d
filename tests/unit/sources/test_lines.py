"""The lines of a file as a table: numbered, none lost, whatever stands in them."""

from __future__ import annotations

import gzip
import random

import pyarrow as pa
import pytest

from slogate.sources._base import Origin, read_origin
from slogate.sources._lines import LINES, LONGEST, Lines
from slogate.store.scans import scan


def origin_of(folder, content: bytes) -> Origin:
    """A file of that content."""
    path = folder / "lines"
    path.write_bytes(content)
    return read_origin("lines", path)


def read(folder, content: bytes, **options: str):
    """The numbered lines, and the lines that could not be used."""
    feed = Lines(origin_of(folder, content), **options)
    with scan(f"SELECT line, text FROM {LINES}", {}, feed=feed.reader) as running:
        rows = [row for batch in running.batches for row in batch.to_pylist()]
    places = [row["line"] for row in rows] + [bad.line for bad in feed.shown]
    numbers = feed.lines(places)
    assert sorted(places) == sorted(set(places))
    return (
        [(numbers[row["line"]], row["text"]) for row in rows],
        [(numbers[bad.line], bad.reason) for bad in feed.shown],
    )


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        pytest.param(b"a\nb\n", [(1, "a"), (2, "b")], id="LF"),
        pytest.param(b"a\r\nb\r\n", [(1, "a"), (2, "b")], id="CRLF"),
        pytest.param(b"a\nb", [(1, "a"), (2, "b")], id="no end"),
        pytest.param(b"a\r\nb\r", [(1, "a"), (2, "b")], id="cut between CR and LF"),
        pytest.param(b"\n\na\n\n\nb\n\n", [(3, "a"), (6, "b")], id="blank lines"),
        pytest.param(b"\xef\xbb\xbfa\nb", [(1, "a"), (2, "b")], id="byte order mark"),
        pytest.param(b'a\0b\n"c\x1f,\rd', [(1, "a\0b"), (2, '"c\x1f,\rd')], id="odd bytes"),
        pytest.param("ä\n→ 𝄞\n".encode(), [(1, "ä"), (2, "→ 𝄞")], id="not ASCII"),
        pytest.param(gzip.compress(b"a\nb\n"), [(1, "a"), (2, "b")], id="gzip"),
        pytest.param(
            pa.compress(b"a\nb\n", codec="zstd", asbytes=True), [(1, "a"), (2, "b")], id="zstd"
        ),
        pytest.param(b"\n\n", [], id="nothing"),
    ],
)
def test_lines_are_numbered(tmp_path, content: bytes, lines):
    """Each line with its number from 1, as it stands, blank ones skipped but counted."""
    assert read(tmp_path, content) == (lines, [])


def test_what_is_no_utf8_is_bad(tmp_path):
    """A line that is no text is told with its number, its neighbours are kept."""
    assert read(tmp_path, b"a\n\xff\n\nb\xc3\nc") == (
        [(1, "a"), (5, "c")], [(2, "it is not UTF-8"), (4, "it is not UTF-8")]
    )  # fmt: skip


def test_any_byte_is_latin_1(tmp_path):
    """In an encoding of single bytes no line is refused."""
    assert read(tmp_path, b"\xe4\nb\n", encoding="latin-1") == ([(1, "ä"), (2, "b")], [])


@pytest.mark.parametrize(
    ("sizes", "bad"),
    [
        pytest.param([3, 10_000_000, 3], [], id="10 MB"),
        pytest.param([3, LONGEST, 3], [], id="just short enough"),
        pytest.param([3, LONGEST + 1, 3, 40_000_000, LONGEST + 1], [2, 4, 5], id="too long"),
    ],
)
def test_long_lines(tmp_path, sizes, bad):
    """A line of 10 MB is read; over the limit it is bad, and the others are not touched."""
    lines, found = read(tmp_path, b"\n".join(b"x" * size for size in sizes))

    assert [number for number, _ in lines] == [
        number for number in range(1, len(sizes) + 1) if number not in bad
    ]
    assert [len(text) for _, text in lines] == [
        size for number, size in enumerate(sizes, start=1) if number not in bad
    ]
    assert found == [(number, "it is longer than 16 MB") for number in bad]


def test_a_query_sees_every_line_in_order(tmp_path):
    """Over many blocks, with several threads, numbers and texts are those that Python reads."""
    chance = random.Random(5)
    texts = ["é" * chance.randrange(80) + str(n) for n in range(60_000)] + ["", "z" * 3_000_000]
    chance.shuffle(texts)
    feed = Lines(origin_of(tmp_path, "\n".join(texts).encode()))

    query = f"SELECT line, text, getvariable('a') AS a FROM {LINES} WHERE NOT contains(text, 'q')"
    with scan(query, {"a": 1}, feed=feed.reader, threads=3) as running:
        rows = [row for batch in running.batches for row in batch.to_pylist()]
    numbers = feed.lines(row["line"] for row in rows)

    assert [row | {"line": numbers[row["line"]]} for row in rows] == [
        {"line": number, "text": text, "a": 1} for number, text in enumerate(texts, start=1) if text
    ]


def test_a_scan_may_stop_early(tmp_path):
    """Whoever leaves a scan before its end waits for nothing, and the file is closed."""
    feed = Lines(origin_of(tmp_path, b"line\n" * 2_000_000))

    with scan(f"SELECT * FROM {LINES}", {}, feed=feed.reader, threads=3) as running:
        assert next(running.batches).num_rows > 0
