"""Starts and ends the processes of a load test; each is a session of its own with a log.

A process that is told to stop gets SIGTERM and time to finish, then SIGKILL, together with all
that it started. The same happens to it when we are killed: a watcher holds the end of a pipe
whose other end closes with us. Its log is kept; `tail` gives its last words.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

# a line says that we have ended the process ourselves; the end of the pipe, that we are gone
_WATCHER = """
read -r _ && exit
kill -s TERM "$0"
n=0
while kill -s 0 "$0" && [ $n -lt 15 ]; do sleep 1; n=$((n+1)); done
kill -s KILL -- "-$0"
"""


def with_own_programs(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with this interpreter's programs found first, as in its virtual env."""
    own = str(Path(sys.executable).parent)
    path = environment.get("PATH", os.defpath)
    return {**environment, "PATH": f"{own}{os.pathsep}{path}", "PYTHONUNBUFFERED": "1"}


@contextmanager
def running(
    command: str | Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    patience: float,
    pass_fds: Sequence[int] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives at most as long as the block, and as we do. May raise OSError."""
    child = start(command, log, environment, pass_fds)
    try:
        with _watched(child.pid):
            yield child
    finally:
        stop(child, patience)


@contextmanager
def _watched(pid: int) -> Iterator[None]:
    """Have the process stopped by somebody else should we be killed inside the block."""
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", _WATCHER, str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        watcher.communicate(b"ended\n")


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


def last_words(log: Path) -> str:
    """`; its last words:` and the end of a log; empty if there are none."""
    words = tail(log)
    return f"; its last words:\n{words}" if words.strip() else ""


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
