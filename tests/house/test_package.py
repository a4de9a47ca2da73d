"""The wheel: what is in it, and that it runs from nothing but its own files."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPENDENCIES = {"duckdb", "locust", "pyarrow", "pyyaml", "rich", "typer", "tzdata"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the tree as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    offline = ["--no-deps", "--no-build-isolation", "--no-index"]
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", *offline, "-w", str(folder), "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    [built] = folder.glob("*.whl")
    return built


@pytest.mark.parametrize(
    "pattern", ["*.py", "docs/*.md", "docs/pictures/*.svg", "schemas/*.json", "py.typed"]
)
def test_wheel_holds_the_package(wheel: Path, pattern: str):
    """Code, manual, schemas and the marker of types are shipped, every file of them."""
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "slogate").rglob(pattern)}

    assert there
    assert there - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_wheel_holds_the_action(wheel: Path):
    """`slogate init` copies the composite action as it is in the repository."""
    shipped = zipfile.ZipFile(wheel).read("slogate/demo/action.yml")

    assert shipped == (ROOT / ".github/actions/slogate/action.yml").read_bytes()


def test_wheel_holds_nothing_else(wheel: Path):
    """Tests, specs and workflows stay in the repository; the licence goes along."""
    names = zipfile.ZipFile(wheel).namelist()
    outside = [name for name in names if not name.startswith("slogate/")]

    assert all(name.startswith("slogate-0.1.0.dist-info/") for name in outside)
    assert "slogate-0.1.0.dist-info/licenses/LICENSE" in outside


def test_wheel_runs_from_its_own_files(wheel: Path, tmp_path: Path):
    """Unpacked anywhere, the program prints its version and its manual."""
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    code = (
        "import slogate, sys; from slogate.cli.app import run; print(slogate.__file__);"
        "sys.exit(run(['docs', 'exit-codes']))"
    )

    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout.startswith(str(tmp_path / "slogate" / "__init__.py"))
    assert "# Exit codes" in done.stdout


def test_few_dependencies():
    """The core needs few packages; everything else is an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {each.split(">")[0] for each in project["dependencies"]}

    assert names == DEPENDENCIES


def test_help_needs_no_heavy_library():
    """The list of commands is printed without importing what the commands need."""
    code = (
        "import sys; from slogate.cli.app import run; run(['--help']);"
        "heavy = {'duckdb', 'pyarrow', 'locust', 'gevent', 'yaml', 'numpy', 'pydantic'};"
        "sys.stderr.write(' '.join(sorted(heavy & {*sys.modules})))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "Examples:" in done.stdout
    assert done.stderr == ""
