"""The README's commands, and what else it promises."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from slogate.reports.text import _HEAD as HEAD
from slogate.slo.load import load_specs

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
FIRST_SCREEN = 30


def steps(block: str) -> list[list[str]]:
    """The commands of a block that is one line, joined by `&&`."""
    [line] = block.splitlines()
    return [shlex.split(part) for part in line.split("&&")]


def test_first_block_sets_up_and_runs_the_main_job():
    """The first `sh` block is one line: environment, package, `slogate run`."""
    environment, install, run = steps(BLOCKS[0])

    assert environment == ["python3", "-m", "venv", ".venv"]
    assert install == [".venv/bin/pip", "install", "-q", "."]
    assert run == [".venv/bin/slogate", "run"]


def test_second_block_sets_up_and_runs_the_tests():
    """The second `sh` block is one line: environment, test extra, pytest."""
    environment, install, run = steps(BLOCKS[1])

    assert environment == ["python3", "-m", "venv", ".venv"]
    assert install == [".venv/bin/pip", "install", "-q", "-e", ".[test]"]
    assert run[0] == ".venv/bin/pytest"


def test_ci_takes_its_command_from_the_readme():
    """`.ci/run` extracts the second block as a shell would read it, whatever it says."""
    script = (ROOT / ".ci/run").read_text()
    [extract] = re.findall(r"command=\$\((awk .*)\)", script)

    found = subprocess.run(
        ["bash", "-c", extract], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert found.stdout == BLOCKS[1]


def test_first_screen_is_short():
    """Within a screen a reader knows what it is, how to run it, and what the exit codes say."""
    screen = "\n".join(README.splitlines()[:FIRST_SCREEN])

    assert BLOCKS[0] in f"{screen}\n"
    assert "exit code" in screen
    assert "fails closed" in screen


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_link_leads_somewhere(link: str):
    """A link of the README to a file leads to one."""
    assert (ROOT / link).exists()


def test_sample_spec_is_that_of_the_sample_shop():
    """The sample spec has the numbers that the main job is designed for."""
    [spec] = load_specs([("slo/shop.yaml", (ROOT / "slo/shop.yaml").read_text())])
    keys = {(o.scope.name, o.key) for o in spec.objectives}

    assert spec.service == "shop"
    assert spec.warmup_us == 5_000_000
    assert keys == {
        ("browse", "p95"), ("browse", "p99"), ("search", "p95"), ("cart", "p95"),
        ("checkout", "p95"), ("login", "p95"), ("service", "errors"), ("service", "throughput"),
    }  # fmt: skip


def test_sample_spec_names_its_schema():
    """The sample spec's first line leads editors to the shipped schema."""
    first = (ROOT / "slo/shop.yaml").read_text().splitlines()[0]
    [path] = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", first)

    assert (ROOT / "slo" / path).resolve() == ROOT / "slogate/schemas/slogate.schema.json"


VERDICT = re.compile(r"(<!-- verdict: .+ -->\n)(.*?)(<!-- /verdict -->)", re.DOTALL)


def test_verdict_that_is_shown_is_a_real_one(update: bool):
    """The README shows a verdict of the sample spec, in the shape that the report has now.

    With `--update` it is taken from the latest run in `.slogate/`, made by `slogate run`.
    """
    if update:
        command = [sys.executable, "-m", "slogate", "check"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        block = f"\n```text\n{done.stdout}```\n\n"
        (ROOT / "README.md").write_text(VERDICT.sub(lambda m: f"{m[1]}{block}{m[3]}", README))
        return
    [shown] = [match[2] for match in VERDICT.finditer(README)]
    [spec] = load_specs([("slo/shop.yaml", (ROOT / "slo/shop.yaml").read_text())])
    count = len(spec.objectives)

    lines = [" ".join(line.split()) for line in shown.splitlines() if line.strip()]
    table = lines.index(" ".join(HEAD))
    assert lines[0] == "```text"
    assert re.match(r"Run \S+ of shop, ", lines[1])
    for objective, row in zip(spec.objectives, lines[table + 1 :], strict=False):
        endpoint = objective.scope.selection.endpoint or "(all)"
        assert row.startswith(f"✓ pass {objective.scope.name}/{objective.key} {endpoint} ")
    assert lines[-2:] == [f"PASS: all {count} objectives met (exit 0)", "```"]
