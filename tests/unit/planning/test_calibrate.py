"""What runs of the same service say: how they differ, what is called worse, what a build sees."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from stored_runs import keep

from slogate.cli.app import run as slogate
from slogate.model.run import Health

SPEC = """slogate: 1
service: shop
budgets:
  - {name: submit, endpoint: POST /checkout, p95: 100ms, regression: {against: main, p95: 20%}}
"""
SCHEMA = json.loads(
    (Path(__file__).parents[3] / "slogate/schemas/calibration.v1.schema.json").read_text("utf-8")
)
LABELS = {"calibration": "aa"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine runs of the same service, by about 3% apart, and one that was aborted."""
    folder = tmp_path_factory.mktemp("same")
    rng = np.random.default_rng(5)
    for number in range(9):
        keep(folder, f"r{number:02}", set(), moved=int(rng.normal(0, 400)), labels=LABELS)
    keep(folder, "aborted", set(), labels=LABELS, state="aborted")
    keep(folder, "other", set(), moved=9_000)
    keep(folder, "pilot", set(), moved=9_000, labels={**LABELS, "pilot": "auto"})
    (folder / "slo").mkdir()
    (folder / "slo" / "shop.yaml").write_text(SPEC, encoding="utf-8")
    return folder


def calibrated(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict]:
    """The exit code and the document; no run is left to do."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SLOGATE_STORE", raising=False)
    code = slogate(["calibrate", "--resume", "aa", "--json", "-n", "9"])
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, SCHEMA)
    return code, document


def test_runs_of_the_same_are_rarely_called_worse(runs, monkeypatch, capsys):
    """Their spread, the smallest change to see, the rates with intervals; other runs are out."""
    code, document = calibrated(runs, monkeypatch, capsys)
    alarms = document["false_alarms"]
    p95 = next(it for it in document["measures"] if it["key"] == "p95")

    assert code == 0
    assert document["runs"] == [f"r{number:02}" for number in range(9)]
    assert [left["run"] for left in document["left_out"]] == ["aborted"]
    assert document["budgets"] == {"shop/submit/p95": {"pass": 9}}
    assert alarms["any_change"]["runs"] == 9
    assert alarms["any_change"]["alarms"] <= 1
    assert alarms["over_budget"]["alarms"] == 0
    low, high = alarms["over_budget"]["interval"]
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 9))
    assert 0.015 < p95["between_runs"] < 0.06
    # t of nine degrees at 5%, z at 90%, one run against ten
    assert np.log1p(p95["sees"]) == pytest.approx(
        np.log1p(p95["between_runs"]) * (1.8331 + 1.2816) * np.sqrt(1.1), rel=1e-3
    )


def test_a_run_that_is_not_the_same_is_an_alarm(tmp_path, monkeypatch, capsys):
    """Planted: one run of six is far slower; the table and the sentences for people say so."""
    for number in range(6):
        moved = 9_000 if number == 4 else 40 * number
        keep(tmp_path, f"r{number}", set(), moved=moved, labels=LABELS)
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo" / "shop.yaml").write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    code = slogate(["calibrate", "--resume", "aa", "-n", "6"])
    shown = capsys.readouterr().out
    p95 = [line for line in shown.splitlines() if line.startswith("submit/p95  ")][-1]

    assert code == 0
    assert "shop: 6 runs of the same, 24,000 requests" in shown
    assert p95.split()[-6:] == ["1", "of", "6", "1", "of", "5"]
    assert "any change to the worse, Holm over 4 measures: 1 false alarm in 6 runs, 17%" in shown
    assert "worse than a regression budget allows: 1 false alarm in 6 runs" in shown
    assert "the smallest change that one run against ten shows nine times in ten: +" in shown


def test_too_few_usable_runs_are_exit_3(tmp_path, monkeypatch, capsys):
    """Three usable ones tell nothing about changes; the budgets are told all the same."""
    for number in range(3):
        keep(tmp_path, f"r{number}", set(), labels=LABELS)
    keep(tmp_path, "late", set(), labels=LABELS, health=Health(cpu=0.99))
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo" / "shop.yaml").write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    code = slogate(["calibrate", "--resume", "aa", "-n", "4"])

    assert code == 3
    assert "too few usable runs" in capsys.readouterr().out


def test_nothing_to_go_on_with(runs, monkeypatch, capsys):
    """A name that no run has is refused before any load is sent."""
    monkeypatch.chdir(runs)
    code = slogate(["calibrate", "--resume", "nobody"])

    assert code == 2
    told = capsys.readouterr().err
    assert "no run of the calibration 'nobody'" in told
    assert "slogate runs list" in told
