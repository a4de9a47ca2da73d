from __future__ import annotations

import random
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from request_table import realistic
from series_strategies import START, row, rows, table

from slogate.errors import StoreError
from slogate.model.series import LAST_TS
from slogate.store.layout import open_store
from slogate.store.parts import SCHEMA, check_part, run_of, write_part


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return open_store(tmp_path / "s", create=True)


def write(store, rows, run="r1", service="shop", sequence=0, worker=None):
    """The path of a part that holds the rows."""
    part = write_part(store, run, service, "load", rows, sequence=sequence, worker=worker)
    return store.root / part


@given(data=rows().filter(bool))
def test_rows_are_read_as_they_were_written(data, tmp_path_factory):
    """Every column, every null, every odd text comes back."""
    store = open_store(tmp_path_factory.mktemp("s"), create=True)
    written = table(data)

    assert pq.read_table(write(store, written), partitioning=None).equals(written)


def test_words_may_be_dictionary_encoded_and_unknown_columns_null(store):
    """What is cheap for a recorder is stored as the same rows."""
    plain = table([row(endpoint="/a"), row(endpoint="/b", duration_us=None)])
    given_table = plain.set_column(4, "endpoint", plain["endpoint"].dictionary_encode())
    given_table = given_table.set_column(11, "trace_id", pa.nulls(2))
    stored = pq.read_table(write(store, given_table), partitioning=None)

    assert stored["endpoint"].to_pylist() == ["/a", "/b"]
    assert stored["trace_id"].to_pylist() == [None, None]


def test_trace_ids_may_be_dictionary_encoded(store):
    """They are stored as plain texts, and read as those."""
    plain = table([row(trace_id="a"), row(trace_id=None), row(trace_id="")])
    given_table = plain.set_column(11, "trace_id", plain["trace_id"].dictionary_encode())

    assert pq.read_table(write(store, given_table), partitioning=None).equals(plain)


def test_batches_become_one_part(store):
    """A stream of batches is one file, in order; empty ones do not matter."""
    empty = pa.RecordBatch.from_pylist([], SCHEMA())
    full = [table(part).to_batches()[0] for part in ([row(1)], [row(2), row(3)])]
    path = write(store, iter([empty, full[0], empty, full[1]]))

    assert pq.read_table(path, partitioning=None).num_rows == 3


def test_a_part_lies_where_its_service_and_first_start_say(store):
    """kind, service percent-encoded, the UTC date of the earliest start, run and worker."""
    path = write(store, table([row(86_400_000_000), row(0)]), service="a/b", worker="host-1.x")

    assert str(path.relative_to(store.series("requests"))) == (
        "kind=load/service=a%2Fb/date=2023-11-14/r1-host%2D1.x.00000.parquet"
    )


@pytest.mark.parametrize(
    ("name", "run"),
    [
        pytest.param("a-00001.parquet", "a", id="plain"),
        pytest.param("a-b-w%2D1.00001.parquet", "a-b", id="dashes"),
        pytest.param("a-00001.parquet.12-ab.tmp", None, id="draft"),
        pytest.param("tmp.parquet", None, id="foreign"),
    ],
)
def test_the_run_is_read_off_the_name(name, run):
    """A run's parts are its own even if another run's id begins with its."""
    assert run_of(name) == run


def test_a_part_is_never_overwritten(store):
    """Two writers of the same name are a fault, not a loss."""
    write(store, table([row()]))
    with pytest.raises(StoreError, match="never overwritten"):
        write(store, table([row(1)]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda t: t.drop_columns(["ok"]), "needs a column 'ok'", id="missing"),
        pytest.param(lambda t: t.append_column("x", t["ok"]), "no column 'x'", id="unknown"),
        pytest.param(
            lambda t: t.set_column(1, "duration_us", t["duration_us"].cast("double")),
            "'duration_us' is double",
            id="type",
        ),
        pytest.param(
            lambda t: t.set_column(0, "ts", t["ts"].cast(pa.timestamp("us"))),
            "'ts' is timestamp",
            id="no time zone",
        ),
        pytest.param(
            lambda t: t.set_column(0, "ts", pa.nulls(1, t["ts"].type)),
            "must not be null",
            id="null",
        ),
        pytest.param(lambda t: t.slice(0, 0), "without rows", id="empty"),
        pytest.param(lambda t: table([row(), row(duration_us=-1)]), "holds -1", id="negative"),
        pytest.param(lambda t: table([row(), row(-START - 1)]), "1970 and 9999", id="before 1970"),
        pytest.param(lambda t: table([row(LAST_TS - START + 1)]), "1970 and 9999", id="after 9999"),
    ],
)
def test_rows_that_do_not_fit_are_refused(store, change, message):
    """The series has one shape; nothing is guessed, and no file is left."""
    with pytest.raises(StoreError, match=message):
        write(store, change(table([row()])))

    assert list(store.series("requests").rglob("*.parquet*")) == []


