"""Watches a running test: shows how it stands, and says when it is to be stopped.

It is stopped when an `--abort-on` rule holds, when the service under test is no more, and when
a test that was led from Locust's web UI is over.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from slogate.cli.locusting import spawn_rate
from slogate.cli.planning import Test
from slogate.errors import StoreError
from slogate.evaluate import objectives_of
from slogate.live import look, look_early
from slogate.loadtest import progress
from slogate.loadtest.generator import OnStatus, Status, Stop
from slogate.preflight import rates, too_short
from slogate.sequential import DECIDED, is_fact, planned_looks
from slogate.store.manifest import read_run
from slogate.verdict import Verdict

LOOK_EVERY_S = 5.0
# when the requests that a look counts have been answered and written, nearly all of them
ARRIVE_US = 1_500_000
Death = Callable[[], str | None]


@contextlib.contextmanager
def display(test: Test) -> Iterator[progress.Show]:
    """How the test is shown: live on a terminal, in plain lines elsewhere, or not at all."""
    if test.request.quiet:
        yield lambda _status, _verdict: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.live import Live

        with Live(console=Console(stderr=True), refresh_per_second=4, transient=True) as live:
            yield progress.terminal(live, test.planned_us)
    else:
        yield progress.plain(test.say, test.planned_us)


def watch(test: Test, show: progress.Show, death: Death, version: str) -> OnStatus:
    """Look at the recorded parts every few seconds; answer when the test is to be stopped.

    What may end a test early is asked at every word of the generator: its looks are due by time.
    """
    seen: dict[str, float] = {"looked": 0.0, "told": 0.0, "looks": 0}
    latest: list[Verdict | None] = [None]

    def on_status(status: Status) -> Stop | None:
        if (how := death()) is not None:
            return Stop(reason=f"the service ended ({how})")
        if test.web and status.state == "stopped" and _recorded(test):
            return Stop(reason=None)
        if status.requests and (stop := _early(test, version, seen)) is not None:
            return stop
        if time.monotonic() - seen["looked"] >= LOOK_EVERY_S and status.requests:
            seen["looked"] = time.monotonic()
            latest[0], reason = look(test.store, test.run_id, test.specs, test.rules, version)
            if reason is not None:
                return Stop(reason=reason)
            if latest[0] is not None and not seen["told"] and _warm(latest[0]):
                seen["told"] = 1.0
                tell_short(test, "after the warm-up", rates(latest[0]))
        if status.elapsed_s:
            show(status, latest[0])
        return None

    return on_status


def _early(test: Test, version: str, seen: dict[str, float]) -> Stop | None:
    """That everything is decided, at a look that is due."""
    early = test.early
    if early is None:
        return None
    try:
        run = read_run(test.store, test.run_id)
    except StoreError:
        return None
    due = [
        look
        for look in planned_looks(test.specs, replace(run, early_stop=early))
        if look.end_ts + ARRIVE_US <= time.time() * 1e6
    ]
    if len(due) <= seen["looks"]:
        return None
    verdict = look_early(test.store, test.run_id, test.specs, early, version)
    if verdict is None or verdict.early_stop is None:
        return None
    taken: Any = verdict.early_stop["looks"]
    seen["looks"] = max(seen["looks"], len(taken))
    facts = {each.id for each in objectives_of(test.specs) if is_fact(each)}
    judged = [each for each in verdict.findings if each.id not in facts]
    if all(each.outcome in DECIDED for each in judged):
        test.say(f"every budget is decided at look {len(taken)}")
        return Stop(reason=None, decided=True)
    return None


def tell_short(test: Test, when: str, per_second: Mapping[str, float]) -> None:
    """Say which objectives the planned run is too short to decide."""
    if test.planned_us is None:
        return
    settings = test.request.settings
    ramp_us = int(settings.users / spawn_rate(settings) * 1_000_000)
    objectives = objectives_of(test.specs)
    for sentence in too_short(objectives, per_second, test.planned_us, ramp_us):
        test.say(f"{when}: {sentence}")


def _recorded(test: Test) -> bool:
    """Whether the run is there and closed."""
    try:
        return read_run(test.store, test.run_id).state != "running"
    except StoreError:
        return False


def _warm(verdict: Verdict) -> bool:
    """Whether the judged window is long enough to know the rates."""
    return any(f.window and f.window[1] - f.window[0] >= 5_000_000 for f in verdict.findings)
