"""`slogate plan` as a user calls it, on stores with runs recorded at known latencies."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from stored_runs import ROWS, keep

from slogate.cli.app import run as slogate
from slogate.model.run import Health
from slogate.model.turns import Interleaved

SPEC = """slogate: 1
service: shop
budgets:
  - {name: submit, endpoint: POST /checkout, p95: 100ms, p99.9: 100ms, mean: 80ms}
  - {name: all, errors: 1%, throughput: 5/s}
  - {name: nobody, endpoint: GET /nobody, p95: 1s}
"""
GOOD = SPEC.replace("  - {name: nobody, endpoint: GET /nobody, p95: 1s}\n", "")
SCHEMA = json.loads(
    (Path(__file__).parents[3] / "slogate/schemas/plan.v1.schema.json").read_text("utf-8")
)
COMPARED = """slogate: 1
service: shop
budgets:
  - {name: all, endpoint: POST /checkout, p95: 1s, regression: {against: main, p95: 10%}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec, and a run whose slow requests are one in a hundred, evenly spread."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLOGATE_STORE", raising=False)
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo" / "shop.yaml").write_text(GOOD, encoding="utf-8")
    keep(tmp_path, "r1", set(range(50, ROWS, 100)))
    return tmp_path


def planned(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    """The exit code and the document."""
    code = slogate(["plan", "--json", *arguments])
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, SCHEMA)
    return code, document


def by_id(document: dict) -> dict[str, dict]:
    """The objectives by what follows the service in their id."""
    return {each["id"].partition("/")[2]: each for each in document["objectives"]}


def test_a_table_for_people(project: Path, capsys: pytest.CaptureFixture[str]):
    """What it stands on, a row an objective, and what to type next."""
    code = slogate(["plan"])
    shown = capsys.readouterr().out

    assert code == 0
    assert "from run r1; 20 requests a second" in shown
    lines = {line.split()[0]: line.split() for line in shown.splitlines() if "/" in line}
    assert lines["submit/p95"][1:4] == ["100ms", "1%", "5%"]
    assert lines["submit/p95"][-1] == "pass"
    assert "never" not in lines["all/errors"]
    assert "slogate run --run-time" in shown


def test_a_document_for_machines(project: Path, capsys: pytest.CaptureFixture[str]):
    """The same figures in full; 1% slow against 0.1% allowed will fail, quickly."""
    code, document = planned(capsys)
    lines = by_id(document)

    assert code == 0, document
    assert document["schema"] == "slogate.plan/v1"
    assert document["runs"] == ["r1"]
    assert document["never"] == []
    assert document["longest"] == max(
        lines.values(), key=lambda line: line["run_time_ms"]
    )["id"]  # fmt: skip
    assert lines["submit/p95"]["likely_outcome"] == "pass"
    assert lines["submit/p95"]["requests_at_least"] == 73
    assert lines["submit/p99.9"]["likely_outcome"] == "fail"
    assert lines["submit/p99.9"]["requests_at_least"] == 3_719
    assert lines["submit/mean"]["likely"] == pytest.approx(13.4, abs=0.5)
    assert lines["all/throughput"]["how"] == "fact"


def test_what_nobody_called_is_exit_3(project: Path, capsys: pytest.CaptureFixture[str]):
    """Of an endpoint without requests nothing is known; the others are planned all the same."""
    (project / "slo" / "shop.yaml").write_text(SPEC, encoding="utf-8")
    code = slogate(["plan"])
    shown = capsys.readouterr().out

    assert code == 3
    assert "decides all but 1 budget" in shown
    assert "nobody/p95: no run has requests of it" in shown


@pytest.mark.parametrize(
    ("given", "code", "decided"),
    [
        pytest.param("9s", 3, set(), id="under ten seconds judged"),
        pytest.param("30s", 3, {"submit/p95", "submit/mean", "all/throughput"},
                     id="half a minute"),
        pytest.param("10m", 0, None, id="ten minutes"),
    ],
)  # fmt: skip
def test_what_a_given_time_decides(project: Path, capsys, given, code, decided):
    """The budgets that so long a run decides; exit 3 if one is not among them."""
    found, document = planned(capsys, "--for", given)
    lines = by_id(document)
    known = {name for name, line in lines.items() if line["in_time"]["decided"]}

    assert found == code
    assert document["enough"] == (code == 0)
    assert known == (set(lines) if decided is None else decided)


def test_a_given_time_as_a_table(project: Path, capsys: pytest.CaptureFixture[str]):
    """What passes, what fails, how often it is decided, and what would do."""
    code = slogate(["plan", "--for", "12s"])
    shown = capsys.readouterr().out

    assert code == 3
    assert "passes up to" in shown
    assert " would do" in shown
    assert "12 s decide " in shown


