"""Leads a receiver from its start to its end: opens, says where, waits for a stop, closes, tells.

A stop (Ctrl-C, SIGTERM, or the end of `--for`) is the way a receiver ends, so that it is no
interruption: what is in flight is answered, all is written, the runs are closed.
"""

from __future__ import annotations

import ipaddress
import json
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from slogate.cli.importing import counted, plain
from slogate.cli.options import given_duration, note, out
from slogate.errors import Interrupted, SlogateError, SourceError, StoreError, UsageError
from slogate.model.run import Run
from slogate.recorders.otlp.answers import Signal
from slogate.recorders.otlp.budget import Budget
from slogate.recorders.otlp.recovery import recover
from slogate.recorders.otlp.router import Router
from slogate.recorders.otlp.service import Receiver
from slogate.recorders.otlp.writer import Writer
from slogate.sources._otlp.protobuf.from_protobuf import available
from slogate.sources._otlp.settings import Settings, settings
from slogate.store.layout import open_store, service_folder
from slogate.units import US_PER_SECOND, format_count

_DOUBLED = (
    "sends spans and histograms, which tell of the same requests: take one of them with --only, "
    "or delete one of its two runs before it is judged"
)
_CLEAR = "\r\x1b[K"
DRAIN_S = 10.0
LOOK_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for."""

    store: Path
    bind: str
    allow_remote: bool
    service: str | None
    only: str | None
    length: str | None
    options: Mapping[str, str]
    labels: Mapping[str, str]
    flush_every: str
    most_body: int
    memory: int
    as_json: bool
    quiet: bool


def receive(request: Request) -> None:
    """Receive until it is time to stop; StoreError if the store could not take it all."""
    length = None if request.length is None else _seconds(request.length, "--for")
    flush = _seconds(request.flush_every, "--flush-every")
    signals, chosen = _signals(request.only), _settings(request.options)
    address = _address(request.bind, allow_remote=request.allow_remote)
    if request.most_body > request.memory:
        raise UsageError("--max-body is more than --memory", hint="raise --memory")
    store = open_store(request.store, create=True)
    if request.service is not None:
        service_folder(store, "requests", "production", request.service)
    for run, rows in recover(store):
        note(f"recovered {format_count(rows)} rows of run {run.id} ({run.service}), whose "
             "receiver was killed", quiet=request.quiet)  # fmt: skip
        if run.state != "complete":
            note(f"{run.id} is {run.state}: {run.note}")
    writer = Writer(store, flush_s=flush, labels=request.labels, clock_us=_now_us)
    router = Router(chosen, service=request.service, labels=request.labels)
    try:
        server = Receiver(
            address, router=router, writer=writer,
            budget=Budget(request.memory), most_body=request.most_body, signals=signals,
        )  # fmt: skip
    except OSError as error:
        hint = "another receiver or collector may be there: choose a port with --bind"
        raise UsageError(f"cannot listen on {request.bind}: {error.strerror}", hint=hint) from None
    with server:
        thread = threading.Thread(
            target=server.serve_forever, args=(0.1,), name="http", daemon=True
        )
        try:
            writer.start()
            thread.start()
            note(f"receiving OTLP on {_url(server)} into {store.root}", quiet=request.quiet)
            _tell_of_protobuf(quiet=request.quiet)
            _wait(server, length, quiet=request.quiet)
        except (KeyboardInterrupt, Interrupted):
            pass  # whoever has read where we listen may stop us at once
        finally:
            _stop(server, thread)
    _tell(server, request)


def _wait(server: Receiver, length: float | None, *, quiet: bool) -> None:
    """Until a signal, the end of the time, or a fault of the writer."""
    end = None if length is None else time.monotonic() + length
    show = sys.stderr.isatty() and not quiet
    warned: set[str] = set()
    try:
        while server.writer.failure is None:
            left = LOOK_S if end is None else min(LOOK_S, end - time.monotonic())
            if left <= 0:
                return
            time.sleep(left)
            for name in server.writer.doubled - warned:
                warned.add(name)
                note(f"{_CLEAR if show else ''}note: {plain(name)} {_DOUBLED}", quiet=quiet)
            if show:
                sys.stderr.write(f"{_CLEAR}{_line(server)}")
                sys.stderr.flush()
    finally:
        if show:
            sys.stderr.write(_CLEAR)


def _tell_of_protobuf(*, quiet: bool) -> None:
    """Say it where SDKs, which send protobuf unless they are told otherwise, would be refused."""
    try:
        available()
    except SourceError as error:
        note(f"note: only JSON can be taken: {error.message}\n  hint: {error.hint}", quiet=quiet)


def _line(server: Receiver) -> str:
    writer, answers = server.writer, server.totals.answers
    told = f"{counted(writer.requests, 'request')} of {counted(writer.services, 'service')} kept"
    refused = _refused(answers.copy())
    return f"{told}, {refused}" if refused else told


def _refused(answers: Mapping[int, int]) -> str:
    """`3 messages refused (3 × 415)`; nothing if there were none."""
    codes = {code: count for code, count in sorted(answers.items()) if code != 200}
    told = ", ".join(f"{format_count(count)} × {code}" for code, count in codes.items())
    return f"{counted(sum(codes.values()), 'message')} refused ({told})" if codes else ""


def _stop(server: Receiver, thread: threading.Thread) -> None:
    """Answer what is in flight, write it all; another signal does not cut this short."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if thread.is_alive():
        server.shutdown()
        thread.join()
    server.drain(DRAIN_S)
    server.writer.stop()


