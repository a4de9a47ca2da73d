"""The steps of the composite action, run by the shell as GitHub would run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml
from commands import slogate_in
from forge_server import TOKEN, forge_server

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github/actions/slogate"
ACTION = yaml.safe_load((FOLDER / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}

SPEC = """\
slogate: 1
service: shop
budgets:
  - {name: home, endpoint: GET /, p50: 1s, errors: 50%}
"""
SLOW = SPEC.replace("1s", "1ms")
HEADER = "timeStamp,elapsed,label,responseCode,success\n"
FIRST_MS = 1_790_000_000_000


def new_project(folder: Path) -> Path:
    """A project with a spec, and JMeter results of twenty seconds."""
    (folder / "project/slo").mkdir(parents=True)
    (folder / "project/slo/shop.yaml").write_text(SPEC)
    rows = [f"{FIRST_MS + n * 50},{20 + n % 9},GET /,200,true\n" for n in range(400)]
    (folder / "project/results.jtl").write_text(HEADER + "".join(rows))
    return folder / "project"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of its own for a test."""
    return new_project(tmp_path)


def step(name: str, folder: Path, **values: str) -> tuple[int, dict[str, str], str]:
    """Run one step: its exit code, its outputs, and what it printed."""
    outputs = folder / "github_output"
    outputs.write_text("")
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    environment = {
        **os.environ, "PATH": path, "GITHUB_OUTPUT": str(outputs), "RUNNER_TEMP": str(folder),
        "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1", **values,
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[name]["run"]],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    written = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    return done.returncode, written, done.stdout + done.stderr


def gate(folder: Path, **values: str) -> tuple[int, dict[str, str], str]:
    """Run the gate's step with the action's own defaults."""
    inputs = {"COMMAND": "check", "SPECS": "", "ARGS": "", "NAME": "slogate"}
    return step("Run the gate", folder, **{**inputs, "SLOGATE_STORE": ".slogate", **values})


