"""A hash is the same whenever it is begun, and whoever gives up does not wait for it."""

from __future__ import annotations

import hashlib
import os

import pytest
from foreign import good, jtl

from slogate import hashing
from slogate.errors import SourceError
from slogate.hashing import Hash
from slogate.ingest import import_files
from slogate.recognition import recognise
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs

LARGE = 5 << 20


@pytest.mark.parametrize("size", [0, 1, 1 << 20, LARGE])
@pytest.mark.parametrize("beside", [False, True])
def test_it_is_that_of_the_bytes(tmp_path, size, beside):
    """Of files small and large, begun beforehand or not, and asked for twice."""
    path = tmp_path / "f"
    path.write_bytes(os.urandom(size))
    found = Hash(path, path.stat().st_size)
    if beside:
        found.begin()

    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert [found.value, found.value] == [expected, expected]
    found.stop()


def test_a_file_that_is_gone_is_told_when_it_is_asked_for(tmp_path):
    """Not in the thread that works it out."""
    path = tmp_path / "f.csv"
    path.write_bytes(b"a,b\n1,2\n")
    file = recognise("f.csv", path, "export-csv", {})
    path.unlink()

    with pytest.raises(SourceError, match=r"^f\.csv: it cannot be read: No such file"):
        file.digest  # noqa: B018 (to ask is the test)


def test_one_that_was_given_up_can_be_asked_for(tmp_path):
    """It is then worked out after all."""
    path = tmp_path / "f"
    path.write_bytes(bytes(LARGE))
    found = Hash(path, path.stat().st_size)
    found.begin()
    found.stop()

    assert found.value == hashlib.sha256(bytes(LARGE)).hexdigest()


@pytest.mark.parametrize("kind", ["load", "production"])
def test_a_file_that_is_hashed_beside_its_reading_is_known_again(tmp_path, monkeypatch, kind):
    """Its rows were begun to be read by then; none is stored twice."""
    monkeypatch.setattr(hashing, "_SMALL", 0)
    store = open_store(tmp_path / "store", create=True)
    path = tmp_path / "f.jtl"
    path.write_text(jtl(*(good(1_000 * number) for number in range(9))))
    taken = [
        import_files(store, [("f.jtl", path)], service="shop", now_ts=1, kind=kind)
        for _ in range(2)
    ]

    assert [each.new for each in taken] == [True, False]
    assert taken[0].run.origin == {
        "f.jtl": f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    }
    assert [run.rows.written for run in list_runs(store)] == [9]
    assert len(list(store.series("requests").rglob("*.parquet"))) == 1
