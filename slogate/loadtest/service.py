"""Serves the service under test and waits until it is ready."""

from __future__ import annotations

import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from slogate.errors import Interrupted, ServiceError
from slogate.loadtest import process
from slogate.loadtest.reach import await_connection, is_this_machine
from slogate.units import format_duration

STOP_PATIENCE_S = 15.0
# a service that cannot have its port ends soon after another one has answered in its place
SETTLE_S = 0.3
_POLL_S = 0.1


@contextmanager
def served(
    command: str,
    ready: str | None,
    timeout_us: int,
    log: Path,
    say: Callable[[str], None],
    *,
    host: str | None = None,
) -> Iterator[Callable[[], str | None]]:
    """Serve while the block runs; yields a question: how did it end? None while it lives.

    Without `ready` the service counts as ready when `host` accepts connections. ServiceError
    if it never gets ready, or if something answers in its place.
    """
    if ready is not None and answers(ready):
        raise ServiceError(
            f"something answers at {ready} before the service was started",
            hint="stop it, or leave out `serve` to test what is already running",
        )
    say(f"starting the service: {command}")
    variables = process.with_own_programs(os.environ)
    with process.running(command, log, variables, STOP_PATIENCE_S) as child:
        if ready is not None:
            _await(child.poll, ready, timeout_us, log)
        elif host is not None:
            await_connection(host, timeout_us, lambda: _early(child.poll(), log))
        else:
            say("note: neither `ready` nor `host` is set, so the load starts at once")
        time.sleep(SETTLE_S)
        if death := _early(child.poll(), log):
            raise ServiceError(death)
        yield lambda: _how(child.poll())


def _how(code: int | None) -> str | None:
    """How a service ended that was to live on: `exit 3`, `killed by SIGKILL`."""
    if code is None:
        return None
    return f"exit {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def _early(code: int | None, log: Path) -> str | None:
    how = _how(code)
    if how is None:
        return None
    return f"the service ended before it was ready ({how}){process.last_words(log)}"


def await_ready(ready: str, timeout_us: int) -> None:
    """Wait for a service that somebody else serves; ServiceError if it never gets ready."""
    _await(lambda: None, ready, timeout_us, None)


def answers(url: str) -> bool:
    """Whether the URL answers with a status under 400."""
    return _look(url) is None


def _look(url: str) -> str | None:
    """None if the URL answers well, else what came instead."""
    try:
        with _opener(url).open(url, timeout=2):
            return None
    except urllib.error.HTTPError as error:
        return f"status {error.code}"
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error)) or type(error).__name__
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is no HTTP is not ready
        return f"{type(error).__name__}: {error}"


def _opener(url: str) -> urllib.request.OpenerDirector:
    """What asks it; of this very machine directly, as a proxy would ask another."""
    if is_this_machine(url):
        return urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener()


def _await(poll: Callable[[], int | None], ready: str, timeout_us: int, log: Path | None) -> None:
    if not ready.startswith(("http://", "https://")):
        raise ServiceError(f"`ready` must be an http:// or https:// URL, not {ready!r}")
    until = time.monotonic() + timeout_us / 1e6
    while (trouble := _look(ready)) is not None:
        if log is not None and (death := _early(poll(), log)):
            raise ServiceError(death)
        if time.monotonic() > until:
            waited = format_duration(timeout_us)
            words = process.last_words(log) if log else ""
            raise ServiceError(
                f"the service was not ready within {waited}: {ready} gave {trouble}{words}",
                hint="`ready_timeout` sets how long to wait",
            )
        time.sleep(_POLL_S)
