"""The base of `run --against`: where it is, how it is served, and whose turn it is when.

A command is served as the head is, on a port of its own; a URL is somebody else's to serve. All
that can be wrong is found before any load is sent.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from slogate.cli.locustconf import Configured
from slogate.cli.locusting import is_master, own_host, shows_web_ui, spawn_rate
from slogate.config import Settings
from slogate.errors import ServiceError, UsageError
from slogate.loadtest.reach import are_same, connection_trouble, is_known, refuse_unusable
from slogate.loadtest.service import served
from slogate.model.turns import Turns
from slogate.slo.spec import Spec
from slogate.units import US_PER_SECOND, format_duration

PORT = "{port}"
PAIRS = 24
LEAST_PAIRS = 6
SHORTEST_US, LONGEST_US = US_PER_SECOND, 10 * US_PER_SECOND
SETTLE_US = US_PER_SECOND
_SETTLE_SHARE = 5
_STEP_US = 100_000
_ALONE = ("--master", "--worker", "--processes", "--expect-workers")
Death = Callable[[], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asked for; `host` is where a command answers that is told no port."""

    base: str
    host: str | None = None
    slice_us: int | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The base of a test about to run; `command` None where somebody else serves it."""

    words: str
    run_id: str
    command: str | None
    host: str
    head: str
    ready: str | None
    turns: Turns

    def info(self) -> dict[str, Any]:
        """What the recorder is told."""
        turns = self.turns
        return {
            "run": self.run_id, "words": self.words, "base": self.host, "head": self.head,
            "seed": turns.seed, "slice_us": turns.slice_us, "settle_us": turns.settle_us,
        }  # fmt: skip

    @contextlib.contextmanager
    def serving(self, timeout_us: int, log: Path, say: Callable[[str], None]) -> Iterator[Death]:
        """Serve the base while the block runs, or see that it is there; yields how it ended."""
        if self.command is None:
            if (trouble := connection_trouble(self.host)) is not None:
                raise ServiceError(
                    f"nothing answers at the base {self.host}: {trouble}",
                    hint="start it, or give --against the command that serves it",
                )
            yield lambda: None
            return
        with served(self.command, self.ready, timeout_us, log, say, host=self.host) as death:
            yield death


def base_of(
    wanted: Wanted,
    settings: Settings,
    own: tuple[str, ...],
    configured: Configured,
    specs: list[Spec],
    *,
    run_id: str,
    planned_us: int | None,
    web: bool,
) -> Base:
    """The base that is meant; UsageError for what cannot be tested side by side."""
    _refuse_several_processes(own, configured)
    if planned_us is None or shows_web_ui(own, web=web):
        raise UsageError("--against needs a test that ends by itself, so none in the web UI")
    head = own_host(own) or settings.host
    if head is None or not is_known(head):
        raise UsageError(
            "--against needs to know where the head answers",
            hint="name it: --host URL, or `host` in the settings beside `serve`",
        )
    command, host = _where(wanted, head)
    if are_same(head, host):
        raise UsageError(
            f"base and head are the same: both answer at {host}",
            hint="name two of them; `slogate calibrate` tests a service against itself",
        )
    return Base(
        words=wanted.base,
        run_id=f"{run_id}-base",
        command=command,
        host=host,
        head=head,
        ready=_moved(settings.ready, head, host) if settings.ready else None,
        turns=_turns(wanted, settings, specs, planned_us),
    )


def _refuse_several_processes(own: tuple[str, ...], configured: Configured) -> None:
    named = [word.partition("=")[0] for word in own]
    if "processes" in configured:
        named.append("--processes")
    if is_master(own, configured):
        named.append("--master")
    for name in named:
        if name in _ALONE:
            raise UsageError(
                f"--against takes turns within one process, so not with {name}",
                hint="lower the load to what one process can send",
            )


def _where(wanted: Wanted, head: str) -> tuple[str | None, str]:
    """The command that serves the base, None for a URL, and where it answers."""
    base = wanted.base
    if base.startswith(("http://", "https://")):
        refuse_unusable(base)
        return None, base
    if wanted.host is not None:
        refuse_unusable(wanted.host)
    if PORT not in base:
        if wanted.host is None:
            raise UsageError(
                "nobody knows where the base answers",
                hint=f"write {PORT} where its command takes a port, or name it: --against-host URL",
            )
        return base, wanted.host
    port = urlsplit(wanted.host).port if wanted.host else _free_port()
    command = base.replace(PORT, str(port or 80))
    return command, wanted.host or _with_port(head, port or 80)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _with_port(url: str, port: int) -> str:
    parts = urlsplit(url)
    name = parts.hostname or "127.0.0.1"
    host = f"[{name}]" if ":" in name else name
    return urlunsplit(parts._replace(netloc=f"{host}:{port}"))


def _moved(ready: str, head: str, base: str) -> str | None:
    """Where the base tells that it is ready, if the head tells it where it answers."""
    one, other = urlsplit(ready), urlsplit(head)
    if (one.hostname, one.port) != (other.hostname, other.port):
        return None
    return urlunsplit(one._replace(netloc=urlsplit(base).netloc))


def _turns(wanted: Wanted, settings: Settings, specs: list[Spec], planned_us: int) -> Turns:
    """The order of turns; UsageError where the test has no room for enough of them."""
    warmup = max((line.scope.warmup_us for spec in specs for line in spec.regressions), default=0)
    ramp = int(settings.users / spawn_rate(settings) * US_PER_SECOND)
    usable = max(0, planned_us - warmup - ramp)
    slice_us = wanted.slice_us
    if slice_us is None:
        slice_us = usable // (2 * PAIRS) // _STEP_US * _STEP_US
        slice_us = min(LONGEST_US, max(SHORTEST_US, slice_us))
    # the first pair and the last are rarely whole
    pairs = usable // (2 * slice_us) - 1
    if pairs < LEAST_PAIRS:
        needed = 2 * slice_us * (LEAST_PAIRS + 1) + planned_us - usable
        raise UsageError(
            f"the test has room for {max(0, pairs)} pairs of {format_duration(slice_us)} slices, "
            f"at least {LEAST_PAIRS} are needed to compare anything",
            hint=f"run for {format_duration(-(-needed // US_PER_SECOND) * US_PER_SECOND)} or more, "
            "or shorten --slice",
        )
    seed = secrets.randbelow(2**31) if wanted.seed is None else wanted.seed
    return Turns(seed=seed, slice_us=slice_us, settle_us=min(SETTLE_US, slice_us // _SETTLE_SHARE))
