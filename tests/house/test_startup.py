"""What commands import: only what they need, or they would take seconds to say a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from projects import budget, new_project, record

from slogate.cli.tree import COMMANDS, build
from slogate.plugins import find

HEAVY = {"duckdb", "pyarrow", "locust", "gevent", "yaml", "numpy", "pandas", "pydantic", "rich"}
# what a plain budget has no use for: converters, servers, comparisons, slos over windows
ELSEWHERE = {
    "http.client", "urllib.request", "asyncio", "slogate.comparing.compare",
    "slogate.measuring.measure", "slogate.measuring.servers", "slogate.promises.production",
    "slogate.slo.openslo.read", "slogate.slo.convert", "slogate.slo.lint", "slogate.ingest",
    "slogate.sources._base", "slogate.engines._surveying", "slogate.engines._looks",
}  # fmt: skip
# what a file of another format has no use for, although every source is asked whose it is
OTHERS = {
    "http.client", "concurrent.futures", "slogate.sources._otlp.translate",
    "slogate.sources._otlp.lane.lane", "slogate.sources._prometheus.reader",
}  # fmt: skip
NEEDED = {"duckdb", "yaml", "slogate.slo.load", "slogate.engines.duckdb", "slogate.gate"}


def loaded(folder: Path, *arguments: str) -> tuple[int, set[str]]:
    """The exit code of a command, and all modules that its process had imported in the end."""
    code = (
        "import sys; from slogate.cli.app import run; code = run(sys.argv[1:]);"
        "sys.stderr.write('\\n' + ' '.join(sys.modules)); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("word", ["--help", "-h", "--version"])
def test_what_is_known_at_once_needs_no_command(word: str, tmp_path: Path):
    """The list of commands is printed without importing a command, or what they need."""
    files = {f"slogate.cli.{'import_' if name == 'import' else name}" for name in COMMANDS}

    code, modules = loaded(tmp_path, word)

    assert code == 0
    assert modules & (HEAVY | ELSEWHERE | files) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says(name: str):
    """What the list of commands has on one is the beginning of its own help."""
    command = build().get_command(None, name)

    assert command.get_short_help_str(200) == COMMANDS[name]


def test_a_budget_is_checked_with_what_it_needs(tmp_path: Path):
    """`check` of budgets alone imports none of the rooms for other judgements."""
    project = new_project(tmp_path)
    (project.folder / "slo" / "shop.yaml").unlink()
    record(project, "pay")
    budget(project, "pay")

    code, modules = loaded(project.folder, "check", "--quiet")

    assert code == 0
    assert modules >= NEEDED
    assert modules & ((HEAVY - NEEDED) | ELSEWHERE) == set()


def test_a_file_is_recognised_without_the_readers_of_others(tmp_path: Path):
    """`import` asks every source whose a file is, and imports what reads it alone."""
    (tmp_path / "requests.csv").write_bytes(find("sources", "export-csv").example)

    code, modules = loaded(tmp_path, "import", "requests.csv", "--service", "shop")

    assert code == 0
    assert "slogate.sources.otlp_json" in modules
    assert modules & (OTHERS | ((HEAVY - {"numpy"}) - {"duckdb", "pyarrow"})) == set()