def _tell(server: Receiver, request: Request) -> None:
    runs = server.writer.closed
    totals = server.totals
    document = {
        "runs": [_run(run, requests) for run, requests in runs],
        "requests": sum(requests for _, requests in runs),
        "answers": {str(code): count for code, count in sorted(totals.answers.items())},
        "rejected": dict(totals.bad),
        "left_out": dict(totals.left_out),
    }
    for reason, count in totals.bad.items():
        note(f"rejected: {format_count(count)} × {plain(reason)}", quiet=request.quiet)
    for reason, count in totals.left_out.items():
        note(f"note: left out: {format_count(count)} {plain(reason)}", quiet=request.quiet)
    if request.as_json:
        out(f"{json.dumps(document, indent=2, ensure_ascii=False)}\n")
    for run, requests in [] if request.as_json else runs:
        out(f"kept {counted(requests, 'request')} as run {run.id} of {plain(run.service)}\n")
    if not runs and not request.as_json:
        out("nothing was kept\n" if totals.answers else "nothing was received\n")
    if refused := _refused(totals.answers):
        note(f"note: {refused}; `slogate docs receive` says why", quiet=request.quiet)
    failure = server.writer.failure
    if isinstance(failure, SlogateError):
        raise failure
    if failure is not None:
        raise StoreError(f"the store could not be written: {failure}")


def _run(run: Run, requests: int) -> dict[str, Any]:
    return {
        "run": run.id, "service": run.service, "state": run.state, "requests": requests,
        "rows": run.rows.written,
    }  # fmt: skip


def _signals(only: str | None) -> frozenset[Signal]:
    if only not in {None, "traces", "metrics"}:
        raise UsageError(f"--only {only} is not known", hint="it is traces or metrics")
    everything: tuple[Signal, ...] = ("traces", "metrics")
    return frozenset(each for each in everything if only in {None, each})


def _settings(options: Mapping[str, str]) -> Settings:
    known = ("kinds", "metric", "unit", "attributes", "ok")
    if unknown := sorted(set(options) - set(known)):
        raise UsageError(
            f"a receiver has no option '{unknown[0]}'", hint=f"options: {', '.join(known)}"
        )
    try:
        chosen = settings({**options, "service": "*"})
    except ValueError as error:
        raise UsageError(str(error)) from None
    return replace(chosen, signal="both", since_ns=time.time_ns())


def _address(bind: str, *, allow_remote: bool) -> tuple[str, int]:
    host, colon, port = bind.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not (port.isascii() and port.isdigit() and int(port) < 65_536):
        raise UsageError(f"--bind {bind} is no address", hint="write it so: 127.0.0.1:4318")
    if not allow_remote and not _is_loopback(host):
        raise UsageError(
            f"--bind {bind} can be reached by other machines, and whoever can reach it can write",
            hint="say that it is meant: --allow-remote",
        )
    return host, int(port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _url(server: Receiver) -> str:
    host, port = server.server_address[:2]
    shown = f"[{host!s}]" if ":" in str(host) else str(host)
    return f"http://{shown}:{port}"


def _seconds(text: str, option: str) -> float:
    return given_duration(text, option) / US_PER_SECOND


def _now_us() -> int:
    return time.time_ns() // 1_000
