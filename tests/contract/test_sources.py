"""What every source keeps, whoever wrote it: a new file in sources/ is tested on arrival."""

from __future__ import annotations

import random
import re
import sys

import pyarrow as pa
import pytest
from foreign import take
from hypothesis import given
from hypothesis import strategies as st

from slogate import plugins, sources
from slogate.errors import SourceError
from slogate.ingest import import_files
from slogate.sources._base import LONGEST_US, MARK, Source
from slogate.store.layout import open_store
from slogate.store.parts import check_part
from slogate.store.reading import parts_of

SOURCES = [pytest.param(source, id=name) for name, source in plugins.every("sources").items()]
every = pytest.mark.parametrize("source", SOURCES)
FLIPS = 54
NUMBERS = 6
ODD_NUMBERS = ("-1", "-0.5", "1e30", "9" * 25, "NaN", "Infinity", "true", "0x10", "1_000", "")

DROPPED_IN = '''
"""Seconds and milliseconds, one request a line."""
import pyarrow as pa
from slogate.sources._base import BadRow, Chunk, Source
from slogate.store.parts import SCHEMA

def read(origin):
    with origin.stream() as stream:
        for number, line in enumerate(stream, start=1):
            words = line.split()
            if len(words) != 2:
                bad = BadRow(line=number, reason="not two words")
                yield Chunk(rows=None, bad={bad.reason: 1}, shown=(bad,))
                continue
            row = dict.fromkeys(SCHEMA().names)
            row.update(ts=int(words[0]) * 1_000_000, duration_us=int(words[1]) * 1_000,
                       endpoint="GET /tick", ok=True)
            columns = {k: pa.array([v]) for k, v in row.items()}
            yield Chunk(rows=pa.RecordBatch.from_pydict(columns))

PLUGIN = Source(name="ticks", help="Ticks", open=read, example=b"1764000000 7\\n",
                sniff=lambda head: 0.5 if head[:3] == b"176" and b"," not in head else 0.0)
'''


@every
def test_it_is_called_as_its_file(source: Source):
    """The file name is the format's name, and help says what it reads."""
    assert plugins.find("sources", source.name) is source
    assert source.help


@every
def test_it_recognises_its_own_example_best(source: Source):
    """No other format is as sure of the example as its own."""
    scores = {each.name: each.sniff(source.example) for each in plugins.every("sources").values()}

    if source.example_options and not scores[source.name]:
        return  # read only by what the user says, it claims no file
    assert max(scores, key=lambda name: (scores[name], name != source.name)) == source.name
    assert scores[source.name] > 0.5


@every
@given(st.data())
def test_sniffing_never_raises(source: Source, data: st.DataObject):
    """Whatever a file begins with, the answer is a number from 0 to 1."""
    cut = data.draw(st.integers(0, len(source.example)))
    head = data.draw(st.binary(max_size=200) | st.just(source.example[:cut]))

    assert 0 <= source.sniff(head + data.draw(st.binary(max_size=20))) <= 1


@every
def test_its_example_can_be_stored(source: Source, tmp_path):
    """The example gives rows of the series, none bad, which the store takes and reads."""
    path = tmp_path / "example"
    path.write_bytes(source.example)
    store = open_store(tmp_path / "store", create=True)

    done = import_files(
        store, [("example", path)], service="shop", now_ts=1, format=source.name,
        options=source.example_options,
    )  # fmt: skip

    assert (done.run.rows.written > 0, done.bad) == (True, {})
    for part in parts_of(store, done.run):
        check_part(part)


@every
def test_a_file_cut_anywhere_is_refused_or_gives_its_first_rows(source: Source, tmp_path):
    """Cut after any byte: a SourceError, or the rows before the cut and at most one bad one."""
    whole = take(tmp_path, source.example, source=source, **source.example_options).rows
    for size in range(len(source.example)):
        try:
            rows, tally = take(
                tmp_path, source.example[:size], source=source, **source.example_options
            )
        except SourceError:
            continue
        # the last row may end within a field that reads as a shorter value
        assert rows[:-1] == whole[: len(rows[:-1])], size
        assert (len(rows) <= len(whole), tally.bad.total() <= 1) == (True, True), size


@every
def test_damaged_bytes_are_an_error_or_counted(source: Source, tmp_path):
    """Flipped, dropped and doubled bytes raise nothing but SourceError; bad rows are named."""
    chance = random.Random(20261124)
    for _ in range(FLIPS):
        content = bytearray(source.example)
        for _ in range(chance.choice([1, 2, 8])):
            at = chance.randrange(len(content))
            odd = chance.choice([bytes([chance.randrange(256)]), b"", b"\0", b'"', b"\n", b"\r"])
            content[at : at + 1] = odd
        try:
            rows, tally = take(tmp_path, bytes(content), source=source, **source.example_options)
        except SourceError:
            continue
        assert len(rows) == tally.rows
        assert bool(tally.shown) == bool(tally.bad)


