"""Starts and ends the processes of a load test; each is a session of its own with a log.

A process that is told to stop gets SIGTERM and time to finish, then SIGKILL, together with all
that it started. Its log is kept; `tail` gives its last words.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def with_own_programs(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with this interpreter's programs found first, as in its virtual env."""
    own = str(Path(sys.executable).parent)
    path = environment.get("PATH", os.defpath)
    return {**environment, "PATH": f"{own}{os.pathsep}{path}", "PYTHONUNBUFFERED": "1"}


def start(
    command: str | Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own; a text is given to the shell. May raise OSError."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        return subprocess.Popen(
            command,
            shell=isinstance(command, str),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, indented; empty if there is none."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-lines:])


def stop(process: subprocess.Popen[bytes], patience: float) -> int:
    """End a process that we started and all that it started; its exit code."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    # children that outlive their parent are ended too
    _signal_group(process, signal.SIGKILL)
    return process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
