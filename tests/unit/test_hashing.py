"""A hash is the same whenever it is begun, and whoever gives up does not wait for it."""

from __future__ import annotations

import hashlib
import os

import pytest

from slogate.errors import SourceError
from slogate.hashing import Hash
from slogate.recognition import recognise

LARGE = 5 << 20


@pytest.mark.parametrize("size", [0, 1, 1 << 20, LARGE])
@pytest.mark.parametrize("beside", [False, True])
def test_it_is_that_of_the_bytes(tmp_path, size, beside):
    """Of files small and large, begun beforehand or not, and asked for twice."""
    path = tmp_path / "f"
    path.write_bytes(os.urandom(size))
    found = Hash(path)
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
    found = Hash(path)
    found.begin()
    found.stop()

    assert found.value == hashlib.sha256(bytes(LARGE)).hexdigest()
