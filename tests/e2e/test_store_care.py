"""`slogate store verify | prune | rebuild | export | compact` as a user calls them."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from slogate.cli.app import run
from slogate.store.layout import open_store
from slogate.store.locks import caring
from slogate.store.manifest import list_runs, read_run, update_run
from slogate.store.parts import write_part
from slogate.store.seals import sealed

pytestmark = pytest.mark.e2e

LONG_AGO = 1_500_000_000
SPEC = """slogate: 1
service: shop
budgets: [{name: all, p95: 20ms}]
slos: [{name: fast, good: "ok and duration < 31ms", objective: 99%, window: 28d}]
"""


@pytest.fixture(name="call")
def _call(tmp_path, capsys, monkeypatch):
    """Call a command on a store that lies in this folder; (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        capsys.readouterr()
        code = run([*arguments, "--store", "s"])
        return code, *capsys.readouterr()

    return call


def imported(call, folder, name, start_ms, *, rows=50, kind="load"):
    """Import some requests as a run of the shop; its id."""
    lines = [f"{start_ms + 100 * n},{n + 1},GET /{n % 3},200,true\n" for n in range(rows)]
    path = folder / f"{name}.jtl"
    path.write_text("timeStamp,elapsed,label,responseCode,success\n" + "".join(lines))
    code, out, err = call("import", str(path), "--service", "shop", "--kind", kind, "--json")

    assert code == 0, err
    return json.loads(out)["run"]


@pytest.fixture(name="runs")
def _runs(call, tmp_path):
    """Two imported runs, of 2023 and of 2024."""
    return [imported(call, tmp_path, "old", 1_690_000_000_000),
            imported(call, tmp_path, "new", 1_720_000_000_000)]  # fmt: skip


def store_of(folder):
    """The store that `call` works on."""
    return open_store(folder / "s")


def test_verify_names_each_fault_and_exits_2(call, runs, tmp_path):
    """One line a fault on stdout; the same in JSON; nothing where nothing is wrong."""
    assert call("store", "verify") == (0, "", "2 runs, 2 parts, 0 verdicts: 0 faults\n")
    store = store_of(tmp_path)
    path = store.root / read_run(store, runs[0]).parts[0]
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    (store.runs / "x.json").write_text("{")
    code, out, err = call("store", "verify")
    document = json.loads(call("store", "verify", "--json", "--quiet")[1])

    assert code == 2
    assert len(out.splitlines()) == 2
    assert f"{path} is damaged" in out
    assert "2 faults" in err
    assert [fault["run"] for fault in document["faults"]] == ["x", runs[0]]
    assert call("store", "verify", "--quick")[0] == 2


def test_prune_says_first_and_deletes_on_yes(call, runs, tmp_path):
    """A dry run removes nothing, nobody to ask removes nothing, the newest good run stays."""
    old = ("store", "prune", "--older-than", "30d")
    code, out, err = call(*old, "--dry-run")

    assert (code, runs[0] in out, runs[1] in out) == (0, True, False)
    assert "would delete 1 run" in err
    assert call(*old)[0] == 2
    assert len(list_runs(store_of(tmp_path))) == 2
    assert json.loads(call(*old, "--yes", "--json")[1])["runs"] == [runs[0]]
    assert [each.id for each in list_runs(store_of(tmp_path))] == [runs[1]]
    assert json.loads(call(*old, "--yes", "--json")[1])["runs"] == []
    assert call("store", "verify")[0] == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param([], "nothing says what to remove", id="no limit"),
        pytest.param(["--older-than", "90"], "has no unit", id="no unit"),
        pytest.param(["--keep-last", "1", "--kind", "x"], "--kind x is not known", id="kind"),
    ],
)
def test_prune_refuses_what_it_does_not_understand(call, runs, options, words):
    """Exit 2, and everything stays."""
    code, _, err = call("store", "prune", "--yes", *options)

    assert code == 2
    assert words in err


def test_prune_removes_what_crashes_left(call, runs, tmp_path):
    """What verify complains of is gone, and nothing else."""
    store = store_of(tmp_path)
    named = store.root / read_run(store, runs[0]).parts[0]
    for name in (f"{runs[0]}-00007.parquet", "lost-00000.parquet", "x-0.parquet.1-a.tmp"):
        path = named.with_name(name)
        path.write_bytes(named.read_bytes())
        os.utime(path, (LONG_AGO, LONG_AGO))

    assert len(call("store", "verify")[1].splitlines()) == 3
    assert (
        len(json.loads(call("store", "prune", "--leftovers", "--yes", "--json")[1])["leftovers"])
        == 3
    )
    assert call("store", "verify")[:2] == (0, "")
    assert len(list_runs(store)) == 2


