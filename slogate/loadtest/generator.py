"""Runs Locust through our launcher and listens to what it says, one line a second.

The launcher is a process in a session of its own, so that Ctrl-C reaches only us: we tell the
master to stop, and it ends its workers, keeps what was recorded and closes the run.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slogate.errors import GeneratorError, Interrupted
from slogate.halting import hush
from slogate.loadtest import process
from slogate.loadtest.words import own_words, read_log

SILENCE_S = 60.0
START_S = 120.0
STOP_PATIENCE_S = 30.0
AGAIN_S = 2.0
_TICK_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the generator says of the running test."""

    elapsed_s: float = 0.0
    users: int = 0
    target_users: int = 0
    requests: int = 0
    failures: int = 0
    state: str = ""
    ramped: bool = False

    @classmethod
    def of(cls, line: dict[str, Any]) -> Status:
        """A status line as it was sent; unknown keys are left out."""
        return cls(**{key: line[key] for key in cls.__slots__ if line.get(key) is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """That the generator is to be stopped: why the test is aborted, or None if it is over.

    `decided`: it is over early, since there is nothing left to find out.
    """

    reason: str | None
    decided: bool = False


OnStatus = Callable[[Status], Stop | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a test ended: Locust's exit code, and why we stopped it, if we did."""

    exit_code: int
    aborted: str | None = None
    decided: bool = False
    interrupted: bool = False
    silent: bool = False
    unheard: bool = False


def generate(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    on_status: OnStatus,
    start_s: float | None = START_S,
) -> Ended:
    """Run Locust to its end, or until `on_status` answers that it is to be stopped.

    GeneratorError if it has not read its locustfile within `start_s` seconds; None waits.
    """
    reader, writer = os.pipe()
    command = [sys.executable, "-P", "-m", "slogate.recorders.locust", *arguments]
    variables = {**process.with_own_programs(environment), "SLOGATE_STATUS_FD": str(writer)}
    os.set_blocking(reader, False)
    try:
        with process.running(command, log, variables, STOP_PATIENCE_S, [writer]) as child:
            os.close(writer)
            ended = _listen(child, reader, on_status, start_s)
    finally:
        os.close(reader)
    if ended.unheard:
        raise GeneratorError(
            f"Locust had not read its locustfile after {start_s:g} s. Its words:\n"
            f"{own_words(read_log(log)) or '    none'}",
            hint=f"its whole log is {log}",
        )
    return ended


def _listen(
    child: subprocess.Popen[bytes], reader: int, on_status: OnStatus, start_s: float | None
) -> Ended:
    pending = b""
    heard, began = None, time.monotonic()
    try:
        while (code := child.poll()) is None:
            chunk = _read(reader)
            *lines, pending = (pending + chunk).split(b"\n")
            if lines:
                heard = time.monotonic()
                stop = on_status(Status.of(json.loads(lines[-1])))
                if stop is not None:
                    code = _stop(child)
                    return Ended(exit_code=code, aborted=stop.reason, decided=stop.decided)
            elif heard is not None and time.monotonic() - heard > SILENCE_S:
                return Ended(exit_code=_stop(child), silent=True)
            elif heard is None and start_s is not None and time.monotonic() - began > start_s:
                return Ended(exit_code=_stop(child), unheard=True)
            time.sleep(_TICK_S)
    except (KeyboardInterrupt, Interrupted):
        code = _stop(child)
        hush()
        return Ended(exit_code=code, interrupted=True)
    return Ended(exit_code=code)


def _read(reader: int) -> bytes:
    try:
        return os.read(reader, 1 << 16)
    except BlockingIOError:
        return b""


def _stop(child: subprocess.Popen[bytes]) -> int:
    """Tell the master alone: it ends its workers in order. A second Ctrl-C ends all soon.

    Not at once: people press twice, and CI sends another signal; the rows are nearly written.
    """
    told = False
    for patience in (STOP_PATIENCE_S, AGAIN_S):
        try:
            if not told:
                child.send_signal(signal.SIGTERM)
                told = True
            return child.wait(patience)
        except subprocess.TimeoutExpired:
            break
        except (KeyboardInterrupt, Interrupted):
            continue
    return process.stop(child, 0)
