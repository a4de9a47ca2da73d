"""`slogate spec`: what it prints, where, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slogate.cli.app import run
from slogate.cli.specfiles import read_specs
from slogate.errors import SpecError, UsageError

SPEC = "slogate: 1\nservice: shop\nbudgets:\n  - {name: order, endpoint: GET /order, p95: 1s}\n"
WARNED = SPEC.replace("p95: 1s", "p95: 1s, on_no_data: pass")
WRONG = SPEC.replace("p95: 1s", "p95: 1s, p99: 500ms")
FAULTY = SPEC.replace("endpoint", "enpoint").replace("1s", "300")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with `slo/` as the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slo").mkdir()
    return tmp_path


def _put(folder: Path, text: str, name: str = "shop.yaml") -> None:
    (folder / "slo" / name).write_bytes(text.encode())


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        pytest.param(SPEC, [], 0, id="nothing to say"),
        pytest.param(WARNED, [], 0, id="a warning"),
        pytest.param(WARNED, ["--strict"], 2, id="a warning, strictly"),
        pytest.param(WRONG, [], 2, id="a contradiction"),
        pytest.param(FAULTY, [], 2, id="faults"),
        pytest.param(FAULTY, ["--json"], 2, id="faults as JSON"),
        pytest.param(SPEC, ["--run-time", "14s", "--rate", "5/s"], 0, id="a short plan"),
        pytest.param(SPEC, ["--run-time", "14s", "--rate", "5/s", "--strict"], 2, id="strictly"),
        pytest.param(SPEC, ["--run-time", "60"], 2, id="a plan without a unit"),
        pytest.param(SPEC, ["--rate", "5/s"], 2, id="half a plan"),
    ],
)
def test_lint_exits_by_what_it_found(here: Path, text: str, options: list[str], code: int) -> None:
    """Faults and contradictions are 2, warnings only when asked for."""
    _put(here, text)

    assert run(["spec", "lint", *options]) == code


def test_lint_prints_places_rules_and_hints(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Remarks go to stdout, the count to stderr unless quiet."""
    _put(here, WARNED)
    run(["spec", "lint"])
    printed = capsys.readouterr()
    run(["spec", "lint", "--quiet"])

    assert printed.out.startswith(
        "slo/shop.yaml:4:62: warning: [no-data-passes] 'order' does not block"
    )
    assert printed.err == "1 spec, 1 objective: 1 warning\n"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "options", "summary"),
    [
        pytest.param(SPEC, [], "1 spec, 1 objective: no findings", id="clean"),
        pytest.param(WRONG, [], "1 spec, 2 objectives: 1 error", id="a contradiction"),
        pytest.param(FAULTY, [], "2 errors", id="faults"),
        pytest.param(
            WRONG.replace("1s", "1s, judge: observed"),
            ["--run-time", "11s", "--rate", "1/s"],
            "1 spec, 2 objectives: 1 error, 1 info",
            id="two severities",
        ),
    ],
)
def test_lint_ends_in_a_count(
    here: Path, capsys: pytest.CaptureFixture[str], text: str, options: list[str], summary: str
) -> None:
    """How many of each severity, or that there is nothing to say."""
    _put(here, text)
    run(["spec", "lint", *options])

    assert capsys.readouterr().err == f"{summary}\n"