def test_rebuild_brings_a_run_back(call, runs, tmp_path):
    """Its requests are there again; it is incomplete, so that it cannot pass."""
    store = store_of(tmp_path)
    path = store.root / read_run(store, runs[0]).parts[0]
    (store.runs / f"{runs[0]}.json").unlink()
    code, _, err = call("store", "rebuild")
    assert code == 0
    assert f"of 1 run such as {runs[0]}: a writer may be at work" in err
    os.utime(path, (LONG_AGO, LONG_AGO))
    assert call("store", "verify")[0] == 2
    code, out, err = call("store", "rebuild", "--json")

    assert (code, json.loads(out)) == (0, {"runs": [runs[0]], "left": [], "aside": []})
    assert "50 requests of shop, incomplete" in err
    assert call("store", "verify")[0] == 0
    assert call("store", "rebuild")[2] == "no manifest is lost\n"


def test_an_export_can_be_imported(call, runs, tmp_path):
    """As many rows as are stored, in each format; the output says how many."""
    for name in ("o.parquet", "o.csv", "o.ndjson"):
        code, out, err = call("store", "export", "--service", "shop", "-o", name, "--json")

        assert (code, json.loads(out)["rows"]) == (0, 100)
        assert "exported 100 rows" in err
    since = ("--from", "2024-07-03T09:46:41Z")
    one = call("store", "export", "--run", runs[1], "-o", "o.csv", *since, "--force")
    assert one[0] == 0
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 1 + 40


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param("-o x.xml --run latest", "does not say which format", id="format"),
        pytest.param("-o x.csv", "nothing says what to export", id="nothing"),
        pytest.param("-o x.csv --service bank", "no run of service 'bank'", id="service"),
        pytest.param("-o x.csv --run latest --series x", "--series x", id="series"),
        pytest.param("-o x.csv --run latest --from 1st", "no moment", id="time"),
        pytest.param("-o x.csv --run latest --to 2026-11-01T02:00", "has no zone", id="zone"),
        pytest.param("-o no/x.csv --run latest", "no/x.csv cannot be written", id="folder"),
    ],
)
def test_export_refuses_what_it_does_not_understand(call, runs, tmp_path, options, words):
    """Exit 2 and no file."""
    code, _, err = call("store", "export", *options.split())

    assert code == 2
    assert words in err
    assert list(tmp_path.glob("x.*")) == []


def test_export_replaces_nothing_unasked(call, runs, tmp_path):
    """A file only with --force; what is no regular file never, nor what a link points to."""
    kept = tmp_path / "kept.csv"
    kept.write_text("dear")
    (tmp_path / "link.csv").symlink_to(kept)
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere.csv")

    for name, words in (
        ("kept", "kept.csv is there already"), ("link", "link.csv is there and is no regular file"),
        ("pipe", "no regular file"), ("dangling", "no regular file"),
    ):  # fmt: skip
        for more in ((), ("--force",)):
            if (name, more) != ("kept", ("--force",)):
                code, _, err = call("store", "export", "--run", runs[0], "-o", f"{name}.csv", *more)
                assert (code, words in err) == (2, True), err
    assert kept.read_text() == "dear"
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "pipe.csv").is_fifo()
    assert not (tmp_path / "nowhere.csv").exists()

    assert call("store", "export", "--run", runs[0], "-o", "kept.csv", "--force")[0] == 0
    assert len(kept.read_text().splitlines()) == 1 + 50


def test_rebuild_names_a_corrupt_manifest(call, runs, tmp_path):
    """It is left as it is, and nobody is told that all is well."""
    path = store_of(tmp_path).runs / f"{runs[0]}.json"
    path.write_text("{")

    code, out, err = call("store", "rebuild", "--json")

    assert (code, json.loads(out)["runs"], path.read_text()) == (2, [], "{")
    assert "is corrupt" in json.loads(out)["left"][0]
    assert "left as it is" in err
    assert "no manifest is lost" not in err


def test_a_second_caretaker_is_refused(call, runs, tmp_path):
    """Nobody prunes what somebody else is rewriting."""
    with caring(store_of(tmp_path)):
        code, _, err = call("store", "prune", "--keep-last", "1", "--yes")

    assert code == 2
    assert f"already (process {os.getpid()})" in err


