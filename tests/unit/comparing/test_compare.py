"""Base against head from a store of runs whose truth is known, as a user calls it."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
from builders import SECOND, START
from builders import run as a_run
from jsonschema import Draft202012Validator
from series_strategies import row, table

from slogate.cli.app import run
from slogate.model.run import Reconciliation
from slogate.store.layout import Store, open_store
from slogate.store.manifest import write_run
from slogate.store.parts import write_part

HOUR = 3_600 * SECOND
SCHEMAS = Path(__file__).parents[3] / "slogate" / "schemas"
MAIN = ["r004", "r003", "r002", "r001", "r000"]
SPEC = """slogate: 1
service: shop
budgets:
  - name: browse
    endpoint: GET /browse
    regression: {against: main, p95: 15%, errors: 2%}
"""


def record(store: Store, number: int, *, factor=1.0, branch="main", failing=0.0, **more):
    """A minute of 20 requests a second; runs differ by 2% by themselves."""
    rng = random.Random(number)
    level, rows = rng.gauss(0, 0.02), []
    for at in range(1_200):
        bad = rng.random() < failing
        rows.append(
            row(
                ts=number * HOUR + 2 * SECOND + at * SECOND // 20,
                duration_us=int(50_000 * factor * math.exp(level + rng.gauss(0, 0.4))),
                endpoint="/browse",
                status=500 if bad else 200,
                ok=not bad,
            )
        )
    name, start = f"r{number:03}", START + number * HOUR
    part = write_part(store, name, "shop", "load", table(rows), sequence=0, worker=None)
    it = replace(
        a_run(id=name, branch=branch, created_ts=start, **more),
        start_ts=start,
        ramped_ts=start + 2 * SECOND,
        stop_ts=start + 62 * SECOND,
        end_ts=start + 62 * SECOND,
        parts=(part,),
        rows=Reconciliation(seen=1_200, written=1_200, counted=1_200),
    )
    write_run(store, it)


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    """Five runs of main, then heads: slower, the same, faster, failing, one not finished."""
    folder = tmp_path_factory.mktemp("compare")
    store = open_store(folder / "store", create=True)
    for number in range(5):
        record(store, number)
    record(store, 5, factor=1.5, branch="slower")
    record(store, 6, branch="same")
    record(store, 7, factor=0.6, branch="faster")
    record(store, 8, failing=0.5, branch="failing")
    record(store, 9, branch="cut", state="interrupted")
    for number, state in enumerate(("complete", "incomplete", "aborted"), 10):
        record(store, number, branch=f"idle-{state}", state=state, failing=0.5)
    (folder / "slo").mkdir()
    (folder / "slo" / "shop.yaml").write_text(SPEC)
    return folder


@pytest.fixture
def here(kept: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder."""
    monkeypatch.chdir(kept)
    monkeypatch.setenv("SLOGATE_STORE", str(kept / "store"))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return kept