def test_other_load_and_power(project: Path, capsys: pytest.CaptureFixture[str]):
    """Ten times the load needs less time, more power needs more."""
    seconds = [
        by_id(planned(capsys, *arguments)[1])["submit/p95"]["seconds_needed"]
        for arguments in ([], ["--rate", "40/s"], ["--power", "99.9%"])
    ]

    assert seconds[1] < seconds[0] < seconds[2]


def test_runs_that_cannot_be_used_are_left_out_and_named(project: Path, capsys):
    """An aborted run, one whose generator was late; the plan stands on the other."""
    keep(project, "r0", set(), state="aborted")
    keep(project, "r2", set(), health=Health(cpu=0.99))
    code = slogate(["plan"])
    shown = capsys.readouterr()

    assert code == 0
    assert "2 unusable left out" in shown.out
    assert "left out: r0, it was not finished" in shown.err
    assert "left out: r2, the run is invalid: the generator used 99% of a core" in shown.err


def test_a_run_in_turns_had_half_of_the_time(project: Path, capsys):
    """Its requests came in its own turns; the base beside it is no history of the service."""
    turns = {"other": "r9", "words": "main", "seed": 1, "slice_us": 10**7, "settle_us": 0}
    keep(project, "r0", set(), interleaved=Interleaved(side="base", **turns))
    keep(
        project, "r9", set(range(50, 4_000, 100)), told=(("settled", "yes"),),
        interleaved=Interleaved(side="head", **{**turns, "other": "r0"}),
    )  # fmt: skip
    alone = planned(capsys, "--run", "r1")[1]
    code, both = planned(capsys, "--run", "r9", "--run", "r0")

    assert code in {0, 3}
    assert both["runs"] == ["r9"]
    assert both["left_out"] == [
        {"run": "r0", "reason": "it was the base that run r9 was held against"}
    ]
    assert both["rate"] == pytest.approx(2 * alone["rate"], rel=0.1)


def test_regression_budgets_are_planned_too(project: Path, capsys: pytest.CaptureFixture[str]):
    """How long side by side, how many stored runs, and what one against ten can see."""
    for number in range(3):
        keep(project, f"s{number}", set(), moved=200 * number)
    (project / "slo" / "shop.yaml").write_text(COMPARED, encoding="utf-8")
    code = slogate(["plan"])
    shown = capsys.readouterr().out

    assert code == 0
    assert "from stored runs" in shown
    line = next(line for line in shown.splitlines() if line.startswith("all/regression/p95"))
    assert "2 min 2 s" in line
    assert "one against ten sees" in line


def test_regressions_alone_are_told_as_such(project: Path, capsys: pytest.CaptureFixture[str]):
    """Not as budgets that no run can decide, nor as none of none."""
    only = COMPARED.replace("p95: 1s, regression", "regression")
    (project / "slo" / "shop.yaml").write_text(only, encoding="utf-8")
    slogate(["plan"])
    whole = capsys.readouterr().out
    slogate(["plan", "--for", "10m"])

    assert "`slogate run --against` decides them side by side" in whole
    assert "10 min side by side decide 1 of 1 regression budgets" in capsys.readouterr().out


def test_no_history_is_no_plan(project: Path, capsys: pytest.CaptureFixture[str]):
    """Exit 3 with what to do: for a store without runs of the service."""
    (project / "slo" / "shop.yaml").write_text(
        GOOD.replace("service: shop", "service: other"), encoding="utf-8"
    )
    code = slogate(["plan"])
    printed = capsys.readouterr()

    assert code == 3
    assert printed.out == ""
    assert "no load run of the service 'other'" in printed.err
    assert "slogate run --run-time 60s" in printed.err


def test_only_unusable_history_is_no_plan(project: Path, capsys: pytest.CaptureFixture[str]):
    """Every run that was looked at is named with its fault."""
    keep(project, "r0", set(), state="interrupted")
    code = slogate(["plan", "--run", "r0"])

    assert code == 3
    assert "left out: r0, it was not finished" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--power", "100%"], "under 100%", id="certainty"),
        pytest.param(["--power", "0.9"], "--power: '0.9' is not a percentage", id="no per cent"),
        pytest.param(["--rate", "0/s"], "--rate must be over 0", id="no load"),
        pytest.param(["--rate", "fast"], "--rate: 'fast' is not a rate", id="no rate"),
        pytest.param(["--for", "5"], "--for: '5' has no unit", id="no unit"),
        pytest.param(["--for", "0s"], "--for must be longer than 0", id="no time"),
        pytest.param(["--run", "nothing"], "nothing", id="no such run"),
        pytest.param(["--service", "x"], "no spec speaks of the service 'x'", id="no service"),
    ],
)
def test_hostile_arguments_are_one_sentence(project: Path, capsys, arguments, words):
    """Exit 2, a sentence and no traceback."""
    code = slogate(["plan", *arguments])
    printed = capsys.readouterr()

    assert code == 2
    assert words in printed.err
    assert "Traceback" not in printed.err
