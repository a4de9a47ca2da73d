"""When a running test is to be stopped."""

from __future__ import annotations

import pytest
from builders import objective, spec

from slogate.cli import planning, watching
from slogate.cli.locustconf import IGNORED
from slogate.config import Settings
from slogate.loadtest.generator import Status
from slogate.store.layout import open_store


@pytest.fixture(name="asked")
def _asked(tmp_path):
    """Ask what to do at a state of Locust; `asked(state)`."""
    test = planning.Test(
        request=planning.Request(
            settings=Settings(), locust=(), configured=IGNORED, web=False, abort_on=(), labels=(),
            quiet=False,
        ),
        run_id="r", service="shop", specs=[spec(objective("p95: 1s"))], rules=[],
        store=open_store(tmp_path / "store", create=True),
    )  # fmt: skip
    on_status = watching.watch(test, lambda *_: None, lambda: None, "0")
    return lambda state: on_status(Status(state=state))


def test_locust_is_ended_when_its_test_is_long_over(asked, monkeypatch, capsys):
    """A listener of `test_stop` that hangs would hold the build for ever."""
    assert asked("running") is asked("stopped") is None
    assert capsys.readouterr().err == ""

    monkeypatch.setattr(watching, "OWN_CODE_S", 0.0)

    stop = asked("stopped")
    assert (stop.reason, stop.decided) == (None, False)
    assert "has not ended" in capsys.readouterr().err


def test_what_locust_waits_for_is_told_once(asked, monkeypatch, capsys):
    """Users would wonder why nothing happens."""
    asked("stopped")
    monkeypatch.setattr(
        watching.time, "monotonic", lambda real=watching.time.monotonic: real() + 99
    )

    assert asked("stopped") is asked("stopped") is None
    assert capsys.readouterr().err.count("the test is over; Locust still runs") == 1


@pytest.mark.parametrize(
    ("own", "planned"),
    [((), 60_000_000), (("-t", "5"), 5_000_000), (("--run-time", "0"), None), (("-t0s",), None)],
)
def test_a_run_time_of_0_is_none(tmp_path, own, planned):
    """Locust goes on until somebody stops it."""
    request = planning.Request(
        settings=Settings(), locust=own, configured=IGNORED, web=False, abort_on=(), labels=(),
        quiet=True,
    )  # fmt: skip
    store = open_store(tmp_path / "store", create=True)
    test = planning.Test(
        request=request, run_id="r", service="shop", specs=[], rules=[], store=store
    )

    assert test.planned_us == planned
