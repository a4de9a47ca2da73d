"""Which runs go, and which stay whatever is asked."""

from __future__ import annotations

import pytest

from slogate.model.run import Run
from slogate.store.layout import open_store
from slogate.store.prune import remove_strays, too_many
from slogate.store.strays import Stray

DAY = 86_400_000_000
NOW = 1_000 * DAY


def run(name, days, service="shop", kind="load", state="complete", **more):
    """A run that ended so many days ago."""
    return Run(id=name, service=service, kind=kind, state=state, end_ts=NOW - days * DAY, **more)


RUNS = [
    run("a", 100), run("b", 50), run("c", 10),
    run("d", 5, state="incomplete"),
    run("e", 200, service="bank"),
    run("f", 300, kind="production"), run("g", 200, kind="production"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "gone"),
    [
        pytest.param({}, "", id="no limit"),
        pytest.param({"older_than_us": 90 * DAY}, "fa", id="age"),
        pytest.param({"older_than_us": 5 * DAY}, "fab", id="the newest good ones stay"),
        pytest.param({"older_than_us": 5 * DAY, "even_newest": True}, "fegabc", id="even newest"),
        pytest.param({"keep_last": 2}, "ab", id="number"),
        pytest.param({"keep_last": 1}, "fab", id="the newest good one is not the last"),
        pytest.param({"keep_last": 3, "older_than_us": 90 * DAY}, "a", id="both"),
        pytest.param({"keep_last": 3, "older_than_us": 190 * DAY}, "", id="both, not so old"),
    ],
)
def test_what_goes(limits, gone):
    """Oldest first; of each service and kind by itself."""
    chosen = too_many(RUNS, now_ts=NOW, **limits)

    assert "".join(each.id for each in chosen) == gone


@pytest.mark.parametrize(
    ("kept", "options"),
    [
        pytest.param(run("x", 500, labels={"pin": "v1"}), {"even_newest": True}, id="pinned"),
        pytest.param(run("x", 500, state="running"), {}, id="still recorded"),
    ],
)
def test_what_stays(kept, options):
    """A pinned run, and one whose recorder may live; unless it is said to be dead."""
    runs = [kept, run("y", 1)]

    assert too_many(runs, now_ts=NOW, older_than_us=2 * DAY, **options) == []
    dead = too_many(runs, now_ts=NOW, older_than_us=2 * DAY, even_running=True)
    assert [each.id for each in dead] == (["x"] if kept.state == "running" else [])


def test_a_run_without_an_end_is_as_old_as_its_start():
    """A killed recorder wrote no end."""
    dead = Run(id="x", service="s", kind="load", state="incomplete", start_ts=NOW - 9 * DAY)

    assert too_many([dead], now_ts=NOW, older_than_us=8 * DAY) == [dead]


def test_parts_whose_manifest_came_meanwhile_stay(tmp_path):
    """An import that ended while somebody was asked loses nothing."""
    store = open_store(tmp_path / "s", create=True)
    paths = [tmp_path / name for name in ("a", "b")]
    for path in paths:
        path.touch()
    (store.runs / "r1.json").touch()
    found = [Stray(path=path, kind="lost", run=f"r{n}") for n, path in enumerate(paths)]

    assert remove_strays(store, found) == [paths[0]]
    assert [path.exists() for path in paths] == [False, True]
