"""Every engine counts exactly what the reference counts, whatever the data."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from series_strategies import LENGTH, START, WINDOWS, need, needs, parts, row, rows

from slogate import plugins
from slogate.engines import memory
from slogate.engines._base import Engine
from slogate.errors import StoreError
from slogate.model.selection import Endpoint, Selection
from slogate.model.series import LAST_TS
from slogate.model.window import Window

ENGINES = plugins.names("engines")
engine = pytest.mark.parametrize("name", ENGINES)
other = pytest.mark.parametrize("name", [name for name in ENGINES if name != "memory"])


@engine
def test_an_engine_is_found_by_its_file_name(name):
    """The file ends in a PLUGIN of the room's record that bears the file's name."""
    found = plugins.find("engines", name)

    assert isinstance(found, Engine)
    assert found.name == name


@other
@given(data=rows(), wanted=needs())
def test_gather_equals_the_reference(name, data, wanted):
    """Names, nulls, windows, predicates and back-filling give the reference's evidence."""
    with tempfile.TemporaryDirectory() as folder:
        found = parts(Path(folder), data[::2], data[1::2])

        actual = plugins.find("engines", name).gather(wanted, found, threads=1)
        expected = memory.PLUGIN.gather(wanted, found)

    assert actual == expected


@other
@settings(max_examples=15)
@given(data=rows(), window=WINDOWS)
def test_tally_and_span_equal_the_reference(name, data, window):
    """Rows divide as the reference divides them, and span from the first to the last."""
    with tempfile.TemporaryDirectory() as folder:
        found = parts(Path(folder), data[::2], data[1::2])
        under_test = plugins.find("engines", name)

        assert under_test.tally(found, window) == memory.PLUGIN.tally(found, window)
        assert under_test.span(found) == memory.PLUGIN.span(found)
        with under_test.reading(found, 1) as one, memory.PLUGIN.reading(found, 1) as other:
            assert one.failures(window, 3) == other.failures(window, 3)


@engine
def test_no_parts_are_no_requests(name):
    """Without parts every count is zero and the ladder empty."""
    found = plugins.find("engines", name).gather([need()], [])["need"]

    assert (found.total, found.matched, found.ladder) == (0, 0, ())
    assert len(found.batches) == 10


@engine
def test_a_window_of_one_instant_is_not_empty(name, tmp_path):
    """Both ends belong to it, and all of it is the first batch."""
    instant = Window(start_ts=START, end_ts=START)
    found = plugins.find("engines", name).gather(
        [need(window=instant, limit_us=50)], parts(tmp_path, [row(-1), row(0), row(1)])
    )["need"]

    assert (found.batches[0].total, found.total, found.bad) == (1, 1, 1)


@engine
def test_a_torn_part_is_named(name, tmp_path):
    """A part that was cut short stops the gate, and the error names the file."""
    whole, torn = parts(tmp_path, [row()], [row(5)])
    Path(torn).write_bytes(Path(torn).read_bytes()[:-7])
    with pytest.raises(StoreError, match=r"0001\.parquet cannot be read"):
        plugins.find("engines", name).gather([need()], [whole, torn])


@engine
def test_a_garbled_part_is_named(name, tmp_path):
    """Broken pages inside a part with a sound footer stop the gate too."""
    whole, garbled = parts(tmp_path, [row()], [row(i, i * 7919 % 1000) for i in range(1000)])
    data = bytearray(Path(garbled).read_bytes())
    data[4:1500] = bytes(b ^ 0x5A for b in data[4:1500])
    Path(garbled).write_bytes(data)
    with pytest.raises(StoreError, match=r"0001\.parquet cannot be read"):
        plugins.find("engines", name).gather([need()], [whole, garbled])


@engine
def test_a_missing_part_is_named(name, tmp_path):
    """A part that is not there is an error, never fewer requests."""
    with pytest.raises(StoreError, match=r"none\.parquet cannot be read"):
        plugins.find("engines", name).gather([need()], [str(tmp_path / "none.parquet")])


