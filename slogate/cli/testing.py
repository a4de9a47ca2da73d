"""The main job, step by step: specs, service, load, record, verdict."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from slogate.cli.judging import keep_all, of_one_service, read
from slogate.cli.locusting import arguments, is_worker, spawn_rate
from slogate.cli.options import note
from slogate.config import Settings
from slogate.errors import GeneratorError, Interrupted, ServiceError, StoreError, UsageError
from slogate.evaluate import objectives_of
from slogate.gate import check, last_verdict, refuse_unsupported
from slogate.live import abort_rule, look
from slogate.loadtest import process, progress
from slogate.loadtest.generator import Ended, Status, generate
from slogate.loadtest.origin import commit_and_branch
from slogate.loadtest.service import await_ready, served
from slogate.model.run import Run
from slogate.objectives._base import Objective
from slogate.preflight import rates, too_short
from slogate.slo.spec import Spec
from slogate.store.layout import Store, open_store
from slogate.store.manifest import read_run, write_run
from slogate.units import format_count, format_duration
from slogate.verdict import Verdict

LOOK_EVERY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for: settings with the flags laid over them, and the rest."""

    settings: Settings
    locust: tuple[str, ...]
    web: bool
    abort_on: tuple[str, ...]
    labels: tuple[str, ...]
    quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One load test about to run."""

    request: Request
    run_id: str
    service: str
    specs: list[Spec]
    rules: list[Objective]
    store: Store

    def log(self, of: str) -> Path:
        """Where the log of the service or of Locust is kept."""
        return self.store.root / "logs" / f"{self.run_id}.{of}.log"


def load_test(request: Request) -> Verdict | None:
    """Run the test, judge it, keep the verdict; None for a worker that ships its rows elsewhere."""
    if is_worker(request.locust):
        _work(request)
        return None
    test = _prepare(request)
    _preflight(test)
    with _service(test) as death:
        ended = _generate(test)
        died = death()
    run = _closed(test, ended)
    verdict = check(test.store, test.specs, run, version=_version())
    keep_all([verdict], test.store)
    if died is not None:
        note(f"error: {died}")
        if verdict.exit_code != 1:
            raise ServiceError("the service under test did not survive the test")
    return verdict


def _version() -> str:
    from slogate import __version__

    return __version__


def _prepare(request: Request) -> Test:
    """Everything that can be wrong is found here, before any load is sent."""
    specs = read(request.settings.specs)
    service, chosen = of_one_service(specs, request.settings.service)
    refuse_unsupported(chosen)
    stamp = datetime.fromtimestamp(time.time(), UTC).strftime("%Y%m%d-%H%M%S")
    return Test(
        request=request,
        run_id=f"{stamp}-{secrets.token_hex(3)}",
        service=service,
        specs=chosen,
        rules=[abort_rule(text) for text in request.abort_on],
        store=open_store(request.settings.store, create=True),
    )


def _say(test: Test, text: str) -> None:
    note(text, quiet=test.request.quiet)


def _preflight(test: Test) -> None:
    """Say what the planned run is too short to decide, by the rates of the service's last run."""
    if not test.request.web:
        last = last_verdict(test.store, test.service)
        _tell_short(test, "preflight", rates(last) if last else {})


@contextlib.contextmanager
def _service(test: Test) -> Iterator[Callable[[], str | None]]:
    settings = test.request.settings
    if settings.serve is None:
        if settings.ready is not None:
            await_ready(settings.ready, settings.ready_timeout)
        yield lambda: None
        return
    log = test.log("service")
    with served(
        settings.serve, settings.ready, settings.ready_timeout, log, lambda t: _say(test, t)
    ) as death:
        yield death


def _generate(test: Test) -> Ended:
    settings = test.request.settings
    commit, branch = commit_and_branch(Path.cwd(), os.environ)
    info = {
        "commit": commit,
        "branch": branch,
        "labels": labels(test.request.labels),
        "planned_us": None if test.request.web else settings.run_time,
    }
    environment = {
        **os.environ,
        "SLOGATE_STORE": str(test.store.root),
        "SLOGATE_RUN": test.run_id,
        "SLOGATE_SERVICE": test.service,
        "SLOGATE_RUN_INFO": json.dumps(info),
    }
    command = arguments(settings, test.request.locust, web=test.request.web)
    _say(test, f"run {test.run_id}: locust {' '.join(command)}")
    run_time = None if test.request.web else settings.run_time
    with _display(test, run_time) as show:
        return generate(command, environment, test.log("locust"), _watch(test, show))