@pytest.mark.parametrize("series", ["counts", "histograms"])
@pytest.mark.parametrize(
    ("bounds", "fault"),
    [
        pytest.param({"lo_us": -1, "hi_us": 9, "max_us": 0}, None, id="the least there is"),
        pytest.param({"lo_us": 9, "max_us": 10}, None, id="no upper bound"),
        pytest.param({"max_us": 10}, None, id="no bounds"),
        pytest.param({"lo_us": 9, "hi_us": 12, "max_us": 9}, "'max_us'", id="longest is shorter"),
        pytest.param({"lo_us": 9, "hi_us": 9}, "'hi_us'", id="holds nothing"),
    ],
)
def test_rows_that_contradict_themselves_are_refused(store, series, bounds, fault):
    """A longest that the bucket does not hold would make an open bucket end where it begins."""
    fixed = {"ts": START, "step_us": 1, "endpoint": "/", "method": "", "count": 3}
    told = pa.Table.from_pylist([{**fixed, **bounds}], SCHEMA(series))

    if fault is None:
        assert write_part(store, "r", "shop", "load", told, sequence=0, worker=None, series=series)
        return
    with pytest.raises(StoreError, match=f"column {fault} has a .* not over its 'lo_us'"):
        write_part(store, "r", "shop", "load", told, sequence=0, worker=None, series=series)


def test_a_flipped_bit_in_a_page_can_be_found(store):
    """Each page carries a checksum, for whoever copies or inspects the store."""
    path = write(store, realistic(1_000, random.Random(1)))
    column = pq.read_metadata(path).row_group(0).column(1)
    data = bytearray(path.read_bytes())
    data[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    path.write_bytes(data)
    with (
        pq.ParquetFile(path, page_checksum_verification=True) as file,
        pytest.raises(OSError, match="CRC checksum"),
    ):
        file.read(columns=["duration_us"])


def test_the_schema_version_is_in_the_file(store):
    """Later versions know what they read."""
    path = write(store, table([row()]))
    check_part(path)

    assert pq.read_metadata(path).metadata[b"slogate.schema"] == b"1"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        pytest.param({"slogate.schema": "2"}, "newer slogate", id="newer"),
        pytest.param({}, "is not a part", id="foreign"),
        pytest.param({"slogate.schema": "9" * 5_000}, "is not a part", id="5,000 digits"),
    ],
)
def test_a_part_of_another_schema_is_refused(store, metadata, message):
    """A file that is not ours to read is not read."""
    path = write(store, table([row()]))
    pq.write_table(table([row()]).replace_schema_metadata(metadata), path)
    with pytest.raises(StoreError, match=message):
        check_part(path)


def test_a_torn_part_is_refused(store):
    """Named, with a sentence."""
    path = write(store, table([row()]))
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(StoreError, match="cannot be read"):
        check_part(path)


def test_many_writers_do_not_disturb_each_other(store):
    """Native threads write parts of one run at once; every row arrives, no draft is left."""

    def work(number):
        for sequence in range(5):
            data = table([row(number * 10 + sequence)] * 50)
            write(store, data, sequence=sequence, worker=str(number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    files = [path for path in store.series("requests").rglob("*") if path.is_file()]

    assert sum(pq.read_metadata(path).num_rows for path in files) == 8 * 5 * 50
    assert {path.suffix for path in files} == {".parquet"}


def test_integers_and_words_are_stored_small(store):
    """The encodings are the measured ones, not a library's defaults."""
    path = write(store, table([row(i, labels=[("k", "v")], error="e") for i in range(100)]))
    group = pq.read_metadata(path).row_group(0)
    found = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}

    assert {column.compression for column in found.values()} == {"ZSTD"}
    for name in ("ts", "duration_us", "late_us", "pace_us"):
        assert "DELTA_BINARY_PACKED" in found[name].encodings
    for name in ("endpoint", "method", "error", "worker", "labels.key_value.key"):
        assert "RLE_DICTIONARY" in found[name].encodings
    assert "DELTA_LENGTH_BYTE_ARRAY" in found["trace_id"].encodings


def test_a_request_takes_at_most_twelve_bytes(store):
    """At 100,000 rows of a realistic load test, trace ids apart."""
    path = write(store, realistic(100_000, random.Random(1)))

    assert path.stat().st_size <= 12 * 100_000


def test_the_schema_is_what_the_series_says():
    """Times are µs in UTC, durations 64-bit: an int32 of µs overflows after 36 minutes."""
    assert SCHEMA().field("ts").type == pa.timestamp("us", tz="UTC")
    assert SCHEMA().field("duration_us").type == pa.int64()
    assert table([row(duration_us=2**40)])["duration_us"].to_pylist() == [2**40]
    assert table([row()])["ts"].cast("int64").to_pylist() == [START]
