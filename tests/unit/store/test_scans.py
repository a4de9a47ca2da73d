from __future__ import annotations

import pytest

from slogate.errors import SourceError
from slogate.store.scans import Reject, scan

READ = (
    "SELECT a, b FROM read_csv(getvariable('path'), auto_detect=false, header=true, "
    "columns={'a': 'VARCHAR', 'b': 'VARCHAR'}, delim=',', quote='\"', escape='\"', "
    "store_rejects=true)"
)


def test_rows_come_in_the_order_of_the_file_whatever_the_threads(tmp_path):
    """Many batches from many threads are the file's rows in its order."""
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n" + "".join(f"{i},{i % 7}\n" for i in range(600_000)))

    for threads in (1, 3):
        with scan(READ, {"path": str(path)}, threads=threads) as running:
            batches = list(running.batches)

        assert len(batches) > 1
        assert [int(a) for batch in batches for a in batch["a"].to_pylist()] == list(range(600_000))


def test_large_rows_come_in_small_batches():
    """What is gathered is bounded by its size, not only by how many rows it has."""
    sql = "SELECT i, repeat('x', 4000) AS name FROM range(40000) AS rows(i)"

    with scan(sql, {}) as running:
        batches = [(batch["i"].to_pylist(), batch.nbytes) for batch in running.batches]

    assert [i for numbers, _ in batches for i in numbers] == list(range(40_000))
    assert max(size for _, size in batches) < 80_000_000


def test_malformed_lines_are_told_with_the_byte_where_they_start(tmp_path):
    """Each line once, in the file's order, whatever is wrong with it."""
    path = tmp_path / "rows.csv"
    content = b'a,b\n1,2\nonly\n"x\ny",2\n1,2,3\n\xff,1\n3,4\n'
    path.write_bytes(content)

    with scan(READ, {"path": str(path)}) as running:
        kept = [tuple(row.values()) for batch in running.batches for row in batch.to_pylist()]
        rejects = running.rejects()

    assert kept == [("1", "2"), ("x\ny", "2"), ("3", "4")]
    assert rejects == [
        Reject(offset=content.index(b"only"), reason="it has too few columns"),
        Reject(offset=content.index(b"1,2,3"), reason="it has too many columns"),
        Reject(offset=content.index(b"\xff"), reason="it is not UTF-8"),
    ]


def test_a_query_that_records_nothing_has_no_rejects():
    """Rejects are asked for even where there is no table of them."""
    with scan("SELECT 1 AS one", {}) as running:
        assert [batch.to_pylist() for batch in running.batches] == [[{"one": 1}]]
        assert (running.rejects(), running.recorded()) == ([], 0)


def test_parameters_are_values_whatever_they_hold():
    """A parameter is bound: no quote in it ends anything."""
    text = "'; DROP TABLE x; --\n\0\"$1 ?"

    with scan("SELECT getvariable('word') AS word", {"word": text}) as running:
        assert [batch["word"].to_pylist() for batch in running.batches] == [[text]]


def test_what_duckdb_refuses_is_one_sentence(tmp_path):
    """A missing file is a SourceError without DuckDB's page of advice."""
    with (
        pytest.raises(SourceError) as caught,
        scan(READ, {"path": str(tmp_path / "none.csv")}) as running,
    ):
        list(running.batches)

    assert caught.value.message.startswith("No files found")
    assert "\n" not in caught.value.message


def test_a_query_sees_no_variable_of_the_program():
    """A name in a query never reads a Python value of the same name."""
    import pyarrow as pa

    secret = pa.table({"a": [1]})

    with pytest.raises(SourceError), scan("SELECT * FROM secret", {}) as running:
        list(running.batches)
    assert secret.num_rows == 1
