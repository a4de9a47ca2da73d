"""The architecture: imports point one way, and a fault planted anywhere is found."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

DATA = "data goes one way"
CORE = "the core touches nothing outside"
STORE = "the store has never heard of an SLO"
SQL = "SQL lives in store, engines and sources"
NEIGHBOURS = "plugins do not know their neighbours"
CIRCLES = "no circles"

FAULTS = [
    pytest.param("objectives/errors.py", "import duckdb", CORE, id="duckdb in an objective"),
    pytest.param("evaluate.py", "import time", CORE, id="a clock in the core"),
    pytest.param("units.py", "from pathlib import Path", CORE, id="a path in the core"),
    pytest.param(
        "objectives/errors.py",
        "def late():\n    import socket\n    return socket",
        CORE,
        id="an import hidden in a function",
    ),
    pytest.param(
        "reports/json.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pyarrow",
        CORE,
        id="an import for types only",
    ),
    pytest.param("store/parts.py", "import slogate.slo.spec", STORE, id="an SLO in the store"),
    pytest.param("shop/service.py", "import slogate.stats.beta", STORE, id="beta in the shop"),
    pytest.param("gate.py", "import duckdb", SQL, id="SQL in the gate"),
    pytest.param(
        "reports/junit.py",
        "from slogate.reports.json import PLUGIN as other",
        NEIGHBOURS,
        id="a report that knows another",
    ),
    pytest.param(
        "objectives/percentile.py",
        "from slogate.objectives.mean import PLUGIN as other",
        NEIGHBOURS,
        id="an objective that knows another",
    ),
    pytest.param(
        "notifiers/webhook.py",
        "from slogate.notifiers.alertmanager import PLUGIN as other",
        NEIGHBOURS,
        id="a notifier that knows another",
    ),
    pytest.param("model/run.py", "from slogate.verdict import Outcome", DATA, id="an arrow upward"),
    pytest.param("misc.py", "", DATA, id="a room without a floor"),
    pytest.param(
        "units.py", "from slogate.model.window import Window", CIRCLES, id="a circle"
    ),
]  # fmt: skip


def lint_imports(folder: Path) -> tuple[int, str]:
    """Run import-linter in a folder that holds the package and its pyproject.toml."""
    program = Path(sysconfig.get_path("scripts")) / "lint-imports"
    done = subprocess.run(
        [str(program), "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def broken(said: str) -> list[str]:
    """The names of the contracts that the linter says are broken."""
    return re.findall(r"^(.+) BROKEN(?: \(.*\))?$", said, re.MULTILINE)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package to plant faults in."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", folder)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "slogate", folder / "slogate", ignore=ignore)
    return folder


def test_imports_point_one_way():
    """All contracts hold."""
    code, said = lint_imports(ROOT)

    assert code == 0, said


@pytest.mark.parametrize(("file", "fault", "contract"), FAULTS)
def test_a_planted_fault_is_found(house: Path, file: str, fault: str, contract: str):
    """The one fault that is planted breaks the contract that is there for it."""
    path = house / "slogate" / file
    before = path.read_text() if path.exists() else None
    path.write_text(f"{before or ''}\n{fault}\n")
    try:
        code, said = lint_imports(house)
    finally:
        path.unlink() if before is None else path.write_text(before)

    assert code == 1, said
    assert contract in broken(said), said


@pytest.mark.parametrize(
    ("room", "like"),
    [
        pytest.param("sources", None, id="source"),
        pytest.param("reports", "reports/junit.py", id="report"),
        pytest.param("objectives", "objectives/throughput.py", id="objective"),
    ],
)
def test_a_new_plugin_needs_no_new_rule(house: Path, room: str, like: str | None):
    """A file dropped into a room fits the contracts without a line of configuration."""
    text = (house / "slogate" / like).read_text() if like else "from slogate.sources import _base\n"
    added = house / "slogate" / room / "added_later.py"
    added.write_text(text)
    try:
        code, said = lint_imports(house)
    finally:
        added.unlink()

    assert code == 0, said
