"""Watches a running test: shows how it stands, and says when it is to be stopped.

It is stopped when an `--abort-on` rule holds, when the service under test is no more, when a test
that was led from Locust's web UI is over, and when Locust does not end long after its test.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from slogate.cli.locusting import spawn_rate
from slogate.cli.planning import Test
from slogate.errors import StoreError
from slogate.evaluate import objectives_of
from slogate.live import EarlyLooks, look, look_early
from slogate.loadtest import progress
from slogate.loadtest.generator import OnStatus, Status, Stop
from slogate.model.run import Run
from slogate.model.selection import Selection
from slogate.model.series import split_endpoint
from slogate.objectives._base import Allowance
from slogate.preflight import Planned, own_seconds, rates, too_few_to_compare, too_short
from slogate.sequential import all_decided, planned_looks
from slogate.store.endpoints import endpoints
from slogate.store.layout import Store
from slogate.store.manifest import read_run
from slogate.verdict import Verdict

LOOK_EVERY_S = 5.0
# when the requests that a look counts have been answered and written, nearly all of them
ARRIVE_US = 1_500_000
# what the locustfile's own code may take when the test is over
OWN_CODE_S = 600.0
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
    looks = EarlyLooks()
    latest: list[Verdict | None] = [None]

    def on_status(status: Status) -> Stop | None:
        if (how := death()) is not None:
            return Stop(reason=f"the service ended ({how})")
        if status.state == "stopped" and (stop := _over(test, seen)) is not None:
            return stop
        if status.requests and (stop := _early(test, version, seen, looks)) is not None:
            return stop
        if time.monotonic() - seen["looked"] >= LOOK_EVERY_S and status.requests:
            seen["looked"] = time.monotonic()
            latest[0], reason = look(test.store, test.run_id, test.specs, test.rules, version)
            if reason is not None:
                return Stop(reason=reason)
            if latest[0] is not None and not seen["told"] and _warm(latest[0]):
                seen["told"] = 1.0
                tell_short(test, "after the warm-up", latest[0])
        if status.elapsed_s:
            show(status, latest[0])
        return None

    return on_status


def _over(test: Test, seen: dict[str, float]) -> Stop | None:
    """That Locust is to be ended after its test, as it does not end by itself.

    The locustfile's own code may have much to do then (`test_stop`, `quitting`), and may hang.
    """
    if test.web:
        return Stop(reason=None) if _recorded(test) else None
    since = time.monotonic() - seen.setdefault("over", time.monotonic())
    if since >= OWN_CODE_S:
        test.say(f"Locust has not ended {since:.0f} s after its test and is stopped")
        return Stop(reason=None)
    if since >= OWN_CODE_S / 10 and not seen.get("waited"):
        seen["waited"] = 1.0
        test.say("the test is over; Locust still runs what the locustfile does at its end")
    return None


def _early(test: Test, version: str, seen: dict[str, float], looks: EarlyLooks) -> Stop | None:
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
    verdict = look_early(test.store, test.run_id, test.specs, early, looks, version=version)
    if verdict is None or verdict.early_stop is None:
        return None
    taken: Any = verdict.early_stop["looks"]
    seen["looks"] = max(seen["looks"], len(taken))
    if all_decided(test.specs, verdict):
        test.say(f"every budget is decided at look {len(taken)}")
        return Stop(reason=None, decided=True)
    return None


def tell_short(test: Test, when: str, known: Verdict | None) -> None:
    """Say what the planned run is too short to decide, by the rates of a run that is known."""
    if test.planned_us is None:
        return
    settings = test.request.settings
    planned = Planned(
        run_time_us=test.planned_us,
        ramp_us=int(settings.users / spawn_rate(settings) * 1_000_000),
        turns=None if test.base is None else test.base.turns,
    )
    run, per_second = None, {}
    if known is not None:
        run = _stored(test.store, known.subject.run)
        subject = replace(known.subject, run=run or known.subject.run)
        per_second = rates(replace(known, subject=subject))
    told = too_short(objectives_of(test.specs), per_second, planned)
    lines = [line for spec in test.specs for line in spec.regressions]
    if lines and run is not None:
        told += too_few_to_compare(lines, _rates_of(test.store, run, lines), planned)
    for sentence in told:
        test.say(f"{when}: {sentence}")


def _stored(store: Store, run: Run) -> Run | None:
    """The run as its manifest has it, with its parts, up to the end that is known; None if gone."""
    try:
        return replace(read_run(store, run.id), end_ts=run.end_ts)
    except StoreError:
        return None


def _rates_of(store: Store, run: Run, lines: Sequence[Allowance]) -> dict[str, float]:
    """Requests a second that regressions had in a run; nothing of what has labels to match."""
    if run.start_ts is None or run.end_ts is None:
        return {}
    try:
        counts = endpoints(store, run)
    except StoreError:
        return {}
    seconds = own_seconds(run, run.start_ts, run.end_ts, settled=False)
    found = {}
    for line in lines:
        asked = line.scope.selection
        if not asked.where and seconds > 0:
            matched = sum(count for name, count in counts if _is_of(asked, name))
            found[line.id] = matched / seconds
    return found


def _is_of(asked: Selection, name: str) -> bool:
    method, endpoint = split_endpoint(name)
    return asked.matches(method, endpoint, {})


def _recorded(test: Test) -> bool:
    """Whether the run is there and closed."""
    try:
        return read_run(test.store, test.run_id).state != "running"
    except StoreError:
        return False


def _warm(verdict: Verdict) -> bool:
    """Whether the judged window is long enough to know the rates."""
    return any(f.window and f.window[1] - f.window[0] >= 5_000_000 for f in verdict.findings)