@pytest.mark.parametrize(
    ("head", "code", "outcomes"),
    [
        ("slower", 1, ["fail", "pass"]),
        ("same", 0, ["pass", "pass"]),
        ("faster", 0, ["pass", "pass"]),
        ("failing", 1, ["fail", "fail"]),
        ("cut", 3, ["invalid", "invalid"]),
    ],
)
def test_head_against_main(here, capsys, head, code, outcomes):
    """The verdict is that of the truth, and its document that of its schema."""
    assert run(["compare", "main", head, "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    schema = json.loads((SCHEMAS / "comparison.v1.schema.json").read_text())

    Draft202012Validator(schema).validate(document)
    judged = [line["outcome"] for line in document["lines"] if line["outcome"] is not None]
    assert judged == outcomes
    assert document["base"]["runs"] == MAIN


@pytest.mark.parametrize(
    ("state", "outcome"), [("complete", "fail"), ("incomplete", "invalid"), ("aborted", "fail")]
)
def test_too_low_a_rate_is_proved_only_where_all_was_counted(here, capsys, state, outcome):
    """Half of the rows of a run that is incomplete may be lost."""
    (here / "rate.yaml").write_text(SPEC.replace("p95: 15%, errors: 2%", "throughput: 20%"))

    run(["compare", "main", f"idle-{state}", "rate.yaml", "--json"])

    document = json.loads(capsys.readouterr().out)
    assert [line["outcome"] for line in document["lines"] if line["outcome"]] == [outcome]


def test_a_base_across_a_change_of_level_is_told(tmp_path, monkeypatch, capsys):
    """No number of such runs would settle anything, and pinned ones since the change do."""
    monkeypatch.chdir(tmp_path)
    store = open_store(tmp_path / ".slogate", create=True)
    for number in range(9):
        record(store, number, factor=1.0 if number < 3 else 1.5)
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo" / "shop.yaml").write_text(SPEC)

    assert run(["compare", "main", "r008"]) == 3
    assert "among themselves, too much for this budget; if the level" in capsys.readouterr().out
    for number in range(3, 8):
        assert run(["runs", "pin", f"r00{number}", "since"]) == 0
    assert run(["compare", "since", "r008"]) == 0


def test_check_judges_the_same(here, capsys):
    """As findings of the verdict, to the same bytes on any number of threads."""
    assert run(["check", "--run", "r005", "--json"]) == 1
    first = capsys.readouterr().out
    assert run(["check", "--run", "r005", "--json", "--threads", "1"]) == 1
    assert capsys.readouterr().out == first

    finding = json.loads(first)["objectives"][0]
    assert (finding["id"], finding["outcome"]) == ("shop/browse/regression/p95", "fail")
    assert finding["comparison"]["base_runs"] == MAIN
    low, high = finding["interval"]
    assert 0.15 < low < finding["observed"] < high


def test_too_few_base_runs_are_no_pass(here, capsys):
    """With two the reason says how many more; with none there is no data, and never exit 0."""
    assert run(["check", "--run", "r002", "--json"]) == 3
    few = json.loads(capsys.readouterr().out)["objectives"][0]
    assert run(["check", "--run", "r000", "--json"]) == 3
    none = json.loads(capsys.readouterr().out)["objectives"][0]

    assert (few["outcome"], none["outcome"]) == ("inconclusive", "no_data")
    assert "takes 3, so 1 more" in few["reason"]


def test_a_single_base_run_is_helped_by_the_history_of_its_branch(here, capsys):
    """One run against one: how runs differ is told by the runs before on the base's branch."""
    assert run(["compare", "r004", "slower", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)

    assert document["lines"][0]["spread_runs"] == MAIN


def test_a_pin_is_a_base(here, capsys):
    """Pinned runs are found by the name, and no more once it is taken off."""
    for name in ("r001", "r002", "r003"):
        assert run(["runs", "pin", name, "release"]) == 0
    assert run(["compare", "pin:release", "slower", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["base"]["runs"] == ["r003", "r002", "r001"]
    for name in ("r001", "r002", "r003"):
        assert run(["runs", "unpin", name]) == 0
    assert run(["compare", "pin:release", "slower"]) == 2


def test_people_read_what_got_faster(here, capsys):
    """Text and Markdown name what is better for sure, and conclude in one line."""
    assert run(["compare", "main", "faster"]) == 0
    shown = capsys.readouterr().out
    assert run(["compare", "main", "faster", "--markdown"]) == 0
    marked = capsys.readouterr().out

    assert "Better for sure:\n- p95 of GET /browse changed by −" in shown
    assert shown.endswith("PASS: nothing blocks, 2 of 2 regression budgets met (exit 0)\n")
    assert "**Better for sure**" in marked


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["mian", "slower"], 2, "did you mean main?"),
        (["main", "previous"], 2, "it can only be the base"),
        (["main", "slower", "--json", "--markdown"], 2, "contradict"),
        (["main", "slower", "--paired-by", "job"], 3, ""),
    ],
)
def test_what_cannot_be_compared(here, capsys, words, code, said):
    """A sentence and a hint; pairs that are none are no pass."""
    assert run(["compare", *words]) == code
    assert said in capsys.readouterr().err


def test_pairs_are_held_together_by_a_label(kept, tmp_path, monkeypatch, capsys):
    """Six jobs that ran both: +30% is shown, and the design says how."""
    store = open_store(tmp_path / "store", create=True)
    for job in range(6):
        record(store, 2 * job, labels={"job": str(job)})
        record(store, 2 * job + 1, factor=1.3, branch="slower", labels={"job": str(job)})
    monkeypatch.chdir(kept)
    monkeypatch.setenv("SLOGATE_STORE", str(tmp_path / "store"))

    assert run(["compare", "main", "slower", "--paired-by", "job", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    line = document["lines"][0]
    assert (document["design"], len(document["base"]["runs"])) == ("paired", 6)
    # of two budgets one at 1/64 is 1/32 by Holm: under 5%
    assert (line["key"], line["outcome"]) == ("p95", "fail")
    assert (line["p_over"], line["p_over_holm"]) == (1 / 64, 1 / 32)
