"""A flipped bit in a stored part: no verdict, comparison, picture or export is made of it."""

from __future__ import annotations

import json

import pytest

from slogate.cli.app import run
from slogate.store.layout import open_store
from slogate.store.manifest import read_run

pytestmark = pytest.mark.e2e

SPEC = """slogate: 1
service: shop
budgets: [{name: all, p95: 20ms}]
slos: [{name: fast, good: "ok and duration < 31ms", objective: 99%, window: 28d}]
"""
NOT_WRITTEN = "its content is not what was written"


@pytest.fixture(name="call")
def _call(tmp_path, capsys, monkeypatch):
    """Call a command beside a spec, on the store that lies there; (exit code, all it says)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo" / "shop.yaml").write_text(SPEC)

    def call(*words):
        capsys.readouterr()
        code = run([*words])
        return code, "".join(capsys.readouterr())

    return call


def imported(call, folder, name, kind):
    """Import some requests as a run of the shop; its id."""
    rows = [f"{1_720_000_000_000 + 100 * n},{n % 40},GET /,200,true\n" for n in range(200)]
    (folder / name).write_text("timeStamp,elapsed,label,responseCode,success\n" + "".join(rows))
    code, said = call("import", name, "--service", "shop", "--kind", kind, "--json", "--quiet")
    assert code == 0, said
    return json.loads(said[said.index("{") :])["run"]


def flip(folder, run_id):
    """Flip a bit of a run's rows; the file is as large as before."""
    store = open_store(folder / ".slogate")
    path = store.root / read_run(store, run_id).parts[0]
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)


def test_nothing_is_made_of_a_load_test_with_a_flipped_bit(call, tmp_path):
    """Exit 2, with the file and what to do; a report of what was judged before has no pictures."""
    run_id = imported(call, tmp_path, "load.jtl", "load")
    assert call("check", "--run", run_id)[0] in {0, 1, 3}
    flip(tmp_path, run_id)

    for words in (
        ("check", "--run", run_id),
        ("compare", run_id, run_id),
        ("store", "export", "--run", run_id, "-o", "rows.csv"),
    ):
        code, said = call(*words)
        assert code == 2, words
        assert NOT_WRITTEN in said
        assert f"slogate runs delete {run_id}" in said
    assert not (tmp_path / "rows.csv").exists()
    assert call("report", "latest", "--format", "html", "-o", "page.html")[0] in {0, 1, 3}
    assert NOT_WRITTEN in (tmp_path / "page.html").read_text()


def test_no_promise_is_judged_by_a_flipped_bit(call, tmp_path):
    """Of a whole window it may be one part of thousands."""
    run_id = imported(call, tmp_path, "day.jtl", "production")
    assert call("check", "--service", "shop")[0] in {0, 1, 3}
    flip(tmp_path, run_id)
    code, said = call("check", "--service", "shop")

    assert code == 2
    assert NOT_WRITTEN in said