@engine
@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        pytest.param({"slogate.schema": "2"}, "newer slogate", id="newer"),
        pytest.param({}, "is not a part", id="foreign"),
        pytest.param({"slogate.schema": "9" * 5_000}, "is not a part", id="5,000 digits"),
    ],
)
def test_a_part_of_another_schema_is_refused(name, metadata, message, tmp_path):
    """A newer or a foreign file is not counted as if it were ours."""
    import pyarrow.parquet as pq

    (path,) = parts(tmp_path, [row()])
    pq.write_table(pq.read_table(path).replace_schema_metadata(metadata), path)
    with pytest.raises(StoreError, match=message):
        plugins.find("engines", name).span([path])


def rewritten(path, name, value):
    """The part with that value in that column of its last row, as no writer would write it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = pq.ParquetFile(path).read()
    at, kind = data.schema.get_field_index(name), data.schema.field(name).type
    values = pa.array([*data[name].cast("int64").to_pylist()[:-1], value], pa.int64()).cast(kind)
    pq.write_table(data.set_column(at, pa.field(name, kind), values), path)


def asked(under_test, ask, wanted, found):
    """The evidence of what is wanted, or how the rows divide around its window."""
    if ask == "gather":
        return under_test.gather([wanted], found)
    return under_test.tally(found, wanted.window)


@engine
@pytest.mark.parametrize("ask", ["gather", "tally"])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        pytest.param("duration_us", -1, id="negative duration"),
        pytest.param("ts", None, id="no start"),
        pytest.param("ts", -1, id="before 1970"),
        pytest.param("ts", LAST_TS + 1, id="after 9999"),
        pytest.param("ts", 2**63 - 1, id="infinity"),
    ],
)
def test_a_part_with_an_absurd_row_is_named(name, ask, column, value, tmp_path):
    """It is never a fast request, nor one of another time, wherever the window lies."""
    whole, broken = parts(tmp_path, [row()], [row(1), row(LENGTH + 9, endpoint="/other")])
    rewritten(broken, column, value)
    under_test = plugins.find("engines", name)
    selection = Selection(endpoint=Endpoint(method=None, name="/"))
    wanted = need("errors", selection=selection)
    with pytest.raises(StoreError, match=r"0001\.parquet "):
        asked(under_test, ask, wanted, [whole, broken])


@engine
@pytest.mark.parametrize("ask", ["gather", "tally"])
def test_an_absurd_pace_is_refused_at_once(name, ask, tmp_path):
    """Five thousand requests never stand for half a billion."""
    window = Window(start_ts=START, end_ts=START + 10**9)
    found = parts(tmp_path, [row(i, 10**6, pace_us=1) for i in range(5_000)])
    under_test = plugins.find("engines", name)
    with pytest.raises(StoreError, match=r"paces such as 1 µs its 5,000 .* 500,000,000 missed"):
        asked(under_test, ask, need(window=window), found)


@engine
def test_paths_with_glob_characters_are_read(name, tmp_path):
    """A store may lie in a folder whose name looks like a pattern."""
    found = parts(tmp_path / "a[b]*?{c}='d'", [row()])

    assert plugins.find("engines", name).span(found)[0] == 1


@engine
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=rows(max_size=60))
def test_many_selections_and_predicates_keep_their_bits_apart(name, data, tmp_path_factory):
    """More than sixty selections of more than sixty predicates are still counted apart."""
    from slogate.model.predicate import Comparison

    found = parts(tmp_path_factory.mktemp("bits"), data)
    wanted = [
        need("errors", id=str(i), selection=Selection(success=Comparison("duration", "<=", i)))
        for i in range(130)
    ]

    assert plugins.find("engines", name).gather(wanted, found) == memory.PLUGIN.gather(
        wanted, found
    )