def test_lint_prints_faults_as_findings(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With severity and rule, on stdout like remarks."""
    _put(here, FAULTY)
    run(["spec", "lint"])

    assert capsys.readouterr().out.splitlines()[:2] == [
        "slo/shop.yaml:4:19: error: [unknown-key] budgets[0].enpoint: unknown key 'enpoint'",
        "    did you mean 'endpoint'?",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--run-time", "60"], "--run-time: '60' has no unit", id="run time"),
        pytest.param(["--run-time", "60s", "--rate", "5"], "--rate: '5' is not a rate", id="rate"),
        pytest.param(["--run-time", "60s", "--rate", "0/s"], "--rate must be over 0", id="no rate"),
    ],
)
def test_a_wrong_plan_is_named(
    here: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    """The sentence names the option that is wrong, not the other."""
    _put(here, SPEC)

    assert run(["spec", "lint", *options]) == 2
    assert f"error: {message}" in capsys.readouterr().err


def test_lint_prints_all_faults_as_objects(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json machines get the faults on stdout."""
    _put(here, FAULTY)
    run(["spec", "lint", "--json"])
    printed = json.loads(capsys.readouterr().out)

    assert [(f["line"], f["column"], f["path"], f["rule"]) for f in printed] == [
        (4, 19, "budgets[0].enpoint", "unknown-key"),
        (4, 45, "budgets[0].p95", "missing-unit"),
    ]


def test_show_lists_objectives_as_understood(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both spellings of the ending are read from slo/, in the order of their names."""
    _put(here, SPEC, "b.yml")
    _put(here, SPEC.replace("shop", "cart").replace("p95: 1s", "errors: 0"), "a.yaml")
    (here / "slo" / "notes.txt").write_text("not a spec")
    run(["spec", "show"])
    lines = capsys.readouterr().out.splitlines()
    run(["spec", "show", "--json"])
    ids = [objective["id"] for objective in json.loads(capsys.readouterr().out)]

    assert ids == ["cart/order/errors", "shop/order/p95"]
    assert [" ".join(line.split()) for line in lines[1:]] == [
        "cart/order/errors GET /order 0 – 0 ms fact fails slo/a.yaml:4",
        "shop/order/p95 GET /order 1s slow 0 ms 95% fails slo/b.yml:4",
    ]


def test_regressions_are_shown(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line each among the objectives, with its base."""
    _put(here, SPEC.replace("p95: 1s", "regression: {against: main, p95: 10%}"))

    assert run(["spec", "show"]) == 0
    assert "10% against main" in capsys.readouterr().out
    assert run(["spec", "show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["id"] == "shop/order/regression/p95"


def test_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The output of `spec schema` is the shipped file."""
    shipped = Path(__file__).parents[3] / "slogate" / "schemas" / "slogate.schema.json"
    run(["spec", "schema"])

    assert capsys.readouterr().out == shipped.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        pytest.param("slo", "there is no spec: slo holds no .yaml or .yml file", id="empty folder"),
        pytest.param("nope.yaml", "there is no file nope.yaml", id="no such file"),
    ],
)
def test_a_missing_file_is_said(here: Path, path: str, said: str) -> None:
    """UsageError names what was asked for."""
    with pytest.raises(UsageError) as caught:
        read_specs([Path(path)])

    assert caught.value.message == said


def test_without_a_folder_the_default_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a directory without slo/ the hint says what to do."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        read_specs([])

    assert caught.value.message == "there is no spec: no folder slo/ in this directory"
    assert caught.value.hint == (
        "name the spec files, or put them into slo/; "
        "`slogate init` writes a first one; `slogate docs gate-a-service` tells how"
    )


def test_a_folder_above_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stands in a folder of the project is told where to stand."""
    below = here / "loadtests" / "shop"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    with pytest.raises(UsageError) as caught:
        read_specs([])

    assert (caught.value.hint or "").startswith(f"there is one in {here}; name the spec files")


def test_bytes_that_are_no_utf8_have_a_place(here: Path) -> None:
    """The fault points at the first such byte."""
    (here / "slo" / "latin.yaml").write_bytes("slogate: 1\nservice: é".encode() + b"\xe9\n")
    with pytest.raises(SpecError) as caught:
        read_specs([])

    assert [str(fault) for fault in caught.value.faults] == [
        "slo/latin.yaml:2:11: byte 0xe9 is not UTF-8\n    save the file as UTF-8"
    ]


def test_files_are_read_as_they_stand_and_once(here: Path) -> None:
    """Line ends stay, so that a hash is the file's; a path given twice is one file."""
    _put(here, SPEC.replace("\n", "\r\n"))

    assert read_specs([Path("slo"), Path("slo/shop.yaml")]) == [
        ("slo/shop.yaml", SPEC.replace("\n", "\r\n"))
    ]


def test_slos_are_shown(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line a window, beside the budgets, and everything that judges it as data."""
    windows = "[28d, {calendar: month, timezone: Europe/Berlin}]"
    slo = f"{{name: fast, good: ok, objective: 99.95%, window: {windows}, by: region}}"
    _put(here, f"slogate: 1\nservice: shop\nslos:\n  - {slo}\n")

    run(["spec", "show"])
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    run(["spec", "show", "--json"])
    found = json.loads(capsys.readouterr().out)

    of = "the service 99.95%"
    assert lines[1:] == [
        f"shop/fast/28d {of} 28d requests by region fails slo/shop.yaml:4",
        f"shop/fast/month {of} month (Europe/Berlin) requests by region fails slo/shop.yaml:4",
    ]
    assert [each["timezone"] for each in found] == [None, "Europe/Berlin"]
