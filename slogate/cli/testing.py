"""The main job, step by step: specs, service, load, record, verdict."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from slogate.cli.against import Wanted, base_of
from slogate.cli.closing import close
from slogate.cli.complaints import told
from slogate.cli.given import given_pairs
from slogate.cli.judging import keep_all, of_one_service, read, worst
from slogate.cli.locusting import arguments, is_master, own_host, variables, web_port
from slogate.cli.missed import note_missed
from slogate.cli.planning import Request, Test
from slogate.cli.refusing import refuse_undecidable
from slogate.cli.watching import Death, display, tell_short, watch
from slogate.errors import EXIT_PASS, GeneratorError, Interrupted, ServiceError, UsageError
from slogate.gate import check, last_verdict, refuse_empty, refuse_unsupported
from slogate.halting import heed
from slogate.live import abort_rule
from slogate.loadtest.generator import Ended, generate
from slogate.loadtest.origin import commit_and_branch
from slogate.loadtest.process import last_words
from slogate.loadtest.reach import is_known, port_is_free, refuse_silent, refuse_unusable
from slogate.loadtest.service import await_ready, served
from slogate.loadtest.words import own_words, read_log
from slogate.model.turns import SETTLED
from slogate.store.layout import open_store
from slogate.units import format_duration
from slogate.verdict import Verdict

BASE = "its base: "
EARLY_FLUSH_S = "1"
# shows verdicts, and answers with their exit code
Tell = Callable[[Sequence[Verdict]], int]


def load_test(request: Request, tell: Tell) -> int:
    """Run the test, judge it, tell and keep the verdict; the exit code.

    A worker, which ships its rows elsewhere, judges nothing.
    """
    if request.is_worker:
        _work(request)
        return EXIT_PASS
    test = _prepare(request)
    _preflight(test)
    with _services(test) as death:
        ended = _generate(test, death)
        died = death()
    if ended.aborted is not None:
        test.say(f"aborted: {ended.aborted}")
    codes = [] if died is None else [_mourn(test, died)]
    closed = close(test.store, test.run_id, ended, test.log("locust"), died, test.early)
    heed()  # a Ctrl-C after the end of the test stopped nothing
    test.say(closed.sentence)
    verdict = check(test.store, test.specs, closed.run, version=_version())
    codes.append(tell([verdict]))
    codes += map(told, closed.troubles)
    codes.append(keep_all([verdict], test.store))
    note_missed([verdict], test.store, quiet=request.quiet)
    return worst(codes)


def _mourn(test: Test, died: str) -> int:
    """Say that the service did not survive its test."""
    words = last_words(test.log("base" if died.startswith(BASE) else "service"))
    message = f"the service ended during the test ({died}){words}"
    return told(ServiceError(message, hint=f"what was recorded: slogate report {test.run_id}"))


def _version() -> str:
    from slogate import __version__

    return __version__


def _prepare(request: Request) -> Test:
    """Everything that can be wrong is found here, before any load is sent."""
    specs = read(request.settings.specs)
    service, chosen = of_one_service(specs, request.settings.service)
    refuse_unsupported(chosen)
    refuse_empty(chosen)
    refuse_undecidable(request, chosen)
    if request.settings.host is not None:
        refuse_unusable(request.settings.host)
    given_pairs("--label", request.labels)
    arguments(request.settings, request.locust, request.web, request.configured)
    stamp = datetime.fromtimestamp(time.time(), UTC).strftime("%Y%m%d-%H%M%S")
    test = Test(
        request=request,
        run_id=f"{stamp}-{secrets.token_hex(3)}",
        service=service,
        specs=chosen,
        rules=[abort_rule(text) for text in request.abort_on],
        store=open_store(request.settings.store, create=True),
    )
    if test.web:
        _refuse_headless(test)
    if request.early_stop:
        _refuse_early_stop(test)
    return test if request.against is None else _against(test, request.against)


def _refuse_headless(test: Test) -> None:
    """UsageError where Locust's own configuration says that there is no web UI."""
    if where := test.request.configured.where("headless"):
        raise UsageError(
            f"no web UI is shown: {where} says headless", hint="take that out of it, or --web"
        )


def _refuse_early_stop(test: Test) -> None:
    """UsageError for a test that has no time to end early."""
    planned, least = test.planned_us, test.request.min_time
    if planned is None:
        raise UsageError("--early-stop needs a longest time, and a person ends this test")
    if least > planned:
        raise UsageError(f"--min-time is longer than the {format_duration(planned)} of the test")


