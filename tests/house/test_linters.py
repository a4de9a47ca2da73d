"""Lint, format and types, as the project's own settings ask for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["ruff", "check", "--no-fix"], id="ruff check"),
        pytest.param(["ruff", "format", "--check"], id="ruff format"),
        pytest.param(["mypy"], id="mypy"),
        pytest.param(["mypy", "tests/typing"], id="mypy as a user"),
    ],
)
def test_linter_has_nothing_to_say(arguments: list[str]):
    """The tool exits with 0."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