def test_compact_says_what_it_leaves(call, runs, tmp_path):
    """Runs that did not end well are never rewritten: how many, and why, is told."""
    store = store_of(tmp_path)
    for name, state in zip(runs, ("interrupted", "running"), strict=True):
        many_parts(store, name)
        update_run(store, name, lambda run, state=state: replace(run, state=state))
    before = sorted(store.root.rglob("*.parquet"))
    code, _, err = call("store", "compact")

    told = "left as they are: 2 runs (1 interrupted, 1 running); only complete ones are merged"
    assert (code, err) == (0, f"{told} or rolled up\nnothing to do\n")
    left = json.loads(call("store", "compact", "--json")[1])["left"]
    assert left == {"interrupted": 1, "running": 1}
    assert sorted(store.root.rglob("*.parquet")) == before


def test_compact_merges_small_parts(call, runs, tmp_path):
    """A dry run says what would be done; then one part is left; then nothing is to be done."""
    store = store_of(tmp_path)
    many_parts(store, runs[0])
    code, _, err = call("store", "compact", "--dry-run")

    assert (code, err) == (0, f"{runs[0]}: would merge 3 parts → 1\n")
    [done] = json.loads(call("store", "compact", "--json")[1])["runs"]
    assert (done["run"], done["parts_before"], done["parts_after"]) == (runs[0], 3, 1)
    assert call("store", "compact")[2] == "nothing to do\n"
    assert call("store", "verify")[0] == 0
    rows = json.loads(call("store", "sql", "select count(*) n from requests", "--json")[1])
    assert rows == [{"n": 100}]


def many_parts(store, run_id):
    """Split the part of a run in three."""
    run = read_run(store, run_id)
    path = store.root / run.parts[0]
    table = pq.read_table(path, partitioning=None)
    parts = [
        write_part(store, run.id, run.service, run.kind, table.slice(start, rows),
                   sequence=start + 1, worker=None)
        for start, rows in ((0, 10), (10, 15), (25, 25))
    ]  # fmt: skip
    changed = replace(run, parts=tuple(parts), seals={})
    update_run(store, run_id, lambda _run: sealed(store, changed))
    path.unlink()


def test_old_production_requests_are_rolled_up(call, tmp_path):
    """By the limits of the specs; load tests and what is new stay; counts answer exactly."""
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo" / "shop.yaml").write_text(SPEC)
    load = imported(call, tmp_path, "load", 1_690_000_000_000)
    old = imported(call, tmp_path, "old", 1_690_000_100_000, kind="production")
    new = imported(call, tmp_path, "new", time.time_ns() // 1_000_000, kind="production")
    assert "would roll up 50 requests" in call("store", "compact", "--roll-up", "--dry-run")[2]
    [done] = json.loads(call("store", "compact", "--roll-up", "--json")[1])["runs"]

    assert (done["run"], done["did"], done["requests"]) == (old, "roll-up", 50)
    assert done["cuts_us"] == [20_000, 30_999]
    held = "select run, count(*) n from requests group by run order by run"
    assert {r["run"] for r in json.loads(call("store", "sql", held, "--json")[1])} == {load, new}
    within = "select sum(count) n from counts where hi_us <= 20000"
    assert json.loads(call("store", "sql", within, "--json")[1]) == [{"n": 20}]
    told = call("store", "export", "--service", "shop", "-o", "rest.csv")[2]
    assert "the requests of 1 run were rolled up and are not in it" in told
    code, _, told = call("store", "export", "--run", old, "-o", "none.csv")
    assert (code, "1 run were rolled up" in told, "no requests" in told) == (2, True, True)
    assert call("store", "verify")[0] == 0
    assert call("store", "compact", "--roll-up")[2] == "nothing to do\n"


def test_limits_that_nobody_knows_are_not_lost(call, tmp_path):
    """Without a spec of the service, or limits by hand, nothing is rolled up."""
    old = imported(call, tmp_path, "old", 1_690_000_100_000, kind="production")
    code, _, err = call("store", "compact", "--roll-up")

    assert code == 2
    assert "no limits are known of the service 'shop'" in err
    assert call("store", "compact", "--roll-up", "--cut", "20")[0] == 2
    assert read_run(store_of(tmp_path), old).rolled_up is None
    assert call("store", "compact", "--roll-up", "--cut", "20ms", "--keep-raw")[0] == 0
    assert read_run(store_of(tmp_path), old).rolled_up == 50


def test_one_damaged_run_keeps_no_other_from_care(call, runs, tmp_path):
    """Exit 2 for the damaged one; the other is merged."""
    store = store_of(tmp_path)
    for run_id in runs:
        many_parts(store, run_id)
    path = store.root / read_run(store, runs[0]).parts[0]
    path.write_bytes(path.read_bytes()[:-1])
    code, _, err = call("store", "compact")

    assert code == 2
    assert f"{path} is damaged" in err
    assert f"{runs[1]}: merged 3 parts → 1" in err
    assert "nothing to do" not in call("store", "compact")[2]