@every
def test_odd_numbers_are_an_error_or_counted(source: Source, tmp_path):
    """Negative, absurd and no numbers: what is kept took no absurd time at no absurd moment."""
    if b"\0" in source.example or not source.example.isascii():
        return
    chance = random.Random(20261127)
    places = list(re.finditer(rb"(?<![\w.])-?\d+(?:\.\d+)?", source.example))
    for _ in range(NUMBERS):
        place, odd = chance.choice(places), chance.choice(ODD_NUMBERS).encode()
        content = source.example[: place.start()] + odd + source.example[place.end() :]
        try:
            rows, tally = take(tmp_path, content, source=source, **source.example_options)
        except SourceError:
            continue
        assert bool(tally.shown) == bool(tally.bad)
        for row in rows:
            assert 0 <= (row.get("duration_us") or 0) <= LONGEST_US, (place, odd)
            assert -1 <= (row.get("lo_us") or 0) <= (row.get("hi_us") or LONGEST_US), (place, odd)
            assert (row.get("bytes") or 0) >= 0, (place, odd)
            assert row["ts"].year in {1970, *range(2001, 2101)}, (place, odd)


@every
def test_a_line_of_ten_megabytes_is_an_error_or_counted(source: Source, tmp_path):
    """It swallows no other row and looks like none."""
    whole = take(tmp_path, source.example, source=source, **source.example_options).rows
    content = source.example + b"\n" + b"x" * 10_000_000 + b"\n"
    try:
        rows, tally = take(tmp_path, content, source=source, **source.example_options)
    except SourceError:
        return
    # what a tool prints may stand among other text
    assert (rows == whole, tally.bad.total() <= 1) == (True, True)


@every
def test_foreign_bytes_are_refused(source: Source, tmp_path):
    """Random bytes, a single line end and a flood of separators are no file of any format."""
    chance = random.Random(7)
    noise = [chance.randbytes(size) for size in (1, 10, 1000, 100_000)]
    for content in [
        *noise,
        b"",
        b"\n",
        b"\0" * 5000,
        b"," * 70_000,
        b'"' * 70_000,
        b"\xef\xbb\xbf",
    ]:
        with pytest.raises(SourceError):
            take(tmp_path, content, source=source, **source.example_options)


@every
def test_what_windows_adds_changes_nothing(source: Source, tmp_path):
    """A byte order mark before the text, and line ends of two characters."""
    if b"\0" in source.example:
        return
    content = source.example.replace(b"\n", b"\r\n")

    plain, marked = (
        take(tmp_path, each, source=source, **source.example_options)
        for each in (source.example, MARK + content)
    )

    # whoever asks for the format takes the mark away
    assert source.sniff(content) == source.sniff(source.example)
    # texts that go over several lines keep the ends of these
    times = [[row | {"error": None} for row in taken.rows] for taken in (plain, marked)]
    assert (times[0], marked.tally.bad) == (times[1], {})


@every
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_in_wide_characters_is_refused_with_what_converts_it(
    source: Source, tmp_path, encoding: str
):
    """As a shell of Windows writes it, with a byte order mark or without; binary files are none."""
    if not source.example.isascii() or b"\0" in source.example:
        return
    content = source.example.decode().encode(encoding)

    with pytest.raises(SourceError, match=r"it is UTF-\d\d\w*, not UTF-8") as caught:
        take(tmp_path, content, source=source, **source.example_options)

    assert (caught.value.hint or "").startswith("convert it first: iconv -f UTF-")


@pytest.fixture
def dropped_in(tmp_path, monkeypatch):
    """A source that is nothing but one new file."""
    (tmp_path / "ticks.py").write_text(DROPPED_IN, encoding="utf-8")
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path)])
    plugins.names.cache_clear()
    yield
    plugins.names.cache_clear()
    sys.modules.pop("slogate.sources.ticks", None)


@pytest.mark.usefixtures("dropped_in")
def test_dropping_in_a_file_adds_a_format(tmp_path):
    """One new file is recognised, read, its bad rows counted, its endpoints split."""
    path = tmp_path / "ticks.log"
    path.write_text("".join(f"{1764000000 + i} {i}\n" for i in range(150)) + "odd\n")
    store = open_store(tmp_path / "store", create=True)

    done = import_files(store, [("ticks.log", path)], service="shop", now_ts=1)

    stored = pa.parquet.read_table(parts_of(store, done.run)[0], partitioning=None)
    assert (done.run.source, done.run.rows.written) == ("ticks", 150)
    assert done.shown == ("ticks.log:151: not two words",)
    assert set(zip(stored["method"].to_pylist(), stored["endpoint"].to_pylist(), strict=True)) == {
        ("GET", "/tick")
    }