def record(folder: Path) -> None:
    """Fill the project's store with what JMeter measured."""
    done = slogate_in(folder, "import", "results.jtl", "--service", "shop")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A project whose gate has passed, and the outputs of that step."""
    folder = new_project(tmp_path_factory.mktemp("passed"))
    record(folder)
    code, outputs, said = gate(folder)

    assert (code, outputs["exit-code"]) == (0, "0"), said
    return folder, outputs


@pytest.mark.parametrize(
    ("branch", "key"),
    [
        pytest.param("main", "main", id="plain"),
        pytest.param("ann/p95,p99", "ann/p95_p99", id="comma"),
        pytest.param("x\ny=$(id)`id`", "x_y___id__id_", id="hostile"),
        pytest.param("b" * 300, "b" * 200, id="long"),
    ],
)
def test_key_of_the_store(tmp_path: Path, branch: str, key: str):
    """The kept store is named after the branch, whatever the branch is called."""
    code, outputs, _ = step(
        "Name the kept store", tmp_path, NAME="slogate", BRANCH=branch, BASE="main"
    )

    assert code == 0
    assert outputs == {
        "key": f"slogate-store-{key}-7-1",
        "branch": f"slogate-store-{key}-",
        "base": "slogate-store-main-",
    }


def test_pass(passed: tuple[Path, dict[str, str]]):
    """A run within its budgets passes, and leaves its reports."""
    _, outputs = passed

    reports = Path(outputs["reports"])
    assert json.loads((reports / "verdict.json").read_text())["outcome"] == "pass"
    assert "<testsuite" in (reports / "verdict.xml").read_text()
    assert '"2.1.0"' in (reports / "verdict.sarif").read_text()
    assert "shop" in (reports / "verdict.md").read_text()
    assert "<h1>" in (reports / "verdict.html").read_text()


def test_notify(passed: tuple[Path, dict[str, str]]):
    """The pull request gets its comment from the step, with the token of the input."""
    project, outputs = passed
    with forge_server() as server:
        code, _, said = step(
            "Notify", project, NOTIFY="github-comment\n\ngithub-issue\n",
            REPORTS=outputs["reports"], GITHUB_TOKEN=TOKEN, GITHUB_API_URL=server.url,
            GITHUB_REPOSITORY="o/r", GITHUB_REF="refs/pull/12/merge", GITHUB_ACTIONS="true",
        )  # fmt: skip

        assert code == 0, said
        assert [each["body"].count("PASS") for each in server.comments] == [1]
        assert "github-issue of shop: nothing to tell" in said
        assert TOKEN not in said


@pytest.mark.parametrize("channel", ["github-comment", "no-such-channel", "$(touch planted)"])
def test_notify_changes_no_exit_code(passed: tuple[Path, dict[str, str]], channel: str):
    """Whatever becomes of telling, the step ends well, and warns."""
    project, outputs = passed
    code, _, said = step(
        "Notify", project, NOTIFY=channel, REPORTS=outputs["reports"], GITHUB_TOKEN="",
        GITHUB_REPOSITORY="o/r", GITHUB_REF="refs/pull/12/merge", GITHUB_ACTIONS="true",
    )  # fmt: skip

    assert code == 0
    assert "::warning" in said
    assert not (project / "planted").exists()


def test_no_store(project: Path):
    """Where nothing was recorded the gate cannot run, and no old report is passed off as new."""
    code, outputs, said = gate(project)

    assert code == 2, said
    assert outputs == {"exit-code": "2"}


def test_arguments_are_not_code(project: Path):
    """An argument a line, handed over as it is: the shell runs nothing of it."""
    code, outputs, said = gate(project, ARGS="--service\n$(touch planted); touch planted")

    assert (code, outputs) == (2, {"exit-code": "2"}), said
    assert not (project / "planted").exists()


def test_unknown_command(project: Path):
    """A command that the action is not made for is refused, not run."""
    code, outputs, said = gate(project, COMMAND="store")

    assert (code, outputs) == (2, {"exit-code": "2"})
    assert "neither run nor check" in said


def test_install(tmp_path: Path):
    """Without a version, what is installed is the slogate that the action came with."""
    code, _, said = step(
        "Install slogate",
        tmp_path,
        VERSION="",
        PACKAGES="\n",
        HERE=str(FOLDER),
        PIP_TARGET=str(tmp_path / "site"),
        PIP_NO_DEPS="1",
        PIP_NO_BUILD_ISOLATION="0",  # pip reads it the wrong way round: 0 is "no isolation"
    )

    assert code == 0, said
    assert said.startswith("slogate ")
    assert (tmp_path / "site/slogate/docs/tutorial.md").is_file()


def test_steps_that_always_run():
    """The store is saved and the reports are uploaded after a breach, too."""
    for name in ("Notify", "Save the store", "Upload the reports"):
        assert STEPS[name]["if"].startswith("${{ always() &&")


def test_inputs_are_explained():
    """Each input and output has its sentence, and the how-to page names it."""
    page = (ROOT / "slogate/docs/in-ci.md").read_text()
    for name, field in [*ACTION["inputs"].items(), *ACTION["outputs"].items()]:
        assert field["description"]
        assert f"`{name}`" in page, name


def test_several_services_are_all_spoken_of(project: Path):
    """Each service's verdict is in every report, and each gets its own comment."""
    record(project)
    rows = [f"{FIRST_MS + n * 50},{20 + n % 9},GET /,200,true\n" for n in range(400)]
    (project / "other.jtl").write_text(HEADER + "".join(rows).replace("GET /", "GET /x"))
    slogate_in(project, "import", "other.jtl", "--service", "pay")
    (project / "slo/pay.yaml").write_text(SLOW.replace("shop", "pay").replace("GET /", "GET /x"))

    code, outputs, said = gate(project)

    reports = Path(outputs["reports"])
    documents = json.loads((reports / "verdict.json").read_text())
    found = {each["run"]["service"]: each["outcome"] for each in documents}
    assert (code, found) == (1, {"pay": "fail", "shop": "pass"}), said
    for name in ("verdict.xml", "verdict.sarif", "verdict.md"):
        assert {"pay", "shop"} <= set(re.findall(r"pay|shop", (reports / name).read_text())), name
    assert {each.name for each in reports.glob("*.html")} == {
        "verdict-pay.html", "verdict-shop.html",
    }  # fmt: skip
    assert "FAIL" in said
    assert "PASS" in said
    with forge_server() as server:
        step(
            "Notify", project, NOTIFY="github-comment\n", REPORTS=outputs["reports"],
            GITHUB_TOKEN=TOKEN, GITHUB_API_URL=server.url, GITHUB_REPOSITORY="o/r",
            GITHUB_REF="refs/pull/12/merge", GITHUB_ACTIONS="true",
        )  # fmt: skip
        comments = "\n".join(str(each) for each in server.comments)
    assert "pay" in comments
    assert "shop" in comments
