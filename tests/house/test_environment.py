"""The tests' own environment: what conftest.py promises."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

MISSING = """
def test_needs_it(system_program):
    "Needs a program that no machine has."
    system_program("no-such-program-anywhere", package="nowhere")
"""


def test_a_test_cannot_leave_loopback():
    """A connection beyond loopback is refused before a packet is sent."""
    with socket.socket() as far, pytest.raises(PermissionError, match="loopback only"):
        far.connect(("192.0.2.1", 80))


def test_a_test_can_use_loopback():
    """A listener on loopback can be reached."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        near.close()


def test_names_of_ci_are_unset():
    """Nothing of a CI service's or a user's own settings reaches the code under test."""
    foreign = [name for name in os.environ if name.startswith(("GITHUB_", "RUNNER_", "LOCUST_"))]

    assert foreign == []
    assert os.environ["NO_COLOR"] == "1"
    assert os.environ["COLUMNS"] == "100"


def test_examples_have_no_deadline():
    """A slow machine does not make a property fail."""
    assert settings().deadline is None


@pytest.mark.parametrize(
    ("option", "summary", "code"),
    [
        pytest.param((), "1 skipped", 0, id="skipped"),
        pytest.param(("--require-system-packages",), "1 failed", 1, id="required"),
    ],
)
def test_a_missing_system_package(tmp_path: Path, repository: Path, option, summary, code):
    """A missing system package skips a test at a desk and fails it in CI."""
    (tmp_path / "conftest.py").write_text((repository / "tests/conftest.py").read_text())
    (tmp_path / "test_it.py").write_text(MISSING)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rs", *option]

    found = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip

    assert found.returncode == code
    assert summary in found.stdout
    assert "needs system package nowhere" in found.stdout
