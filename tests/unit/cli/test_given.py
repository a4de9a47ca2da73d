"""What is given to `import` as a file, and is none that can be read twice."""

from __future__ import annotations

import os

import pytest

from slogate.cli.given import given_files
from slogate.errors import UsageError


def test_a_pipe_is_refused_before_it_is_waited_for(tmp_path):
    """A file is read several times, a pipe could be once: the hint says how it is given."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(UsageError, match="is no regular file") as caught, given_files([str(pipe)]):
        pass

    assert "slogate import -" in (caught.value.hint or "")


def test_a_name_that_no_file_can_have(tmp_path):
    """It is refused in a sentence, and not told in full."""
    word = str(tmp_path / ("a" * 5000))

    with pytest.raises(UsageError, match="cannot be a file: File name too long") as caught:
        given_files([word]).__enter__()

    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    ("names", "example"),
    [(["a.csv", "b.log"], "out/*'"), (["part-0.parquet", "_SUCCESS"], "out/*.parquet'")],
)
def test_of_a_folder_its_files_are_named(tmp_path, names: list[str], example: str):
    """As Spark writes one, with an empty file that is no part of it."""
    folder = tmp_path / "out"
    folder.mkdir()
    for name in names:
        (folder / name).touch()

    with pytest.raises(UsageError, match="is a folder") as caught, given_files([str(folder)]):
        pass

    assert (caught.value.hint or "").endswith(example)
