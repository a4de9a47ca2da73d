from __future__ import annotations

import os
from pathlib import Path

import pytest

from slogate.errors import StoreError
from slogate.store.layout import (
    check_id,
    json_files,
    open_store,
    read_json,
    service_folder,
    write_atomic,
    write_json,
)


def test_a_missing_store_says_how_to_make_one(tmp_path):
    """The error names the folder, and its hint the commands that record something."""
    with pytest.raises(StoreError, match="does not exist") as caught:
        open_store(tmp_path / "none")

    assert "slogate run" in caught.value.hint


def test_a_url_is_no_folder(tmp_path, monkeypatch):
    """A folder called `s3:` would be a store that nobody else ever sees."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(StoreError, match="s3://bucket/x is a URL"):
        open_store(Path("s3://bucket/x"), create=True)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_store_is_refused(tmp_path):
    """A wrong path never passes for an empty store."""
    with pytest.raises(StoreError, match="is not a store"):
        open_store(tmp_path)


def test_a_file_in_place_of_the_store_is_refused(tmp_path):
    """Not even with create is a file replaced."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="is a file"):
        open_store(tmp_path / "file", create=True)


def test_a_created_store_opens_again_and_keeps_out_of_git(tmp_path):
    """What create has made, a plain open finds; its files are not for a repository."""
    created = open_store(tmp_path / "a" / "b", create=True)

    assert open_store(tmp_path / "a" / "b") == created
    assert (created.root / ".gitignore").read_text() == "*\n"


def test_a_store_of_a_newer_version_is_refused(tmp_path):
    """A layout that this version does not know is not read as if it did."""
    store = open_store(tmp_path, create=True)
    (store.root / "format").write_text("2\n")
    with pytest.raises(StoreError, match="newer slogate"):
        open_store(tmp_path)


@pytest.mark.parametrize("garbled", ["one\n", "", "-1", "²", "9" * 5_000], ids=str.__len__)
def test_a_store_with_a_garbled_format_is_refused(tmp_path, garbled):
    """Unreadable is an error, not format 1."""
    store = open_store(tmp_path, create=True)
    (store.root / "format").write_text(garbled)
    with pytest.raises(StoreError, match="format number"):
        open_store(tmp_path)


def test_an_unreadable_store_is_an_error(tmp_path):
    """What the system refuses stops the gate with a sentence."""
    with pytest.raises(StoreError, match="cannot be opened: File name too long"):
        open_store(tmp_path / ("x" * 300))


def test_a_relative_store_survives_a_change_of_folder(tmp_path, monkeypatch):
    """Paths are absolute from the moment the store is opened."""
    monkeypatch.chdir(tmp_path)
    store = open_store(Path(".slogate"), create=True)
    monkeypatch.chdir("/")

    assert store.runs.is_dir()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="empty"),
        pytest.param(".hidden", id="leading dot"),
        pytest.param("..", id="parent"),
        pytest.param("a/b", id="slash"),
        pytest.param("a b", id="space"),
        pytest.param("a\n", id="newline"),
        pytest.param("é", id="beyond ASCII"),
        pytest.param("a" * 101, id="too long"),
        pytest.param("latest", id="reserved"),
    ],
)
def test_an_unsafe_id_is_refused(name):
    """An id becomes a file name, so it can be nothing else."""
    with pytest.raises(StoreError, match="cannot be the id"):
        check_id("run", name)


def test_a_safe_id_is_itself():
    """Letters, digits, dots, dashes and underscores may be in an id."""
    assert check_id("run", "2026-11-01T12.04_a-Z") == "2026-11-01T12.04_a-Z"


@pytest.mark.parametrize("service", ["../..", "a/b", "'\"", "a\nb", "😀", "", "*?[x]", "..", "%2F"])
def test_any_service_is_one_folder_within_the_series(tmp_path, service):
    """No name of a service leads out of its place."""
    store = open_store(tmp_path, create=True)
    folder = service_folder(store, "requests", "load", service)

    assert folder.parent == store.series("requests") / "kind=load"
    assert folder.resolve() == folder


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path):
    """A reader sees the old file or the new one; drafts do not pile up."""
    path = tmp_path / "a.json"
    write_atomic(path, b"old")
    with pytest.raises(TypeError):
        write_atomic(path, "no bytes")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_drafts_are_not_listed(tmp_path):
    """A file that is still being written under a .tmp name is no file yet."""
    write_json(tmp_path / "b.json", {})
    (tmp_path / "a.json.1-aa.tmp").write_text("{")

    assert json_files(tmp_path) == [tmp_path / "b.json"]


def test_json_keeps_every_text(tmp_path):
    """Even half a surrogate pair, as odd file names have, is read back."""
    document = {"é\n\"'": "\udc80😀"}
    write_json(tmp_path / "a.json", document)

    assert read_json(tmp_path / "a.json") == document


def test_a_full_disk_is_a_store_error():
    """What the system refuses is said in a sentence with the file's name."""
    with pytest.raises(StoreError, match=r"/dev/full/x\.json cannot be written"):
        write_json(Path("/dev/full/x.json"), {})


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_a_format_that_is_no_file_is_not_waited_for(tmp_path, make):
    """Whatever is no regular file is refused before it is opened."""
    store = open_store(tmp_path, create=True)
    (store.root / "format").unlink()
    make(store.root / "format")
    with pytest.raises(StoreError, match="no regular file"):
        open_store(tmp_path)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_know_are_refused(tmp_path, word):
    """Python reads them, no other reader does."""
    (tmp_path / "x.json").write_text(f'{{"a": {word}}}')
    with pytest.raises(StoreError, match=f"corrupt: {word} is no JSON"):
        read_json(tmp_path / "x.json")
