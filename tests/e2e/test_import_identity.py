"""What makes two imports the same: content, not names, not how it was cut, not who was first."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import slogate_in
from foreign import good, jtl

from slogate.store.layout import open_store
from slogate.store.manifest import list_runs
from slogate.store.reading import parts_of

pytestmark = pytest.mark.e2e


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """An import that runs."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "slogate", "import", "--service", "shop", "--json", *words],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def imported(folder: Path, *words: str):
    """The document of an import that works."""
    ended = slogate_in(folder, "import", "--service", "shop", "--json", *words)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def stored(root: Path) -> list[tuple]:
    """All rows of a store, sorted."""
    store = open_store(root)
    parts = [part for run in list_runs(store) for part in parts_of(store, run)]
    table = pa.concat_tables([pq.read_table(part, partitioning=None) for part in parts])
    names = ("ts", "duration_us", "endpoint", "method", "status", "ok")
    return sorted(zip(*(table[name].to_pylist() for name in names), strict=True), key=repr)


@pytest.mark.parametrize("kind", ["load", "production"])
def test_halves_are_the_whole(tmp_path, kind):
    """Two imports of half a file hold the same requests as one of the whole."""
    rows = [good(number) for number in range(500)]
    (tmp_path / "whole.jtl").write_text(jtl(*rows))
    (tmp_path / "a.jtl").write_text(jtl(*rows[:230]))
    (tmp_path / "b.jtl").write_text(jtl(*rows[230:]))
    imported(tmp_path, "whole.jtl", "--kind", kind, "--store", "one")
    imported(tmp_path, "a.jtl", "--kind", kind, "--store", "two")
    imported(tmp_path, "b.jtl", "--kind", kind, "--store", "two")

    assert len(stored(tmp_path / "one")) == 500
    assert stored(tmp_path / "one") == stored(tmp_path / "two")


@pytest.mark.parametrize("kind", ["load", "production"])
def test_the_same_file_by_three_at_once_is_there_once(tmp_path, kind):
    """One of them imports it, the others find it there; nobody takes another's parts away."""
    (tmp_path / "r.jtl").write_text(jtl(*(good(number) for number in range(60_000))))
    running = [start(tmp_path, "r.jtl", "--kind", kind) for _ in range(3)]
    ended = [(*one.communicate(timeout=120), one.returncode) for one in running]

    assert [code for _, _, code in ended] == [0, 0, 0], ended
    assert sorted(json.loads(out)["imported"] for out, _, _ in ended) == [False, False, True]
    assert len(stored(tmp_path / ".slogate")) == 60_000


def test_one_production_series_by_two_at_once_overlaps_nowhere(tmp_path):
    """Two imports that share a file, at the same time: the shared one is stored once."""
    for name, start_at in (("a", 0), ("b", 20_000), ("c", 40_000)):
        rows = (good(number) for number in range(start_at, start_at + 20_000))
        (tmp_path / f"{name}.jtl").write_text(jtl(*rows))
    running = [
        start(tmp_path, *names, "--kind", "production")
        for names in (("a.jtl", "b.jtl"), ("b.jtl", "c.jtl"))
    ]
    ended = [(*one.communicate(timeout=120), one.returncode) for one in running]

    assert [code for _, _, code in ended] == [0, 0], ended
    assert len(stored(tmp_path / ".slogate")) == 60_000
