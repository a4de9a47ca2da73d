"""How wide `slogate report` prints on a terminal, and what it leaves out when quiet."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from dataclasses import replace

import pytest
from verdict_examples import finding, verdict

from slogate.cli.app import run
from slogate.model.run import Health
from slogate.reports._page import width
from slogate.reports.json import document
from slogate.store.layout import open_store
from slogate.store.manifest import write_run
from slogate.store.verdicts import write_verdict


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store with one judged run in the working directory."""
    monkeypatch.chdir(tmp_path)
    opened = open_store(tmp_path / ".slogate", create=True)
    found = verdict(
        finding(warnings=("short_run: under 120 s judged",), reason="too slow " * 30),
        id="a-verdict",
    )
    write_run(opened, replace(found.subject.run, health=Health(cpu=0.85)))
    write_verdict(opened, found.id, document(found))
    return opened


def on_a_terminal(columns: int, **environ: str) -> list[str]:
    """The lines that `slogate report` prints on a terminal so wide."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    with subprocess.Popen(
        [sys.executable, "-m", "slogate", "report", "--no-color"],
        stdin=theirs,
        stdout=theirs,
        env=kept | {"PYTHONIOENCODING": "utf-8"} | environ,
    ) as process:
        os.close(theirs)
        printed = b""
        try:
            while block := os.read(ours, 65_536):
                printed += block
        except OSError:  # how Linux tells that nobody holds the other end
            pass
        os.close(ours)
    assert process.returncode == 0
    return printed.decode().splitlines()


@pytest.mark.parametrize(
    ("columns", "environ", "widest"),
    [
        pytest.param(60, {}, 60, id="narrow"),
        pytest.param(80, {}, 80, id="usual"),
        pytest.param(132, {}, 132, id="wide"),
        pytest.param(80, {"COLUMNS": "60"}, 60, id="COLUMNS"),
        pytest.param(0, {}, 110, id="unknown"),
    ],
)
def test_a_report_is_as_wide_as_its_terminal(store, columns, environ, widest):
    """No line is wider, and sentences use the room there is."""
    lines = on_a_terminal(columns, **environ)

    assert widest - 9 < max(map(width, lines)) <= widest


def test_elsewhere_a_report_has_110_columns(store, capsys, monkeypatch):
    """Logs of pipelines are the same everywhere, whatever COLUMNS says."""
    monkeypatch.setenv("COLUMNS", "60")
    assert run(["report"]) == 0

    assert 100 < max(map(width, capsys.readouterr().out.splitlines())) <= 110


@pytest.mark.parametrize("command", [["report"], ["check", "--run", "r1"]])
def test_a_quiet_report_has_no_notes(store, capsys, tmp_path, command):
    """What decides stays, asides go."""
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo" / "shop.yaml").write_text(
        "slogate: 1\nservice: shop\nbudgets:\n  - {name: a, endpoint: GET /a, p95: 1s}\n"
    )
    run(command)
    loud = capsys.readouterr().out
    run([*command, "--quiet"])
    quiet = capsys.readouterr().out

    assert "\nNotes:\n" in loud
    assert "Notes:" not in quiet
    assert quiet == "\n\n".join(b for b in loud.split("\n\n") if not b.startswith("Notes:"))
