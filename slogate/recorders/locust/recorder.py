"""Listens to Locust's events and leads a session through each test of this process.

Registered before any locustfile is imported, so that ours are the first listeners; what must
run before Locust's own runner on the way out is registered at `init`. A process is one of
three: it runs users and writes (local), takes rows from workers and writes (master), or runs
users and ships (worker). Nothing is started before `init`: Locust forks before it.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable
from typing import Any

import gevent
import locust
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from slogate.recorders.locust.arrow import warm_up
from slogate.recorders.locust.capture import Capture
from slogate.recorders.locust.fleet import Fleet
from slogate.recorders.locust.health import HealthMonitor
from slogate.recorders.locust.master import await_workers, connected, send_receipt
from slogate.recorders.locust.naming import new_run, worker_name
from slogate.recorders.locust.pacing import Pacing
from slogate.recorders.locust.relief import relieve_counting, relieve_users
from slogate.recorders.locust.session import Session, now_us
from slogate.recorders.locust.settings import Settings
from slogate.recorders.locust.shielding import in_a_thread
from slogate.recorders.locust.shipping import Shipper
from slogate.recorders.locust.source import OwnUsers, Source
from slogate.recorders.locust.status import StatusLine, progress
from slogate.recorders.locust.turns import Beside, Switch
from slogate.recorders.locust.unfinished import Unfinished
from slogate.store.layout import Store

CHECK_S = 0.5


def guarded(listener: Callable[..., None]) -> Callable[..., None]:
    """A listener whose failure is noted and never reaches Locust, which would exit with 2."""

    @functools.wraps(listener)
    def safe(self: Recorder, *arguments: Any, **keywords: Any) -> None:
        try:
            listener(self, *arguments, **keywords)
        except Exception as error:  # noqa: BLE001 (Locust's test goes on)
            self.fault(f"{listener.__name__}: {type(error).__name__}: {error}")

    return safe


class Recorder:
    """The listeners of one process."""

    def __init__(self, settings: Settings, store: Store | None) -> None:
        self._settings = settings
        self._store = store
        self._capture = Capture()
        self._pacing = Pacing(self._capture.learn)
        self._unfinished = Unfinished(self._capture)
        self._monitor = HealthMonitor(self._pacing)
        self._environment: Environment | None = None
        self._source: Source | None = None
        self._shipper: Shipper | None = None
        self._session: Session | None = None
        self._flusher: gevent.Greenlet | None = None
        self._tests = 0
        self._switch = None if settings.against is None else Switch(settings.against)

    def register(self) -> None:
        """Wrap Locust's waits and requests, and add the listeners."""
        relieve_users()
        self._pacing.install()
        self._unfinished.install()
        if self._switch is not None:
            self._switch.install()
        events: Any = locust.events
        events.request.add_listener(self._capture.on_request)
        events.init.add_listener(self._on_init)
        events.test_start.add_listener(self._on_test_start)
        events.spawning_complete.add_listener(self._on_spawning_complete)
        events.test_stopping.add_listener(self._on_test_stopping)
        events.test_stop.add_listener(self._cut_off)
        events.test_stop.add_listener(self._on_test_stop)
        events.report_to_master.add_listener(self._on_report_to_master)
        events.worker_report.add_listener(self._on_worker_report)
        events.quit.add_listener(self._on_quit)

    def fault(self, sentence: str) -> None:
        """Something of ours went wrong: the run says so, or stderr if there is none."""
        if self._session is not None:
            self._session.fault(sentence)
        else:
            self._pacing.faults += 1
            sys.stderr.write(f"slogate: {sentence}\n")

    def on_interrupt(self) -> None:
        """Ctrl-C: what comes to its end from now on was cut short."""
        if self._session is not None and self._session.run.stop_ts is None:
            self._session.interrupted = True

    @guarded
    def _on_init(self, environment: Environment, runner: Any, **_: Any) -> None:
        self._environment = environment
        self._watch_resets(environment)
        self._capture.stand_in(environment.events.request)
        if isinstance(runner, WorkerRunner):
            self._shipper = Shipper(runner, self._capture, self._monitor, self._pacing)
        elif self._store is None:
            sys.stderr.write("slogate: SLOGATE_STORE is not set; nothing will be recorded\n")
        else:
            self._prepare(runner)
        events: Any = environment.events
        events.quitting.add_listener(self._on_quitting)
        gc.collect()
        gc.freeze()  # what we imported must not burden the collector during the test
        gevent.get_hub().loop.update_now()  # or `--run-time` counts from before our imports

    def _prepare(self, runner: Any) -> None:
        in_a_thread(warm_up)
        if isinstance(runner, MasterRunner):
            self._capture.worker = "master"
            present = functools.partial(connected, runner)
            self._source = Fleet(self._capture, runner.get_worker_index, present)
        else:
            self._capture.worker = worker_name(runner.client_id, 0)
            self._source = OwnUsers(self._capture, self._monitor, self._pacing)
        if self._settings.status_fd is not None:
            StatusLine(self._settings.status_fd).watch(lambda: progress(runner, self._session))

    def _watch_resets(self, environment: Environment) -> None:
        """Learn what Locust had counted whenever it forgets it."""
        stats = environment.stats

        def watch(name: str, before: Callable[[int], None]) -> None:
            original = getattr(stats, name)

            def watched() -> None:
                before(stats.total.num_requests)
                original()

            setattr(stats, name, watched)

        watch("reset_all", self._on_reset)
        watch("clear_all", self._on_clear)

    @guarded
    def _on_reset(self, counted: int) -> None:
        if self._shipper is not None:
            self._shipper.on_reset(counted)
        elif self._session is not None:
            self._session.on_reset(counted)

    @guarded
    def _on_clear(self, counted: int) -> None:
        """Locust is about to start another test, or the user's own code clears its count."""
        if self._session is None:
            return
        if self._session.run.stop_ts is None:
            self._session.on_reset(counted)
            return
        self._session.freeze(counted)
        self._close()

    def _close(self, exit_code: int | None = None) -> None:
        """End the session; its flusher only after the last rows, never in the middle of a part."""
        session, self._session = self._session, None
        if session is not None:
            session.finish(exit_code)
        if self._flusher is not None:
            self._flusher.kill()
            self._flusher = None

    @guarded
    def _on_test_start(self, environment: Environment, **_: Any) -> None:
        relieve_counting()
        if self._shipper is not None:
            self._shipper.on_test_start()
        elif self._store is not None and self._source is not None:
            self._close()
            self._tests += 1
            run = new_run(self._settings, self._tests, environment, now_us())
            stats = environment.stats
            self._session = Session(
                self._store,
                run,
                self._source,
                counted=lambda: int(stats.total.num_requests),
                flush_s=self._settings.flush_s,
                beside=self._besides(),
            )
            self._session.begin()
            self._monitor.start()
            self._flusher = gevent.spawn(self._flush_when_due, self._session)

    def _besides(self) -> Beside | None:
        """The base's run of this test; that of a second one in this process is not kept."""
        against = self._settings.against
        if against is None or self._switch is None or self._tests > 1:
            return None
        return Beside(against, self._switch)

    def _flush_when_due(self, session: Session) -> None:
        while True:
            gevent.sleep(min(CHECK_S, self._settings.flush_s))
            try:
                self._count_users(session)
                if session.due():
                    session.flush()
            except Exception as error:  # noqa: BLE001
                self.fault(f"recording failed: {error}")

    def _count_users(self, session: Session) -> None:
        runner: Any = self._environment.runner if self._environment is not None else None
        if runner is not None and session.run.stop_ts is None:
            session.present(runner.user_count)

    @guarded
    def _on_spawning_complete(self, **_: Any) -> None:
        if self._session is not None and self._environment is not None:
            runner: Any = self._environment.runner
            with_shape = self._environment.shape_class is not None
            self._session.ramped(with_shape=with_shape, asked=runner.target_user_count)
            self._count_users(self._session)

    @guarded
    def _on_test_stopping(self, **_: Any) -> None:
        self._monitor.stop()
        if self._session is not None:
            self._session.stopping()

    @guarded
    def _cut_off(self, **_: Any) -> None:
        self._unfinished.finish()

    @guarded
    def _on_test_stop(self, environment: Environment, **_: Any) -> None:
        if self._shipper is not None:
            self._shipper.on_test_stop()
        elif self._session is not None:
            if isinstance(self._source, Fleet):
                await_workers(environment, self._source)
            self._session.finish()

    @guarded
    def _on_report_to_master(self, data: dict[str, Any], **_: Any) -> None:
        if self._shipper is not None:
            self._shipper.fill(data)

    @guarded
    def _on_worker_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        if isinstance(self._source, Fleet) and self._environment is not None:
            report = self._source.receive(client_id, data)
            if report is None and data["stats_total"]["num_requests"]:
                self.fault(f"worker {client_id} runs without slogate, its rows are missing")
            elif report is not None and report.leaving and report.stopped:
                if self._session is not None and self._session.run.stop_ts is None:
                    self._source.leave(client_id)
                send_receipt(self._environment, client_id)

    @guarded
    def _on_quitting(self, **_: Any) -> None:
        """Registered after Locust's runner, so called before it says goodbye."""
        if self._shipper is not None:
            self._shipper.leave()
        else:
            self.on_interrupt()

    @guarded
    def _on_quit(self, exit_code: int, **_: Any) -> None:
        self._close(exit_code)

    @guarded
    def at_exit(self) -> None:
        """Locust ended without saying goodbye: keep what there is."""
        if self._session is None:
            return
        if self._session.run.state == "running":
            self._session.fault("Locust ended in the middle of the test")
        self._close()