def _against(test: Test, wanted: Wanted) -> Test:
    """The test with the base that it is to be held against."""
    request = test.request
    given = given_pairs("--label", request.labels)
    if taken := sorted({"slice", SETTLED[0]} & set(given)):
        raise UsageError(f"with --against the label '{taken[0]}' is taken")
    base = base_of(
        wanted,
        request.settings,
        request.locust,
        request.configured,
        test.specs,
        run_id=test.run_id,
        planned_us=test.planned_us,
        web=request.web,
    )
    return replace(test, base=base)


def _preflight(test: Test) -> None:
    """Say what the planned run is too short to decide, by the rates of the service's last run."""
    tell_short(test, "preflight", last_verdict(test.store, test.service))


@contextlib.contextmanager
def _service(test: Test) -> Iterator[Death]:
    """Serve the service if that is our part, else see that it is there, where we can tell."""
    settings, own, beneath = test.request.settings, test.request.locust, test.request.configured
    host = settings.host if settings.host and is_known(settings.host) else None
    if settings.serve is None:
        if settings.ready is not None:
            await_ready(settings.ready, settings.ready_timeout)
        elif host is not None and own_host(own) is None and not is_master(own, beneath):
            refuse_silent(host)
        yield lambda: None
        return
    with served(
        settings.serve,
        settings.ready,
        settings.ready_timeout,
        test.log("service"),
        test.say,
        host=host,
    ) as death:
        yield death


@contextlib.contextmanager
def _services(test: Test) -> Iterator[Death]:
    """The service and, if there is one, the base beside it; yields how either ended."""
    if test.base is None:
        with _service(test) as death:
            yield death
        return
    timeout = test.request.settings.ready_timeout
    with (
        _service(test) as death,
        test.base.serving(timeout, test.log("base"), test.say) as gone,
    ):
        turns = test.base.turns
        test.say(
            f"base and head take turns of {format_duration(turns.slice_us)}, "
            f"in an order drawn from the seed {turns.seed}"
        )
        yield lambda: death() or (f"{BASE}{how}" if (how := gone()) else None)


def _generate(test: Test, death: Death) -> Ended:
    settings = test.request.settings
    commit, branch = commit_and_branch(Path.cwd(), os.environ)
    info = {
        "commit": commit,
        "branch": branch,
        "labels": given_pairs("--label", test.request.labels),
        "planned_us": test.planned_us,
        "against": None if test.base is None else test.base.info(),
    }
    environment = {
        **variables(os.environ, test.request.configured),
        "SLOGATE_STORE": str(test.store.root),
        "SLOGATE_RUN": test.run_id,
        "SLOGATE_SERVICE": test.service,
        "SLOGATE_RUN_INFO": json.dumps(info),
    }
    if test.early is not None or test.rules:
        environment.setdefault("SLOGATE_FLUSH_S", EARLY_FLUSH_S)
    own, found = test.request.locust, test.request.configured
    command = arguments(settings, own, test.request.web, found)
    test.say(f"run {test.run_id}: locust {' '.join(command)}")
    if test.web:
        _invite(test, web_port(own, found))
    with display(test) as show:
        on_status = watch(test, show, death, _version())
        return generate(command, environment, test.log("locust"), on_status)


def _invite(test: Test, port: int) -> None:
    """Say where Locust's web UI is; UsageError if its port is taken."""
    if not port_is_free(port):
        raise UsageError(
            f"the port {port} of Locust's web UI is taken by another program",
            hint="name another: slogate run --web -- --web-port 8090",
        )
    if "--autostart" in test.request.locust:
        test.say(f"open http://localhost:{port} to watch the test; it is judged when it stops")
    else:
        test.say(
            f"open http://localhost:{port}, start a test there; it is judged when it has stopped"
        )


def _work(request: Request) -> None:
    """Be a worker of a master elsewhere: nothing is stored or judged here."""
    environment = {k: v for k, v in os.environ.items() if k != "SLOGATE_STORE"}
    log = Path(request.settings.store) / "logs" / f"worker-{secrets.token_hex(3)}.locust.log"
    ended = generate(
        arguments(request.settings, request.locust, False, request.configured),
        environment,
        log,
        lambda _: None,
        start_s=None,  # its master may come later
    )
    if ended.interrupted:
        raise Interrupted("interrupted: the worker left in order")
    if ended.exit_code != 0:
        words = own_words(read_log(log))
        raise GeneratorError(f"the worker ended with exit {ended.exit_code}. Its words:\n{words}")
