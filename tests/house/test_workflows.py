"""The workflows and the action, checked by the linters that the field trusts."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github/actions").glob("*/action.yml"))
SCRIPTS = [ROOT / ".ci/run"]
BIN = Path(sysconfig.get_path("scripts"))

INJECTION = """\
name: planted
on: issue_comment
permissions: {}
jobs:
  say:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "${{ github.event.comment.body }}"
"""
UNPINNED = """\
name: planted
description: planted
runs:
  using: composite
  steps:
    - uses: someone/something@main
"""


def lint(program: str, *arguments: str | Path, text: str | None = None) -> tuple[int, str]:
    """Run a linter; its exit code and all that it printed."""
    done = subprocess.run(
        [str(BIN / program), *map(str, arguments)],
        input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def actionlint(path: Path) -> tuple[int, str]:
    """Lint a workflow; its shell code too."""
    return lint("actionlint", f"-shellcheck={BIN / 'shellcheck'}", "-pyflakes=", path)


def zizmor(path: Path) -> tuple[int, str]:
    """Audit workflows and actions for security."""
    return lint("zizmor", "--offline", "--no-progress", "--quiet", path)


def schema(name: str, path: Path) -> tuple[int, str]:
    """Validate against a vendored schema."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def shell_steps(path: Path) -> list[tuple[str, str]]:
    """The name and the script of each step of an action that runs in a shell."""
    steps = yaml.safe_load(path.read_text())["runs"]["steps"]
    return [(step["name"], step["run"]) for step in steps if "run" in step]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_lints(path: Path):
    """A workflow has nothing that actionlint complains of, in its shell code neither."""
    assert actionlint(path) == (0, "")


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        *[pytest.param("vendor.github-workflows", path, id=path.name) for path in WORKFLOWS],
        *[pytest.param("vendor.github-actions", path, id=path.parent.name) for path in ACTIONS],
        pytest.param("vendor.dependabot", ROOT / ".github/dependabot.yml", id="dependabot.yml"),
    ],
)
def test_file_has_its_schema(kind: str, path: Path):
    """Each file of GitHub's has the shape that GitHub publishes for it."""
    code, said = schema(kind, path)

    assert code == 0, said


def test_workflows_are_safe():
    """The auditor zizmor finds no injection, no loose permission, nothing unpinned."""
    code, said = zizmor(ROOT / ".github")

    assert code == 0, said


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_script_lints(path: Path):
    """Shellcheck has nothing to say of a script of ours."""
    assert lint("shellcheck", path) == (0, "")


@pytest.mark.parametrize(
    ("name", "script"),
    [pytest.param(*step, id=step[0]) for path in ACTIONS for step in shell_steps(path)],
)
def test_step_of_action_lints(name: str, script: str):
    """Shellcheck has nothing to say of the action's steps, and no expression is pasted in."""
    assert "${{" not in script, f"{name}: hand values over as environment variables"
    assert lint("shellcheck", "--shell=bash", "-", text=script) == (0, "")


def test_linters_catch_an_unknown_key(tmp_path: Path):
    """A misspelled key of a workflow is found by actionlint and by the schema."""
    planted = tmp_path / "planted.yml"
    planted.write_text(WORKFLOWS[0].read_text().replace("runs-on:", "run-on:", 1))

    code, said = actionlint(planted)

    assert code == 1
    assert 'unexpected key "run-on"' in said
    assert schema("vendor.github-workflows", planted)[0] == 1


def test_linters_catch_an_injection(tmp_path: Path):
    """A comment of a stranger's pasted into a script is found by zizmor and by actionlint."""
    planted = tmp_path / "planted.yml"
    planted.write_text(INJECTION)

    code, said = zizmor(planted)

    assert code != 0
    assert "template-injection" in said
    assert actionlint(planted)[0] == 1


def test_linters_catch_an_unpinned_action(tmp_path: Path):
    """Someone else's action at a moving branch is found by zizmor; a step without a shell too."""
    planted = tmp_path / "action.yml"
    planted.write_text(UNPINNED)

    code, said = zizmor(planted)

    assert code != 0
    assert "unpinned-uses" in said
    planted.write_text(UNPINNED.replace("uses: someone/something@main", "run: true"))
    assert schema("vendor.github-actions", planted)[0] == 1