@contextlib.contextmanager
def _display(test: Test, run_time: int | None) -> Iterator[progress.Show]:
    if test.request.quiet:
        yield lambda _status, _verdict: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.live import Live

        with Live(console=Console(stderr=True), refresh_per_second=4, transient=True) as live:
            yield progress.terminal(live, run_time)
    else:
        yield progress.plain(lambda text: _say(test, text), run_time)


def _watch(test: Test, show: progress.Show) -> Callable[[Status], str | None]:
    """Look at the recorded parts every few seconds; answer with the reason to abort."""
    seen: dict[str, float] = {"looked": 0.0, "told": 0.0}
    latest: list[Verdict | None] = [None]

    def on_status(status: Status) -> str | None:
        if time.monotonic() - seen["looked"] >= LOOK_EVERY_S and status.requests:
            seen["looked"] = time.monotonic()
            latest[0], reason = look(test.store, test.run_id, test.specs, test.rules, _version())
            if reason is not None:
                return reason
            if latest[0] is not None and not seen["told"] and _warm(latest[0]):
                seen["told"] = 1.0
                if not test.request.web:
                    _tell_short(test, "after the warm-up", rates(latest[0]))
        show(status, latest[0])
        return None

    return on_status


def _warm(verdict: Verdict) -> bool:
    """Whether the judged window is long enough to know the rates."""
    return any(f.window and f.window[1] - f.window[0] >= 5_000_000 for f in verdict.findings)


def _tell_short(test: Test, when: str, per_second: Mapping[str, float]) -> None:
    settings = test.request.settings
    ramp_us = int(settings.users / spawn_rate(settings) * 1_000_000)
    objectives = objectives_of(test.specs)
    for sentence in too_short(objectives, per_second, settings.run_time, ramp_us):
        _say(test, f"{when}: {sentence}")


def _closed(test: Test, ended: Ended) -> Run:
    """The run as it ended, with why; Interrupted or GeneratorError if there is none to judge."""
    log = test.log("locust")
    words = f"Locust's own words:\n{process.tail(log)}"
    try:
        run = read_run(test.store, test.run_id)
    except StoreError:
        if ended.interrupted:
            raise Interrupted("interrupted before the test started; nothing was recorded") from None
        raise GeneratorError(
            f"Locust ended (exit {ended.exit_code}) before the test started. {words}",
            hint=f"its whole log is {log}",
        ) from None
    if ended.interrupted:
        raise Interrupted(
            f"interrupted: {format_count(run.rows.written)} requests of run {run.id} are kept",
            hint=f"judge them with: slogate check --run {run.id}",
        )
    if run.rows.seen == 0 and "You must specify the base host" in words:
        raise UsageError(
            "no host to load-test", hint="give --host URL, or set `host` in the settings"
        )
    changed = replace(run, generator_exit=ended.exit_code)
    if ended.aborted is not None:
        changed = replace(changed, state="aborted", note=ended.aborted)
        _say(test, f"aborted: {ended.aborted}")
    elif ended.silent:
        changed = replace(
            changed, state="incomplete", note="the generator said nothing for a minute"
        )
    elif run.state == "running":
        changed = replace(changed, state="incomplete", note="the generator died")
    write_run(test.store, changed)
    kept = format_count(changed.rows.written)
    span = format_duration((changed.end_ts or 0) - (changed.start_ts or 0))
    _say(test, f"recorded {kept} requests in {span} (Locust's exit code {ended.exit_code})")
    return changed


def labels(pairs: Sequence[str]) -> dict[str, str]:
    """`k=v` pairs as a mapping; UsageError for anything else."""
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"--label {pair!r} is no label", hint="write one like region=eu")
        found[key] = value
    return found


def _work(request: Request) -> None:
    """Be a worker of a master elsewhere: nothing is stored or judged here."""
    environment = {k: v for k, v in os.environ.items() if k != "SLOGATE_STORE"}
    log = Path(request.settings.store) / "logs" / f"worker-{secrets.token_hex(3)}.locust.log"
    ended = generate(
        arguments(request.settings, request.locust, web=False), environment, log, lambda _: None
    )
    if ended.interrupted:
        raise Interrupted("interrupted: the worker left in order")
    if ended.exit_code != 0:
        raise GeneratorError(
            f"the worker ended with exit {ended.exit_code}. Its own words:\n{process.tail(log)}"
        )
